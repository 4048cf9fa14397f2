/// The graph that ComfyUI draws: nodes whose values stand in order without their names, links by number, and nodes that stand for graphs of
/// their own (`definitions.subgraphs`), which are put in the place of the node here.
struct DrawnGraph {
    /// Where an input's value comes from.
    private enum Source {
        case output(node: String, slot: Int)
        case value(LenientJSON)
    }

    private(set) var nodes: [String: NodeGraph.Node] = [:]
    /// Outputs that only hand on what comes from elsewhere: those of graphs within, of nodes that are bypassed.
    private var aliases: [String: Source] = [:]
    private let subgraphs: [String: LenientJSON]
    /// Nodes gone through, those that stand for graphs among them, and what else of graphs within was: each can call the next many times.
    private var visited = 0

    /// Graphs within graphs that are followed, and nodes in all.
    private static let deepest = 8
    private static let most = 20_000

    init(_ json: LenientJSON) {
        var subgraphs: [String: LenientJSON] = [:]
        for graph in json["definitions"]?["subgraphs"]?.elements ?? [] {
            if let id = graph["id"]?.string { subgraphs[id] = graph }
        }
        self.subgraphs = subgraphs
        add(json, prefix: "", depth: 0)
        nodes = nodes.mapValues { node in
            var node = node
            node.inputs = node.inputs.compactMapValues(resolved)
            return node
        }
    }

    /// - Parameter prefix: stands before the numbers of nodes within another, such as `10:`.
    private mutating func add(_ graph: LenientJSON, prefix: String, depth: Int) {
        let links = Self.links(of: graph)
        func source(_ link: LenientJSON?) -> Source? {
            guard let id = link?.integer, let found = links[id] else { return nil }
            return .output(node: prefix + found.node, slot: found.slot)
        }
        if depth > 0 { visited += links.count + (graph["inputs"]?.elements.count ?? 0) }
        for node in graph["nodes"]?.elements ?? [] {
            guard visited < Self.most else { break }
            visited += 1
            guard let number = node["id"]?.integer.map(String.init), let kind = node["type"]?.string else { continue }
            let id = prefix + number
            let mode = node["mode"]?.integer
            // 2 is muted, 4 bypassed: neither had a part in the picture, but what is bypassed hands on.
            if mode == 2 { continue }
            let inputs = node["inputs"]?.elements ?? []
            if mode == 4 {
                bypass(id, node, inputs.map { (type: $0["type"]?.string, source: source($0["link"])) })
                continue
            }
            var values = Self.values(of: node, kind: kind, inputs).mapValues { Source.value($0) }
            for input in inputs {
                guard let name = input["name"]?.string, let found = source(input["link"]) else { continue }
                values[name] = found
            }
            if let inner = subgraphs[kind] {
                if depth < Self.deepest { put(inner, at: id, values, inputs, depth: depth) }
                continue
            }
            nodes[id] = NodeGraph.Node(
                id: id, kind: kind,
                inputs: values.mapValues { source in
                    switch source {
                    case .value(let value): .value(value)
                    case .output(let node, let slot): .link(node: node, output: slot)
                    }
                })
        }
        // What a graph hands out, by the node that stands for it.
        guard !prefix.isEmpty else { return }
        for (node, slot, target) in Self.results(of: graph) {
            aliases["\(prefix.dropLast())/\(target)"] = .output(node: prefix + node, slot: slot)
        }
    }

    /// A graph in the place of a node: what goes into the node comes out of the graph's entry, which is numbered -10.
    private mutating func put(
        _ graph: LenientJSON, at id: String, _ values: [String: Source], _ inputs: [LenientJSON], depth: Int
    ) {
        for (slot, entry) in (graph["inputs"]?.elements ?? []).enumerated() {
            let name = entry["name"]?.string
            let given = name.flatMap { values[$0] } ?? (slot < inputs.count ? inputs[slot]["name"]?.string.flatMap { values[$0] } : nil)
            aliases["\(id):-10/\(slot)"] = given
        }
        add(graph, prefix: id + ":", depth: depth + 1)
    }

    /// Each output of a bypassed node hands on the first input of its type that has a link.
    private mutating func bypass(_ id: String, _ node: LenientJSON, _ inputs: [(type: String?, source: Source?)]) {
        for (slot, output) in (node["outputs"]?.elements ?? []).enumerated() {
            aliases["\(id)/\(slot)"] = inputs.first { $0.type == output["type"]?.string && $0.source != nil }?.source
        }
    }

