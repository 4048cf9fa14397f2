public import FoundationEssentials
import Tensors

/// A LoRA file (Hu 2021): for some layers two thin matrices whose product, times a scale, is added to the layer's weight.
///
/// Names of kohya's scripts (`lora_unet_…​.lora_down.weight`, after diffusers' modules or the first releases') and of diffusers and peft
/// (`unet.….lora_A.weight`, and those of its older versions) are known.
public struct LowRankAdaptation: Sendable {
    /// The thin matrices of one layer.
    private struct Layer: Sendable {
        var down: String?
        var up: String?
        var alpha: String?
    }

    /// What a layer of a model may be called in a LoRA file, and whose tensor it is.
    public struct Component: Sendable {
        /// What stands before a module's name with dots: `unet`, `text_encoder`, `text_encoder_2`.
        public let name: String
        /// What stands before it with underscores: `lora_unet`, `lora_te`, `lora_te1`, `lora_te2`.
        public let flatNames: [String]
        public let weights: Weights
        /// The first releases' names of the modules, by diffusers' names.
        public let oldNames: LatentDiffusionNames?
        /// How much of the adaptation goes to this component.
        public let multiplier: Float

        public init(name: String, flatNames: [String], weights: Weights, oldNames: LatentDiffusionNames? = nil, multiplier: Float) {
            (self.name, self.flatNames, self.weights) = (name, flatNames, weights)
            (self.oldNames, self.multiplier) = (oldNames, multiplier)
        }
    }

    private let file: SafetensorsFile
    /// By the name the file gives the module.
    private let layers: [String: Layer]
    private let foreign: [String]

    public init(_ url: URL) throws(CheckpointError) {
        file = try SafetensorsFile(url)
        var layers: [String: Layer] = [:]
        var foreign: [String] = []
        for key in file.names {
            let (module, role) = Self.split(key)
            switch role {
            case .down: layers[module, default: Layer()].down = key
            case .up: layers[module, default: Layer()].up = key
            case .alpha: layers[module, default: Layer()].alpha = key
            case nil: foreign.append(key)
            }
        }
        self.layers = layers
        self.foreign = foreign
    }

    private enum Role {
        case down, up, alpha
    }

    private static let endings: [(String, Role)] = [
        (".lora_down.weight", .down), (".lora_up.weight", .up), (".lora_A.weight", .down), (".lora_B.weight", .up),
        (".lora.down.weight", .down), (".lora.up.weight", .up), (".lora_linear_layer.down.weight", .down),
        (".lora_linear_layer.up.weight", .up), ("_lora.down.weight", .down), ("_lora.up.weight", .up), (".alpha", .alpha),
    ]

    private static func split(_ key: String) -> (module: String, role: Role?) {
        for (ending, role) in endings where key.hasSuffix(ending) {
            var module = String(key.dropLast(ending.count))
            // diffusers once kept its adaptations in attention processors: `attn1.processor.to_q_lora.down.weight`.
            for part in [".processor.", ".self_attn.to_"] where module.contains(part) {
                module = module.split(separator: ".").filter { $0 != "processor" }.joined(separator: ".")
            }
            if module.hasSuffix(".to_out") { module += ".0" }
            return (module, role)
        }
        return (key, nil)
    }

    /// What this file adds to the weights of a model's components.
    ///
    /// - Returns: for each component, what is added by the name of its tensor.
    /// - Throws: `CheckpointError.unmatched` with the names of which nothing in the model is known.
    public func additions(to components: [Component]) throws(CheckpointError) -> [[String: [any WeightAddition]]] {
        let tables = components.map(Self.modules)
        var result = components.map { _ in [String: [any WeightAddition]]() }
        var unmatched = foreign
        for (module, layer) in layers.sorted(by: { $0.key < $1.key }) {
            guard let down = layer.down, let up = layer.up else {
                unmatched += [layer.down, layer.up, layer.alpha].compactMap { $0 }
                continue
            }
            guard let index = tables.indices.first(where: { tables[$0][module] != nil }), let name = tables[index][module] else {
                unmatched.append(down)
                continue
            }
            let rank = try file.shape(of: down).dimensions.first ?? 1
            let alpha = try layer.alpha.map { key throws(CheckpointError) in try file.tensor(key).values.first ?? Float(rank) }
            let scale = components[index].multiplier * (alpha ?? Float(rank)) / Float(max(rank, 1))
            guard components[index].multiplier != 0 else { continue }
            result[index][name, default: []].append(LowRankAddition(file: file, down: down, up: up, scale: scale))
        }
        guard unmatched.isEmpty else { throw .unmatched(unmatched.sorted(), file: file.path) }
        return result
    }

    /// Every name that a file may have for each module of a component, and the weight it means.
    private static func modules(_ component: Component) -> [String: String] {
        var table: [String: String] = [:]
        let old = component.oldNames.map { Dictionary($0.modules.map { ($0.diffusers, $0.old) }) { first, _ in first } } ?? [:]
        for name in component.weights.names() where name.hasSuffix(".weight") {
            let module = String(name.dropLast(".weight".count))
            var spellings = [module]
            // Text encoders are saved with and without this prefix.
            if !module.hasPrefix("text_model."), component.name.hasPrefix("text_encoder") { spellings.append("text_model." + module) }
            if let oldName = oldName(of: module, old) { spellings.append(oldName) }
            for spelling in spellings {
                table["\(component.name).\(spelling)"] = name
                let flat = spelling.split(separator: ".").joined(separator: "_")
                for prefix in component.flatNames { table["\(prefix)_\(flat)"] = name }
            }
        }
        return table
    }

    private static func oldName(of module: String, _ old: [String: String]) -> String? {
        guard !old.isEmpty else { return nil }
        var known = module[...]
        while true {
            if let found = old[String(known)] { return found + module[known.endIndex...] }
            guard let dot = known.lastIndex(of: ".") else { return nil }
            known = known[..<dot]
        }
    }
}

/// scale * up down, of a linear layer or a convolution.
private struct LowRankAddition: WeightAddition {
    let file: SafetensorsFile
    let down: String
    let up: String
    let scale: Float

    func added(to weight: Tensor) throws(CheckpointError) -> Tensor {
        let (first, second) = (try file.tensor(down), try file.tensor(up))
        let rank = first.shape.dimensions.first ?? 0
        let outputs = weight.shape[0]
        let inputs = weight.count / max(outputs, 1)
        guard rank > 0, first.count == rank * inputs, second.count == outputs * rank else {
            throw .misshapen(up, expected: [outputs, rank], found: second.shape, file: file.path)
        }
        let product = matmul(second.reshaped([outputs, rank]), first.reshaped([rank, inputs]))
        return weight.scaled(by: 1, adding: product.reshaped(weight.shape), scaledBy: scale)
    }
}
