import Hummingbird
import Studio

/// A body's fields, taken out one by one: what is left at the end, nobody has heeded.
struct FieldReader {
    private var fields: [String: JSONValue]

    init(_ fields: [String: JSONValue]) { self.fields = fields }

    /// Takes a field; nil where it is missing or null.
    mutating func take(_ name: String) -> JSONValue? {
        let value = fields.removeValue(forKey: name)
        return value == .null ? nil : value
    }

    mutating func text(_ name: String) throws -> String? {
        guard let value = take(name) else { return nil }
        guard case .text(let text) = value else { throw Self.wrong(name, "a text") }
        return text
    }

    mutating func number(_ name: String) throws -> Double? {
        guard let value = take(name) else { return nil }
        // Forms send everything as texts.
        let told: Double? = if case .text(let text) = value { Double(text) } else { value.double }
        guard let number = told else { throw Self.wrong(name, "a number") }
        return number
    }

    /// To the last digit; nil where it is missing or negative, which asks for a random one.
    mutating func seed(_ name: String) throws -> UInt64? {
        guard let value = take(name) else { return nil }
        if case .whole(let whole) = value { return whole }
        if case .text(let text) = value, let whole = UInt64(text) { return whole }
        let told: Double? = if case .text(let text) = value { Double(text) } else { value.double }
        if let told, told < 0 { return nil }
        guard let whole = told.flatMap({ UInt64(exactly: $0) }) else {
            throw Self.wrong(name, "a whole number, or -1 for a random one")
        }
        return whole
    }

    mutating func whole(_ name: String) throws -> Int? {
        guard let number = try number(name) else { return nil }
        guard let whole = Int(exactly: number) else { throw Self.wrong(name, "a whole number") }
        return whole
    }

    /// True and false, or 1 and 0.
    mutating func flag(_ name: String) throws -> Bool? {
        switch take(name) {
        case nil: return nil
        case .flag(let flag)?: return flag
        case .whole(let whole)? where whole < 2: return whole == 1
        case .number(let number)? where number == 0 || number == 1: return number == 1
        default: throw Self.wrong(name, "true or false")
        }
    }

    mutating func object(_ name: String) throws -> [String: JSONValue] {
        guard let value = take(name) else { return [:] }
        guard case .object(let object) = value else { throw Self.wrong(name, "an object") }
        return object
    }

    /// Pictures in base64: one, or a list of them.
    mutating func pictures(_ name: String) throws -> [String] {
        switch take(name) {
        case nil: return []
        case .text(let text)?: return text.isEmpty ? [] : [text]
        case .list(let list)?:
            return try list.filter { !$0.isOff }.map { entry in
                guard case .text(let text) = entry else { throw Self.wrong(name, "a list of pictures in base64") }
                return text
            }
        default: throw Self.wrong(name, "a picture in base64, or a list of them")
        }
    }

    var names: [String] { fields.keys.sorted() }

    static func wrong(_ name: String, _ expected: String) -> Refusal {
        Refusal(.unprocessableContent, "\(name) must be \(expected)", field: name)
    }
}
