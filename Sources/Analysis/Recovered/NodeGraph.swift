/// A graph of ComfyUI: nodes with inputs, each a value or the output of another node.
///
/// Both shapes it writes are read: the one it runs (`prompt`: `{"6": {"class_type": …, "inputs": {"text": "…", "clip": ["4", 1]}}}`) and the
/// one it draws (`workflow`: `{"nodes": […], "links": […]}`), whose values stand in order without their names.
struct NodeGraph {
    struct Node {
        let id: String
        let kind: String
        var inputs: [String: Input]
    }

    enum Input {
        case value(LenientJSON)
        /// The output of that number of another node.
        case link(node: String, output: Int)
    }

    let nodes: [String: Node]

    /// Nil where the value is no graph of either shape.
    init?(_ json: LenientJSON) {
        if let drawn = json["nodes"], !drawn.elements.isEmpty {
            nodes = Self.drawn(drawn.elements, links: json["links"]?.elements ?? [])
        } else {
            var nodes: [String: Node] = [:]
            for (id, member) in json.members {
                guard let kind = member["class_type"]?.string else { continue }
                nodes[id] = Node(id: id, kind: kind, inputs: (member["inputs"]?.members ?? [:]).mapValues(Self.input))
            }
            self.nodes = nodes
        }
        if nodes.isEmpty { return nil }
    }

    private static func input(_ json: LenientJSON) -> Input {
        // A link is a node's name and a number; a list of two of anything else is a value.
        if json.elements.count == 2, let node = json[0]?.string ?? json[0]?.integer.map(String.init), case .number = json[1],
            let output = json[1]?.integer
        {
            return .link(node: node, output: output)
        }
        return .value(json)
    }

    private static func drawn(_ drawn: [LenientJSON], links: [LenientJSON]) -> [String: Node] {
        // [link, from node, from output, to node, to input, type]
        var sources: [Int: (node: String, output: Int)] = [:]
        for link in links {
            guard let id = link[0]?.integer, let node = link[1]?.integer, let output = link[2]?.integer else { continue }
            sources[id] = (String(node), output)
        }
        var nodes: [String: Node] = [:]
        for node in drawn {
            guard let id = node["id"]?.integer.map(String.init), let kind = node["type"]?.string else { continue }
            // 2 is muted, 4 bypassed: neither had a part in the picture.
            if let mode = node["mode"]?.integer, mode == 2 || mode == 4 { continue }
            var inputs: [String: Input] = [:]
            let values = node["widgets_values"]
            for (name, value) in values?.members ?? [:] { inputs[name] = .value(value) }
            for (name, value) in zip(widgets[kind] ?? [], values?.elements ?? []) where !name.isEmpty { inputs[name] = .value(value) }
            if widgets[kind] == nil, let text = values?.elements.first(where: { $0.string != nil }) { inputs["text"] = .value(text) }
            for input in node["inputs"]?.elements ?? [] {
                guard let name = input["name"]?.string, let link = input["link"]?.integer, let source = sources[link] else { continue }
                inputs[name] = .link(node: source.node, output: source.output)
            }
            nodes[id] = Node(id: id, kind: kind, inputs: inputs)
        }
        return nodes
    }

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

extension NodeGraph {
    func value(_ name: String, of node: Node) -> LenientJSON? {
        if case .value(let value) = node.inputs[name] { value } else { nil }
    }

    func source(_ name: String, of node: Node) -> (node: Node, output: Int)? {
        guard case .link(let id, let output) = node.inputs[name], let node = nodes[id] else { return nil }
        return (node, output)
    }

    /// All nodes that a node's inputs come from, through the inputs whose names are wanted, the nearest first; each once.
    func ancestors(of node: Node, through isWanted: (String) -> Bool = { _ in true }) -> [Node] {
        var found: [Node] = []
        var seen: Set<String> = [node.id]
        var waiting = [node][...]
        while let next = waiting.popFirst() {
            for name in next.inputs.keys.sorted() where isWanted(name) {
                guard let above = source(name, of: next)?.node, seen.insert(above.id).inserted else { continue }
                found.append(above)
                waiting.append(above)
            }
        }
        return found
    }

    /// Nodes in the order of their numbers.
    var inOrder: [Node] {
        nodes.values.sorted { (Int($0.id) ?? .max, $0.id) < (Int($1.id) ?? .max, $1.id) }
    }
}
