import Diffusion
import Foundation
import TestSupport
import Testing

@testable import Engines
@testable import Studio

/// What a person sets for good: what the file may say, what goes before what, and that an edit touches one line.
@Suite struct SettingsTests {
    private func file(_ text: String) throws -> SettingsFile { try SettingsFile(path: "/c.toml", text: text) }

    private func fault(_ text: String) -> String {
        do {
            _ = try file(text)
            return "it was read"
        } catch {
            return "\(error)"
        }
    }

    private static let sample = """
        # what I usually want
        model = "dreamshaper-8"   # small
        strength = 0.5
        steps = 3_0
        engine = ["http://one:7860", "http://two:7860"]

        [preset.portrait]
        prompt = 'a "portrait"'
        steps = 12
        [preset."two words"]
        seed = 7
        """

    /// Every setting says what it is for and what counts without it: what an order that says nothing has.
    @Test func whatCountsWithoutASettingIsToldAsItIs() {
        let request = GenerationRequest()
        let real = [
            "strength": "\(request.strength)", "steps": "\(request.steps)", "guidance": "\(request.guidance)",
            "sampler": request.sampler.rawValue, "refine": "\(request.refine)", "count": "\(request.count)",
            "profile": request.profile.rawValue, "precision": request.precision.rawValue, "resize": request.resize.rawValue,
            "fill": request.fill.rawValue, "area": request.area.rawValue, "padding": "\(request.padding)", "feather": "\(request.feather)",
            "grow": "\(request.grow)",
        ]
        for setting in Setting.all {
            #expect(!setting.purpose.isEmpty && !setting.usual.isEmpty, "\(setting.name)")
            guard let value = real[setting.name] else { continue }
            #expect(setting.usual.components(separatedBy: "else ").last == value, "\(setting.name): \(setting.usual)")
        }
        #expect(Set(real.keys).isSubset(of: Setting.all.map(\.name)))
    }

    @Test func whatTheFileSaysIsRead() throws {
        let settings = try Settings(file(Self.sample))
        #expect(settings.text("model") == "dreamshaper-8" && settings.held("strength")?.source == "/c.toml:3")
        #expect(settings.engines.addresses.count == 2 && settings.presetNames == ["portrait", "two words"])
        var wish = GenerationWish()
        wish.steps = 4
        #expect(settings.fill(&wish, preset: "portrait") && !settings.fill(&wish, preset: "none"))
        #expect(wish.prompt == "a \"portrait\"" && wish.steps == 4)
        settings.fill(&wish)
        #expect(wish.model == "dreamshaper-8" && wish.steps == 4)
        // Nothing is redrawn in a painting.
        #expect(wish.strength == nil)
        wish.picture = "a.png"
        settings.fill(&wish)
        #expect(wish.strength == 0.5)
    }

    @Test func everyFaultIsTiedToItsLine() {
        #expect(fault("\n\nmodle = \"x\"").hasPrefix("/c.toml:3: there is no setting modle; did you mean model?"))
        #expect(fault("strength = 2") == "/c.toml:1: strength is 2; it must be from 0 to 1")
        #expect(fault("steps = 2.5").contains("whole number"))
        #expect(fault("steps = \"9\"").contains("without quotation marks"))
        #expect(fault("model = sd15").contains("needs quotation marks"))
        #expect(fault("model = \"sd15").contains("has no end"))
        #expect(fault("sampler = \"quick\"").contains("must be one of "))
        #expect(fault("engine = \"nowhere\"").contains("/c.toml:1: engine"))
        #expect(fault("prompt = \"x\"").contains("belongs into a preset"))
        #expect(fault("[preset.a]\nlibrary = \"x\"").hasPrefix("/c.toml:2: library is no part of a preset"))
        #expect(fault("steps = 1\nsteps = 2") == "/c.toml:2: steps was set on line 1 already")
        #expect(fault("[preset.a]\n[preset.a]").contains("began on line 1"))
        for heading in ["[presets.a]", "[preset.]", "[preset.a", "[preset.\"a]", "[]"] {
            #expect(fault(heading).hasPrefix("/c.toml:1: "), "\(heading)")
        }
        for line in [
            "= 3", "steps", "steps 3", "steps = ", "steps = 3 4", "model = [\"a\"", "model = \"\\q\"", "\u{0}", "steps = nan", "a.b = 1",
        ] {
            #expect(fault(line).hasPrefix("/c.toml:1: "), "\(line): \(fault(line))")
        }
    }

