import Tensors

/// What a UNet is told of a prompt.
package struct Conditioning: Sendable, Equatable {
    /// Token states, [1, tokens, width].
    package var states: Tensor
    /// The whole text as one embedding, [1, width], where the model wants it.
    package var pooled: Tensor?

    package init(states: Tensor, pooled: Tensor? = nil) {
        self.states = states
        self.pooled = pooled
    }
}

/// By whose rules a prompt is read.
package struct PromptReading: Sendable, Equatable {
    package var profile: GenerationRequest.Profile
    /// The layer of the text encoder whose states count, from the end: 1 is the last, as AUTOMATIC1111 counts (diffusers' `clip_skip` plus
    /// 1). Nil: the one the model was trained with.
    package var clipSkip: Int?

    package init(profile: GenerationRequest.Profile = .redraw, clipSkip: Int? = nil) {
        self.profile = profile
        self.clipSkip = clipSkip
    }
}

/// How long a prompt is for a model.
package struct PromptLength: Sendable, Equatable {
    /// Tokens of the text, without the marks of its start and end.
    package var tokens: Int
    /// How many of them the model sees at once; nil where its encoder does not tell.
    package var limit: Int?
    /// How many such pieces it is read in.
    package var chunks: Int
    /// What of the prompt the model never sees, nil where it sees all of it.
    package var cutOff: String?

    package init(tokens: Int, limit: Int?, chunks: Int = 1, cutOff: String? = nil) {
        (self.tokens, self.limit, self.chunks, self.cutOff) = (tokens, limit, chunks, cutOff)
    }
}

/// What turns a prompt into what the UNet is told.
package protocol PromptEncoder: Sendable {
    /// - Returns: [1, tokens, width], without padding; the empty prompt has states too.
    func states(for prompt: String) throws -> Tensor
    /// How many tokens the prompt has, those that mark its start and end included.
    func tokenCount(_ prompt: String) throws -> Int
    /// Everything the model is told of a prompt, read by a profile's rules.
    func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning
    /// How long a prompt is, and how much of it is seen.
    func length(of prompt: String, _ reading: PromptReading) throws -> PromptLength
    /// What the model is told where there is no negative prompt: the empty text as it was read, unless it was trained otherwise.
    func nothing(insteadOf empty: Conditioning) -> Conditioning
}

extension PromptEncoder {
    package func nothing(insteadOf empty: Conditioning) -> Conditioning { empty }

    package func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning {
        // diffusers takes brackets literally.
        Conditioning(states: try reading.profile == .diffusers ? states(for: prompt) : weightedStates(for: prompt))
    }

    package func length(of prompt: String, _ reading: PromptReading) throws -> PromptLength {
        PromptLength(tokens: max(try tokenCount(prompt) - 2, 0), limit: nil)
    }
}
