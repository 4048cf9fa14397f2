import Pixels
import Screening

/// Why the library, or a picture's file, does not give what was asked for, for a surface that answers by kinds.
package struct Obstacle: Sendable, Equatable {
    /// What a caller can do about it.
    package enum Kind: Sendable, Equatable {
        /// What is named is not there.
        case missing
        /// It is there, but not as it would have to be for this.
        case conflict
        /// What was given is not taken.
        case notTaken
        /// It may go later.
        case unavailable
        /// The library's file is not as it should be.
        case damaged
    }

    package let kind: Kind
    /// In one line, without commands of the terminal and without paths.
    package let words: String
    /// What was given and is wrong.
    package let field: String?

    private init(_ kind: Kind, _ words: String, field: String? = nil) {
        (self.kind, self.words, self.field) = (kind, words, field)
    }
}

extension Obstacle {
    /// Nil for an error that is neither the library's nor a picture's.
    package init?(_ error: any Error, _ text: DiscreetText) {
        switch error {
        case let error as LibraryError: self.init(library: error, text)
        case let error as ImageError: self.init(.notTaken, "the picture \(text.plain("\(error.cause)"))")
        default: return nil
        }
    }

    private init(library error: LibraryError, _ text: DiscreetText) {
        switch error {
        case .noSuchPicture(let name): self.init(.missing, "there is no picture \(text.plain(name))")
        case .noSuchGeneration(let id): self.init(.missing, "there is no generation \(id)")
        case .noSuchJob(let id): self.init(.missing, "there is no job \(id)")
        case .noSuchPrompt(let number, _): self.init(.missing, "there is no prompt version \(number)")
        case .noSuchSuggestion(let tag, _, _): self.init(.missing, "\(text.plain(tag)) is not among the suggestions; add it", field: "tag")
        case .jobIsOver, .generationFinished, .nothingToUndo: self.init(.conflict, text.words(of: error))
        case .invalid(let field, _, _):
            self.init(.notTaken, text.words(of: error), field: field.split(separator: " ").last.map(String.init))
        case .ambiguousPicture, .notAnExport: self.init(.notTaken, text.words(of: error))
        case .full: self.init(.unavailable, "no space is left on the disk; nothing was changed, free some and try again")
        case .busy: self.init(.unavailable, "another program keeps the library locked; try again")
        case .readOnly: self.init(.unavailable, "the library cannot be written to")
        case .cannotOpen, .newer, .notALibrary, .corrupt, .database, .damagedValue, .damagedArrival, .unfit:
            self.init(.damaged, text.words(of: error))
        }
    }
}
