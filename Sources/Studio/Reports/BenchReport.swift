import Tensors

/// What this machine multiplies in a second, and what follows for the models that are installed.
package struct BenchReport: Codable, Sendable {
    /// What `auto` goes by: the same for all processors of a kind.
    package struct Processor: Codable, Sendable {
        /// intel, amd or other.
        package let maker: String
        /// The widest instructions that are used of it, as `REDRAW_PROCESSOR` names them.
        package let level: String
    }

    /// What is multiplied in a precision.
    package struct Rate: Codable, Sendable {
        /// f32, bf16 or int8.
        package let precision: String
        /// Thousands of millions of operations a second, of a product as large models are made of, by the instructions for it where there are
        /// some.
        package let gigaOperations: Double
        /// Whether products are made so. Where the processor has no instructions for it, or slower ones than for floats, weights are rounded
        /// and multiplied as floats.
        package let isNative: Bool
        /// What this processor makes of the precision, in words; nil where it is what the name says.
        @OrNull package internal(set) var note: String?
    }

    /// How long it takes to look at a picture, from its decoded pixels to what an analysis chooses from.
    package struct Look: Codable, Sendable {
        /// What looks.
        package let encoder: String
        package let width: Int
        package let height: Int
        /// The median of several looks.
        package let milliseconds: Double
    }

    /// How long an installed model's pictures are likely to take.
    package struct Model: Codable, Sendable {
        package let name: String
        /// What `auto` takes; nil where no picture can be planned.
        @OrNull package internal(set) var precision: String?
        /// Why it takes that, in words.
        @OrNull package internal(set) var reason: String?
        package let pictures: [Picture]
        /// What is in the way of those that are missing.
        package let problems: [String]
    }

    /// A picture from a prompt, painted at its size at once with the model's usual steps.
    package struct Picture: Codable, Sendable {
        package let width: Int
        package let height: Int
        package let steps: Int
        /// From the first step on, as a plan tells it.
        package let seconds: Double
    }

    package let threads: Int
    package let processor: Processor
    package let rates: [Rate]
    package let look: Look
    package let models: [Model]
}

extension BenchReport.Processor {
    static let here = {
        let kind = ProcessorKind.here
        return BenchReport.Processor(maker: kind.maker.rawValue, level: kind.level.rawValue)
    }()
}
