import GRDB

/// The tables, and the rules that SQLite itself enforces, so that no mistake of ours (or of another program) breaks them.
///
/// A shipped migration is never edited; a change is a new one.
enum Schema {
    /// "Rdrw": marks the file as ours in SQLite's header.
    static let applicationID = 0x5264_7277

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 pictures, analyses, suggestions, decisions, prompts, generations") { db in
            try db.execute(sql: pictures)
            try db.execute(sql: suggestions)
            try db.execute(sql: suggestionRules)
            try db.execute(sql: prompts)
            try db.execute(sql: generations)
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        migrator.registerMigration("2 embeddings of pictures, how files looked when they were read, how tags were worded") { db in
            try db.execute(sql: embeddings)
        }
        migrator.registerMigration("3 how prompts were composed, what confidences rest on, learning, tags of taggers") { db in
            try db.execute(sql: learning)
            try db.execute(sql: suggestionRules)
        }
        migrator.registerMigration("4 jobs; what runs, what is pending and what happened last found by an index") { db in
            try db.execute(sql: jobs)
        }
        migrator.registerMigration("5 the studio: names, search, stars, masks, presets, the bin, the order of jobs") { db in
            try db.execute(sql: studio)
            try db.execute(sql: studioTriggers)
            try fillStudio(db)
        }
        migrator.registerMigration("6 jobs that wait for memory, and go back to the queue where their process ends") { db in
            try db.execute(sql: "ALTER TABLE job ADD COLUMN isPutBack BOOLEAN NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("7 the seed of every picture of a generation") { db in
            try db.execute(sql: "ALTER TABLE generationOutput ADD COLUMN seed INTEGER")
        }
        migrator.registerMigration("8 what stands where in a picture") { db in
            try db.execute(sql: "ALTER TABLE analysis ADD COLUMN things TEXT CHECK (things IS NULL OR json_valid(things))")
        }
        migrator.registerMigration("9 sheets, what a picture was enlarged from") { db in
            try db.execute(sql: sheets)
        }
        migrator.registerMigration("10 other digests of a picture, whose file was given keywords") { db in
            try db.execute(
                sql: """
                    CREATE TABLE pictureAlias (
                        sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
                        pictureId INTEGER NOT NULL REFERENCES picture(id) ON DELETE CASCADE
                    ) WITHOUT ROWID;
                    CREATE INDEX pictureAliasByPicture ON pictureAlias(pictureId);
                    """)
        }
        migrator.registerMigration("11 what a picture's pixels are known by, captions that were written beside pictures") { db in
            try db.execute(sql: pixels)
        }
        // These two change no row: looking through the foreign keys of all tables afterwards would take the longest of them.
        migrator.registerMigration("12 generations by their model found by an index", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: "CREATE INDEX generationByModel ON generation(model, pictureId) WHERE status = 'done'")
        }
        migrator.registerMigration(
            "13 what decisions teach, what was made and what it was made from, found in tables of their own", foreignKeyChecks: .immediate
        ) { db in
            try db.execute(sql: lookups)
            for table in derived { try table.makeAnew(db) }
        }
        migrator.registerMigration("14 what is certain of the thing that a tag names", foreignKeyChecks: .immediate) { db in
            try db.execute(
                sql: "ALTER TABLE suggestion ADD COLUMN described TEXT CHECK (described IS NULL OR length(described) BETWEEN 1 AND 200)")
        }
        return migrator
    }

    /// Pictures of a size are looked for before pixels are: to know a file's takes decoding it.
    private static let pixels = """
        ALTER TABLE picture ADD COLUMN pixels TEXT
            CHECK (pixels IS NULL OR length(pixels) = 64 AND pixels NOT GLOB '*[^0-9a-f]*');
        CREATE INDEX pictureByPixels ON picture(pixels, id) WHERE pixels IS NOT NULL;
        CREATE INDEX pictureBySize ON picture(width, height) WHERE pixels IS NOT NULL;

        CREATE TABLE writtenCaption (
            pictureId INTEGER NOT NULL REFERENCES picture(id) ON DELETE CASCADE,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
            PRIMARY KEY (pictureId, sha256)
        ) WITHOUT ROWID;
        """

    private static let pictures = """
        CREATE TABLE picture (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
            width INTEGER NOT NULL CHECK (width > 0),
            height INTEGER NOT NULL CHECK (height > 0),
            addedAt DATETIME NOT NULL
        );
        CREATE TRIGGER pictureKeepsItsDigest BEFORE UPDATE OF id, sha256 ON picture
        BEGIN SELECT RAISE(ABORT, 'a picture keeps its digest'); END;

        CREATE TABLE picturePath (
            path TEXT NOT NULL CHECK (length(path) > 0),
            pictureId INTEGER NOT NULL REFERENCES picture(id),
            seenAt DATETIME NOT NULL,
            PRIMARY KEY (path, pictureId)
        ) WITHOUT ROWID;
        CREATE INDEX picturePathByPicture ON picturePath(pictureId, seenAt);

        CREATE TABLE analysis (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pictureId INTEGER NOT NULL REFERENCES picture(id),
            encoderName TEXT NOT NULL CHECK (length(encoderName) > 0),
            encoderSha256 TEXT NOT NULL CHECK (length(encoderSha256) = 64),
            vocabularyName TEXT NOT NULL CHECK (length(vocabularyName) > 0),
            vocabularySha256 TEXT NOT NULL CHECK (length(vocabularySha256) = 64),
            vocabularyCount INTEGER NOT NULL CHECK (vocabularyCount >= 0),
            seconds DOUBLE NOT NULL CHECK (seconds >= 0),
            positive TEXT NOT NULL,
            negative TEXT NOT NULL,
            model TEXT CHECK (model IS NULL OR json_valid(model)),
            size TEXT CHECK (size IS NULL OR json_valid(size)),
            recovered TEXT CHECK (recovered IS NULL OR json_valid(recovered)),
            dropped TEXT CHECK (dropped IS NULL OR json_valid(dropped)),
            createdAt DATETIME NOT NULL
        );
        CREATE INDEX analysisByPicture ON analysis(pictureId, id);
        CREATE TRIGGER analysisIsKept BEFORE UPDATE ON analysis
        BEGIN SELECT RAISE(ABORT, 'an analysis is not changed'); END;
        """

    /// Embeddings can be computed again, so nothing keeps them from being replaced. They stand in a table with row numbers: a row of
    /// some hundred numbers then lies within one page, and a scan reads the pages in order.
    private static let embeddings = """
        CREATE TABLE embeddingSpace (
            id INTEGER PRIMARY KEY,
            encoderName TEXT NOT NULL CHECK (length(encoderName) > 0),
            encoderSha256 TEXT NOT NULL UNIQUE CHECK (length(encoderSha256) = 64),
            dimension INTEGER NOT NULL CHECK (dimension BETWEEN 1 AND 65536)
        );
        CREATE TABLE embedding (
            id INTEGER PRIMARY KEY,
            spaceId INTEGER NOT NULL REFERENCES embeddingSpace(id),
            pictureId INTEGER NOT NULL REFERENCES picture(id),
            halves BLOB NOT NULL CHECK (typeof(halves) = 'blob'),
            UNIQUE (pictureId, spaceId)
        );
        ALTER TABLE picturePath ADD COLUMN bytes INTEGER CHECK (bytes IS NULL OR bytes >= 0);
        ALTER TABLE picturePath ADD COLUMN modified INTEGER;
        ALTER TABLE analysis ADD COLUMN wording TEXT;
        """

    /// An order on its way. One that is over never changes, but may be cleared away: what it made stands among the generations.
    private static let jobs = """
        CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            "order" TEXT NOT NULL CHECK (json_valid("order")),
            engine TEXT NOT NULL CHECK (length(engine) > 0),
            isAttended BOOLEAN NOT NULL,
            state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
            progress DOUBLE NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
            secondsLeft DOUBLE,
            memory INTEGER CHECK (memory IS NULL OR memory >= 0),
            isAskedToStop BOOLEAN NOT NULL DEFAULT 0,
            generationId INTEGER REFERENCES generation(id),
            message TEXT,
            createdAt DATETIME NOT NULL,
            startedAt DATETIME,
            finishedAt DATETIME,
            CHECK ((state IN ('queued', 'running')) = (finishedAt IS NULL)),
            CHECK (state <> 'running' OR startedAt IS NOT NULL)
        );
        CREATE INDEX jobUnderWay ON job(state, id) WHERE state IN ('queued', 'running');
        CREATE INDEX jobByGeneration ON job(generationId) WHERE generationId IS NOT NULL;
        CREATE TRIGGER jobThatIsOverIsKept BEFORE UPDATE ON job WHEN OLD.state NOT IN ('queued', 'running')
        BEGIN SELECT RAISE(ABORT, 'a job that is over is not changed'); END;
        CREATE TRIGGER jobUnderWayStays BEFORE DELETE ON job WHEN OLD.state IN ('queued', 'running')
        BEGIN SELECT RAISE(ABORT, 'a job under way is not removed'); END;

        CREATE INDEX generationRunning ON generation(id) WHERE status = 'running';
        CREATE INDEX suggestionPending ON suggestion(pictureId) WHERE state = 'pending';
        CREATE INDEX generationByMoment ON generation(createdAt);
        CREATE INDEX promptByMoment ON prompt(createdAt);
        CREATE INDEX decisionByMoment ON decision(decidedAt);
        CREATE INDEX analysisByMoment ON analysis(createdAt);
        """

    /// SQLite cannot widen a CHECK: the table of suggestions is made anew, with what is in it, and its rules after it. Foreign keys are checked
    /// when the migration ends.
    private static let learning = """
        ALTER TABLE analysis ADD COLUMN composition TEXT CHECK (composition IS NULL OR json_valid(composition));
        ALTER TABLE analysis ADD COLUMN calibration TEXT CHECK (calibration IS NULL OR json_valid(calibration));

        CREATE TABLE learningReset (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            afterDecision INTEGER NOT NULL CHECK (afterDecision >= 0),
            resetAt DATETIME NOT NULL,
            resetBy TEXT NOT NULL CHECK (length(resetBy) > 0)
        );

        CREATE TABLE generationEmbedding (
            generationId INTEGER NOT NULL,
            position INTEGER NOT NULL,
            encoderSha256 TEXT NOT NULL CHECK (length(encoderSha256) = 64),
            halves BLOB NOT NULL CHECK (typeof(halves) = 'blob'),
            PRIMARY KEY (generationId, position, encoderSha256),
            FOREIGN KEY (generationId, position) REFERENCES generationOutput(generationId, position)
        );

        CREATE TABLE newSuggestion (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pictureId INTEGER NOT NULL REFERENCES picture(id),
            tagKey TEXT NOT NULL CHECK (length(tagKey) > 0),
            tag TEXT NOT NULL CHECK (length(tag) BETWEEN 1 AND 200),
            facet TEXT NOT NULL CHECK (length(facet) > 0),
            analysisId INTEGER REFERENCES analysis(id),
            cosine DOUBLE CHECK (cosine IS NULL OR cosine BETWEEN -1.001 AND 1.001),
            confidence DOUBLE NOT NULL CHECK (confidence BETWEEN 0 AND 1),
            rank INTEGER CHECK (rank IS NULL OR rank >= 1),
            source TEXT NOT NULL CHECK (source IN ('ranked', 'measured', 'head', 'recovered', 'added', 'tagger')),
            state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'rejected')),
            editedText TEXT CHECK (editedText IS NULL OR length(editedText) BETWEEN 1 AND 200),
            weight DOUBLE NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0.1 AND 3),
            decidedAt DATETIME,
            decidedBy TEXT,
            decisionId INTEGER REFERENCES decision(id),
            UNIQUE (pictureId, tagKey),
            CHECK (
                CASE state
                WHEN 'pending' THEN editedText IS NULL AND weight = 1 AND decidedAt IS NULL AND decidedBy IS NULL
                ELSE decidedAt IS NOT NULL AND decidedBy IS NOT NULL AND decisionId IS NOT NULL
                END)
        );
        INSERT INTO newSuggestion SELECT * FROM suggestion;
        DELETE FROM sqlite_sequence WHERE name = 'newSuggestion';
        INSERT INTO sqlite_sequence (name, seq) SELECT 'newSuggestion', seq FROM sqlite_sequence WHERE name = 'suggestion';
        DROP TABLE suggestion;
        ALTER TABLE newSuggestion RENAME TO suggestion;
        CREATE INDEX suggestionByDecision ON suggestion(decisionId) WHERE state <> 'pending';
        """

    private static let suggestions = """
        CREATE TABLE decision (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pictureId INTEGER NOT NULL REFERENCES picture(id),
            tagKey TEXT NOT NULL CHECK (length(tagKey) > 0),
            tag TEXT NOT NULL,
            batch INTEGER NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('approve', 'reject', 'edit', 'weigh', 'add', 'reset', 'undo', 'import')),
            before TEXT CHECK (before IS NULL OR json_valid(before)),
            after TEXT CHECK (after IS NULL OR json_valid(after)),
            undoes INTEGER UNIQUE REFERENCES decision(id),
            decidedAt DATETIME NOT NULL,
            decidedBy TEXT NOT NULL CHECK (length(decidedBy) > 0),
            CHECK ((action = 'undo') = (undoes IS NOT NULL))
        );
        CREATE INDEX decisionByPicture ON decision(pictureId, id);
        CREATE TRIGGER decisionIsKept BEFORE UPDATE ON decision
        BEGIN SELECT RAISE(ABORT, 'a decision is only ever added'); END;
        CREATE TRIGGER decisionStays BEFORE DELETE ON decision
        BEGIN SELECT RAISE(ABORT, 'a decision is only ever added'); END;

        CREATE TABLE suggestion (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pictureId INTEGER NOT NULL REFERENCES picture(id),
            tagKey TEXT NOT NULL CHECK (length(tagKey) > 0),
            tag TEXT NOT NULL CHECK (length(tag) BETWEEN 1 AND 200),
            facet TEXT NOT NULL CHECK (length(facet) > 0),
            analysisId INTEGER REFERENCES analysis(id),
            cosine DOUBLE CHECK (cosine IS NULL OR cosine BETWEEN -1.001 AND 1.001),
            confidence DOUBLE NOT NULL CHECK (confidence BETWEEN 0 AND 1),
            rank INTEGER CHECK (rank IS NULL OR rank >= 1),
            source TEXT NOT NULL CHECK (source IN ('ranked', 'measured', 'head', 'recovered', 'added')),
            state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'rejected')),
            editedText TEXT CHECK (editedText IS NULL OR length(editedText) BETWEEN 1 AND 200),
            weight DOUBLE NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0.1 AND 3),
            decidedAt DATETIME,
            decidedBy TEXT,
            decisionId INTEGER REFERENCES decision(id),
            UNIQUE (pictureId, tagKey),
            CHECK (
                CASE state
                WHEN 'pending' THEN editedText IS NULL AND weight = 1 AND decidedAt IS NULL AND decidedBy IS NULL
                ELSE decidedAt IS NOT NULL AND decidedBy IS NOT NULL AND decisionId IS NOT NULL
                END)
        );

        CREATE TABLE suggestionName (
            suggestionId INTEGER NOT NULL REFERENCES suggestion(id) ON DELETE CASCADE,
            nameKey TEXT NOT NULL CHECK (length(nameKey) > 0),
            name TEXT NOT NULL,
            PRIMARY KEY (suggestionId, nameKey)
        ) WITHOUT ROWID;
        """

    private static let suggestionRules = """
        CREATE TRIGGER decidedSuggestionIsKept BEFORE UPDATE ON suggestion
        WHEN OLD.state <> 'pending' AND NOT EXISTS (
            SELECT 1 FROM decision
            WHERE id = NEW.decisionId AND id > OLD.decisionId AND pictureId = OLD.pictureId AND tagKey = OLD.tagKey)
        BEGIN SELECT RAISE(ABORT, 'a decided suggestion is changed by a decision only'); END;

        CREATE TRIGGER decidedSuggestionStays BEFORE DELETE ON suggestion WHEN OLD.state <> 'pending'
        BEGIN SELECT RAISE(ABORT, 'a decided suggestion is not removed'); END;

        CREATE TRIGGER suggestionIsDecidedByADecision BEFORE UPDATE ON suggestion
        WHEN NEW.state <> 'pending' AND OLD.state = 'pending' AND NOT EXISTS (
            SELECT 1 FROM decision
            WHERE id = NEW.decisionId AND id > coalesce(OLD.decisionId, 0) AND pictureId = OLD.pictureId AND tagKey = OLD.tagKey)
        BEGIN SELECT RAISE(ABORT, 'a suggestion is decided by a decision only'); END;

        CREATE TRIGGER suggestionKeepsItsPicture BEFORE UPDATE OF id, pictureId ON suggestion
        WHEN NEW.id <> OLD.id OR NEW.pictureId <> OLD.pictureId
        BEGIN SELECT RAISE(ABORT, 'a suggestion keeps its picture'); END;

        CREATE TRIGGER rejectedTagIsNotSuggestedAgain BEFORE INSERT ON suggestion
        WHEN NEW.state = 'pending' AND EXISTS (
            SELECT 1 FROM suggestion JOIN suggestionName ON suggestionName.suggestionId = suggestion.id
            WHERE suggestion.pictureId = NEW.pictureId AND suggestion.state = 'rejected' AND suggestionName.nameKey = NEW.tagKey)
        BEGIN SELECT RAISE(ABORT, 'a rejected tag is not suggested again'); END;
        """

    private static let prompts = """
        CREATE TABLE prompt (
            pictureId INTEGER NOT NULL REFERENCES picture(id),
            number INTEGER NOT NULL CHECK (number >= 1),
            parentNumber INTEGER CHECK (parentNumber IS NULL OR parentNumber < number),
            positive TEXT NOT NULL,
            negative TEXT NOT NULL,
            model TEXT,
            width INTEGER CHECK (width IS NULL OR width > 0),
            height INTEGER CHECK (height IS NULL OR height > 0),
            source TEXT NOT NULL CHECK (source IN ('composed', 'written', 'recovered')),
            createdAt DATETIME NOT NULL,
            PRIMARY KEY (pictureId, number),
            FOREIGN KEY (pictureId, parentNumber) REFERENCES prompt(pictureId, number),
            CHECK ((width IS NULL) = (height IS NULL))
        ) WITHOUT ROWID;
        CREATE TRIGGER promptIsKept BEFORE UPDATE ON prompt
        BEGIN SELECT RAISE(ABORT, 'a prompt version is not changed'); END;
        CREATE TRIGGER promptStays BEFORE DELETE ON prompt
        BEGIN SELECT RAISE(ABORT, 'a prompt version is not removed'); END;
        CREATE TRIGGER promptsAreNumberedWithoutGaps BEFORE INSERT ON prompt
        WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM prompt WHERE pictureId = NEW.pictureId)
        BEGIN SELECT RAISE(ABORT, 'prompt versions are numbered without gaps'); END;
        """

    private static let generations = """
        CREATE TABLE generation (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('generate', 'repaint', 'paint')),
            request TEXT NOT NULL CHECK (json_valid(request)),
            seed INTEGER NOT NULL,
            model TEXT NOT NULL,
            profile TEXT NOT NULL,
            "precision" TEXT NOT NULL,
            stepsRequested INTEGER NOT NULL CHECK (stepsRequested >= 0),
            stepsRun INTEGER NOT NULL CHECK (stepsRun >= 0),
            firstTimestep DOUBLE,
            seconds TEXT CHECK (seconds IS NULL OR json_valid(seconds)),
            pictureId INTEGER REFERENCES picture(id),
            promptNumber INTEGER,
            untouchedPixels INTEGER CHECK (untouchedPixels IS NULL OR untouchedPixels >= 0),
            untouchedIdentical BOOLEAN,
            untouchedSha256 TEXT CHECK (untouchedSha256 IS NULL OR length(untouchedSha256) = 64),
            status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled')),
            message TEXT,
            createdAt DATETIME NOT NULL,
            finishedAt DATETIME,
            FOREIGN KEY (pictureId, promptNumber) REFERENCES prompt(pictureId, number),
            CHECK (promptNumber IS NULL OR pictureId IS NOT NULL),
            CHECK ((untouchedPixels IS NULL) = (untouchedIdentical IS NULL)),
            CHECK ((status = 'running') = (finishedAt IS NULL))
        );
        CREATE INDEX generationByPicture ON generation(pictureId, id);
        CREATE TRIGGER finishedGenerationIsKept BEFORE UPDATE ON generation WHEN OLD.status <> 'running'
        BEGIN SELECT RAISE(ABORT, 'a finished generation is not changed'); END;

        CREATE TABLE generationOutput (
            generationId INTEGER NOT NULL REFERENCES generation(id),
            position INTEGER NOT NULL CHECK (position >= 1),
            path TEXT NOT NULL CHECK (length(path) > 0),
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            PRIMARY KEY (generationId, position)
        ) WITHOUT ROWID;
        CREATE INDEX generationOutputByDigest ON generationOutput(sha256);
        """
}
