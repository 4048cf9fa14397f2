import Foundation

/// A configuration file: what a person set for good, line by line, so that an edit leaves all other lines as they are.
///
/// TOML as far as it is needed: comments, `[preset.NAME]`, and `key = value` with texts, numbers and lists of texts on one line.
package struct SettingsFile: Sendable {
    struct Entry: Sendable, Equatable {
        let key: String
        let value: SettingValue
        /// From 1.
        let line: Int
    }

    /// What stands before the first heading, and what stands under one.
    struct Section: Sendable, Equatable {
        /// Nil for the defaults.
        let preset: String?
        var entries: [Entry] = []
        /// Of its heading; 0 for the defaults.
        let line: Int
    }

    package let path: String
    private(set) var sections: [Section]
    private var lines: [String]

    /// - Throws: ``SettingsError``.
    package init(path: String) throws {
        let text: String
        if FileManager.default.fileExists(atPath: path) {
            guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20 else {
                throw SettingsError.unreadable(path: path)
            }
            guard let decoded = String(bytes: data, encoding: .utf8) else { throw SettingsError.unreadable(path: path) }
            text = decoded
        } else {
            text = ""
        }
        try self.init(path: path, text: text)
    }

    init(path: String, text: String) throws {
        self.path = path
        lines = text.isEmpty ? [] : text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
        if lines.last == "" { lines.removeLast() }
        sections = [Section(preset: nil, line: 0)]
        for (index, line) in lines.enumerated() {
            do {
                try take(line, number: index + 1)
            } catch let fault as LineFault {
                throw SettingsError.wrong(path: path, line: index + 1, reason: fault.reason)
            }
        }
    }

    private struct LineFault: Error {
        let reason: String
    }

    private mutating func take(_ line: String, number: Int) throws {
        var rest = Substring(line)
        Self.skipSpace(&rest)
        guard let first = rest.first, first != "#" else { return }
        if first == "[" { return try open(&rest, number: number) }
        let key = try Self.key(&rest)
        Self.skipSpace(&rest)
        guard rest.first == "=" else { throw LineFault(reason: "after \(key) an = is missing") }
        rest.removeFirst()
        Self.skipSpace(&rest)
        let value = try Self.value(&rest, of: key)
        try Self.end(&rest)
        try check(key, value)
        sections[sections.count - 1].entries.append(Entry(key: key, value: value, line: number))
    }

    private func check(_ key: String, _ value: SettingValue) throws {
        let section = sections[sections.count - 1]
        guard let setting = Setting.named(key) else {
            throw LineFault(reason: "there is no setting \(key)" + Setting.hint(for: key, inPreset: section.preset != nil))
        }
        if section.preset == nil, setting.use == .presets {
            throw LineFault(reason: "\(key) belongs into a preset: put it under a heading like [preset.portrait]")
        }
        if section.preset != nil, setting.use == .defaults {
            throw LineFault(reason: "\(key) is no part of a preset: put it above all headings")
        }
        if let earlier = section.entries.first(where: { $0.key == key }) {
            throw LineFault(reason: "\(key) was set on line \(earlier.line) already")
        }
        if let fault = setting.fault(of: value) { throw LineFault(reason: fault) }
    }

    private mutating func open(_ rest: inout Substring, number: Int) throws {
        rest.removeFirst()
        let fault = LineFault(reason: "a heading must be like [preset.portrait] or [preset.\"two words\"]")
        guard rest.hasPrefix("preset.") else { throw fault }
        rest.removeFirst("preset.".count)
        let name = rest.first == "\"" ? try Self.quoted(&rest) : String(rest.prefix { Self.isBare($0) })
        if !rest.isEmpty, rest.first != "]", rest.hasPrefix(name) { rest.removeFirst(name.count) }
        guard !name.isEmpty, rest.first == "]" else { throw fault }
        rest.removeFirst()
        try Self.end(&rest)
        if let earlier = sections.first(where: { $0.preset == name }) {
            throw LineFault(reason: "the preset \(name) began on line \(earlier.line) already")
        }
        sections.append(Section(preset: name, line: number))
    }

    private static func isBare(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "-" || character == "_")
    }

    private static func skipSpace(_ rest: inout Substring) { rest = rest.drop { $0 == " " || $0 == "\t" } }

    private static func end(_ rest: inout Substring) throws {
        skipSpace(&rest)
        if let first = rest.first, first != "#" { throw LineFault(reason: "\"\(rest)\" is not understood here") }
    }

    private static func key(_ rest: inout Substring) throws -> String {
        let key = String(rest.prefix { isBare($0) })
        guard !key.isEmpty else { throw LineFault(reason: "\"\(rest)\" is neither a setting nor a heading") }
        rest.removeFirst(key.count)
        return key
    }

    private static func value(_ rest: inout Substring, of key: String) throws -> SettingValue {
        switch rest.first {
        case "\"": return .text(try quoted(&rest))
        case "'":
            let text = String(rest.dropFirst().prefix { $0 != "'" })
            guard rest.dropFirst(text.count + 1).first == "'" else { throw LineFault(reason: "the text after \(key) has no end") }
            rest.removeFirst(text.count + 2)
            return .text(text)
        case "[":
            rest.removeFirst()
            var texts: [String] = []
            while true {
                skipSpace(&rest)
                if rest.first == "]" { break }
                guard rest.first == "\"" else {
                    throw LineFault(reason: "a list of \(key) must hold texts in quotation marks, on one line")
                }
                texts.append(try quoted(&rest))
                skipSpace(&rest)
                if rest.first == "," { rest.removeFirst() }
            }
            rest.removeFirst()
            return .texts(texts)
        default:
            let word = String(rest.prefix { !$0.isWhitespace && $0 != "#" })
            guard let number = Double(word.replacing("_", with: "")), number.isFinite, word.first?.isLetter != true else {
                throw LineFault(
                    reason: word.isEmpty ? "\(key) has no value" : "\(key) = \(word) is not understood; a text needs quotation marks")
            }
            rest.removeFirst(word.count)
            return .number(number)
        }
    }

    private static func quoted(_ rest: inout Substring) throws -> String {
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character == "\"" { return text }
            guard character == "\\" else {
                text.append(character)
                continue
            }
            guard let escape = rest.popFirst() else { break }
            switch escape {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "\"", "\\": text.append(escape)
            default: throw LineFault(reason: "\\\(escape) is not understood; a backslash is written \\\\")
            }
        }
        throw LineFault(reason: "a text has no end: a quotation mark is missing")
    }
}

