import FoundationEssentials

/// A small JSON file of a downloaded folder, its keys in snake case as Python's libraries write them.
struct ConfigurationFile {
    let path: String
    private let data: Data

    /// - Throws: ``EncoderError/unreadableFile(path:reason:)``.
    init(_ url: URL) throws(EncoderError) {
        path = url.path
        data = Data(try TokenizerFile.bytes(of: url))
    }

    /// - Parameter complaint: what to say of a file that is not of the type, ahead of the decoder's own words.
    /// - Throws: ``EncoderError/badConfiguration(path:reason:)``.
    func decoded<Value: Decodable>(
        as type: Value.Type, else complaint: (any Error) -> String = { "it is not the JSON it should be (\($0))" }
    ) throws(EncoderError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: data)
        } catch {
            throw .badConfiguration(path: path, reason: complaint(error))
        }
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
