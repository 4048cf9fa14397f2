import Foundation
import GRDB

extension Library {
    /// Has a picture stand among those that are to be analysed; an earlier failure is forgotten.
    ///
    /// - Parameter how: JSON of what a room above knows.
    package func want(analysis how: String, of picture: Int64) throws(LibraryError) {
        try Text.json(how, field: "the wanted analysis")
        try write { db in
            _ = try Library.picture(picture, db)
            try db.execute(sql: "UPDATE picture SET wantedAnalysis = ?, analysisFailure = NULL WHERE id = ?", arguments: [how, picture])
        }
    }

    /// The newest picture whose analysis was asked for, one that lies in the bin apart; nil where none waits: who adds one picture after a
    /// whole folder sees it analysed at once.
    ///
    /// - Parameter others: pictures that are not meant: somebody analyses them already.
    package func nextWantedAnalysis(besides others: Set<Int64> = []) throws(LibraryError) -> (picture: Int64, how: StoredJSON)? {
        try read { db in
            let passedOver = others.map { "\($0)" }.joined(separator: ", ")
            let sql = """
                SELECT id, wantedAnalysis FROM picture WHERE wantedAnalysis IS NOT NULL AND binnedAt IS NULL AND id NOT IN (\(passedOver))
                ORDER BY id DESC LIMIT 1
                """
            guard let row = try Row.fetchOne(db, sql: sql).map({ StoredRow($0, of: "picture") }) else { return nil }
            return (try row.value("id"), try row.requiredJSON("wantedAnalysis"))
        }
    }

    /// How a picture is to be analysed; nil where nobody wants that any more.
    package func wantedAnalysis(of picture: Int64) throws(LibraryError) -> StoredJSON? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT id, wantedAnalysis FROM picture WHERE id = ?", arguments: [picture])
                .flatMap { try StoredRow($0, of: "picture").json("wantedAnalysis") }
        }
    }

    /// Takes a picture from those that are to be analysed, unless another analysis was asked for meanwhile: that one still waits.
    ///
    /// - Parameters:
    ///   - how: what was asked for when the analysis that has ended began.
    ///   - failure: why it could not be done; nil where it was.
    package func endWantedAnalysis(of picture: Int64, _ how: StoredJSON, failure: String?) throws(LibraryError) {
        try write { db in
            // What is no text can be compared with none.
            let same = how.isText ? "wantedAnalysis = ?" : "typeof(wantedAnalysis) <> 'text' AND ? = ''"
            try db.execute(
                sql: "UPDATE picture SET wantedAnalysis = NULL, analysisFailure = ? WHERE id = ? AND \(same)",
                arguments: [failure, picture, how.text])
        }
    }
}
