import Foundation
import Pixels

/// A JSON object out of a model's folder, read key by key so that an error names the file and the key.
struct ConfigurationFile {
    /// The folder's and the file's name, for messages.
    let name: String
    private let values: [String: Any]

    init(contentsOf url: URL) throws(DiffusionError) {
        name = url.deletingLastPathComponent().lastPathComponent + "/" + url.lastPathComponent
        do {
            let object = try JSONSerialization.jsonObject(with: Data(FileBytes.read(url)))
            guard let values = object as? [String: Any] else {
                throw DiffusionError.malformedConfiguration(file: name, key: "", reason: "the file holds no JSON object")
            }
            self.values = values
        } catch let error as DiffusionError {
            throw error
        } catch let error as ImageError {
            throw .unreadable(file: name, reason: "it \(error)")
        } catch {
            throw .unreadable(file: name, reason: "\(error.localizedDescription)")
        }
    }

    init(_ values: [String: Any], name: String) {
        self.name = name
        self.values = values
    }

    /// Whether the key is there and not null.
    func has(_ key: String) -> Bool {
        values[key].map { !($0 is NSNull) } ?? false
    }

    /// Whether the key is written down, be it as null.
    func states(_ key: String) -> Bool {
        values[key] != nil
    }

    func integer(_ key: String, default fallback: Int? = nil) throws(DiffusionError) -> Int {
        try value(key, fallback, "a whole number is wanted") { ($0 as? Int) ?? ($0 as? NSNumber).flatMap { Int(exactly: $0.doubleValue) } }
    }

    func number(_ key: String, default fallback: Double? = nil) throws(DiffusionError) -> Double {
        try value(key, fallback, "a number is wanted") { ($0 as? NSNumber)?.doubleValue }
    }

    func flag(_ key: String, default fallback: Bool? = nil) throws(DiffusionError) -> Bool {
        try value(key, fallback, "true or false is wanted") { $0 as? Bool }
    }

    func text(_ key: String, default fallback: String? = nil) throws(DiffusionError) -> String {
        try value(key, fallback, "a text is wanted") { $0 as? String }
    }

    func texts(_ key: String) throws(DiffusionError) -> [String] {
        try value(key, nil, "a list of texts is wanted") { $0 as? [String] }
    }

    func integers(_ key: String, default fallback: [Int]? = nil) throws(DiffusionError) -> [Int] {
        try value(key, fallback, "a list of whole numbers is wanted") { $0 as? [Int] }
    }

    func numbers(_ key: String) throws(DiffusionError) -> [Double] {
        try value(key, nil, "a list of numbers is wanted") { ($0 as? [Any])?.compactMap { ($0 as? NSNumber)?.doubleValue } }
    }

    /// A number for all levels, or a list with a number for each.
    func integers(_ key: String, levels: Int, default fallback: Int) throws(DiffusionError) -> [Int] {
        guard has(key) else { return Array(repeating: fallback, count: levels) }
        if let one = values[key] as? Int { return Array(repeating: one, count: levels) }
        let list = try integers(key)
        guard list.count == levels else {
            throw .malformedConfiguration(file: name, key: key, reason: "\(list.count) values for \(levels) levels")
        }
        return list
    }

    /// Whether the key holds a list with lists in it.
    func hasLists(_ key: String) -> Bool { (values[key] as? [Any])?.contains { $0 is [Any] } == true }

    /// For each level a list of so many numbers, or a number for all of them.
    func lists(_ key: String, counts: [Int]) throws(DiffusionError) -> [[Int]] {
        guard let list = values[key] as? [Any], list.count == counts.count else {
            throw .malformedConfiguration(
                file: name, key: key, reason: "a number or a list for each of the \(counts.count) levels is wanted")
        }
        var made: [[Int]] = []
        for (entry, count) in zip(list, counts) {
            let numbers = (entry as? Int).map { [Int](repeating: $0, count: count) } ?? entry as? [Int]
            guard let numbers, numbers.count == count else {
                throw .malformedConfiguration(file: name, key: key, reason: "\(entry) for \(count) attentions")
            }
            made.append(numbers)
        }
        return made
    }

    /// One of an enumeration's names.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) throws(DiffusionError) -> Choice where Choice.RawValue == String {
        let name = try text(key, default: fallback.rawValue)
        guard let choice = Choice(rawValue: name) else {
            throw unsupported(key, "\"\(name)\"", supported: Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    /// Accepts a key that is absent or has one of these texts.
    func require(_ key: String, in supported: [String]) throws(DiffusionError) {
        guard has(key) else { return }
        let found = try text(key)
        guard supported.contains(found) else {
            throw unsupported(key, "\"\(found)\"", supported: supported.joined(separator: ", "))
        }
    }

    /// Accepts a key only where it is absent, null, false, or the neutral number.
    func requireUnused(_ key: String, neutral: Double? = nil) throws(DiffusionError) {
        guard has(key), let found = values[key] else { return }
        if let flag = found as? Bool, !flag { return }
        if let neutral, let number = found as? NSNumber, number.doubleValue == neutral { return }
        throw unsupported(key, "\(found)", supported: neutral.map { "null or \($0)" } ?? "null or false")
    }

    func unsupported(_ key: String, _ value: String, supported: String) -> DiffusionError {
        .unsupported(file: name, key: key, value: value, supported: supported)
    }

    private func value<Value>(
        _ key: String, _ fallback: Value?, _ wanted: String, _ convert: (Any) -> Value?
    ) throws(DiffusionError) -> Value {
        guard has(key), let found = values[key] else {
            guard let fallback else { throw .malformedConfiguration(file: name, key: key, reason: "the key is missing") }
            return fallback
        }
        guard let value = convert(found) else {
            throw .malformedConfiguration(file: name, key: key, reason: "\(wanted), found \(found)")
        }
        return value
    }
}
