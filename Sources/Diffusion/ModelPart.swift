import Synchronization

/// A part of a model as a pipeline holds it: for as long as there is a copy of the pipeline, or until a last run has no more use for it.
///
/// What is let go is gone for every copy, so nothing but that run may have one.
final class ModelPart<Part: Sendable>: Sendable {
    private let held: Mutex<Part?>

    init(_ part: Part) {
        held = Mutex(part)
    }

    var part: Part {
        guard let part = held.withLock({ $0 }) else { preconditionFailure("a pipeline is used beyond its last run") }
        return part
    }

    func letGo() {
        held.withLock { $0 = nil }
    }

    /// Puts what is left of it in its place.
    func reduce(to rest: (Part) -> Part) {
        held.withLock { $0 = $0.map(rest) }
    }
}

extension Pipeline {
    /// What a run does with a model, one after the other.
    enum Work {
        case readingTexts, encoding, denoising
    }

    /// Lets go of the weights that nothing else is done with, and so of their memory.
    func letGo(after work: Work) {
        switch work {
        case .readingTexts: textPart.letGo()
        case .encoding: codecPart.reduce { $0.decodingAlone }
        case .denoising: denoiserPart.letGo()
        }
    }
}
