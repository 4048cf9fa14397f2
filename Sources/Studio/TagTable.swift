import Foundation
import Screening

/// Tags of pictures as a table for other programs: a row for each picture and tag.
package struct TagTable: Sendable, Equatable {
    /// How a row is written.
    package enum Format: String, Sendable, CaseIterable {
        /// Comma-separated, the columns' names in the first line.
        case csv
        /// JSON Lines: an object a line.
        case jsonl
    }

    package var format = Format.csv
    /// Approved tags only; else those that are rejected and those that wait, too.
    package var isApproved = false
    /// Tags that were decided on at this moment or later; nil: all.
    package var since: Date?

    package init() {}

    /// A picture's tag, and what became of it.
    struct Row: Encodable {
        /// Where the picture was last seen; nil for one that only an export brought.
        @OrNull var picture: String?
        let sha256: String
        let tag: String
        /// What goes into prompts: the person's own text, where there is one, else the tag.
        let text: String
        let facet: String
        let confidence: Double
        let source: String
        let state: String
        let weight: Double
        @OrNull var decidedAt: Date?
        @OrNull var decidedBy: String?

        init(_ picture: PictureRecord, _ suggestion: Suggestion) {
            (self.picture, sha256) = (picture.paths.first, picture.sha256)
            (tag, text, facet) = (suggestion.tag, suggestion.text, suggestion.facet)
            confidence = (suggestion.confidence * 10_000).rounded() / 10_000
            (source, state, weight) = (suggestion.source.rawValue, suggestion.state.rawValue, suggestion.weight)
            (decidedAt, decidedBy) = (suggestion.decidedAt, suggestion.decidedBy)
        }

        static let columns = [
            "picture", "sha256", "tag", "text", "facet", "confidence", "source", "state", "weight", "decidedAt", "decidedBy",
        ]

        var fields: [String] {
            [
                picture ?? "", sha256, tag, text, facet, "\(confidence)", source, state, "\(weight)",
                decidedAt?.formatted(.iso8601) ?? "", decidedBy ?? "",
            ]
        }
    }

    private func takes(_ suggestion: Suggestion) -> Bool {
        guard !isApproved || suggestion.state == .approved else { return false }
        guard let since else { return true }
        return suggestion.decidedAt.map { $0 >= since } ?? false
    }
}

extension TagTable {
    /// Writes the table piece by piece, however large the library is.
    ///
    /// - Returns: how many rows were written.
    func write(_ library: Library, pictures: [Int64]?, to put: (Data) throws -> Void) throws -> Int {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        if format == .csv { try put(Data((CommaSeparated.row(Row.columns) + "\n").utf8)) }
        var count = 0
        try library.eachPicture(of: pictures, isApproved: isApproved) { picture, suggestions in
            let rows = suggestions.filter(takes).map { Row(picture, $0) }
            guard !rows.isEmpty else { return }
            count += rows.count
            switch format {
            case .csv: try put(Data(rows.map { CommaSeparated.row($0.fields) + "\n" }.joined().utf8))
            case .jsonl: try put(Data(rows.flatMap { try encoder.encode($0) + Data("\n".utf8) }))
            }
        }
        return count
    }
}

extension ScreeningDesk {
    /// Writes a table of tags piece by piece.
    ///
    /// - Parameter pictures: of these only; nil: of all that are not in the bin.
    /// - Returns: how many rows were written.
    /// - Throws: `LibraryError.noSuchPicture`.
    package func export(_ table: TagTable, pictures: [Int64]? = nil, to put: (Data) throws -> Void) throws -> Int {
        try table.write(library, pictures: pictures, to: put)
    }

    /// Writes a table of tags to a file: whole or not at all.
    ///
    /// - Returns: how many rows were written.
    /// - Throws: ``TransferError``; `LibraryError.noSuchPicture`.
    package func export(_ table: TagTable, pictures: [Int64]? = nil, toFile file: URL, overwriting: Bool) throws -> Int {
        try write(toFile: file, overwriting: overwriting) { try export(table, pictures: pictures, to: $0) }
    }
}
