import ArgumentParser
import Foundation
import Studio

/// `redraw config`: what is set for good.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show and change what you set for good: defaults and presets.",
        discussion: """
            An option goes before a variable of the environment (REDRAW_MODEL, REDRAW_STEPS …), that before the file, and the file before what \
            the model is usually run with. They count for redraw serve, too.

              redraw config set model dreamshaper-8
              redraw config set strength 0.5
              redraw config set preset.portrait.steps 30
              redraw generate photo.jpg --preset portrait
              redraw config unset strength
            """,
        subcommands: [List.self, Get.self, Set.self, Unset.self, Path.self, Edit.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show all settings, what each is for and set to, and which presets there are.",
            discussion: """
                A dash stands for what is not set; behind it, in brackets, what counts then.
                """)

        @OptionGroup var library: LibraryOptions

        func run() async throws {
            let settings = try Settings()
            let studio = try library.studio()
            if library.json { return try JSONOutput.print(studio.settingsReport()) }
            let presets = try studio.allPresets()
            let known = Setting.all.filter { $0.use != .presets }
            let output = Terminal.standardOutput
            let width = known.map(\.name.count).max() ?? 0
            let purposes = known.map(\.purpose.count).max() ?? 0
            for setting in known {
                let told = settings.held(setting.name).map { "\($0.value.written)  (\($0.source))" } ?? "–  (\(setting.usual))"
                let start = DisplayText.padded(setting.name, width) + "  " + DisplayText.padded(setting.purpose, purposes)
                output.write(DisplayText.harmless("\(start)  \(told)") + "\n")
            }
            for preset in presets {
                let place = preset.place == "file" ? settings.path : "the library"
                output.write(DisplayText.harmless("preset \(preset.name)  (\(place))\(preset.damaged.map { "  \($0)" } ?? "")") + "\n")
            }
        }
    }

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "get", abstract: "Print what one setting is.")

        @Argument(help: "Its name, or preset.NAME.SETTING.") var name: String

        func run() throws {
            let place = try SettingsFile.Place(name)
            let value =
                place.preset == nil
                ? try Settings().held(place.key)?.value : try SettingsFile(path: Settings.path()).value(at: place)
            guard let value else { throw SettingsError.notSet(name) }
            Terminal.standardOutput.write(DisplayText.harmless(value.text) + "\n")
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set something for good; all else in the file stays as it is.")

        @Argument(help: "Its name, or preset.NAME.SETTING.") var name: String
        @Argument(help: "The value. Several engines are separated by commas.") var value: String

        func run() throws {
            let place = try SettingsFile.Place(name)
            guard let setting = Setting.named(place.key) else { throw SettingsError.noSetting(name) }
            try SettingsFile(path: Settings.path()).setting(setting.value(typed: value), at: place).write()
            let studio = Studio(installation: try Installation.current(), settings: try Settings())
            let missing =
                place.key == "model" ? studio.lacking(model: value) : place.preset == nil ? studio.analyst.lacking(place.key) : nil
            guard let lacking = missing else { return }
            Terminal.standardError.write("Set, but \(DisplayText.harmless(lacking.prefix(1).lowercased() + lacking.dropFirst()))\n")
        }
    }

    struct Unset: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "unset", abstract: "Take a setting out of the file.")

        @Argument(help: "Its name, or preset.NAME.SETTING.") var name: String

        func run() throws {
            guard let file = try SettingsFile(path: Settings.path()).unsetting(SettingsFile.Place(name)) else {
                throw SettingsError.notSet(name)
            }
            try file.write()
        }
    }

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "path", abstract: "Print where the file is, or would be.")

        func run() throws { Terminal.standardOutput.write(DisplayText.harmless(Settings.path()) + "\n") }
    }

    struct Edit: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "edit", abstract: "Open the file in your editor ($VISUAL, $EDITOR or vi), and check it afterwards.")

        func run() throws {
            let environment = ProcessInfo.processInfo.environment
            let path = Settings.path(environment: environment)
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            let editor = ["VISUAL", "EDITOR"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? "vi"
            // A Ctrl-C is the editor's; the shell around it outlives it.
            let line = "trap : INT; \(editor) \"$1\""
            guard try ForegroundProgram.run(["/bin/sh", "-c", line, "sh", path]) == 0 else { throw ExitCode.failure }
            _ = try Settings()
        }
    }
}
