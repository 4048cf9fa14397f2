extension ConvolutionTimes {
    /// A row a shape. `Benchmarks/convolution_table.py --write` measures the machine that it runs on and writes the rows of its kind between the
    /// marks, in the place of those that were there. A kind without rows goes by the rule.
    static let rows: [ConvolutionTimes] = [
        // Rows from here on
        // Rows up to here
    ]
}
