/// Sheets, and where enlarged pictures come from.
extension Schema {
    /// A cell learns of its generation when its job does, and keeps it when the job is cleared away.
    static let sheets = """
        ALTER TABLE picture ADD COLUMN enlargedFrom INTEGER REFERENCES picture(id) ON DELETE SET NULL;
        CREATE INDEX pictureEnlarged ON picture(enlargedFrom) WHERE enlargedFrom IS NOT NULL;

        CREATE TABLE sheet (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            pictureId INTEGER REFERENCES picture(id) ON DELETE CASCADE,
            axes TEXT NOT NULL CHECK (json_valid(axes)),
            createdAt DATETIME NOT NULL
        );
        CREATE INDEX sheetByPicture ON sheet(pictureId, id);
        CREATE TABLE sheetCell (
            sheetId INTEGER NOT NULL REFERENCES sheet(id) ON DELETE CASCADE,
            position INTEGER NOT NULL CHECK (position >= 1),
            jobId INTEGER REFERENCES job(id) ON DELETE SET NULL,
            generationId INTEGER REFERENCES generation(id) ON DELETE SET NULL,
            PRIMARY KEY (sheetId, position)
        ) WITHOUT ROWID;
        CREATE INDEX sheetCellByJob ON sheetCell(jobId) WHERE jobId IS NOT NULL;
        CREATE INDEX sheetCellByGeneration ON sheetCell(generationId) WHERE generationId IS NOT NULL;
        CREATE TRIGGER sheetCellIsMade AFTER UPDATE OF generationId ON job
        WHEN NEW.generationId IS NOT OLD.generationId
        BEGIN UPDATE sheetCell SET generationId = NEW.generationId WHERE jobId = NEW.id; END;
        """
}
