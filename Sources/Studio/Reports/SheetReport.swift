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

/// A setting and the values that it has beside each other, as a person writes them: `strength=0.3,0.5,0.7`.
package struct SheetAxis: Sendable, Equatable {
    package let name: String
    package let values: [SheetValue]

    /// Settings whose values hold commas: theirs are separated by semicolons.
    private static let written: Set<String> = ["prompt", "negative"]

    /// The name as a wish has it, as an option or as other programs call it, and values between commas. Whether it can have them, an order says.
    ///
    /// Nil where there is no name or no value.
    package init?(_ text: String) {
        guard let sign = text.firstIndex(of: "=") else { return nil }
        let typed = text[..<sign]
        let name = WordsOfOthers.setting(for: typed, among: Studio.sheetAxes) ?? String(typed)
        let values = text[text.index(after: sign)...].split(separator: Self.written.contains(name) ? ";" : ",").map { word in
            String(word.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
        guard !name.isEmpty, values.contains(where: { !$0.isEmpty }) else { return nil }
        self.name = name
        self.values = values.filter { !$0.isEmpty }.map { Self.value($0, of: name) }
    }

    /// A number or yes and no where the setting takes that, else the words themselves.
    private static func value(_ text: String, of axis: String) -> SheetValue {
        let readings: [SheetValue?] = [
            Bool(text).map(SheetValue.flag), UInt64(text).map(SheetValue.whole), Double(text).map(SheetValue.number),
        ]
        for case let reading? in readings {
            guard let json = try? JSONEncoder().encode([axis: reading]) else { continue }
            if (try? JSONDecoder().decode(GenerationWish.self, from: json)) != nil { return reading }
        }
        return .text(axis == "sampler" ? Studio.samplerName(text) : text)
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

    package init(x: String, columns: [SheetValue], y: String?, rows: [SheetValue], seed: UInt64? = nil) {
        (self.x, self.columns, self.rows) = (x, columns, rows)
        self.y = y
        self.seed = seed
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        x = try values.decode(String.self, forKey: .x)
        columns = try values.decode([SheetValue].self, forKey: .columns)
        rows = try values.decode([SheetValue].self, forKey: .rows)
        y = try values.decodeIfPresent(String.self, forKey: .y)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
        // Nothing of such a sheet has a place; a library may be anybody's.
        guard !columns.isEmpty else {
            throw DecodingError.dataCorruptedError(forKey: .columns, in: values, debugDescription: "a sheet has at least one column")
        }
        guard cells <= OrderError.mostCells, y == nil || !rows.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .rows, in: values, debugDescription: "a sheet has 1 to \(OrderError.mostCells) pictures")
        }
    }

    /// Pictures that the sheet has.
    var cells: Int { columns.count.multipliedReportingOverflow(by: y == nil ? 1 : rows.count).partialValue }

    /// What stands over each column, and before each row.
    package var labels: (columns: [String], rows: [String]) {
        (columns.map { "\(Self.option(x)) \($0)" }, y.map { y in rows.map { "\(Self.option(y)) \($0)" } } ?? [])
    }

    /// What runs over it, in a line: "strength 0.3, 0.5 across; steps 10, 20 down".
    package var told: String {
        func list(_ name: String, _ values: [SheetValue]) -> String {
            "\(Self.option(name)) \(values.map { "\($0)" }.joined(separator: ", "))"
        }
        return list(x, columns) + " across" + (y.map { "; \(list($0, rows)) down" } ?? "")
    }

    /// A setting as the command line spells it: `first-side`.
    private static func option(_ name: String) -> String {
        name.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
    }
}

/// A sheet with what there is of its pictures.
package struct SheetReport: Codable, Sendable {
    /// A place of the sheet and what is in it.
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
    /// Nil where that cannot be read.
    @OrNull package internal(set) var axes: SheetAxes?
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?
    package let created: Date
    /// Row by row.
    package let cells: [Cell]
}