// MARK: - Editing

extension SettingsFile {
    /// Where a setting stands: a default's name, or `preset.NAME.SETTING`.
    package struct Place: Sendable, Equatable {
        package let preset: String?
        package let key: String

        /// - Throws: ``SettingsError/noSetting(_:)``.
        package init(_ text: String) throws {
            if text.hasPrefix("preset."), let dot = text.lastIndex(of: "."), dot > text.index(text.startIndex, offsetBy: 6) {
                preset = String(text[text.index(text.startIndex, offsetBy: 7)..<dot])
                key = String(text[text.index(after: dot)...])
            } else {
                (preset, key) = (nil, text)
            }
            guard let setting = Setting.named(key), setting.use != (preset == nil ? .presets : .defaults), preset?.isEmpty != true else {
                throw SettingsError.noSetting(text)
            }
        }
    }

    /// Nil where the file does not say it.
    package func value(at place: Place) -> SettingValue? {
        sections.first { $0.preset == place.preset }?.entries.first { $0.key == place.key }?.value
    }

    /// The file with a setting changed, or added at the end of its section.
    ///
    /// - Throws: ``SettingsError/refused(_:)`` for a value that it may not have.
    package func setting(_ value: SettingValue, at place: Place) throws -> SettingsFile {
        if let fault = Setting.named(place.key)?.fault(of: value) { throw SettingsError.refused(fault) }
        var lines = lines
        let line = "\(place.key) = \(value.written)"
        if let section = sections.first(where: { $0.preset == place.preset }) {
            if let entry = section.entries.first(where: { $0.key == place.key }) {
                lines[entry.line - 1] = line
            } else {
                lines.insert(line, at: section.entries.last?.line ?? section.line)
            }
        } else if let preset = place.preset {
            let isBare = preset.allSatisfy { Self.isBare($0) }
            if !lines.isEmpty { lines.append("") }
            lines += ["[preset.\(isBare ? preset : SettingValue.text(preset).written)]", line]
        }
        return try SettingsFile(path: path, text: lines.joined(separator: "\n") + "\n")
    }

    /// The file without a setting; nil where it had none.
    package func unsetting(_ place: Place) throws -> SettingsFile? {
        guard let entry = sections.first(where: { $0.preset == place.preset })?.entries.first(where: { $0.key == place.key }) else {
            return nil
        }
        var lines = lines
        lines.remove(at: entry.line - 1)
        return try SettingsFile(path: path, text: lines.joined(separator: "\n") + "\n")
    }

    /// Writes it where it was read, through a link if it is one.
    package func write() throws {
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        do {
            try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((lines.joined(separator: "\n") + (lines.isEmpty ? "" : "\n")).utf8).write(to: place, options: .atomic)
        } catch {
            throw SettingsError.unwritable(path: path)
        }
    }
}

/// What is wrong with a configuration file, or with what it is asked.
package enum SettingsError: Error, Equatable, CustomStringConvertible {
    case wrong(path: String, line: Int, reason: String)
    case wrongVariable(name: String, reason: String)
    case unreadable(path: String)
    case unwritable(path: String)
    case noSetting(String)
    case refused(String)
    case notSet(String)

    package var description: String {
        switch self {
        case .wrong(let path, let line, let reason): "\(path):\(line): \(reason)"
        case .wrongVariable(let name, let reason): "\(name) of the environment: \(reason)"
        case .unreadable(let path): "\(path) cannot be read as a configuration file"
        case .unwritable(let path): "\(path) cannot be written"
        case .noSetting(let name):
            "there is no setting \(name)"
                + Setting.hint(for: String(name.split(separator: ".").last ?? ""), inPreset: name.hasPrefix("preset."))
        case .refused(let reason): reason
        case .notSet(let name): "\(name) is not set"
        }
    }
}
