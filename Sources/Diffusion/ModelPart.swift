import Synchronization
import Tensors

/// A part of a model as a pipeline holds it: for as long as there is a copy of the pipeline, or until a last run has no more use for it.
///
/// What is let go is gone for every copy, so nothing but that run may have one.
final class ModelPart<Part: Sendable>: Sendable {
    private enum Holding {
        case unread(@Sendable () throws -> Part)
        case here(Part)
        case gone
    }

    private let held: Mutex<Holding>

    init(_ part: Part) {
        held = Mutex(.here(part))
    }

    /// A part whose weights are read when they are needed first.
    init(reading: @escaping @Sendable () throws -> Part) {
        held = Mutex(.unread(reading))
    }

    /// The part, its weights read.
    var part: Part {
        guard case .here(let part) = held.withLock({ $0 }) else { preconditionFailure("a pipeline is used before or beyond its run") }
        return part
    }

    /// Reads the weights unless that was done.
    ///
    /// - Returns: whether it had to be.
    /// - Throws: what is wrong with the weights.
    func read() throws -> Bool {
        try held.withLock { held in
            guard case .unread(let reading) = held else { return false }
            held = .here(try reading())
            return true
        }
    }

    func letGo() {
        held.withLock { $0 = .gone }
    }

    /// Puts what is left of it in its place.
    func reduce(to rest: (Part) -> Part) {
        held.withLock { if case .here(let part) = $0 { $0 = .here(rest(part)) } }
    }
}

extension Pipeline {
    /// What a run does with a model, one after the other.
    enum Work {
        case readingTexts, encoding, denoising
    }

    /// Lets go of the weights that nothing else is done with, and so of their memory, with what was kept for that work.
    func letGo(after work: Work) {
        switch work {
        case .readingTexts: textPart.letGo()
        case .encoding: codecPart.reduce { $0.decodingAlone }
        case .denoising: denoiserPart.letGo()
        }
        MemoryPool.forgetMostUsed()
    }
}
