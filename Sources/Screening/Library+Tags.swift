import Foundation
import GRDB

extension Library {
    /// Pictures with what is suggested for them, in the order of their numbers, no more than a few of them in memory. One in the bin is left out
    /// unless it is named.
    ///
    /// Each picture is whole as it is at one moment. What another process changes meanwhile may be in it or not.
    ///
    /// - Parameters:
    ///   - ids: of these pictures, in their order; nil: of all.
    ///   - isApproved: of pictures with an approved tag only.
    ///   - take: what it throws ends the reading and is thrown here.
    /// - Throws: `LibraryError.noSuchPicture` for one that is named and not there; one of all that goes meanwhile is left out.
    package func eachPicture(
        of ids: [Int64]? = nil, isApproved: Bool = false, _ take: (PictureRecord, [Suggestion]) throws -> Void
    ) throws {
        if let ids { for id in ids { _ = try picture(id: id) } }
        let filter = ids == nil ? "binnedAt IS NULL\(isApproved ? " AND approved > 0" : "")" : "1"
        var named = ids?[...]
        var last: Int64 = 0
        while true {
            let some = try read { db -> [(PictureRecord, [Suggestion])] in
                let numbers: [Int64]
                if let wanted = named {
                    numbers = Array(wanted.prefix(Library.picturesAtOnce))
                } else {
                    numbers = try Int64.fetchAll(
                        db, sql: "SELECT id FROM picture WHERE id > ? AND \(filter) ORDER BY id LIMIT ?",
                        arguments: [last, Library.picturesAtOnce])
                }
                last = numbers.last ?? .max
                named = named?.dropFirst(numbers.count)
                return try numbers.compactMap { id in
                    let rows = try Row.fetchAll(db, sql: "SELECT * FROM picture WHERE id = ?", arguments: [id])
                    guard let picture = try PictureRecord.all(rows, db).first else { return nil }
                    return (picture, try Suggestion.all(of: id, db))
                }
            }
            for (picture, suggestions) in some { try take(picture, suggestions) }
            if named?.isEmpty ?? (last == .max) { return }
        }
    }
}
