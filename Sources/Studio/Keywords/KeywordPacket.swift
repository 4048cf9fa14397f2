/// An XMP packet (ISO 16684-1) whose lists of keywords are read and changed; all else in it stays as it is.
package struct KeywordPacket {
    /// A property by its namespace, with the prefix that is usual for it.
    package struct Property {
        let namespace: String
        let prefix: String
        let name: String
        /// `Bag` or `Seq`.
        var container = "Bag"

        /// What every program calls keywords.
        package static let subject = Property(namespace: "http://purl.org/dc/elements/1.1/", prefix: "dc", name: "subject")
        /// Lightroom's, with `|` between a keyword and what it stands under.
        package static let lightroom = Property(
            namespace: "http://ns.adobe.com/lightroom/1.0/", prefix: "lr", name: "hierarchicalSubject")
        /// digiKam's, with `/`.
        package static let digiKam = Property(
            namespace: "http://www.digikam.org/ns/1.0/", prefix: "digiKam", name: "TagsList", container: "Seq")

        /// Which entries of such a list Redraw put there: nobody else's are ever taken out.
        static func ours(_ name: String) -> Property { Property(namespace: "urn:x-redraw:keywords:1.0/", prefix: "redraw", name: name) }
    }

    private static let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

    private let tree: MarkupTree
    private let root: (element: MarkupTree.Element, scope: [String: String])

    /// An empty one.
    init() {
        let about = MarkupTree.Element("rdf:Description", [("rdf:about", "")])
        let list = MarkupTree.Element("rdf:RDF", [("xmlns:rdf", Self.rdf)], [.text("\n  "), .element(about), .text("\n ")])
        let meta = MarkupTree.Element("x:xmpmeta", [("xmlns:x", "adobe:ns:meta/")], [.text("\n "), .element(list), .text("\n")])
        tree = MarkupTree([
            .other("<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"), .text("\n"), .element(meta), .text("\n"),
            .other("<?xpacket end=\"w\"?>"), .text("\n"),
        ])
        root = (list, ["rdf": Self.rdf, "x": "adobe:ns:meta/"])
    }

    /// - Throws: `MarkupTree.Problem` where the text is no packet.
    package init(_ text: String) throws(MarkupTree.Problem) {
        tree = try MarkupTree(text)
        guard let root = Self.root(of: tree.children, scope: [:]) else { throw .noText }
        self.root = root
    }

    /// The packet, as it is to be written.
    package var text: String { tree.text }

    /// Whether it says nothing at all.
    var isEmpty: Bool {
        descriptions.allSatisfy { description in
            description.element.elements.isEmpty
                && description.element.attributes.allSatisfy { $0.name.hasPrefix("xmlns") || $0.name.hasSuffix(":about") }
        }
    }

    // MARK: Lists

    /// A list's entries; empty where there is none.
    package func items(_ property: Property) -> [String] {
        elements(property).flatMap { found -> [String] in
            let containers = found.element.elements.filter { name($0, found.scope).namespace == Self.rdf }
            // Some write a single keyword without a list.
            guard !containers.isEmpty else { return [found.element.text] }
            return containers.flatMap(\.elements).map(\.text)
        }.map { $0.trimmed }.filter { !$0.isEmpty }
    }

    /// Replaces a list's entries; where there are none the property goes.
    package func set(_ property: Property, to items: [String]) {
        guard items != self.items(property) else { return }
        let found = elements(property)
        for (index, place) in found.enumerated() where index > 0 || items.isEmpty { remove(place.element, from: place.parent) }
        guard !items.isEmpty else { return }
        guard let first = found.first else {
            let description = descriptions.first ?? addedDescription()
            let (prefix, declaration) = prefix(for: property, in: description.scope)
            let element = MarkupTree.Element("\(prefix):\(property.name)", declaration)
            fill(element, property, items, description.scope)
            description.element.children += [
                .text(description.element.children.isEmpty ? "\n   " : " "), .element(element), .text("\n  "),
            ]
            return
        }
        fill(first.element, property, items, first.scope)
    }

    private func fill(_ element: MarkupTree.Element, _ property: Property, _ items: [String], _ scope: [String: String]) {
        let rdf = scope.first { $0.value == Self.rdf && !$0.key.isEmpty }?.key ?? "rdf"
        let entries = items.flatMap { item -> [MarkupTree.Node] in
            [.text("\n     "), .element(MarkupTree.Element("\(rdf):li", [], [.text(MarkupTree.escaped(item))]))]
        }
        let list = MarkupTree.Element("\(rdf):\(property.container)", [], entries + [.text("\n    ")])
        element.children = [.text("\n    "), .element(list), .text("\n   ")]
    }

    // MARK: Finding

    private typealias Place = (element: MarkupTree.Element, parent: MarkupTree.Element, scope: [String: String])

    private func elements(_ property: Property) -> [Place] {
        descriptions.flatMap { description in
            description.element.elements.compactMap { element -> Place? in
                let scope = description.scope.merging(Self.declarations(of: element)) { _, inner in inner }
                let (namespace, name) = name(element, scope)
                return namespace == property.namespace && name == property.name ? (element, description.element, scope) : nil
            }
        }
    }

    private var descriptions: [(element: MarkupTree.Element, scope: [String: String])] {
        root.element.elements.compactMap { element in
            let scope = root.scope.merging(Self.declarations(of: element)) { _, inner in inner }
            return name(element, scope) == (Self.rdf, "Description") ? (element, scope) : nil
        }
    }

    private func addedDescription() -> (element: MarkupTree.Element, scope: [String: String]) {
        let rdf = root.scope.first { $0.value == Self.rdf && !$0.key.isEmpty }?.key ?? "rdf"
        let element = MarkupTree.Element("\(rdf):Description", [("\(rdf):about", "")])
        root.element.children += [.text(" "), .element(element), .text("\n ")]
        return (element, root.scope)
    }

    private func remove(_ element: MarkupTree.Element, from parent: MarkupTree.Element) {
        parent.children.removeAll { if case .element(let child) = $0 { child === element } else { false } }
        if parent.elements.isEmpty, parent.children.allSatisfy({ if case .text(let text) = $0 { text.trimmed.isEmpty } else { false } }) {
            parent.children = []
        }
    }

    /// The prefix under which a property's namespace is known, or one that is free and what declares it.
    private func prefix(for property: Property, in scope: [String: String]) -> (String, [(name: String, value: String)]) {
        if let known = scope.filter({ $0.value == property.namespace && !$0.key.isEmpty }).keys.min() { return (known, []) }
        var prefix = property.prefix
        while scope[prefix] != nil { prefix += "1" }
        return (prefix, [("xmlns:\(prefix)", property.namespace)])
    }

    private func name(_ element: MarkupTree.Element, _ scope: [String: String]) -> (namespace: String?, name: String) {
        Self.name(element, scope.merging(Self.declarations(of: element)) { _, inner in inner })
    }

    private static func name(_ element: MarkupTree.Element, _ scope: [String: String]) -> (namespace: String?, name: String) {
        let parts = element.name.split(separator: ":", maxSplits: 1).map(String.init)
        return parts.count == 2 ? (scope[parts[0]], parts[1]) : (scope[""], element.name)
    }

    private static func root(
        of nodes: [MarkupTree.Node], scope: [String: String]
    ) -> (element: MarkupTree.Element, scope: [String: String])? {
        for case .element(let element) in nodes {
            let inner = scope.merging(declarations(of: element)) { _, inner in inner }
            if name(element, inner) == (rdf, "RDF") { return (element, inner) }
            if let found = root(of: element.children, scope: inner) { return found }
        }
        return nil
    }

    private static func declarations(of element: MarkupTree.Element) -> [String: String] {
        var declared: [String: String] = [:]
        for (name, value) in element.attributes {
            if name == "xmlns" { declared[""] = MarkupTree.unescaped(value) }
            if name.hasPrefix("xmlns:") { declared[String(name.dropFirst("xmlns:".count))] = MarkupTree.unescaped(value) }
        }
        return declared
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }
}
