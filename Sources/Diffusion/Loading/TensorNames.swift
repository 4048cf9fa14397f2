import Checkpoints

/// A file's tensors as the signs of what it is: names without what tools write before them, and the shapes that matter.
struct TensorNames {
    /// Sorted; without a prefix that all tensors of a network have in common.
    let names: [String]
    private let all: Set<String>
    /// The full name by the one without prefix.
    private let full: [String: String]
    private let file: SafetensorsFile

    /// What stands before a network's own names, the longest first.
    private static let prefixes = ["model.diffusion_model.", "diffusion_model.", "unet.", "transformer.", "net.", "model."]

    init(_ file: SafetensorsFile) {
        self.file = file
        var full: [String: String] = [:]
        for name in file.names {
            let short = Self.prefixes.first { name.hasPrefix($0) }.map { String(name.dropFirst($0.count)) } ?? name
            full[short] = name
        }
        self.full = full
        names = full.keys.sorted()
        all = Set(names)
    }

    func has(_ name: String) -> Bool { all.contains(name) || file.has(name) }
    func begins(_ prefixes: String...) -> Bool { names.contains { name in prefixes.contains { name.hasPrefix($0) } } }
    func contains(_ parts: String...) -> Bool { names.contains { name in parts.contains { name.contains($0) } } }

    /// The dimensions of a tensor, by its name with or without prefix.
    func shape(_ name: String) -> [Int]? { (try? file.shape(of: full[name] ?? name))?.dimensions }

    /// The dimensions of the first tensor whose name ends so.
    func shape(endingIn ending: String) -> [Int]? { names.first { $0.hasSuffix(ending) }.flatMap { shape($0) } }

    /// How many numbered blocks there are behind a name: `double_blocks.` of 0 to 18 are 19.
    func count(_ prefix: String) -> Int {
        var numbers: Set<Int> = []
        for name in names where name.hasPrefix(prefix) {
            if let number = Int(name.dropFirst(prefix.count).prefix { $0.isNumber }) { numbers.insert(number) }
        }
        return numbers.count
    }
}
