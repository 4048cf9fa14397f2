import GRDB

/// Tables that say again what others say: narrow, and in the order in which it is asked for, so that a question of a large library reads few
/// pages. Triggers keep them in step; `Library.repair` makes them anew.
extension Schema {
    struct DerivedTable {
        let name: String
        let columns: String
        /// What stands in it, as a SELECT to which further conditions can be added.
        let rows: String

        /// Whether it says something else than the tables that it is made of.
        func isOutOfStep(_ db: Database) throws -> Bool {
            let stored = "SELECT \(columns) FROM \(name)"
            let sql = "SELECT EXISTS (\(stored) EXCEPT \(rows)) OR EXISTS (\(rows) EXCEPT \(stored))"
            return try Bool.fetchOne(db, sql: sql) ?? false
        }

        func makeAnew(_ db: Database) throws {
            try db.execute(sql: "DELETE FROM \(name); INSERT OR IGNORE INTO \(name) (\(columns)) \(rows)")
        }

        /// - Parameter condition: which of the rows.
        fileprivate func insertion(where condition: String) -> String {
            "INSERT OR REPLACE INTO \(name) (\(columns)) \(rows) AND \(condition);"
        }
    }

    /// Migration 13 fills them by these words: other words come with a migration of their own.
    static let derived = [decidedConfidences, madePictures, generationTexts]

    /// Suggestions that a person decided on singly, as they were shown, by their encoder and the decision that stands.
    private static let decidedConfidences = DerivedTable(
        name: "decidedConfidence", columns: "decisionId, encoderSha256, facet, confidence, state, calibration",
        rows: """
            SELECT suggestion.decisionId, analysis.encoderSha256, suggestion.facet, suggestion.confidence, suggestion.state, analysis.calibration
            FROM suggestion
            CROSS JOIN decision ON decision.id = suggestion.decisionId
            CROSS JOIN analysis ON analysis.id = suggestion.analysisId
            WHERE suggestion.decisionId IS NOT NULL AND suggestion.state <> 'pending' AND suggestion.source = 'ranked'
                AND suggestion.editedText IS NULL
                AND decision.action IN ('approve', 'reject', 'weigh', 'undo') AND instr(suggestion.decidedBy, ' (above ') = 0
            """)

    /// Pictures of the library that are the very files which generations wrote.
    private static let madePictures = DerivedTable(
        name: "madePicture", columns: "generationId, position, pictureId",
        rows: """
            SELECT generationOutput.generationId, generationOutput.position, picture.id
            FROM generationOutput JOIN picture ON picture.sha256 = generationOutput.sha256 WHERE true
            """)

    /// The words that generations were made from.
    private static let generationTexts = DerivedTable(
        name: "generationText", columns: "rowid, prompt",
        rows: """
            SELECT id, CASE WHEN json_valid(request) THEN json_extract(request, '$.prompt') END FROM generation WHERE true
            """)

    /// The tables, what keeps them in step, and indices: those that answer a search without its pictures' rows, and those by which SQLite finds
    /// that nothing points to a row which is removed.
    static let lookups = """
        DROP INDEX suggestionByDecision;
        CREATE INDEX suggestionByDecision ON suggestion(decisionId) WHERE decisionId IS NOT NULL;
        CREATE INDEX suggestionByAnalysis ON suggestion(analysisId) WHERE analysisId IS NOT NULL;
        CREATE INDEX generationOutputByPath ON generationOutput(path);

        CREATE TABLE decidedConfidence (
            decisionId INTEGER PRIMARY KEY,
            encoderSha256 TEXT NOT NULL,
            facet TEXT NOT NULL,
            confidence DOUBLE NOT NULL,
            state TEXT NOT NULL,
            calibration TEXT
        );
        CREATE INDEX decidedConfidenceByEncoder ON decidedConfidence(encoderSha256, decisionId);
        CREATE TRIGGER insertedSuggestionTeaches AFTER INSERT ON suggestion WHEN NEW.decisionId IS NOT NULL
        BEGIN \(decidedConfidences.insertion(where: "suggestion.id = NEW.id")) END;
        CREATE TRIGGER updatedSuggestionTeaches AFTER UPDATE ON suggestion WHEN OLD.decisionId IS NOT NULL OR NEW.decisionId IS NOT NULL
        BEGIN
            DELETE FROM decidedConfidence WHERE decisionId IN (OLD.decisionId, NEW.decisionId);
            \(decidedConfidences.insertion(where: "suggestion.id = NEW.id"))
        END;
        CREATE TRIGGER deletedSuggestionTeaches AFTER DELETE ON suggestion WHEN OLD.decisionId IS NOT NULL
        BEGIN DELETE FROM decidedConfidence WHERE decisionId = OLD.decisionId; END;

        CREATE TABLE madePicture (
            generationId INTEGER NOT NULL,
            position INTEGER NOT NULL,
            pictureId INTEGER NOT NULL,
            PRIMARY KEY (generationId, position)
        ) WITHOUT ROWID;
        CREATE INDEX madePictureByPicture ON madePicture(pictureId);
        CREATE TRIGGER insertedPictureIsFoundMade AFTER INSERT ON picture
        BEGIN \(madePictures.insertion(where: "picture.id = NEW.id")) END;
        CREATE TRIGGER deletedPictureIsMadeNoMore AFTER DELETE ON picture
        BEGIN DELETE FROM madePicture WHERE pictureId = OLD.id; END;
        CREATE TRIGGER insertedOutputIsFoundMade AFTER INSERT ON generationOutput
        BEGIN
            \(madePictures.insertion(
                where: "generationOutput.generationId = NEW.generationId AND generationOutput.position = NEW.position"))
        END;
        CREATE TRIGGER deletedOutputIsMadeNoMore AFTER DELETE ON generationOutput
        BEGIN DELETE FROM madePicture WHERE generationId = OLD.generationId AND position = OLD.position; END;

        CREATE VIRTUAL TABLE generationText USING fts5(prompt, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
        CREATE TRIGGER insertedGenerationIsWorded AFTER INSERT ON generation
        BEGIN \(generationTexts.insertion(where: "generation.id = NEW.id")) END;
        CREATE TRIGGER deletedGenerationIsWordedNoMore AFTER DELETE ON generation
        BEGIN DELETE FROM generationText WHERE rowid = OLD.id; END;

        CREATE INDEX generationByKind ON generation(kind, id);
        CREATE INDEX generationPainted ON generation(model, createdAt) WHERE pictureId IS NULL AND status = 'done';
        CREATE INDEX pictureAdded ON picture(addedAt);
        DROP INDEX pictureStarred;
        CREATE INDEX pictureStarred ON picture(bestStars, id) WHERE binnedAt IS NULL AND bestStars > 0;
        """
}