    @Test func theEnvironmentGoesBeforeTheFile() throws {
        let file = try file(Self.sample)
        let settings = try Settings(file, environment: ["REDRAW_MODEL": "sdxl", "REDRAW_CLIP_SKIP": "2", "REDRAW_STRENGTH": ""])
        #expect(settings.text("model") == "sdxl" && settings.held("clip-skip")?.source == "REDRAW_CLIP_SKIP")
        #expect(settings.text("strength") == "0.5")
        #expect(throws: SettingsError.wrongVariable(name: "REDRAW_STEPS", reason: "steps must be a number, without quotation marks")) {
            try Settings(file, environment: ["REDRAW_STEPS": "many"])
        }
    }

    @Test func anEditTouchesItsLineAlone() throws {
        let place = try SettingsFile.Place("preset.two words.seed")
        #expect(place.preset == "two words" && place.key == "seed")
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("deep/config.toml").path
        var file = try SettingsFile(path: path, text: Self.sample)
        file = try file.setting(.number(9), at: place)
        file = try file.setting(.text("sd\"15\\"), at: SettingsFile.Place("model"))
        file = try file.setting(.number(3), at: SettingsFile.Place("count"))
        file = try file.setting(.text("euler"), at: SettingsFile.Place("preset.new.sampler"))
        file = try #require(try file.unsetting(SettingsFile.Place("strength")))
        #expect(try file.unsetting(SettingsFile.Place("strength")) == nil)
        try file.write()
        let written = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            written == """
                # what I usually want
                model = "sd\\"15\\\\"
                steps = 3_0
                engine = ["http://one:7860", "http://two:7860"]
                count = 3

                [preset.portrait]
                prompt = 'a "portrait"'
                steps = 12
                [preset."two words"]
                seed = 9

                [preset.new]
                sampler = "euler"

                """)
        #expect(try SettingsFile(path: path).value(at: SettingsFile.Place("model")) == .text("sd\"15\\"))
        #expect(throws: SettingsError.noSetting("presets.a.seed")) { try SettingsFile.Place("presets.a.seed") }
        #expect(throws: SettingsError.refused("strength is 7; it must be from 0 to 1")) {
            try file.setting(.number(7), at: SettingsFile.Place("strength"))
        }
    }

    @Test func anOrderHeedsWhatIsSet() async throws {
        let folder = try TemporaryFolder()
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        let settings = try Settings(file("steps = 3\nlibrary = \"\(folder.url.path)/kept\"\n[preset.quick]\nsteps = 2\nguidance = 3"))
        let studio = Studio(installation: installation, settings: settings)
        var wish = GenerationWish()
        (wish.mode, wish.prompt) = ("paint", "a cat")
        #expect(try await studio.order(wish).request.steps == 3)
        var preset = LibraryWish()
        (preset.settings.steps, preset.settings.prompt) = (9, "a dog")
        try studio.keep(preset: "kept", preset, replacing: false)
        #expect(try await studio.order(studio.filled(wish, preset: "quick")).request.steps == 2)
        let filled = try studio.filled(wish, preset: "kept")
        #expect(filled.steps == 9 && filled.prompt == "a cat")
        wish.steps = 5
        #expect(try await studio.order(studio.filled(wish, preset: "quick")).request.steps == 5)
        #expect(try studio.allPresets() == [.init(name: "quick", place: "file"), .init(name: "kept", place: "library")])
        #expect(try studio.presets().map(\.name) == ["quick", "kept"])
        #expect(throws: StudioError.self) { try studio.filled(wish, preset: "none") }
        // By one rule wherever they are named: as it is written, else whatever the capitals.
        #expect(try studio.filled(wish, preset: "QUICK").guidance == 3 && studio.styles(["Kept"]).map(\.style.name) == ["kept"])
        preset.settings.steps = 11
        try studio.keep(preset: "Été", preset, replacing: false)
        #expect(throws: StudioError.self) { try studio.keep(preset: "été", preset, replacing: false) }
        #expect(try studio.filled(GenerationWish(), preset: "ÉTÉ").steps == 11)
        try studio.remove(preset: "éTÉ")
        #expect(throws: StudioError.self) { try studio.filled(wish, preset: "Été") }
        #expect(FileManager.default.fileExists(atPath: folder.url.path + "/kept/redraw.sqlite"))
    }
}
