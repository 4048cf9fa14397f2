import Foundation
import TestSupport
import Testing

/// `redraw config`, through the built program.
@Suite struct ConfigTests {
    private let tool: Tool

    init() throws {
        tool = try Tool()
    }

    @Test func settingsAreShownChangedAndHeeded() throws {
        let path = try tool.run("config", "path").output.trimmingCharacters(in: .newlines)
        #expect(path == tool.path(".config/redraw/config.toml"))
        #expect(try tool.run("config", "get", "steps").status == 1)
        #expect(try tool.run("config", "set", "steps", "4").status == 0)
        #expect(try tool.run("config", "set", "preset.quick.steps", "2").status == 0)
        let list = try tool.run("config")
        #expect(list.output.contains("–  (the model's own, else 7.5)") && list.output.contains("–  (redraw-encoder)"), "\(list)")
        #expect(list.output.contains("4  (\(path):1)") && list.output.contains("preset quick  (\(path))"), "\(list)")
        #expect(try tool.run("config", "get", "steps").output == "4\n")
        #expect(try tool.run("config", "get", "steps", environment: ["REDRAW_STEPS": "6"]).output == "6\n")
        let plan = try tool.run("paint", "a cat", "--model", "redraw-small", "--seed", "1", "--first-side", "0", "--preset", "quick")
        #expect(plan.status == 0 && plan.errors.contains("2 of 2 steps"), "\(plan.errors)")
        let gone = try tool.run("paint", "a cat", "--preset", "slow")
        #expect(gone.status == 1 && gone.errors.contains("no preset slow"), "\(gone.errors)")
        #expect(try tool.run("config", "unset", "steps").status == 0)
        #expect(try tool.run("config", "set", "strength", "9").errors.contains("from 0 to 1"))
        // What no order would take is not kept for all of them.
        let size = try tool.run("config", "set", "size", "big")
        #expect(size.status == 1 && size.errors.contains("big is no size; give one such as 512x384"), "\(size)")
        #expect(try tool.run("config", "set", "size", "512x384").status == 0 && tool.run("config", "set", "size", "picture").status == 0)
        let variable = try tool.run("paint", "a cat", environment: ["REDRAW_SIZE": "huge"])
        #expect(variable.status == 1 && variable.errors.contains("REDRAW_SIZE of the environment"), "\(variable)")
    }

    /// The editor has the terminal: it reads keys, and Ctrl-C is its own.
    @Test func theEditorReadsFromTheTerminal() throws {
        let script = fixture("config_at_terminal.py", room: "Commands")
        let outcome = try tool.run(arguments: [script.path, Tool.program("redraw").path], program: "/usr/bin/python3")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try tool.run("config", "get", "steps").output == "7\n")
    }

    /// A name that is missing is said when it is set, and later that it was set: nobody typed it then.
    @Test func whatIsSetAndMissingIsSaid() throws {
        let coffee = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path
        for (setting, words) in [("encoder", "no encoder nope"), ("vocabulary", "no vocabulary nope"), ("tagger", "no tagger nope")] {
            let set = try tool.run("config", "set", setting, "nope")
            #expect(set.status == 0 && set.errors.contains("Set, but ") && set.errors.lowercased().contains(words), "\(set)")
            let looked = try tool.run("analyze", coffee)
            #expect(looked.status == 1 && looked.errors.contains("redraw config unset \(setting) takes it back"), "\(looked.errors)")
            #expect(try tool.run("config", "unset", setting).status == 0)
            let variable = try tool.run("analyze", coffee, environment: ["REDRAW_\(setting.uppercased())": "nope"])
            #expect(variable.errors.contains("unset REDRAW_\(setting.uppercased()) takes it back"), "\(variable.errors)")
            #expect(try !tool.run("analyze", coffee, "--\(setting)", "nope").errors.contains("takes it back"))
        }
        #expect(try tool.run("config", "set", "encoder", "redraw-encoder").errors.isEmpty)
    }

    @Test func aWrongLineIsToldInOneLine() throws {
        let folder = tool.path("settings/redraw")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("# mine\nstrenght = 0.5\n".utf8).write(to: URL(fileURLWithPath: folder + "/config.toml"))
        let outcome = try tool.run("history", environment: ["XDG_CONFIG_HOME": tool.path("settings")])
        #expect(outcome.status == 1 && outcome.errors.hasPrefix("redraw: \(folder)/config.toml:2: there is no setting strenght"))
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
}