    /// An input with what only hands on left out; nil where nothing comes in.
    private func resolved(_ input: NodeGraph.Input) -> NodeGraph.Input? {
        guard case .link(var node, var slot) = input else { return input }
        for _ in 0..<64 {
            guard let alias = aliases["\(node)/\(slot)"] else { return nodes[node] == nil ? nil : .link(node: node, output: slot) }
            switch alias {
            case .value(let value): return .value(value)
            case .output(let next, let nextSlot): (node, slot) = (next, nextSlot)
            }
        }
        return nil
    }

    /// `[link, from node, from output, to node, to input, type]`, or the same with names.
    private static func links(of graph: LenientJSON) -> [Int: (node: String, slot: Int)] {
        var links: [Int: (node: String, slot: Int)] = [:]
        for link in graph["links"]?.elements ?? [] {
            guard let id = link[0]?.integer ?? link["id"]?.integer, let node = link[1]?.integer ?? link["origin_id"]?.integer,
                let slot = link[2]?.integer ?? link["origin_slot"]?.integer
            else { continue }
            links[id] = (String(node), slot)
        }
        return links
    }

    /// The outputs that lead to a graph's way out, which is numbered -20.
    private static func results(of graph: LenientJSON) -> [(node: String, slot: Int, target: Int)] {
        (graph["links"]?.elements ?? []).compactMap { link in
            guard let target = link[3]?.integer ?? link["target_id"]?.integer, target == -20,
                let node = link[1]?.integer ?? link["origin_id"]?.integer, let slot = link[2]?.integer ?? link["origin_slot"]?.integer,
                let place = link[4]?.integer ?? link["target_slot"]?.integer
            else { return nil }
            return (String(node), slot, place)
        }
    }

    /// A node's values by name: as it states them, as its kind is known to have them, or as its inputs that have a field tell.
    private static func values(of node: LenientJSON, kind: String, _ inputs: [LenientJSON]) -> [String: LenientJSON] {
        let stated = node["widgets_values"]
        if let members = stated?.members, !members.isEmpty { return members }
        var values: [String: LenientJSON] = [:]
        let listed = stated?.elements ?? []
        if let names = widgets[kind] {
            for (name, value) in zip(names, listed) where !name.isEmpty { values[name] = value }
            return values
        }
        let names = inputs.compactMap { $0["widget"]?["name"]?.string }
        var rest = listed[...]
        for name in names {
            guard let value = rest.popFirst() else { break }
            values[name] = value
            // What becomes of a seed after a run stands behind it, and is no input.
            if name.hasSuffix("seed"), let next = rest.first?.string, afterwards.contains(next) { rest.removeFirst() }
        }
        if values.isEmpty, let text = listed.first(where: { $0.string != nil }) { values["text"] = text }
        return values
    }

    private static let afterwards: Set<String> = ["fixed", "randomize", "increment", "decrement"]

    /// The names of a drawn node's values, in their order; "" for one that is no input (what becomes of the seed after a run).
    private static let widgets: [String: [String]] = [
        "KSampler": ["seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
        "KSamplerAdvanced": ["add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler", "start_at_step", "end_at_step"],
        "SamplerCustom": ["add_noise", "noise_seed", "", "cfg"],
        "RandomNoise": ["noise_seed"],
        "KSamplerSelect": ["sampler_name"],
        "BasicScheduler": ["scheduler", "steps", "denoise"],
        "CFGGuider": ["cfg"],
        "FluxGuidance": ["guidance"],
        "CLIPTextEncode": ["text"],
        "CLIPTextEncodeSDXL": ["width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l"],
        "EmptyLatentImage": ["width", "height", "batch_size"],
        "EmptySD3LatentImage": ["width", "height", "batch_size"],
        "CheckpointLoaderSimple": ["ckpt_name"],
        "UNETLoader": ["unet_name", "weight_dtype"],
        "LoraLoader": ["lora_name", "strength_model", "strength_clip"],
        "LoraLoaderModelOnly": ["lora_name", "strength_model"],
        "ControlNetApplyAdvanced": ["strength", "start_percent", "end_percent"],
        "ConditioningSetTimestepRange": ["start", "end"],
        "ConditioningZeroOut": [], "ConditioningCombine": [], "ConditioningConcat": [], "Reroute": [], "BasicGuider": [],
        "SamplerCustomAdvanced": [], "VAEDecode": [], "VAEEncode": [], "SaveImage": ["filename_prefix"], "PreviewImage": [],
    ]
}
