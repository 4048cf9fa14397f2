/// Any JSON, for bodies of which nobody says beforehand what is in them.
enum JSONValue: Codable, Sendable, Equatable {
    case null
    case flag(Bool)
    /// A whole number from 0 up, to its last digit: seeds have more of them than a Double holds.
    case whole(UInt64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let whole = try? value.decode(UInt64.self) {
            self = .whole(whole)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .flag(let flag): try value.encode(flag)
        case .whole(let whole): try value.encode(whole)
        case .number(let number):
            if let whole = Int64(exactly: number) { try value.encode(whole) } else { try value.encode(number) }
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .object(let object): try value.encode(object)
        }
    }

    /// A number as near as a Double comes to it; nil for what is none.
    var double: Double? {
        switch self {
        case .whole(let whole): Double(whole)
        case .number(let number): number
        default: nil
        }
    }

    /// Whether it says nothing, or "no": what a client sends that fills in every field there is.
    var isOff: Bool {
        switch self {
        case .null: true
        case .flag(let flag): !flag
        case .whole(let whole): whole == 0
        case .number(let number): number == 0
        case .text(let text): text.isEmpty || text == "None"
        case .list(let list): list.isEmpty
        case .object(let object): object.isEmpty
        }
    }
}
