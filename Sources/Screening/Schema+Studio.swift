import GRDB

/// What lists, searches and rates pictures, keeps wishes, and throws away.
extension Schema {
    /// Counts stand with the picture, so that a list of a hundred thousand asks no other table; `Library.tellChanges` keeps them.
    static let studio = """
        ALTER TABLE picture ADD COLUMN name TEXT NOT NULL DEFAULT '';
        ALTER TABLE picture ADD COLUMN binnedAt DATETIME;
        ALTER TABLE picture ADD COLUMN wantedAnalysis TEXT CHECK (wantedAnalysis IS NULL OR json_valid(wantedAnalysis));
        ALTER TABLE picture ADD COLUMN analysisFailure TEXT;
        ALTER TABLE picture ADD COLUMN analyses INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE picture ADD COLUMN approved INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE picture ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE picture ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE picture ADD COLUMN generations INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE picture ADD COLUMN bestStars INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX pictureByName ON picture(name COLLATE NOCASE, id) WHERE binnedAt IS NULL;
        CREATE INDEX pictureListed ON picture(id) WHERE binnedAt IS NULL;
        CREATE INDEX pictureUnscreened ON picture(id)
            WHERE binnedAt IS NULL AND analyses > 0 AND approved = 0 AND rejected = 0;
        CREATE INDEX picturePending ON picture(id) WHERE binnedAt IS NULL AND pending > 0;
        CREATE INDEX pictureApproved ON picture(id) WHERE binnedAt IS NULL AND approved > 0;
        CREATE INDEX pictureRejected ON picture(id) WHERE binnedAt IS NULL AND rejected > 0;
        CREATE INDEX pictureFailed ON picture(id) WHERE binnedAt IS NULL AND analysisFailure IS NOT NULL;
        CREATE INDEX pictureStarred ON picture(id) WHERE binnedAt IS NULL AND bestStars > 0;
        CREATE INDEX pictureBinned ON picture(binnedAt) WHERE binnedAt IS NOT NULL;
        CREATE INDEX pictureWanted ON picture(id) WHERE wantedAnalysis IS NOT NULL;
        CREATE INDEX suggestionByTag ON suggestion(tagKey, state, pictureId);

        CREATE VIRTUAL TABLE pictureText USING fts5(
            name, tags, prompt, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
        CREATE TABLE pictureChanged (pictureId INTEGER PRIMARY KEY);

        CREATE TABLE generationMark (
            generationId INTEGER PRIMARY KEY REFERENCES generation(id) ON DELETE CASCADE,
            stars INTEGER NOT NULL DEFAULT 0 CHECK (stars BETWEEN 0 AND 5),
            isKept BOOLEAN NOT NULL DEFAULT 0,
            binnedAt DATETIME
        );
        CREATE INDEX generationBinned ON generationMark(binnedAt) WHERE binnedAt IS NOT NULL;
        CREATE TABLE generationMask (
            generationId INTEGER PRIMARY KEY REFERENCES generation(id) ON DELETE CASCADE,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*')
        );
        CREATE TABLE preset (
            name TEXT PRIMARY KEY COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 80),
            wish TEXT NOT NULL CHECK (json_valid(wish)),
            changedAt DATETIME NOT NULL
        ) WITHOUT ROWID;

        ALTER TABLE job ADD COLUMN position DOUBLE;

        DROP TRIGGER decisionStays;
        CREATE TRIGGER decisionStays BEFORE DELETE ON decision
        WHEN NOT EXISTS (SELECT 1 FROM picture WHERE id = OLD.pictureId AND binnedAt IS NOT NULL)
        BEGIN SELECT RAISE(ABORT, 'a decision is only ever added'); END;
        DROP TRIGGER promptStays;
        CREATE TRIGGER promptStays BEFORE DELETE ON prompt
        WHEN NOT EXISTS (SELECT 1 FROM picture WHERE id = OLD.pictureId AND binnedAt IS NOT NULL)
        BEGIN SELECT RAISE(ABORT, 'a prompt version is not removed'); END;
        DROP TRIGGER decidedSuggestionStays;
        CREATE TRIGGER decidedSuggestionStays BEFORE DELETE ON suggestion
        WHEN OLD.state <> 'pending' AND NOT EXISTS (SELECT 1 FROM picture WHERE id = OLD.pictureId AND binnedAt IS NOT NULL)
        BEGIN SELECT RAISE(ABORT, 'a decided suggestion is not removed'); END;
        """

