import FoundationEssentials

/// A small JSON file of an encoder's folder.
struct ConfigurationFile {
    /// How its keys are spelt.
    enum Keys {
        /// `image_size`, as Python's libraries write them.
        case snakeCase
        /// `imageSize`, as our own recipes write them.
        case asDeclared
    }

    let path: String
    private let data: Data
    private let keys: Keys

    /// - Throws: ``EncoderError/unreadableFile(path:reason:)``.
    init(_ url: URL, keys: Keys = .snakeCase) throws(EncoderError) {
        path = url.path
        data = Data(try TokenizerFile.bytes(of: url))
        self.keys = keys
    }

    /// - Parameter complaint: what to say of a file that is not of the type, with what is wrong of it.
    /// - Throws: ``EncoderError/badConfiguration(path:reason:)``.
    func decoded<Value: Decodable>(
        as type: Value.Type, else complaint: (String) -> String = { "it is not the JSON it should be (\($0))" }
    ) throws(EncoderError) -> Value {
        let decoder = JSONDecoder()
        if keys == .snakeCase { decoder.keyDecodingStrategy = .convertFromSnakeCase }
        do {
            return try decoder.decode(type, from: data)
        } catch {
            throw .badConfiguration(path: path, reason: complaint(words(of: error)))
        }
    }

    /// By the names that stand in the file.
    private func words(of error: any Error) -> String {
        func name(_ path: [any CodingKey]) -> String {
            let steps = path.map { key in key.intValue.map { "[\($0)]" } ?? "." + spelt(key.stringValue) }
            return String(steps.joined().drop { $0 == "." }.prefix(80))
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context): return "\(name(context.codingPath + [key])) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            let place = name(context.codingPath)
            return place.isEmpty ? "it is no JSON, or no object" : "\(place) is of the wrong kind"
        default: return "it is no JSON"
        }
    }

    private func spelt(_ key: String) -> String {
        guard keys == .snakeCase else { return key }
        return key.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
}

/// A number, or one for each side or stage.
struct NumberOrList: Decodable {
    let values: [Int]
    let isList: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let value = try? container.decode(Int.self)
        isList = value == nil
        values = if let value { [value] } else { try container.decode([Int].self) }
    }

    /// The number that all of them are.
    var one: Int? { Set(values).count == 1 ? values[0] : nil }
}
