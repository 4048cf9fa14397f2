import Foundation

/// Checks JSON against the definitions of a schema, as far as ours make use of JSON Schema.
package struct JSONSchema {
    private let definitions: [String: Any]
    /// What each command may print, by its name: definitions' names.
    package let commands: [String: [String]]

    package init(_ definitions: [String: Any], commands: [String: [String]] = [:]) {
        (self.definitions, self.commands) = (definitions, commands)
    }

    /// What the commands print: `Documentation/reports.schema.json`.
    package static func reports() throws -> JSONSchema {
        let file = checkout.appendingPathComponent("Documentation/reports.schema.json")
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        return JSONSchema(
            document?["$defs"] as? [String: Any] ?? [:], commands: document?["commands"] as? [String: [String]] ?? [:])
    }

    package var names: Set<String> { Set(definitions.keys) }

    /// What is wrong with a JSON text; empty where all is well.
    ///
    /// - Parameters:
    ///   - name: of the definition.
    ///   - isList: whether the text is a list of such things, which must not be empty.
    package func problems(of text: String, as name: String, isList: Bool = false) -> [String] {
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) else {
            return ["no JSON: \(text.prefix(80))"]
        }
        guard let definition = definitions[name] as? [String: Any] else { return ["the schema defines no \(name)"] }
        guard isList else { return problems(value, definition, name) }
        guard let list = value as? [Any], !list.isEmpty else { return ["\(name): a list of some was expected"] }
        return list.enumerated().flatMap { problems($1, definition, "\(name)[\($0)]") }
    }

    /// What is wrong with a value that JSONSerialization read.
    package func problems(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            guard let definition = definitions[name] as? [String: Any] else { return ["\(place): the schema defines no \(name)"] }
            return problems(value, definition, place)
        }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            let tries = choices.map { problems(value, $0, place) }
            return tries.contains { $0.isEmpty } ? [] : tries[0]
        }
        if let types = schema["type"] as? [String] {
            let tries = types.map { type in problems(value, schema.merging(["type": type]) { _, new in new }, place) }
            return tries.contains { $0.isEmpty } ? [] : tries[0]
        }
        if let allowed = schema["enum"] as? [String] {
            return (value as? String).map(allowed.contains) ?? false ? [] : ["\(place): \(value) is none of \(allowed)"]
        }
        let number = value as? NSNumber
        let isBoolean = number.map { self.isBoolean($0) } ?? false
        switch schema["type"] as? String {
        case "null": return value is NSNull ? [] : ["\(place): null was expected"]
        case "string":
            guard let text = value as? String else { return ["\(place): a text was expected, not \(value)"] }
            if schema["format"] as? String == "date-time",
                (try? Date.ISO8601FormatStyle().parse(text)) == nil,
                (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)) == nil
            {
                return ["\(place): \(text) is no moment"]
            }
            if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
                return ["\(place): \(text) does not match \(pattern)"]
            }
            return []
        case "boolean": return isBoolean ? [] : ["\(place): true or false was expected, not \(value)"]
        case "integer":
            guard let number, !isBoolean, number.doubleValue == number.doubleValue.rounded() else {
                return ["\(place): a whole number was expected, not \(value)"]
            }
            return []
        case "number": return number != nil && !isBoolean ? [] : ["\(place): a number was expected, not \(value)"]
        case "array":
            guard let list = value as? [Any], let items = schema["items"] as? [String: Any] else {
                return ["\(place): a list was expected"]
            }
            return list.enumerated().flatMap { problems($1, items, "\(place)[\($0)]") }
        case "object": return problems(object: value, schema, place)
        case let other: return ["\(place): the schema's type \(other ?? "none") is not known"]
        }
    }

    private func problems(object value: Any, _ schema: [String: Any], _ place: String) -> [String] {
        guard let object = value as? [String: Any] else { return ["\(place): an object was expected, not \(value)"] }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }.map { "\(place) lacks \($0)" }
        let others = schema["additionalProperties"]
        return missing
            + object.sorted { $0.key < $1.key }.flatMap { key, value in
                if let property = properties[key] { return problems(value, property, "\(place).\(key)") }
                if let others = others as? [String: Any] { return problems(value, others, "\(place).\(key)") }
                return ["\(place) has a key that the schema does not know: \(key)"]
            }
    }

    /// JSON's true and false come as numbers; these have a type of their own.
    private func isBoolean(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }
}
