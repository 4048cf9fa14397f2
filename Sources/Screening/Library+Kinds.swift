import Foundation
import GRDB

extension Library {
    /// Which tags are kinds of one that was rejected, as "tabby cat" is a kind of "cat". The vocabulary knows; the library does not.
    package typealias Kinds = (_ rejected: String) -> (_ tag: String) -> Bool

    /// What the decisions on some tags mean for others that wait: a kind of what is not there is not there, and comes back with it.
    ///
    /// - Parameter before: the picture's suggestions before the decision; `rows` are those after it, in the same places.
    static func follow(_ before: [Suggestion], _ rows: inout [Suggestion], _ log: inout DecisionLog, _ kinds: Kinds, _ db: Database) throws
    {
        for (was, row) in zip(before, rows) where was.state != row.state {
            if row.state == .rejected {
                guard rows.contains(where: { $0.state == .pending }) else { continue }
                let isKind = kinds(row.tag)
                for index in rows.indices where rows[index].state == .pending && isKind(rows[index].tag) {
                    try log.decide(&rows[index], .reject, db) { row in row.state = .rejected }
                }
            } else if was.state == .rejected {
                let together = try rejectedTogether(with: row, of: log.picture, db)
                guard !together.isEmpty else { continue }
                let isKind = kinds(row.tag)
                for index in rows.indices
                where together.contains(rows[index].id) && rows[index].state == .rejected && isKind(rows[index].tag) {
                    try log.decide(&rows[index], .reset, db) { row in row.state = .pending }
                }
            }
        }
    }

    /// The suggestions whose rejection was taken together with a tag's last one, and stands.
    private static func rejectedTogether(with row: Suggestion, of picture: Int64, _ db: Database) throws -> Set<Int64> {
        let sql = """
            SELECT suggestion.id FROM suggestion JOIN decision ON decision.id = suggestion.decisionId
            WHERE suggestion.pictureId = ? AND suggestion.id <> ? AND suggestion.state = 'rejected' AND decision.action = 'reject'
            AND decision.batch = (SELECT max(batch) FROM decision WHERE pictureId = ? AND tagKey = ? AND action = 'reject')
            """
        return try Set(Int64.fetchAll(db, sql: sql, arguments: [picture, row.id, picture, row.key]))
    }
}
