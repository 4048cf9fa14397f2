import Diffusion
import Engines

/// What will run for an order, and what it will cost, in the shape that scripts read.
package struct PlanReport: Codable, Sendable, Equatable {
    /// How long the prompt is for the model.
    package struct Prompt: Codable, Sendable, Equatable {
        package let tokens: Int
        /// How many of them the model sees at once; nil where it does not tell.
        @OrNull package internal(set) var limit: Int?
        /// How many such pieces it is read in.
        package let chunks: Int
        /// What the model never sees.
        @OrNull package internal(set) var cutOff: String?
    }

    /// The pictures of one strength.
    package struct Run: Codable, Sendable, Equatable {
        package let strength: Double
        package let requested: Int
        package let run: Int
        /// Passes of the network for a picture, its drafts' included.
        package let passes: Int
        /// Those of them that are told the negative prompt as well; nil where the engine does not tell.
        @OrNull package internal(set) var guidedPasses: Int?
        /// Those that run the network's outermost layers alone; nil where the engine does not tell.
        @OrNull package internal(set) var outerPasses: Int?
        /// Without those of further drafts.
        package let ownPasses: Int
        @OrNull package internal(set) var firstTimestep: Double?
        /// How many training steps there are, which that one is of; nil where the engine does not tell, and where the model has none.
        @OrNull package internal(set) var trainingSteps: Int?
        /// Sizes it grows through, the last its working size.
        package let sizes: [Size]
        /// First pictures that are tried for each; 1 where none are.
        package let drafts: Int
    }

    /// In pixels.
    package struct Size: Codable, Sendable, Equatable, CustomStringConvertible {
        package let width: Int
        package let height: Int

        package var description: String { "\(width)x\(height)" }
    }

    /// A model that is run in a way of its own where the person says nothing else, and what tells so.
    package struct Recognition: Codable, Sendable, Equatable {
        package let kind: String
        package let sign: String
        /// How it will be run, in words.
        @OrNull package internal(set) var settings: String?
    }

    package let model: String
    /// Nil where the engine does not tell.
    @OrNull package internal(set) var prompt: Prompt?
    @OrNull package internal(set) var recognised: Recognition?
    /// What the person has to know of the mask and of the files that the prompts call: what was scaled, what was left out.
    package internal(set) var notes: [String]
    /// One for each strength of a sheet; one where there is no sheet.
    package let runs: [Run]
    package let guidance: Double
    /// As it was asked for; nil: to the end.
    @OrNull package internal(set) var guidanceUntil: Double?
    /// Of the first picture, or of its first draft.
    package let seed: UInt64
    /// From the first step on; nil where the engine does not know.
    @OrNull package internal(set) var seconds: Double?
    /// Bytes at the peak, the loaded model included; nil where another program does the work.
    @OrNull package internal(set) var memory: Int?
    /// Whether the picture goes through the autoencoder in pieces, for want of memory.
    package let tiled: Bool
    /// In which numbers the model multiplies: f32, bf16 or int8.
    package let precision: String
    /// What this processor makes of the precision, in words; nil where it is what the name says.
    @OrNull package internal(set) var precisionNote: String?
}

extension PlanReport {
    /// - Parameter notes: what is known besides what the plan tells.
    init(_ plan: GenerationPlan, _ length: PromptLength?, notes: [String] = []) {
        let order = plan.order
        self.init(
            model: order.model.name,
            prompt: length.map { Prompt(tokens: $0.tokens, limit: $0.limit, chunks: $0.chunks, cutOff: $0.cutOff) },
            recognised: order.recognised.map { Recognition(kind: $0.kind, sign: $0.sign, settings: $0.settings) },
            notes: order.request.wordingNotes + plan.notes + notes
                + [order.mask.flatMap { ThingSelection.note(on: $0.path) }, SameStepsWords.note(on: plan.runs)].compactMap { $0 },
            runs: plan.runs.map(Run.init), guidance: order.request.guidance, guidanceUntil: order.request.guidanceUntil, seed: order.seed,
            seconds: plan.seconds,
            memory: plan.memory, tiled: plan.tiled, precision: plan.precision, precisionNote: PrecisionWords.departure(of: plan.precision))
    }
}

extension PlanReport.Run {
    fileprivate init(_ run: GenerationPlan.Run) {
        self.init(
            strength: run.strength, requested: run.steps.requested, run: run.steps.run, passes: run.passes, guidedPasses: run.guidedPasses,
            outerPasses: run.outerPasses, ownPasses: run.steps.passes, firstTimestep: run.steps.firstTimestep,
            trainingSteps: run.steps.trainingSteps, sizes: run.stages.map { .init(width: $0.size.width, height: $0.size.height) },
            drafts: run.drafts)
    }
}
