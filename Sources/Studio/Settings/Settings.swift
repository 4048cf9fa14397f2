import Diffusion
import Engines
import Foundation

/// What a person set for good: the environment's variables go before the configuration file, and every option of a command before both.
package struct Settings: Sendable {
    /// A setting that holds, and what says so.
    package struct Held: Sendable, Equatable {
        package let value: SettingValue
        /// The variable's name, or the file and its line.
        package let source: String

        /// How it is unset: "unset REDRAW_MODEL".
        func remedy(for setting: String) -> String {
            source == Setting.named(setting)?.variable ? "unset \(source)" : "redraw config unset \(setting)"
        }
    }

    package let path: String
    private let defaults: [String: Held]
    /// By name, what each sets.
    private let presets: [String: [String: SettingValue]]

    /// Nothing is set.
    static let none = Settings(path: "", defaults: [:], presets: [:])

    private init(path: String, defaults: [String: Held], presets: [String: [String: SettingValue]]) {
        (self.path, self.defaults, self.presets) = (path, defaults, presets)
    }

    /// - Throws: ``SettingsError`` where the file or a variable says something that is not understood.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        try self.init(SettingsFile(path: Self.path(environment: environment)), environment: environment)
    }

    init(_ file: SettingsFile, environment: [String: String] = [:]) throws {
        path = file.path
        var defaults: [String: Held] = [:]
        var presets: [String: [String: SettingValue]] = [:]
        for section in file.sections {
            if let name = section.preset {
                presets[name] = Dictionary(uniqueKeysWithValues: section.entries.map { ($0.key, $0.value) })
            } else {
                for entry in section.entries { defaults[entry.key] = Held(value: entry.value, source: "\(file.path):\(entry.line)") }
            }
        }
        for setting in Setting.all where setting.use != .presets {
            guard let text = environment[setting.variable], !text.isEmpty else { continue }
            let value = setting.value(typed: text)
            if let fault = setting.fault(of: value) { throw SettingsError.wrongVariable(name: setting.variable, reason: fault) }
            defaults[setting.name] = Held(value: value, source: setting.variable)
        }
        (self.defaults, self.presets) = (defaults, presets)
    }

    /// `redraw/config.toml` in the folder that the XDG base directory specification names for configuration.
    package static func path(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder + "/redraw/config.toml" }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        return home + "/.config/redraw/config.toml"
    }

    /// What holds of a setting; nil where nobody says anything.
    package func held(_ name: String) -> Held? { defaults[name] }

    /// A default's value in words; nil where nobody set it.
    package func text(_ name: String) -> String? { defaults[name]?.value.text }

    package var threads: Int? {
        guard case .number(let number)? = defaults["threads"]?.value else { return nil }
        return Int(number)
    }

    /// The servers that make pictures where no engine is named; none for the built-in one.
    var engines: OutsideEngines {
        let names: [String] =
            switch defaults["engine"]?.value {
            case .text(let name): name == BuiltinEngine.name ? [] : [name]
            case .texts(let names): names
            default: []
            }
        return (try? OutsideEngines(at: names)) ?? .none
    }

    package var presetNames: [String] { presets.keys.sorted() }

    /// Says in a wish what a preset of the file sets and the wish does not.
    ///
    /// - Returns: whether there is a preset of that name.
    func fill(_ wish: inout GenerationWish, preset name: String) -> Bool {
        guard let preset = presets[name] else { return false }
        for setting in Setting.all {
            if let value = preset[setting.name] { setting.fill(&wish, value) }
        }
        return true
    }

    /// Says in a wish what is set for good and the wish does not say, as far as it bears on it.
    func fill(_ wish: inout GenerationWish) {
        let goesElsewhere = wish.engine.map { $0 != BuiltinEngine.name } ?? false
        let paints = (wish.mode ?? wish.impliedMode.rawValue) == GenerationRequest.Mode.paint.rawValue
        // A sheet shows one picture at each strength.
        let isSheet = wish.strengths != nil
        for setting in Setting.all {
            guard let held = defaults[setting.name] else { continue }
            switch setting.name {
            case "precision" where goesElsewhere, "profile" where goesElsewhere, "strength" where paints, "count" where isSheet: continue
            default: setting.fill(&wish, held.value)
            }
        }
    }
}

extension Studio {
    /// Says of a model that is not here who named it, where that was not the person just now.
    ///
    /// - Throws: ``StudioError/namedElsewhere(model:source:reason:remedy:)``.
    func refuseMissing(_ wish: GenerationWish, namedBy source: String, remedy: String) throws {
        guard let model = wish.model, (wish.engine ?? settings.engines.name ?? BuiltinEngine.name) == BuiltinEngine.name else { return }
        do {
            _ = try premises.generator(model)
        } catch StudioError.modelNotInstalled(_, let howToGet) {
            throw StudioError.namedElsewhere(model: model, source: source, reason: "is not installed", remedy: "\(howToGet), or \(remedy)")
        } catch StudioError.unknownModel(_, let known) {
            let near = NearestName.of(model, among: known).map { " (is it \($0)?)" } ?? ""
            throw StudioError.namedElsewhere(model: model, source: source, reason: "is not known\(near)", remedy: remedy)
        }
    }

    /// What is missing of a generator that is set for good; nil where it is here. One that an engine elsewhere has is no matter of this machine.
    package func lacking(model name: String) -> String? {
        guard settings.engines.name == nil else { return nil }
        do {
            _ = try premises.generator(name)
            return nil
        } catch StudioError.modelNotInstalled(_, let howToGet) {
            return "the model \(name) is not installed: \(howToGet)"
        } catch {
            return "\(error)"
        }
    }

    /// Presets of the configuration file, then those of the library, which the page keeps.
    package func allPresets() throws -> [NamedPreset] {
        let kept = try keptPresets().map { NamedPreset(name: $0.name, place: "library", damaged: $0.damaged) }
        return settings.presetNames.map { NamedPreset(name: $0, place: "file") } + kept
    }

    /// A wish with what a preset sets and it does not say; the file's presets go before the library's.
    ///
    /// - Throws: ``StudioError/noSuchPreset(_:)``.
    package func filled(_ wish: GenerationWish, preset name: String) throws -> GenerationWish {
        let known = try presets()
        guard let preset = known.named(name) else { throw StudioError.noSuchPreset(name, known: known.map(\.name)) }
        let own = wish
        var wish = wish
        wish.fill(from: try preset.readable().wish.settings)
        if own.model == nil { try refuseMissing(wish, namedBy: "the preset \(preset.name)", remedy: "name another with --model") }
        return wish
    }
}
