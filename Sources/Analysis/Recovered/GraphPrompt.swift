/// Finds in a graph of ComfyUI what a sampler was told: from the sampler along its links to the texts, the checkpoint and the size.
struct GraphPrompt {
    private let graph: NodeGraph

    init(_ graph: NodeGraph) {
        self.graph = graph
    }

    /// What the picture was begun with. A graph may sample several times, to enlarge or to repaint a face: the first sampler on the way to the
    /// picture that was told something counts, and what later ones were told differently is among the settings.
    func prompt(place: String) -> RecoveredPrompt? {
        let samplers = orderedSamplers()
        // Some are told nothing: they make a map of depths, or the like.
        let told = samplers.prefix(Self.mostFurther).first { !text(of: $0, .positive).isEmpty }
        guard let first = told ?? samplers.first else { return words(place: place) }
        var recovered = RecoveredPrompt(
            tool: .comfyui, place: place, positive: text(of: first, .positive), negative: text(of: first, .negative))
        recovered.seed = number("seed", of: first)?.unsigned ?? number("noise_seed", of: first)?.unsigned
        recovered.steps = number("steps", of: first)?.integer
        recovered.guidance = number("cfg", of: first)?.double
        recovered.sampler = number("sampler_name", of: first)?.string
        recovered.settings["Scheduler"] = number("scheduler", of: first)?.string
        recovered.settings["Guidance"] = number("guidance", of: first)?.plain
        if let strength = number("denoise", of: first)?.double, strength < 1 { recovered.strength = strength }
        takeModel(of: first, into: &recovered)
        takeSize(of: first, into: &recovered)
        if recovered.positive.isEmpty, recovered.negative.isEmpty, let words = words(place: place) {
            (recovered.positive, recovered.negative) = (words.positive, words.negative)
        }
        for sampler in samplers.filter({ $0.id != first.id }).prefix(Self.mostFurther) {
            let (positive, negative) = (text(of: sampler, .positive), text(of: sampler, .negative))
            if !positive.isEmpty, positive != recovered.positive { recovered.settings["Prompt of node \(sampler.id)"] = positive }
            if !negative.isEmpty, negative != recovered.negative { recovered.settings["Negative prompt of node \(sampler.id)"] = negative }
        }
        return recovered.saysSomething ? recovered : nil
    }

    /// Samplers after the first whose texts are told.
    private static let mostFurther = 20

    private enum Side: String {
        case positive, negative
    }

    // MARK: Samplers

    private func isSampler(_ node: NodeGraph.Node) -> Bool {
        let hasSides = node.inputs["positive"] != nil || node.inputs["guider"] != nil
        let samples = ["seed", "noise_seed", "noise", "sampler_name", "sampler", "steps"].contains { node.inputs[$0] != nil }
        return hasSides && samples && node.inputs["control_net"] == nil
    }

    /// The samplers that had a part in the picture that was kept, the one that began first at the front.
    private func orderedSamplers() -> [NodeGraph.Node] {
        for output in outputs.prefix(Self.mostOutputs) {
            let samplers = graph.ancestors(of: output).filter(isSampler)
            if !samplers.isEmpty { return inOrder(samplers) }
        }
        return inOrder(graph.inOrder.filter(isSampler))
    }

    private static let mostOutputs = 20

    /// Nodes that keep or show what was made, those that keep it first.
    private var outputs: [NodeGraph.Node] {
        let nodes = graph.inOrder
        return nodes.filter { $0.kind.contains("Save") } + nodes.filter { $0.kind.hasPrefix("PreviewImage") || $0.kind == "ImageCompare" }
    }

    /// The samplers by how many others stand one behind the other before them; of equals the one with the lower number.
    private func inOrder(_ samplers: [NodeGraph.Node]) -> [NodeGraph.Node] {
        var depths: [String: Int] = [:]
        for sampler in samplers { measure(sampler.id, &depths) }
        func key(_ node: NodeGraph.Node) -> (Int, Int, String) { (depths[node.id] ?? 0, Int(node.id) ?? .max, node.id) }
        return samplers.sorted { key($0) < key($1) }
    }

    /// The longest chain of samplers that leads to a node, itself included. Without recursion: graphs of strangers are as deep as they like.
    private func measure(_ id: String, _ depths: inout [String: Int]) {
        var waiting: [(id: String, isLeft: Bool)] = [(id, false)]
        var entered: Set<String> = []
        while let (id, isLeft) = waiting.popLast() {
            guard depths[id] == nil, let node = graph.nodes[id] else { continue }
            let above = node.inputs.filter { !["positive", "negative", "guider", "model"].contains($0.key) }.compactMap { _, input in
                if case .link(let source, _) = input { source } else { nil }
            }
            if isLeft {
                depths[id] = (above.compactMap { depths[$0] }.max() ?? 0) + (isSampler(node) ? 1 : 0)
            } else if entered.insert(id).inserted {
                waiting.append((id, true))
                waiting += above.map { ($0, false) }
            }
        }
    }

