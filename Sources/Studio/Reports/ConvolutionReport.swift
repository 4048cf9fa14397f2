/// What each way to a 3x3 convolution takes on this machine. `Benchmarks/convolution_table.py` makes the table of it that the choice goes by.
package struct ConvolutionReport: Codable, Sendable {
    package struct Timed: Codable, Sendable {
        /// Whose it is.
        package let network: String
        /// In which numbers it is made: f32 or bf16.
        package let precision: String
        package let inputs: Int
        package let outputs: Int
        /// Of the map of outputs.
        package let batch: Int
        package let height: Int
        package let width: Int
        /// Of 4 by 4 outputs, over the batch.
        package let tiles: Int
        /// By the way, medians of the rounds.
        package let milliseconds: [String: Double]
        /// The way that this build takes.
        package let taken: String
    }

    package let threads: Int
    package let processor: BenchReport.Processor
    package let rounds: Int
    package let convolutions: [Timed]
}
