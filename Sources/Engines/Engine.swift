import Diffusion
import Pixels

/// What turns orders into pictures.
///
/// Neither of its calls holds the caller's executor: whatever computes does so on threads of the engine's own.
package protocol Engine: Sendable {
    /// What orders call it.
    var name: String { get }

    /// What an order comes to, and what it costs, before anything is computed. A run that goes on meanwhile does not hold it up.
    ///
    /// - Parameter isLast: whether nothing is asked of the engine after it: see `GenerationPlan.isLast`.
    /// - Throws: what is in the way: a picture that cannot be read, a model that lacks something, too little memory.
    func plan(_ order: GenerationOrder, isLast: Bool) async throws -> GenerationPlan

    /// Runs a plan of this engine's. The events end with `finished`, or with an error.
    ///
    /// Whoever stops listening (a task that is cancelled does) ends the run within a fraction of a step.
    func run(_ plan: GenerationPlan) -> AsyncThrowingStream<GenerationEvent, any Error>

    /// Returns once nothing that was given up is still being computed.
    func settle() async
}

extension Engine {
    /// What an order comes to that others may follow.
    package func plan(_ order: GenerationOrder) async throws -> GenerationPlan { try await plan(order, isLast: false) }
}

/// What an engine will do for an order. The plan that is shown is the one that runs.
package struct GenerationPlan: Sendable {
    /// The pictures of one strength, told before they are made.
    package struct Run: Sendable, Equatable {
        package let strength: Double
        package let steps: StepPlan
        /// Passes of the network for a picture, its drafts' included.
        package let passes: Int
        /// Those of them that are told the negative prompt as well, and so take twice the work; nil where the engine does not tell.
        package let guidedPasses: Int?
        /// Those that run the network's outermost layers alone, on what the deeper ones made before; nil where the engine does not tell.
        package let outerPasses: Int?
        /// Sizes that a picture grows through, the last its working size; that alone where it does not grow.
        package let stages: [Stage]
        /// How many first, small pictures are tried for each; 1 where none are.
        package let drafts: Int

        package init(
            strength: Double, steps: StepPlan, passes: Int, guidedPasses: Int? = nil, outerPasses: Int? = nil, stages: [Stage], drafts: Int
        ) {
            (self.strength, self.steps, self.passes, self.stages, self.drafts) = (strength, steps, passes, stages, drafts)
            (self.guidedPasses, self.outerPasses) = (guidedPasses, outerPasses)
        }

        package var working: PixelSize { stages.last?.size ?? PixelSize(width: 0, height: 0) }
    }

    /// A size that a picture grows through, and the steps taken at it.
    package struct Stage: Sendable, Equatable {
        package let size: PixelSize
        package let steps: StepPlan

        package init(size: PixelSize, steps: StepPlan) {
            (self.size, self.steps) = (size, steps)
        }
    }

    package let order: GenerationOrder
    /// One for each strength.
    package let runs: [Run]
    /// How the weights will be held: `f32`, or `bf16` for two bytes a number; `elsewhere` where that is another program's affair.
    package let precision: String
    /// Seconds it is likely to take from the first step on; nil where the engine does not know.
    package let seconds: Double?
    /// Bytes that this process will hold at most, what it holds now included; nil where another one does the work.
    package let memory: Int?
    /// Whether the picture goes through the autoencoder in pieces, for want of memory.
    package let tiled: Bool
    /// What the person has to know of the pictures and of the files that the prompts call: what was scaled, what was left out.
    package internal(set) var notes: [String] = []
    /// The part of the picture that the model sees; nil where there is no picture, or where that is the engine's affair.
    package internal(set) var region: PixelRectangle?
    /// Whether the steps are to show what is becoming of the picture; they do for an order that names a file for it, too.
    package var wantsPreviews = false
    /// Whether nothing is asked of the engine after it: each part of the model is loaded when it is needed, and not kept for the next plan, but
    /// let go as soon as it is done with.
    package internal(set) var isLast = false
    /// What the engine that made the plan keeps with it to run it.
    let work: any Sendable
}

/// What happens while a plan is run.
package enum GenerationEvent: Sendable {
    /// The model is there: how long the prompt is for it, where the engine tells, and the seconds it took to get so far, planning included.
    case loaded(prompt: PromptLength?, seconds: Double)
    case step(StepReport)
    /// How far an engine elsewhere says it is: all that is known of its steps.
    case progress(GenerationProgress)
    /// One result for each strength of the order. The last event.
    case finished([GenerationResult])
}

/// How far a run is that another program does.
package struct GenerationProgress: Sendable {
    /// Which picture, from 0, and how many there are.
    package let picture: Int
    package let pictures: Int
    /// Steps of this picture, as far as shares of them are told, from 1, and how many it takes.
    package let step: Int
    package let steps: Int
    package let secondsElapsed: Double
    /// As what was done so far went.
    package let secondsLeft: Double
    /// What the picture is likely to become, where previews were asked for and the program shows any.
    package let preview: Image?
}

/// The pictures that were made at one strength.
package struct GenerationResult: Sendable {
    /// That nothing outside the mask changed.
    package struct Untouched: Sendable {
        /// Pixels where the mask is 0.
        package let pixels: Int
        /// Whether they are the original's, byte for byte, in every picture.
        package let identical: Bool
        /// The original's bytes there, row by row: what a digest is made of.
        package let bytes: [UInt8]

        init(_ proof: PipelineResult.Untouched, of source: Image) {
            (pixels, identical, bytes) = (proof.pixels, proof.identical, source.untouchedBytes(proof.mask))
        }
    }

    package let run: GenerationPlan.Run
    /// Each with its seed.
    package let pictures: [PipelineResult.Picture]
    package let seconds: PipelineResult.Seconds
    /// Repainting only.
    package let untouched: Untouched?
}
