import Foundation
import GRDB
import Synchronization

/// A column of the library in which JSON stands, by its table and name.
package enum JSONColumn: String, Sendable, CaseIterable {
    case model = "analysis.model"
    case size = "analysis.size"
    case recovered = "analysis.recovered"
    case dropped = "analysis.dropped"
    case composition = "analysis.composition"
    case calibration = "analysis.calibration"
    case things = "analysis.things"
    case before = "decision.before"
    case after = "decision.after"
    case request = "generation.request"
    case seconds = "generation.seconds"
    case order = "job.order"
    case wantedAnalysis = "picture.wantedAnalysis"
    case wish = "preset.wish"
    case axes = "sheet.axes"
}

/// What the library's JSON is read as, column by column. This room knows what it reads itself; whoever reads the other columns says how, so that
/// what he could not read is found where the library is looked through, and refused where it would come in.
package struct StoredTypes: Sendable {
    /// Throws where a text is not what is read of it.
    package typealias Reading = @Sendable (Data) throws -> Void
    /// Calls a body once for each of so many indices, maybe several at the same time.
    package typealias Spreading = @Sendable (_ count: Int, _ body: (Int) -> Void) -> Void

    /// What this room reads alone. Of other columns JSON of any kind will do.
    package static let own = StoredTypes([:])

    private let readings: [JSONColumn: Reading]
    private let spreading: Spreading
    private let known = KnownTexts()

    /// - Parameters:
    ///   - readings: of the columns that this room does not read.
    ///   - spreading: gives many texts to several threads, where whoever knows of threads says how.
    package init(
        _ readings: [JSONColumn: Reading], spreading: @escaping Spreading = { count, body in (0..<count).forEach(body) }
    ) {
        self.spreading = spreading
        self.readings = readings.merging([
            .before: Self.reading(Suggestion.self) { try $0.check(ImportCheck()) },
            .after: Self.reading(Suggestion.self) { try $0.check(ImportCheck()) },
            .seconds: Self.reading([String: Double].self) { parts in
                for (part, seconds) in parts { try ImportCheck().number("\(part.prefix(40))", seconds, within: Accepted.seconds) }
            },
        ]) { given, _ in given }
    }

    /// Reads a value of a type, as ``StoredJSON/decoded(as:)`` does.
    ///
    /// - Parameter check: throws where the value cannot be used.
    package static func reading<Value: Decodable & Sendable>(
        _ type: Value.Type, _ check: @escaping @Sendable (Value) throws -> Void = { _ in }
    ) -> Reading {
        { data in try check(JSONCoding.decoder().decode(type, from: data)) }
    }

    /// Why a text is not what its column is read as, in a line; nil where it is.
    func fault(of text: String, in column: JSONColumn) -> String? {
        guard let reading = readings[column], !known.holds(text, column) else { return nil }
        do {
            try reading(Data(text.utf8))
            known.keep(text, column)
            return nil
        } catch {
            return Self.reason(error)
        }
    }

    /// Whether each of many texts is what its column is read as.
    func areRead(_ texts: [(column: JSONColumn, text: String)]) -> Bool {
        let damage = Damage()
        let size = 32
        spreading((texts.count + size - 1) / size) { piece in
            guard !damage.isFound.load(ordering: .relaxed) else { return }
            let some = texts[piece * size..<min(texts.count, (piece + 1) * size)]
            if some.contains(where: { fault(of: $0.text, in: $0.column) != nil }) { damage.isFound.store(true, ordering: .relaxed) }
        }
        return !damage.isFound.load(ordering: .relaxed)
    }

    /// The same as a function of SQL: whether a column's text is what it is read as.
    var function: DatabaseFunction {
        DatabaseFunction(Self.functionName, argumentCount: 2, pure: true) { [self] values in
            guard let name = String.fromDatabaseValue(values[0]), let column = JSONColumn(rawValue: name),
                let text = String.fromDatabaseValue(values[1])
            else { return true }
            return fault(of: text, in: column) == nil
        }
    }

    static let functionName = "redrawReads"

    /// What went wrong with a value, in a line that is not as long as the value may be.
    static func reason(_ error: any Error) -> String {
        let words =
            switch error {
            case let error as DecodingError: LibraryExport.reason(error)
            case LibraryError.notAnExport(let detail): detail
            default: "\(error)"
            }
        // It may quote the value.
        return words.prefix(160).split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}

/// Whether one of several threads came by something that cannot be read.
private final class Damage: Sendable {
    let isFound = Atomic<Bool>(false)
}

/// Short texts that were found sound: of a hundred thousand pictures many say the same.
private final class KnownTexts: Sendable {
    private static let (longest, most) = (512, 4096)

    private let texts = Mutex<[JSONColumn: Set<String>]>([:])

    func holds(_ text: String, _ column: JSONColumn) -> Bool {
        guard text.utf8.count <= Self.longest else { return false }
        return texts.withLock { $0[column]?.contains(text) ?? false }
    }

    func keep(_ text: String, _ column: JSONColumn) {
        guard text.utf8.count <= Self.longest else { return }
        texts.withLock { texts in
            if texts[column]?.count ?? 0 >= Self.most { texts[column] = [] }
            texts[column, default: []].insert(text)
        }
    }
}

/// A structured value of the library: JSON of a type that a room above knows.
package struct StoredJSON: Sendable, Hashable {
    /// As it was given; empty where what stands there is no text.
    package let text: String
    /// Why there is no text.
    private let fault: String?
    private let table: String
    private let row: String
    private let column: String

    init(_ text: String, fault: String? = nil, table: String, row: String, column: String) {
        (self.text, self.fault, self.table, self.row, self.column) = (text, fault, table, row, column)
    }

    /// Whether a text stands there.
    var isText: Bool { fault == nil }

    /// Equal where they say the same, wherever that stands.
    package static func == (a: StoredJSON, b: StoredJSON) -> Bool { a.text == b.text && a.isText == b.isText }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// The value.
    ///
    /// - Throws: `LibraryError.damagedValue`, naming the table, the row and the column, where the text does not hold one.
    package func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws(LibraryError) -> Value {
        if let fault { throw damaged(fault) }
        do {
            return try JSONCoding.decoder().decode(type, from: Data(text.utf8))
        } catch {
            throw damaged("it cannot be read: \(StoredTypes.reason(error))")
        }
    }

    /// The text, once it was read as its column is.
    ///
    /// - Throws: as ``decoded(as:)``.
    func text(readAs types: StoredTypes) throws(LibraryError) -> String {
        if let fault { throw damaged(fault) }
        if let column = JSONColumn(rawValue: "\(table).\(column)"), let fault = types.fault(of: text, in: column) {
            throw damaged("it cannot be read: \(fault)")
        }
        return text
    }

    private func damaged(_ reason: String) -> LibraryError {
        .damagedValue(table: table, row: row, column: column, reason: reason)
    }
}
