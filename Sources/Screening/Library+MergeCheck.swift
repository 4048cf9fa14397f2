import GRDB

extension Library {
    /// Looks through what would come in of another library, so that nothing comes in of one in which something cannot be read. What is here already
    /// is passed over, and so are suggestions: there are too many, each is looked at when it comes, and a picture with one that cannot be read is
    /// left out.
    ///
    /// - Parameter types: what its JSON will be read as.
    /// - Throws: `LibraryError.damagedArrival`, naming the value.
    package func check(_ arriving: ArrivingLibrary, reading types: StoredTypes = .own) throws {
        try attaching(arriving) { try checkAttached(arriving, types) }
    }

    /// The same once it is attached.
    func checkAttached(_ arriving: ArrivingLibrary, _ types: StoredTypes) throws {
        let damage = try onWriter { db -> LibraryError? in
            for rows in try DamagedRows.all(db, types, of: "arriving") {
                guard let condition = Coming.rows[rows.table] else { continue }
                if let one = try rows.found(limit: 1, where: condition, besides: Coming.left, db).first { return one }
            }
            return nil
        }
        if let damage { throw arriving.told(damage) }
    }
}

private enum Coming {
    /// Tables of which rows come in, and what holds for those that do: their picture lies in no bin there.
    static let rows = [
        "picture": "binnedAt IS NULL",
        "picturePath": isNotBinned, "decision": isNotBinned, "prompt": isNotBinned, "generation": isNotBinned,
        "analysis": "\(isNotBinned) AND \(isNew)",
        "generationOutput": "(SELECT coalesce(pictureId, 0) FROM arriving.generation WHERE id = generationId) \(isInNoBin)",
    ]
    private static let isInNoBin = "NOT IN (SELECT id FROM arriving.picture WHERE binnedAt IS NOT NULL)"
    private static let isNotBinned = "coalesce(pictureId, 0) \(isInNoBin)"
    /// An analysis that is not here: there are as many as pictures, and each says much.
    private static let isNew = """
        NOT EXISTS (
            SELECT 1 FROM arriving.picture AS theirs CROSS JOIN main.picture AS ours ON ours.sha256 = theirs.sha256
            CROSS JOIN main.analysis AS known ON known.pictureId = ours.id
            WHERE theirs.id = analysis.pictureId AND known.encoderSha256 = analysis.encoderSha256
                AND known.vocabularySha256 = analysis.vocabularySha256 AND +known.createdAt = analysis.createdAt)
        """
    /// Columns that do not come in.
    static let left: Set = ["wantedAnalysis", "analysisFailure", "enlargedFrom"]
}
