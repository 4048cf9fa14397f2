import FoundationEssentials
import Tensors

/// A file that adapts some of a model's layers: LoRA (Hu 2021) and its kin, as `AdapterLayer` knows them, under the names of `AdapterNames`.
///
/// What fits the model is used; what does not is left out and told, unless nothing fits.
package struct LowRankAdaptation: Sendable {
    /// What layers of a model may be called in an adapter's file, and whose tensors they are.
    package struct Component: Sendable {
        /// `unet`, `text_encoder`, `text_encoder_2`.
        package let name: String
        package let weights: Weights
        /// How much of the adaptation goes to this component.
        package let multiplier: Float
        /// A factor for each module, by the name the first releases gave it.
        package let factor: @Sendable (_ oldName: String) -> Float
        /// The first releases' names by diffusers'.
        private let old: [String: String]

        package init(
            name: String, weights: Weights, oldNames: LatentDiffusionNames? = nil, multiplier: Float,
            factor: @escaping @Sendable (_ oldName: String) -> Float = { _ in 1 }
        ) {
            (self.name, self.weights, self.multiplier, self.factor) = (name, weights, multiplier, factor)
            old = oldNames.map { Dictionary($0.modules.map { ($0.diffusers, $0.old) }) { first, _ in first } } ?? [:]
        }

        /// The first releases' name of a module, where it is known.
        func oldName(of module: String) -> String? {
            guard !old.isEmpty else { return nil }
            var known = module[...]
            while true {
                if let found = old[String(known)] { return found + module[known.endIndex...] }
                guard let dot = known.lastIndex(of: ".") else { return nil }
                known = known[..<dot]
            }
        }
    }

    /// What a file adds to a model.
    package struct Outcome: Sendable {
        /// For each component, what is added by the name of its tensor.
        package var additions: [[String: [any WeightAddition]]]
        /// What was left out, in words.
        package var notes: [String] = []
    }

    private let file: SafetensorsFile
    /// By the name the file gives the module.
    private let layers: [String: AdapterLayer]
    private let foreign: [String]
    private let scales: AdapterScales

    package init(_ url: URL) throws(CheckpointError) {
        file = try SafetensorsFile(url)
        var layers: [String: AdapterLayer] = [:]
        var foreign: [String] = []
        // A textual inversion that is bundled with the LoRA is read as one, not here.
        for key in file.names where !key.hasPrefix("bundle_emb.") {
            if let (module, role) = AdapterLayer.split(key) {
                layers[module, default: AdapterLayer()].tensors[role] = key
            } else {
                foreign.append(key)
            }
        }
        (self.layers, self.foreign) = (layers, foreign)
        scales = AdapterScales(file.metadata)
    }

    /// What this file adds to the weights of a model's components.
    ///
    /// - Parameter ranks: only so many of each pair's ranks count; nil: all.
    /// - Throws: `CheckpointError.unmatched` where nothing in the file fits the model.
    package func outcome(for components: [Component], ranks: Int? = nil) throws(CheckpointError) -> Outcome {
        let names = AdapterNames(components)
        var outcome = Outcome(additions: components.map { _ in [:] })
        var unmatched = foreign
        var unfit: [String] = []
        var used = 0
        for (module, layer) in layers.sorted(by: { $0.key < $1.key }) {
            let keys = layer.tensors.values.sorted()
            guard let (index, name) = names.place(of: module) else {
                unmatched += keys
                continue
            }
            let component = components[index]
            let oldName = component.oldName(of: name) ?? name
            let multiplier = component.multiplier * component.factor(oldName)
            var isUsed = false
            if let bias = layer.tensors["biasDifference"], component.weights.has(name + ".bias") {
                let addition = AdapterAddition(
                    file: file, change: .difference(bias), scale: 1, multiplier: multiplier, ranks: nil, magnitude: nil)
                isUsed = try add(addition, to: name + ".bias", of: component, &outcome.additions[index], &unfit) || isUsed
            }
            let change = layer.change(in: file)
            if let change {
                guard let scale = try scale(of: layer, change, component: component.name, module: name) else {
                    unfit.append("\(layer.tensors["alpha"] ?? module) (its alpha is no number)")
                    continue
                }
                if scale == 0 { outcome.notes.append("\(module) has an alpha of 0 and so no effect") }
                let addition = AdapterAddition(
                    file: file, change: change, scale: scale, multiplier: multiplier, ranks: ranks, magnitude: layer.tensors["magnitude"])
                isUsed = try add(addition, to: name + ".weight", of: component, &outcome.additions[index], &unfit) || isUsed
            }
            if isUsed { used += 1 } else if change == nil { unmatched += keys }
        }
        // A file may hold nothing but a bundled textual inversion.
        if layers.isEmpty, foreign.isEmpty, file.names.contains(where: { $0.hasPrefix("bundle_emb.") }) { return outcome }
        guard used > 0 else {
            if let first = unfit.first { throw .unfitAdaptation(first, others: unfit.count - 1, file: file.path) }
            throw .unmatched(unmatched.sorted(), kind: AdapterKind.guess(unmatched), file: file.path)
        }
        if !unmatched.isEmpty { outcome.notes.append(Self.told("the model has nothing for", unmatched)) }
        if !unfit.isEmpty { outcome.notes.append(Self.told("left out for their shape or alpha:", unfit)) }
        return outcome
    }

    private static func told(_ what: String, _ names: [String]) -> String {
        "\(what) \(names.sorted().prefix(3).joined(separator: ", "))\(names.count > 3 ? " and \(names.count - 3) more" : "")"
    }

    /// - Returns: whether the shapes fit; where they do not, what is wrong is kept.
    private func add(
        _ addition: AdapterAddition, to name: String, of component: Component, _ additions: inout [String: [any WeightAddition]],
        _ unfit: inout [String]
    ) throws(CheckpointError) -> Bool {
        let shape = try component.weights.shape(of: name)
        if let problem = try addition.problem(with: shape) {
            unfit.append(problem)
            return false
        }
        if addition.multiplier != 0 { additions[name, default: []].append(addition) }
        return true
    }

    /// Alpha over rank; 1 where neither is told. Nil where alpha is no number.
    private func scale(
        of layer: AdapterLayer, _ change: AdapterLayer.Change, component: String, module: String
    ) throws(CheckpointError) -> Float? {
        guard let tensor = change.rankTensor else { return 1 }
        let rank = Float(max(try file.shape(of: tensor).dimensions.first ?? 1, 1))
        var alpha: Float?
        if let name = layer.tensors["alpha"] { alpha = try file.tensor(name).values.first }
        guard let alpha else { return scales.scale(component: component, module: module, rank: rank) ?? 1 }
        return alpha.isFinite ? alpha / rank : nil
    }
}

