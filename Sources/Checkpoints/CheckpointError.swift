import Tensors

/// What can be wrong with a checkpoint; each case names the file and, where there is one, the tensor.
package enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// The file could not be opened, mapped or written; `reason` is the system's.
    case unreadable(file: String, reason: String)
    /// The file is not a safetensors file: the header is too long, is cut off, or is not the JSON it should be.
    case malformed(file: String, reason: String)
    /// The file is of another kind.
    case foreign(file: String, kind: String, instead: String)
    /// A tensor's entry contradicts itself, the file's size, or another tensor.
    case badTensor(String, file: String, reason: String)
    /// A tensor holds numbers that nothing here can turn into floats.
    case unsupportedElements(String, type: String, file: String)
    case missing(String, file: String)
    /// A tensor has not as many dimensions as its place in the model asks for.
    case misranked(String, expected: [Int], found: Shape, file: String)
    case misshapen(String, expected: Shape, found: Shape, file: String)
    /// The checkpoint holds tensors of which no known layout has a place.
    case unfit([String], file: String)
    /// A LoRA file is for layers that the model does not have, or of a kind that is not known.
    case unmatched([String], kind: String?, file: String)
    /// An adapter whose tensors multiply to no weight of the model's; the first that does not, in words.
    case unfitAdaptation(String, others: Int, file: String)
    /// The parts of an adapted layer do not multiply to its weight.
    case unfitAdapter(String, found: Shape, weight: Shape, file: String)
    /// A tensor holds infinities or values that are no numbers.
    case notFinite(String, file: String)
    /// The checkpoint holds tensors that nobody asked for: it is of another architecture than its reader believes.
    case unread([String], file: String)
    /// Whoever asked for the checkpoint does not want it any more (`Parallel.interruptible`).
    case interrupted(file: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file): \(reason)"
        case .malformed(let file, let reason):
            "\(file) is no usable safetensors file: \(reason)"
        case .foreign(let file, let kind, let instead): "\(file) is \(kind), \(instead)"
        case .badTensor(let name, let file, let reason):
            "\(file): tensor \(name) \(reason); the file is damaged or was cut off"
        case .unsupportedElements(let name, let type, let file):
            "\(file): tensor \(name) holds \(type) numbers, which cannot be used here; convert the file to F16 or F32"
        case .missing(let name, let file):
            "\(file): there is no tensor \(name); the checkpoint is of another architecture or is incomplete"
        case .misranked(let name, let expected, let found, let file):
            "\(file): tensor \(name) has shape \(found), which should have \(expected.map(String.init).joined(separator: " or ")) "
                + "dimensions; the checkpoint is of another architecture or is damaged"
        case .misshapen(let name, let expected, let found, let file):
            "\(file): tensor \(name) has shape \(found), expected \(expected); the checkpoint does not fit its configuration"
        case .unfit(let names, let file):
            "\(file): \(names.count) tensor\(names.count == 1 ? " has" : "s have") no place in any layout that is known "
                + "(\(Self.first(names))); it is no Stable Diffusion 1, 2 or XL checkpoint, or holds more than one"
        case .unmatched(let names, let kind, let file):
            "\(file): the model has nothing for any of this adapter's \(names.count) tensors (\(Self.first(names))); "
                + (kind.map { "it is \($0)" } ?? "it was trained for another family, or is of a kind that is not known here")
        case .unfitAdaptation(let first, let others, let file):
            "\(file): nothing of this adapter fits the model: \(first)\(others > 0 ? " and \(others) more" : ""); "
                + "it was trained for another family"
        case .unfitAdapter(let name, let found, let weight, let file):
            "\(file): tensor \(name) of shape \(found) does not multiply to a weight of shape \(weight); it was trained for another model"
        case .notFinite(let name, let file):
            "\(file): tensor \(name) holds values that are no numbers; the file is damaged, download it again"
        case .unread(let names, let file):
            "\(file): \(names.count) tensor\(names.count == 1 ? " was" : "s were") never read "
                + "(\(Self.first(names))); the checkpoint is of another architecture than was assumed"
        case .interrupted(let file): "\(file): loading was interrupted"
        }
    }

    private static func first(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
    }
}
