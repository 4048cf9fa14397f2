/// Why an engine refuses an order; what a room below says (a damaged picture, a broken checkpoint) passes through as it is.
package enum EngineError: Error, Equatable, CustomStringConvertible {
    /// Bytes. `weights` are those that have yet to be read.
    case tooLittleMemory(needed: Int, weights: Int, available: Int, size: String, inHalves: Bool)

    /// An order for an engine elsewhere, whose models lie with it.
    case modelElsewhere(String)

    package var description: String {
        switch self {
        case .modelElsewhere(let name):
            "the model \(name) lies with another engine; order the picture again, with that engine or with another model"
        case .tooLittleMemory(let needed, let weights, let available, let size, let inHalves):
            "A run at \(size) needs about \(needed >> 20) MB of memory"
                + (weights > 0 ? ", \(weights >> 20) MB of it for the model's weights," : "") + " and \(available >> 20) MB are free. "
                + Self.advice(smallerSizeHelps: weights < available, inHalves: inHalves)
        }
    }

    private static func advice(smallerSizeHelps: Bool, inHalves: Bool) -> String {
        let less = [smallerSizeHelps ? "choose a smaller size" : nil, inHalves ? nil : "choose the precision bf16", "close other programs"]
        let told = (less.compactMap { $0 } + ["take a smaller model"]).joined(separator: ", or ")
        return told.prefix(1).uppercased() + told.dropFirst() + "."
    }
}
