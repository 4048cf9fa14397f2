import Foundation
import Screening

// What a surface asks of the library, and all of it that it sees.

extension ScreeningDesk {
    /// - Throws: `LibraryError.noSuchPicture`.
    package func picture(id: Int64) throws -> PictureRecord { try library.picture(id: id) }

    /// All of the picture's suggestions, best first: by rank, then confidence; those the person added at the end.
    package func suggestions(of picture: Int64) throws -> [Suggestion] { try library.suggestions(of: picture) }

    /// Takes the decisions together: all of them, or none where one is refused. They are undone together, too.
    ///
    /// - Parameter person: who decided, for the record.
    /// - Throws: `LibraryError.noSuchSuggestion` for a tag that is not suggested, `LibraryError.invalid` for a text or a weight.
    package func decide(_ changes: [Change], on picture: Int64, by person: String) throws -> DecisionOutcome {
        try library.decide(changes, on: picture, by: person)
    }

    /// Takes back the picture's last decisions that are not taken back yet.
    ///
    /// - Throws: `LibraryError.nothingToUndo`.
    package func undo(on picture: Int64, by person: String) throws -> DecisionOutcome { try library.undo(on: picture, by: person) }

    /// The picture's prompt versions, the first one first.
    package func prompts(of picture: Int64) throws -> [PromptVersion] { try library.prompts(of: picture) }

    package func latestPrompt(of picture: Int64) throws -> PromptVersion? { try library.latestPrompt(of: picture) }

    /// - Throws: `LibraryError.noSuchPrompt`.
    package func prompt(_ number: Int, of picture: Int64) throws -> PromptVersion { try library.prompt(number, of: picture) }

    /// - Throws: `LibraryError.noSuchGeneration`.
    package func generation(id: Int64) throws -> Generation { try library.generation(id: id) }

    /// Generations, the latest first; of one picture, or of all.
    package func generations(of picture: Int64? = nil, limit: Int = .max) throws -> [Generation] {
        try library.generations(of: picture, limit: limit)
    }

    /// What happened, the latest first, to one picture or to all.
    package func history(of picture: Int64? = nil, limit: Int = 50) throws -> [HistoryEntry] {
        try library.history(of: picture, limit: limit)
    }

    /// The whole library, or the given pictures with all that belongs to them.
    package func export(pictures: [Int64]? = nil) throws -> LibraryExport { try library.export(pictures: pictures) }

    /// Writes the whole library, or the given pictures with all that belongs to them, piece by piece.
    ///
    /// - Returns: how many pictures were written.
    package func export(pictures: [Int64]? = nil, to write: (Data) throws -> Void) throws -> Int {
        try library.export(pictures: pictures, to: write)
    }
}
