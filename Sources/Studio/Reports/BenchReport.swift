/// What this machine multiplies in a second, and what follows for the models that are installed.
public struct BenchReport: Codable, Sendable {
    public struct Rate: Codable, Sendable {
        /// f32, bf16 or int8.
        public let precision: String
        /// Thousands of millions of operations a second, of a product as large models are made of.
        public let gigaOperations: Double
        /// Whether the processor has instructions for it. Where it has none, weights are rounded and multiplied as floats.
        public let isNative: Bool
    }

    public struct Model: Codable, Sendable {
        public let name: String
        /// What `auto` takes.
        public let precision: String
        public let pictures: [Picture]
    }

    /// A picture from a prompt, painted at its size at once with the model's usual steps.
    public struct Picture: Codable, Sendable {
        public let width: Int
        public let height: Int
        public let steps: Int
        /// From the first step on, as a plan tells it.
        public let seconds: Double
    }

    public let threads: Int
    public let rates: [Rate]
    public let models: [Model]
}
