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
        var nodes: [String: Node] = [:]
        if let drawn = json["nodes"], !drawn.elements.isEmpty {
            nodes = DrawnGraph(json).nodes
        } else {
            for (id, member) in json.members {
                guard let kind = member["class_type"]?.string else { continue }
                nodes[id] = Node(id: id, kind: kind, inputs: (member["inputs"]?.members ?? [:]).mapValues(Self.input))
            }
        }
        let switches = Switches(nodes)
        self.nodes =
            switches.isEmpty
            ? nodes
            : nodes.mapValues { node in
                Node(id: node.id, kind: node.kind, inputs: node.inputs.mapValues(switches.passed))
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
}

/// Nodes that hand on one of their inputs as it is: switches, by how they are set, and previews of anything. What comes out of them is taken
/// for what goes in.
private struct Switches {
    private var chosen: [String: NodeGraph.Input] = [:]
    private static let longestChain = 64

    var isEmpty: Bool { chosen.isEmpty }

    init(_ nodes: [String: NodeGraph.Node]) {
        for node in nodes.values {
            if node.kind == "PreviewAny" { chosen[node.id] = node.inputs["source"] }
            guard node.kind.contains("Switch"), node.inputs["on_true"] != nil || node.inputs["on_false"] != nil else { continue }
            var names = Self.isOn(node, nodes) ? ["on_true", "on_false"] : ["on_false", "on_true"]
            // What a language model made of a person's words is not in the file; the words are.
            if case .link(let source, _) = node.inputs[names[0]], nodes[source]?.kind.hasPrefix("TextGenerate") == true { names.reverse() }
            chosen[node.id] = node.inputs[names[0]] ?? node.inputs[names[1]]
        }
    }

    private static func isOn(_ node: NodeGraph.Node, _ nodes: [String: NodeGraph.Node]) -> Bool {
        switch node.inputs["switch"] {
        case .value(let value): return value == .boolean(true)
        case .link(let source, _):
            guard case .value(let value) = nodes[source]?.inputs["value"] else { return false }
            return value == .boolean(true)
        case nil: return false
        }
    }

    func passed(_ input: NodeGraph.Input) -> NodeGraph.Input {
        var input = input
        for _ in 0..<Self.longestChain {
            guard case .link(let node, 0) = input, let next = chosen[node] else { return input }
            input = next
        }
        return input
    }
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
