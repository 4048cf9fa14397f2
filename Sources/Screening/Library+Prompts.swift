import Foundation
import GRDB

extension Library {
    /// Keeps a prompt as the picture's next version. Where it says the same as the latest version, that one is returned instead.
    @discardableResult
    package func record(_ prompt: NewPrompt, of picture: Int64, at moment: Date = Date()) throws(LibraryError) -> PromptVersion {
        let positive = try Text.prompt(prompt.positive, field: "the prompt")
        let negative = try Text.prompt(prompt.negative, field: "the negative prompt")
        guard (prompt.width == nil) == (prompt.height == nil), (prompt.width ?? 1) > 0, (prompt.height ?? 1) > 0 else {
            let size = "\(prompt.width.map(String.init) ?? "?")x\(prompt.height.map(String.init) ?? "?")"
            throw .invalid(field: "the prompt's size", value: size, rule: "width and height, both at least 1")
        }
        return try write { db in
            _ = try Library.picture(picture, db)
            let latest = try Library.latestPrompt(of: picture, db)
            if let latest, prompt.parent == nil || prompt.parent == latest.number,
                latest.positive == positive, latest.negative == negative, latest.model == prompt.model,
                latest.width == prompt.width, latest.height == prompt.height
            {
                return latest
            }
            if let parent = prompt.parent { _ = try Library.prompt(parent, of: picture, db) }
            let number = (latest?.number ?? 0) + 1
            try PromptRow(
                pictureId: picture, number: number, parentNumber: prompt.parent ?? latest?.number, positive: positive, negative: negative,
                model: prompt.model, width: prompt.width, height: prompt.height, source: prompt.source.rawValue, createdAt: moment
            ).insert(db)
            return try Library.prompt(number, of: picture, db)
        }
    }

    /// - Throws: `LibraryError.noSuchPrompt`.
    package func prompt(_ number: Int, of picture: Int64) throws(LibraryError) -> PromptVersion {
        try read { db in try Library.prompt(number, of: picture, db) }
    }

    /// Nil for a picture that has none yet.
    package func latestPrompt(of picture: Int64) throws(LibraryError) -> PromptVersion? {
        try read { db in try Library.latestPrompt(of: picture, db) }
    }

    /// The picture's prompt versions, the first one first.
    package func prompts(of picture: Int64) throws(LibraryError) -> [PromptVersion] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM prompt WHERE pictureId = ? ORDER BY number", arguments: [picture])
                .map(PromptVersion.init)
        }
    }

    private static func prompt(_ number: Int, of picture: Int64, _ db: Database) throws -> PromptVersion {
        let sql = "SELECT * FROM prompt WHERE pictureId = ? AND number = ?"
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [picture, number]) else {
            throw LibraryError.noSuchPrompt(number: number, picture: picture)
        }
        return try PromptVersion(row)
    }

    private static func latestPrompt(of picture: Int64, _ db: Database) throws -> PromptVersion? {
        try Row.fetchOne(db, sql: "SELECT * FROM prompt WHERE pictureId = ? ORDER BY number DESC LIMIT 1", arguments: [picture])
            .map(PromptVersion.init)
    }
}
