/// The graph that ComfyUI draws: nodes whose values stand in order without their names, links by number, and nodes that stand for graphs of
/// their own (`definitions.subgraphs`), which are put in the place of the node here.
struct DrawnGraph {
    /// Where an input's value comes from.
    private enum Source {
        /// Of another node; where that turns out to be none, the value that the input has in its own field.
        case output(node: String, slot: Int, otherwise: LenientJSON?)
        case value(LenientJSON)
    }

    private struct Node {
        let kind: String
        let inputs: [String: Source]
    }

    private(set) var nodes: [String: NodeGraph.Node] = [:]
    private var drawn: [String: Node] = [:]
    /// Outputs that only hand on what comes from elsewhere: those of graphs within, of nodes that are bypassed.
    private var aliases: [String: Source] = [:]
    /// Values of nodes within another that the outer one shows and keeps, by node and name.
    private var shown: [String: [String: LenientJSON]] = [:]
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
        for (id, node) in drawn {
            nodes[id] = NodeGraph.Node(id: id, kind: node.kind, inputs: node.inputs.compactMapValues(resolved))
        }
    }

    /// - Parameter prefix: stands before the numbers of nodes within another, such as `10:`.
    private mutating func add(_ graph: LenientJSON, prefix: String, depth: Int) {
        let links = Self.links(of: graph)
        func source(_ link: LenientJSON?, otherwise: LenientJSON? = nil) -> Source? {
            guard let id = link?.integer, let found = links[id] else { return nil }
            return .output(node: prefix + found.node, slot: found.slot, otherwise: otherwise)
        }
        if depth > 0 { visited += links.count + (graph["inputs"]?.elements.count ?? 0) }
        for node in graph["nodes"]?.elements ?? [] {
            guard visited < Self.most else { break }
            visited += 1
            guard let number = Self.number(node["id"]), let kind = node["type"]?.string else { continue }
            let id = prefix + number
            let mode = node["mode"]?.integer
            // 2 is muted, 4 bypassed: neither had a part in the picture, but what is bypassed hands on.
            if mode == 2 { continue }
            let inputs = node["inputs"]?.elements ?? []
            if mode == 4 {
                bypass(id, node, inputs.map { (type: $0["type"]?.string, source: source($0["link"])) })
                continue
            }
            let own = Self.values(of: node, kind: kind, inputs, within: subgraphs[kind]).merging(shown[id] ?? [:]) { $1 }
            var values = own.mapValues { Source.value($0) }
            for input in inputs {
                guard let name = input["name"]?.string, let found = source(input["link"], otherwise: own[name]) else { continue }
                values[name] = found
            }
            if let inner = subgraphs[kind] {
                guard depth < Self.deepest else { continue }
                show(node, id)
                put(inner, at: id, values, inputs, depth: depth)
            } else {
                drawn[id] = Node(kind: kind, inputs: values)
            }
        }
        // What a graph hands out, by the node that stands for it.
        guard !prefix.isEmpty else { return }
        for (node, slot, target) in Self.results(of: graph) {
            aliases["\(prefix.dropLast())/\(target)"] = .output(node: prefix + node, slot: slot, otherwise: nil)
        }
    }

    /// A graph in the place of a node: what goes into the node comes out of the graph's entry, which is numbered -10.
    private mutating func put(
        _ graph: LenientJSON, at id: String, _ values: [String: Source], _ inputs: [LenientJSON], depth: Int
    ) {
        let entries = graph["inputs"]?.elements ?? []
        for (slot, entry) in entries.enumerated() {
            var given = entry["name"]?.string.flatMap { values[$0] }
            // Under another name there, as the first versions had them.
            if given == nil, inputs.count == entries.count { given = inputs[slot]["name"]?.string.flatMap { values[$0] } }
            aliases["\(id):-10/\(slot)"] = given
        }
        add(graph, prefix: id + ":", depth: depth + 1)
    }

    /// Fields of nodes within that a node shows as its own: `proxyWidgets` has the inner node and the field's name for each of its values,
    /// -1 for what is the node's own.
    private mutating func show(_ node: LenientJSON, _ id: String) {
        for (field, value) in zip(node["properties"]?["proxyWidgets"]?.elements ?? [], node["widgets_values"]?.elements ?? []) {
            guard let inner = Self.number(field[0]), inner != "-1", let name = field[1]?.string, value != .null else { continue }
            shown["\(id):\(inner)", default: [:]][name] = value
        }
    }

    /// Each output of a bypassed node hands on the first input of its type that has a link.
    private mutating func bypass(_ id: String, _ node: LenientJSON, _ inputs: [(type: String?, source: Source?)]) {
        for (slot, output) in (node["outputs"]?.elements ?? []).enumerated() {
            aliases["\(id)/\(slot)"] = inputs.first { $0.type == output["type"]?.string && $0.source != nil }?.source
        }
    }

    /// An input with what only hands on left out; nil where nothing comes in.
    private func resolved(_ source: Source) -> NodeGraph.Input? {
        var (source, own) = (source, LenientJSON?.none)
        for _ in 0..<64 {
            switch source {
            case .value(let value): return .value(value)
            case .output(let node, let slot, let otherwise):
                // The field that is nearest to the outside is the one that counts.
                own = otherwise ?? own
                guard let alias = aliases["\(node)/\(slot)"] else {
                    return drawn[node] == nil ? own.map { .value($0) } : .link(node: node, output: slot)
                }
                source = alias
            }
        }
        return nil
    }

    private static func number(_ json: LenientJSON?) -> String? { json?.integer.map(String.init) ?? json?.string }

    /// `[link, from node, from output, to node, to input, type]`, or the same with names.
    private static func links(of graph: LenientJSON) -> [Int: (node: String, slot: Int)] {
        var links: [Int: (node: String, slot: Int)] = [:]
        for link in graph["links"]?.elements ?? [] {
            guard let id = link[0]?.integer ?? link["id"]?.integer, let node = number(link[1] ?? link["origin_id"]),
                let slot = link[2]?.integer ?? link["origin_slot"]?.integer
            else { continue }
            links[id] = (node, slot)
        }
        return links
    }

    /// The outputs that lead to a graph's way out, which is numbered -20.
    private static func results(of graph: LenientJSON) -> [(node: String, slot: Int, target: Int)] {
        (graph["links"]?.elements ?? []).compactMap { link in
            guard number(link[3] ?? link["target_id"]) == "-20", let node = number(link[1] ?? link["origin_id"]),
                let slot = link[2]?.integer ?? link["origin_slot"]?.integer, let place = link[4]?.integer ?? link["target_slot"]?.integer
            else { return nil }
            return (node, slot, place)
        }
    }

    /// A node's values by name: as it states them, as it shows those of nodes within, as its kind is known to have them, or as its inputs that
    /// have a field tell.
    ///
    /// - Parameter graph: that it stands for.
    private static func values(
        of node: LenientJSON, kind: String, _ inputs: [LenientJSON], within graph: LenientJSON?
    ) -> [String: LenientJSON] {
        let stated = node["widgets_values"]
        if let members = stated?.members, !members.isEmpty { return members }
        var values: [String: LenientJSON] = [:]
        let listed = stated?.elements ?? []
        if let shown = node["properties"]?["proxyWidgets"]?.elements, !shown.isEmpty {
            for (field, value) in zip(shown, listed) where value != .null && number(field[0]) == "-1" {
                if let name = field[1]?.string { values[name] = value }
            }
            return values
        }
        // A field for each entry of the graph that takes a plain value, whether the node has an input for it or not.
        let fields = (graph?["inputs"]?.elements ?? []).filter { plainTypes.contains($0["type"]?.string ?? "") }
        if !fields.isEmpty, fields.count == listed.count {
            for (field, value) in zip(fields, listed) where value != .null {
                if let name = field["name"]?.string { values[name] = value }
            }
            return values
        }
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
        // Newer versions leave out the inputs without links, and so their names: then none of the others is certain either.
        if graph == nil, rest.contains(where: { $0 != .null && !afterwards.contains($0.string ?? "") }) { values = [:] }
        guard values.isEmpty, graph == nil else { return values }
        // Nodes that do not tell what their values are called.
        let texts = listed.compactMap(\.string)
        let words = texts.first(where: readsAsWords)
        if ["TextEncode", "Text ", "String", "Prompt", "prompt"].contains(where: { kind.contains($0) }) {
            values[GraphPrompt.namelessText] = (words ?? texts.first).map { .string($0) }
        } else if let words {
            values[GraphPrompt.namelessWords] = .string(words)
        }
        return values
    }

    /// Whether a value is what somebody wrote, and not a choice out of a list such as "General Model (2x)": some of its words are written small,
    /// or it is of a script without spaces.
    private static func readsAsWords(_ text: String) -> Bool {
        let words = text.prefix(2_000).split(whereSeparator: \.isWhitespace)
        let small = words.filter { $0.first?.isLowercase == true }
        let others = text.unicodeScalars.prefix(2_000).filter { $0.value >= 0x2E80 && $0.properties.isAlphabetic }
        return words.count > 2 && small.count > 1 || others.count > 7
    }

    private static let plainTypes: Set<String> = ["STRING", "INT", "FLOAT", "BOOLEAN", "COMBO"]

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
        "PrimitiveNode": ["value"], "PrimitiveString": ["value"], "PrimitiveStringMultiline": ["value"], "PrimitiveBoolean": ["value"],
        "StringConcatenate": ["string_a", "string_b", "delimiter"],
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
