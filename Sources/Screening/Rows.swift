internal import Foundation
internal import GRDB

// How rows become records. Columns are named as in Schema.

extension PictureRecord {
    init(_ row: Row, _ db: Database) throws {
        id = row["id"]
        sha256 = row["sha256"]
        width = row["width"]
        height = row["height"]
        addedAt = Moment.rounded(row["addedAt"])
        paths = try String.fetchAll(
            db, sql: "SELECT path FROM picturePath WHERE pictureId = ? ORDER BY seenAt DESC, path", arguments: [id])
    }
}

extension AnalysisRecord {
    init(_ row: Row) {
        id = row["id"]
        pictureID = row["pictureId"]
        encoder = EncoderIdentity(name: row["encoderName"], sha256: row["encoderSha256"])
        vocabulary = VocabularyIdentity(
            name: row["vocabularyName"], sha256: row["vocabularySha256"], count: row["vocabularyCount"])
        seconds = row["seconds"]
        positive = row["positive"]
        negative = row["negative"]
        model = row["model"]
        size = row["size"]
        recovered = row["recovered"]
        wording = row["wording"]
        dropped = row["dropped"]
        composition = row["composition"]
        calibration = row["calibration"]
        createdAt = Moment.rounded(row["createdAt"])
    }
}

extension Suggestion {
    init(_ row: Row, aliases: [String]) throws {
        id = row["id"]
        tag = row["tag"]
        self.aliases = aliases
        facet = row["facet"]
        analysisID = row["analysisId"]
        cosine = row["cosine"]
        confidence = row["confidence"]
        rank = row["rank"]
        source = try known(row["source"])
        state = try known(row["state"])
        editedText = row["editedText"]
        weight = row["weight"]
        decidedAt = (row["decidedAt"] as Date?).map(Moment.rounded)
        decidedBy = row["decidedBy"]
    }
}

extension Decision {
    init(_ row: Row) throws {
        id = row["id"]
        pictureID = row["pictureId"]
        tag = row["tag"]
        action = try known(row["action"])
        batch = row["batch"]
        undoes = row["undoes"]
        decidedAt = Moment.rounded(row["decidedAt"])
        decidedBy = row["decidedBy"]
    }
}

extension PromptVersion {
    init(_ row: Row) throws {
        pictureID = row["pictureId"]
        number = row["number"]
        parent = row["parentNumber"]
        positive = row["positive"]
        negative = row["negative"]
        model = row["model"]
        width = row["width"]
        height = row["height"]
        source = try known(row["source"])
        createdAt = Moment.rounded(row["createdAt"])
    }
}

extension Generation {
    init(_ row: Row, _ db: Database) throws {
        id = row["id"]
        kind = try known(row["kind"])
        request = row["request"]
        // SQLite's integers are signed; a seed keeps its 64 bits.
        seed = UInt64(bitPattern: row["seed"])
        model = row["model"]
        profile = row["profile"]
        precision = row["precision"]
        stepsRequested = row["stepsRequested"]
        stepsRun = row["stepsRun"]
        firstTimestep = row["firstTimestep"]
        seconds = row["seconds"]
        pictureID = row["pictureId"]
        promptNumber = row["promptNumber"]
        let untouchedPixels: Int? = row["untouchedPixels"]
        untouched = untouchedPixels.map {
            UntouchedProof(pixels: $0, identical: row["untouchedIdentical"], sha256: row["untouchedSha256"])
        }
        status = try known(row["status"])
        message = row["message"]
        outputs = try Row.fetchAll(
            db, sql: "SELECT path, sha256 FROM generationOutput WHERE generationId = ? ORDER BY position", arguments: [id]
        ).map { GenerationOutput(path: $0["path"], sha256: $0["sha256"]) }
        createdAt = Moment.rounded(row["createdAt"])
        finishedAt = (row["finishedAt"] as Date?).map(Moment.rounded)
    }
}

/// The case of that name. The tables' CHECKs allow no other, so a failure means a damaged file.
private func known<Value: RawRepresentable>(_ name: String) throws -> Value where Value.RawValue == String {
    guard let value = Value(rawValue: name) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(Value.self) \"\(name)\" is unknown")
    }
    return value
}
