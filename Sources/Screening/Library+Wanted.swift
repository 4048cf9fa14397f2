internal import Foundation
internal import GRDB

extension Library {
    /// Has a picture stand among those that are to be analysed; an earlier failure is forgotten.
    ///
    /// - Parameter how: JSON of what a room above knows.
    public func want(analysis how: String, of picture: Int64) throws(LibraryError) {
        try Text.json(how, field: "the wanted analysis")
        try write { db in
            _ = try Library.picture(picture, db)
            try db.execute(sql: "UPDATE picture SET wantedAnalysis = ?, analysisFailure = NULL WHERE id = ?", arguments: [how, picture])
        }
    }

    /// The newest picture whose analysis was asked for, one that lies in the bin apart; nil where none waits: who adds one picture after a
    /// whole folder sees it analysed at once.
    public func nextWantedAnalysis() throws(LibraryError) -> (picture: Int64, how: StoredJSON)? {
        try read { db in
            let sql =
                "SELECT id, wantedAnalysis FROM picture WHERE wantedAnalysis IS NOT NULL AND binnedAt IS NULL ORDER BY id DESC LIMIT 1"
            guard let row = try Row.fetchOne(db, sql: sql).map({ StoredRow($0, of: "picture") }) else { return nil }
            return (try row.value("id"), try row.requiredJSON("wantedAnalysis"))
        }
    }

    /// Takes a picture from those that are to be analysed.
    ///
    /// - Parameter failure: why it could not be; nil where it was.
    public func endWantedAnalysis(of picture: Int64, failure: String?) throws(LibraryError) {
        try write { db in
            try db.execute(
                sql: "UPDATE picture SET wantedAnalysis = NULL, analysisFailure = ? WHERE id = ?", arguments: [failure, picture])
        }
    }
}