/// The alphas that diffusers writes into the header instead of beside the tensors: `__metadata__.lora_adapter_metadata`, peft's configuration
/// of each component in JSON (`unet.lora_alpha`, `unet.alpha_pattern`, `unet.use_rslora`).
struct AdapterScales: Sendable {
    private enum Value: Decodable, Sendable {
        case number(Float)
        case flag(Bool)
        case numbers([String: Float])
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Float.self) {
                self = .number(number)
            } else if let numbers = try? container.decode([String: Float].self) {
                self = .numbers(numbers)
            } else {
                self = .other
            }
        }
    }

    private let values: [String: Value]

    init(_ metadata: [String: String]) {
        let text = metadata["lora_adapter_metadata"] ?? ""
        values = (try? JSONDecoder().decode([String: Value].self, from: Data(text.utf8))) ?? [:]
    }

    /// nil where the header tells nothing of the component.
    func scale(component: String, module: String, rank: Float) -> Float? {
        guard case .number(var alpha) = values["\(component).lora_alpha"] else { return nil }
        if case .numbers(let pattern) = values["\(component).alpha_pattern"] {
            // peft looks for modules that end so.
            for (name, own) in pattern.sorted(by: { $0.key.count > $1.key.count }) where module == name || module.hasSuffix("." + name) {
                alpha = own
                break
            }
        }
        guard alpha.isFinite else { return nil }
        if case .flag(true) = values["\(component).use_rslora"] { return alpha / rank.squareRoot() }
        return alpha / rank
    }
}
