import Foundation

/// A value that a setting has in a column or a row of a sheet.
package enum SheetValue: Codable, Sendable, Equatable, CustomStringConvertible {
    case flag(Bool)
    case whole(UInt64)
    case number(Double)
    case text(String)

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let whole = try? value.decode(UInt64.self) {
            self = .whole(whole)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try value.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .flag(let flag): try value.encode(flag)
        case .whole(let whole): try value.encode(whole)
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        }
    }

    package var description: String {
        switch self {
        case .flag(let flag): "\(flag)"
        case .whole(let whole): "\(whole)"
        case .number(let number): "\(number)"
        case .text(let text): text
        }
    }
}

/// What runs over a sheet.
package struct SheetAxes: Codable, Sendable, Equatable {
    /// The setting that differs from column to column.
    package var x: String
    package var columns: [SheetValue]
    /// The setting that differs from row to row; nil where there is one row.
    @OrNull package var y: String?
    package var rows: [SheetValue]
    /// Of all its pictures; nil where the seed is what differs.
    @OrNull package var seed: UInt64?
}

/// A sheet with what there is of its pictures.
package struct SheetReport: Codable, Sendable {
    package struct Cell: Codable, Sendable {
        /// Nil once the job was cleared away.
        @OrNull package internal(set) var job: Int64?
        /// As of a job; `binned` where the result lies in the bin, `gone` where there is none any more.
        package let state: String
        @OrNull package internal(set) var generation: Int64?
        /// SHA-256 of the picture that was made.
        @OrNull package internal(set) var sha256: String?
    }

    package let id: Int64
    @OrNull package internal(set) var picture: Int64?
    package let axes: SheetAxes
    package let created: Date
    /// Row by row.
    package let cells: [Cell]
}
