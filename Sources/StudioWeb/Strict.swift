import Foundation

/// A body that has these keys and no others.
protocol KeyedValue: Decodable {
    static var keys: Set<String> { get }
}

/// A value whose unknown keys are refused by name.
struct Strict<Value: KeyedValue>: Decodable {
    let value: Value

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let found = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        if let stranger = found.sorted().first(where: { !Value.keys.contains($0) }) {
            throw Refusal(.unprocessableContent, "there is no setting \(stranger.prefix(80))", field: String(stranger.prefix(80)))
        }
        value = try Value(from: decoder)
    }
}