    /// A value of the sampler, or of the nodes that stand for its parts: noise, schedule, guider.
    private func number(_ name: String, of sampler: NodeGraph.Node) -> LenientJSON? {
        if let value = resolved(name, of: sampler) { return value }
        for part in ["noise", "sigmas", "sampler", "guider"] {
            guard let node = graph.source(part, of: sampler)?.node else { continue }
            for node in [node] + graph.ancestors(of: node, through: { $0 != "model" }) {
                if let value = resolved(name, of: node) { return value }
            }
        }
        return nil
    }

    /// A value, or what the node that a link leads to holds under the same name or under that of a plain value.
    private func resolved(_ name: String, of node: NodeGraph.Node) -> LenientJSON? {
        if let value = graph.value(name, of: node) { return value.plain == nil ? nil : value }
        guard let source = graph.source(name, of: node)?.node else { return nil }
        for key in [name, "value", "seed", "int", "float", "number", "Number"] {
            if let value = graph.value(key, of: source), value.plain != nil { return value }
        }
        return nil
    }

    // MARK: Texts

    private func text(of sampler: NodeGraph.Node, _ side: Side) -> String {
        var sampler = sampler
        if let guider = graph.source("guider", of: sampler)?.node { sampler = guider }
        // Guiders have other names for what is wanted, where they are told more than that.
        let names = side == .positive ? [side.rawValue, "conditioning", "cond1"] : [side.rawValue]
        guard let name = names.first(where: { sampler.inputs[$0] != nil }) else { return "" }
        guard let source = graph.source(name, of: sampler) else { return string(name, of: sampler) ?? "" }
        var seen: Set<String> = []
        return joined(texts(from: source.node, output: source.output, side, &seen))
    }

    /// The texts that a conditioning comes from.
    private func texts(from node: NodeGraph.Node, output: Int, _ side: Side, _ seen: inout Set<String>) -> [String] {
        guard seen.insert("\(node.id)/\(output)").inserted, seen.count < 1000, node.kind != "ConditioningZeroOut" else { return [] }
        // A node that passes both sides on, as those of ControlNet do: its second output is the negative one.
        if graph.source("positive", of: node) != nil || graph.source("negative", of: node) != nil {
            let side: Side = output == 1 ? .negative : .positive
            return graph.source(side.rawValue, of: node).map { texts(from: $0.node, output: $0.output, side, &seen) } ?? []
        }
        // Encoders of both sides have the negative one at their second output.
        if output == 1, let negative = string("negative_prompt", of: node) ?? (node.kind.contains("TextEncode") ? "" : nil) {
            return [negative]
        }
        let own = Self.textInputs.compactMap { string($0, of: node) }.filter { !$0.isEmpty }
        if !own.isEmpty { return own }
        if let own = string(side.rawValue, of: node) ?? string(Self.namelessText, of: node) { return [own] }
        var found: [String] = []
        for name in node.inputs.keys.sorted() where name.lowercased().hasPrefix("conditioning") || name == "" || name == "any" {
            if let source = graph.source(name, of: node) { found += texts(from: source.node, output: source.output, side, &seen) }
        }
        return found
    }

    /// Where encoding nodes have their texts: CLIP's, SDXL's two, those of SD3 and Flux.
    private static let textInputs = ["populated_text", "text", "text_g", "text_l", "clip_g", "clip_l", "t5xxl", "prompt"]

    /// The text of an input: its value, or what a chain of text nodes comes to.
    private func string(_ name: String, of node: NodeGraph.Node) -> String? {
        var seen: Set<String> = []
        return string(name, of: node, &seen)
    }

    private func string(_ name: String, of node: NodeGraph.Node, _ seen: inout Set<String>) -> String? {
        switch node.inputs[name] {
        case .value(let value): return value.string
        case .link(let id, let output):
            guard let source = graph.nodes[id], seen.insert("\(id)/\(output)").inserted, seen.count < 1000 else { return nil }
            return string(from: source, output: output, &seen)
        case nil: return nil
        }
    }

    /// What a node that makes texts hands on.
    private func string(from node: NodeGraph.Node, output: Int, _ seen: inout Set<String>) -> String? {
        // Nodes that style a prompt have the negative one at their second output.
        if output == 1, let negative = string("text_negative", of: node, &seen) ?? string("negative", of: node, &seen) { return negative }
        for name in Self.stringInputs {
            if let text = string(name, of: node, &seen), !text.isEmpty { return text }
        }
        // Nodes that join texts number them.
        let parts = node.inputs.keys.filter { $0.lowercased().hasPrefix("text") || $0.lowercased().hasPrefix("string") }.sorted()
        let texts = parts.compactMap { string($0, of: node, &seen) }.filter { !$0.isEmpty }
        let delimiter = graph.value("delimiter", of: node)?.string ?? graph.value("separator", of: node)?.string ?? ", "
        return texts.isEmpty ? nil : texts.joined(separator: delimiter.replacing("\\n", with: "\n"))
    }

