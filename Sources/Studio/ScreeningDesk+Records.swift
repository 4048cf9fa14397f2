import Foundation
import Screening

// What a surface asks of the library, and all of it that it sees.

extension ScreeningDesk {
    /// - Throws: `LibraryError.noSuchPicture`.
    package func picture(id: Int64) throws -> KnownPicture { KnownPicture(try library.picture(id: id)) }

    /// Those of the pictures that are there, by their numbers: asked for together, however many they are.
    package func pictures(numbers: some Collection<Int64>) throws -> [Int64: KnownPicture] {
        try library.pictures(numbers: numbers).mapValues(KnownPicture.init)
    }

    /// All of the picture's suggestions, best first: by rank, then confidence; those the person added at the end.
    package func suggestions(of picture: Int64) throws -> [SuggestionReport] {
        try library.suggestions(of: picture).map(SuggestionReport.init)
    }

    /// Takes the decisions together: all of them, or none where one is refused. They are undone together, too. With a tag that is rejected go
    /// those of its kinds that wait.
    ///
    /// - Parameter person: who decided, for the record.
    /// - Throws: `LibraryError.noSuchSuggestion` for a tag that is not suggested, `LibraryError.invalid` for a text or a weight.
    package func decide(_ decisions: [ScreeningDecision], on picture: Int64, by person: String) throws -> DecisionsTaken {
        do {
            return DecisionsTaken(try library.decide(decisions.map(\.change), on: picture, by: person, kinds: vocabulary.kinds(of:)))
        } catch {
            throw withNearestTag(error)
        }
    }

    /// What the library says of a tag that is not suggested, and which of those that are may have been meant.
    private func withNearestTag(_ error: any Error) -> any Error {
        guard let error = error as? LibraryError, case .noSuchSuggestion(let tag, let picture, _) = error,
            let known = try? library.suggestions(of: picture)
        else { return error }
        // The library names it in quotation marks.
        let near = NearestName.of(tag.trimmingCharacters(in: ["\""]), among: known.flatMap { [$0.tag, $0.text] })
        return LibraryError.noSuchSuggestion(tag, picture: picture, nearest: near)
    }

    /// Takes back the picture's last decisions that are not taken back yet.
    ///
    /// - Throws: `LibraryError.nothingToUndo`.
    package func undo(on picture: Int64, by person: String) throws -> DecisionsTaken {
        DecisionsTaken(try library.undo(on: picture, by: person))
    }

    /// What a person is told whose decision was not taken and who can go on; nil where the error is about more than that decision.
    package static func refusal(_ error: any Error) -> String? {
        switch error {
        case let error as ScreeningDeskError: error.description
        case LibraryError.invalid, LibraryError.noSuchSuggestion: "\(error)"
        case LibraryError.nothingToUndo: "Nothing to undo."
        default: nil
        }
    }

    /// The picture's prompt versions, the first one first.
    package func prompts(of picture: Int64) throws -> [PromptReport] { try library.prompts(of: picture).map(PromptReport.init) }

    /// Nil for a picture that has none yet.
    package func latestPrompt(of picture: Int64) throws -> PromptReport? { try library.latestPrompt(of: picture).map(PromptReport.init) }

    /// - Throws: `LibraryError.noSuchPrompt`.
    package func prompt(_ number: Int, of picture: Int64) throws -> PromptReport { PromptReport(try library.prompt(number, of: picture)) }

    /// - Throws: `LibraryError.noSuchGeneration`.
    package func generation(id: Int64) throws -> GenerationEntry { GenerationEntry(try library.generation(id: id)) }

    /// Generations, the latest first; of one picture, or of all.
    package func generations(of picture: Int64? = nil, limit: Int = .max) throws -> [GenerationEntry] {
        try library.generations(of: picture, limit: limit).map { GenerationEntry($0) }
    }

    /// What happened, the latest first, to one picture or to all.
    ///
    /// - Parameter generationsOnly: leaves everything else out.
    package func history(of picture: Int64? = nil, limit: Int = 50, generationsOnly: Bool = false) throws -> [HistoryReport] {
        let entries: [HistoryEntry] =
            generationsOnly
            ? try library.generations(of: picture, limit: limit).map { .generation($0) } : try library.history(of: picture, limit: limit)
        return entries.map { HistoryReport($0) }
    }

    /// How much lies in the bin, pictures and results.
    package func binCount() throws -> Int { try library.binCount() }

    /// Writes the whole library, or the given pictures with all that belongs to them, piece by piece. What lies in the bin is left out, but a
    /// picture that is named.
    ///
    /// - Returns: how many pictures were written.
    package func export(pictures: [Int64]? = nil, to write: (Data) throws -> Void) throws -> Int {
        try library.export(pictures: pictures, reading: .studio, to: write)
    }
}
