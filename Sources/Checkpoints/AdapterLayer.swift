import Tensors

/// What an adapter's file holds for one module, by the last part of its tensors' names.
///
/// Sources: kohya's scripts for LoRA; LyCORIS for LoCon with a core (`lora_mid`), LoHa (`hada_…`), LoKr (`lokr_…`), differences (`diff`), norms
/// (`w_norm`), IA3 (`on_input`), OFT and BOFT (`oft_blocks`); peft for its own BOFT (`boft_R`); peft and LyCORIS for DoRA
/// (`lora_magnitude_vector`, `dora_scale`).
struct AdapterLayer {
    /// The name of the tensor, by role.
    var tensors: [String: String] = [:]

    /// Endings of tensors' names and the roles they mean; a longer ending goes before one it contains.
    private static let endings: [(ending: String, role: String)] = [
        (".lora_down.weight", "down"), (".lora_up.weight", "up"), (".lora_mid.weight", "mid"), (".lora_A.weight", "down"),
        (".lora_B.weight", "up"), (".lora_A", "down"), (".lora_B", "up"), (".lora.down.weight", "down"), (".lora.up.weight", "up"),
        (".lora_linear_layer.down.weight", "down"), (".lora_linear_layer.up.weight", "up"), ("_lora.down.weight", "down"),
        ("_lora.up.weight", "up"), (".lora_embedding_A", "down"), (".lora_embedding_B", "up"),
        (".lora_magnitude_vector.weight", "magnitude"), (".lora_magnitude_vector", "magnitude"), (".dora_scale", "magnitude"),
        (".alpha", "alpha"), (".hada_w1_a", "w1a"), (".hada_w1_b", "w1b"), (".hada_w2_a", "w2a"), (".hada_w2_b", "w2b"),
        (".hada_t1", "t1"), (".hada_t2", "t2"), (".lokr_w1_a", "k1a"), (".lokr_w1_b", "k1b"), (".lokr_w1", "k1"), (".lokr_w2_a", "k2a"),
        (".lokr_w2_b", "k2b"), (".lokr_w2", "k2"), (".lokr_t2", "kt2"), (".diff_b", "biasDifference"), (".diff", "difference"),
        (".oft_blocks", "turns"), (".rescale", "rescale"), (".boft_R", "inputTurns"), (".boft_s", "rescale"), (".w_norm", "difference"),
        (".b_norm", "biasDifference"),
        (".on_input", "onInput"), (".weight", "factors"),
    ]

    /// The module that a tensor is for, and its role; nil for a tensor of no kind that is known.
    static func split(_ key: String) -> (module: String, role: String)? {
        // peft names the adapter within the name: `lora_A.default.weight`.
        var key = key
        if let range = key.ranges(of: ".default").last, ["", ".weight"].contains(String(key[range.upperBound...])) {
            key.removeSubrange(range)
        }
        guard let (ending, role) = endings.first(where: { key.hasSuffix($0.ending) }) else { return nil }
        var module = String(key.dropLast(ending.count))
        // diffusers once kept its adaptations in attention processors: `attn1.processor.to_q_lora.down.weight`.
        if module.contains(".processor.") { module = module.split(separator: ".").filter { $0 != "processor" }.joined(separator: ".") }
        if module.hasSuffix(".to_out") { module += ".0" }
        return (module, role)
    }

    /// How the tensors change a weight; nil where they are of no kind that is known, or not complete.
    func change(in file: SafetensorsFile) -> Change? {
        func all(_ roles: String...) -> [String]? {
            let found = roles.compactMap { tensors[$0] }
            return found.count == roles.count ? found : nil
        }
        if let names = all("down", "up") { return .lowRank(down: names[0], up: names[1], mid: tensors["mid"]) }
        if let names = all("w1a", "w1b", "w2a", "w2b") {
            return .hadamard(names[0], names[1], names[2], names[3], cores: all("t1", "t2"))
        }
        if tensors["k1"] != nil || all("k1a", "k1b") != nil, tensors["k2"] != nil || all("k2a", "k2b") != nil {
            return .kronecker(
                left: tensors["k1"].map { [$0] } ?? all("k1a", "k1b") ?? [], right: tensors["k2"].map { [$0] } ?? all("k2a", "k2b") ?? [],
                core: tensors["k2"] == nil ? tensors["kt2"] : nil)
        }
        if let names = all("factors", "onInput") { return .factors(names[0], onInput: names[1]) }
        if let name = tensors["turns"] {
            let (limit, rescale) = (tensors["alpha"], tensors["rescale"])
            // Both kinds of LyCORIS have the name; BOFT has a dimension more, for its rounds.
            let hasRounds = (try? file.shape(of: name).rank) == 4
            return hasRounds
                ? .butterfly(name, .outputs, limit: limit, rescale: rescale) : .rotation(name, limit: limit, rescale: rescale)
        }
        if let name = tensors["inputTurns"] { return .butterfly(name, .inputs, limit: nil, rescale: tensors["rescale"]) }
        if let name = tensors["difference"] { return .difference(name) }
        return nil
    }

    enum Change {
        /// up · down; with a core, a convolution's up · core · down.
        case lowRank(down: String, up: String, mid: String?)
        /// (w1a · w1b) ∘ (w2a · w2b), each with a core for convolutions.
        case hadamard(String, String, String, String, cores: [String]?)
        /// left ⊗ right, either a product of two.
        case kronecker(left: [String], right: [String], core: String?)
        /// Each output's or input's share of the weight is added to it.
        case factors(String, onInput: String)
        case difference(String)
        /// Blocks of the outputs are turned; alpha is the limit of how far.
        case rotation(String, limit: String?, rescale: String?)
        /// The same in rounds, of the outputs or inputs.
        case butterfly(String, AdapterButterfly.Side, limit: String?, rescale: String?)

        /// The tensor whose shape tells the rank, and along which dimension; nil where there is none, and alpha says nothing.
        var rankTensor: String? {
            switch self {
            case .lowRank(let down, _, _): down
            case .hadamard(_, let first, _, _, _): first
            case .kronecker(let left, let right, _): right.count == 2 ? right[1] : left.count == 2 ? left[1] : nil
            case .factors, .difference, .rotation, .butterfly: nil
            }
        }

        /// The tensor that is named where the shapes do not fit.
        var mainTensor: String {
            switch self {
            case .lowRank(let down, _, _): down
            case .hadamard(let first, _, _, _, _): first
            case .kronecker(let left, _, _): left[0]
            case .factors(let name, _), .difference(let name), .rotation(let name, _, _), .butterfly(let name, _, _, _): name
            }
        }
    }
}
