import Encoders

/// Counts a prompt's tokens as a model reads them, without a weight of it being read.
package protocol PromptMeter: Sendable {
    /// - Parameter words: a prompt without weights and calls of files.
    func length(of words: String) throws -> PromptLength
}

/// CLIP's text towers see 77 tokens at once, of which two mark start and end; longer texts are read in pieces.
struct CLIPMeter: PromptMeter {
    let tokenizer: CLIPTokenizer

    private static let seen = 75

    func length(of words: String) -> PromptLength {
        let tokens = tokenizer.numbers(of: words).count
        return PromptLength(tokens: tokens, limit: Self.seen, chunks: max(1, (tokens + Self.seen - 1) / Self.seen))
    }
}

/// The default encoder, for models that bring no text encoder of their own.
package struct SentenceMeter: PromptMeter {
    private let encoder: DefaultEncoder

    package init(_ encoder: DefaultEncoder) { self.encoder = encoder }

    package func length(of words: String) throws -> PromptLength {
        PromptLength(tokens: max(0, try encoder.tokenCount(words) - 2), limit: encoder.configuration.text.maximumTokens - 2)
    }
}