    /// Which pictures a transaction changed: `Library.tellChanges` brings their counts and the index of words in step before it ends.
    static let studioTriggers: String = {
        let ofRow = [
            ("suggestion", "INSERT", "NEW"), ("suggestion", "UPDATE", "NEW"), ("suggestion", "DELETE", "OLD"), ("prompt", "INSERT", "NEW"),
            ("analysis", "INSERT", "NEW"), ("generation", "INSERT", "NEW"), ("generation", "UPDATE", "NEW"),
            ("generation", "DELETE", "OLD"),
        ].map { table, change, row in
            trigger("\(table)\(change.capitalized)IsTold", "AFTER \(change) ON \(table)", "SELECT \(row).pictureId AS picture")
        }
        let ofMarks = [("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")].map { change, row in
            trigger(
                "generationMark\(change.capitalized)IsTold", "AFTER \(change) ON generationMark",
                "SELECT pictureId AS picture FROM generation WHERE id = \(row).generationId")
        }
        let ofPictures = [("INSERT", "NEW"), ("UPDATE OF name", "NEW"), ("DELETE", "OLD")].map { change, row in
            trigger(
                "picture\(change.split(separator: " ")[0].capitalized)IsTold", "AFTER \(change) ON picture", "SELECT \(row).id AS picture")
        }
        return (ofRow + ofMarks + ofPictures).joined(separator: "\n")
    }()

    /// Names, counts and words of the pictures that an older library has. Nothing of this changes with the library's code: the tables of later
    /// versions are not there yet where it runs. What cannot be read is passed over: a library has to be open to be mended.
    static func fillStudio(_ db: Database) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT pictureId, path FROM picturePath ORDER BY seenAt")
        for row in rows.map({ StoredRow($0, of: "picturePath").listed }) {
            let (picture, path): (Int64, String) = (try row.value("pictureId"), try row.value("path"))
            guard row.unreadable == nil else { continue }
            let name = path.split(separator: "/").last.map(String.init) ?? path
            try db.execute(sql: "UPDATE picture SET name = ? WHERE id = ?", arguments: [name, picture])
        }
        try db.execute(sql: "INSERT INTO pictureChanged (pictureId) SELECT id FROM picture WHERE true ON CONFLICT DO NOTHING")
        try db.execute(sql: studioCounts)
    }

    /// What `Library.tellChanges` did when these tables came.
    private static let studioCounts = """
        UPDATE picture SET
            analyses = (SELECT count(*) FROM analysis WHERE pictureId = picture.id),
            approved = (SELECT count(*) FROM suggestion WHERE pictureId = picture.id AND state = 'approved'),
            rejected = (SELECT count(*) FROM suggestion WHERE pictureId = picture.id AND state = 'rejected'),
            pending = (SELECT count(*) FROM suggestion WHERE pictureId = picture.id AND state = 'pending'),
            generations = (
                SELECT count(*) FROM generation LEFT JOIN generationMark ON generationMark.generationId = generation.id
                WHERE pictureId = picture.id AND status = 'done' AND generationMark.binnedAt IS NULL),
            bestStars = coalesce((
                SELECT max(stars) FROM generation JOIN generationMark ON generationMark.generationId = generation.id
                WHERE pictureId = picture.id AND generationMark.binnedAt IS NULL), 0)
        WHERE id IN (SELECT pictureId FROM pictureChanged);
        DELETE FROM pictureText WHERE rowid IN (SELECT pictureId FROM pictureChanged);
        INSERT INTO pictureText (rowid, name, tags, prompt)
        SELECT id, name,
            coalesce((
                SELECT group_concat(suggestionName.name, ', ') FROM suggestion
                JOIN suggestionName ON suggestionName.suggestionId = suggestion.id
                WHERE suggestion.pictureId = picture.id AND suggestion.state <> 'rejected'), '') || ', ' || coalesce((
                SELECT group_concat(editedText, ', ') FROM suggestion
                WHERE suggestion.pictureId = picture.id AND state = 'approved' AND editedText IS NOT NULL), ''),
            coalesce((SELECT positive FROM prompt WHERE pictureId = picture.id ORDER BY number DESC LIMIT 1), '') || ' ' || coalesce((
                SELECT CASE WHEN json_valid(recovered) THEN json_extract(recovered, '$.positive') END FROM analysis
                WHERE pictureId = picture.id AND recovered IS NOT NULL ORDER BY id DESC LIMIT 1), '')
        FROM picture WHERE id IN (SELECT pictureId FROM pictureChanged);
        DELETE FROM pictureChanged;
        """

    private static func trigger(_ name: String, _ event: String, _ pictures: String) -> String {
        """
        CREATE TRIGGER \(name) \(event) BEGIN
            INSERT INTO pictureChanged (pictureId)
            SELECT picture FROM (\(pictures)) WHERE picture IS NOT NULL AND picture NOT IN (SELECT pictureId FROM pictureChanged);
        END;
        """
    }
}