    private static let stringInputs = [
        "populated_text", "text_positive", "positive", "text", "string", "value", "prompt", "String", "Text", "result",
        namelessText,
    ]

    private func joined(_ texts: [String]) -> String {
        var kept: [String] = []
        for text in texts.map(\.trimmedOfBlanks) where !text.isEmpty && !kept.contains(text) { kept.append(text) }
        return kept.joined(separator: ", ")
    }

    /// Of a graph without a sampler that is known, such as one that asks a service: the words nearest to what was made, else the one text.
    private func words(place: String) -> RecoveredPrompt? {
        // What led to no text is not followed again.
        var seen: Set<String> = []
        for output in outputs.prefix(Self.mostFurther) {
            for node in graph.ancestors(of: output) {
                for name in Self.wordInputs {
                    guard let positive = string(name, of: node, &seen), !positive.trimmedOfBlanks.isEmpty else { continue }
                    var recovered = RecoveredPrompt(
                        tool: .comfyui, place: place, positive: positive, negative: string("negative_prompt", of: node) ?? "")
                    recovered.seed = resolved("seed", of: node)?.unsigned
                    recovered.model = RecoveredPrompt.modelName(graph.value("model", of: node)?.string)
                    return recovered
                }
            }
        }
        let texts = graph.inOrder.filter { $0.kind.contains("TextEncode") }.compactMap { string("text", of: $0) }.filter { !$0.isEmpty }
        guard texts.count == 1 else { return nil }
        return RecoveredPrompt(tool: .comfyui, place: place, positive: texts[0])
    }

    /// Where nodes that ask a service have their words.
    private static let wordInputs = ["prompt", "positive_prompt", "prompt_text", "text_prompt", "text", namelessText, namelessWords]

    /// What the value of a drawn node of texts is called here, where its inputs do not tell.
    static let namelessText = "text that is called nothing"
    /// The same of a node that is for something else, and has a value that reads as words.
    static let namelessWords = "words that are called nothing"

    // MARK: Model and size

    private func takeModel(of sampler: NodeGraph.Node, into recovered: inout RecoveredPrompt) {
        let start = graph.source("guider", of: sampler)?.node ?? sampler
        var loras: [String] = []
        for node in graph.ancestors(of: start, through: { $0 == "model" || $0 == "base_model" || $0 == "" }) {
            loras += Self.loras(of: node)
            for key in ["ckpt_name", "unet_name", "model_name"] where recovered.model == nil {
                recovered.model = RecoveredPrompt.modelName(graph.value(key, of: node)?.string)
            }
        }
        if !loras.isEmpty { recovered.settings["Loras"] = loras.reversed().joined(separator: ", ") }
    }

    /// What a loader of LoRAs has switched on, the last first: one by name, several by numbered names, or a dictionary each.
    private static func loras(of node: NodeGraph.Node) -> [String] {
        func value(_ name: String) -> LenientJSON? { if case .value(let value) = node.inputs[name] { value } else { nil } }
        func told(_ name: String, _ weight: LenientJSON?) -> String {
            (RecoveredPrompt.modelName(name) ?? name) + (weight?.plain.map { ": \($0)" } ?? "")
        }
        if let name = value("lora_name")?.string { return [told(name, value("strength_model"))] }
        var found: [String] = []
        for key in node.inputs.keys.sorted() where key.hasPrefix("lora_") {
            let number = key.split(separator: "_").last.map(String.init) ?? ""
            if let entry = value(key), let name = entry["lora"]?.string {
                if entry["on"] != .boolean(false) { found.append(told(name, entry["strength"])) }
            } else if key.hasPrefix("lora_name_"), let name = value(key)?.string, name != "None",
                value("switch_\(number)")?.string != "Off"
            {
                found.append(told(name, value("model_weight_\(number)") ?? value("lora_wt_\(number)") ?? value("model_str_\(number)")))
            }
        }
        return found.reversed()
    }

    private func takeSize(of sampler: NodeGraph.Node, into recovered: inout RecoveredPrompt) {
        for node in graph.ancestors(of: sampler, through: { ["latent_image", "latent", "samples", "pixels", "image", ""].contains($0) }) {
            recovered.take(width: resolved("width", of: node)?.integer, height: resolved("height", of: node)?.integer)
            if recovered.width != nil { return }
        }
    }
}
