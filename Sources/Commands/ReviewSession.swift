import Studio

/// What a person screens one picture with: where they are, what they type, what they are told. Knows no terminal and no library;
/// it takes keys, says what is to be done, and draws itself as lines.
struct ReviewSession: Sendable {
    /// What the keys typed so far ask for.
    enum Request: Sendable, Equatable {
        case decide(ScreeningDecision)
        /// Another tag, with or without its facet in front.
        case add(String)
        case undo
        case nextPicture
        case quit
        case interrupt
    }

    /// A line that is being typed.
    enum Entry: Sendable, Equatable {
        case edit(Int64)
        case weight(Int64)
        case add

        var label: String {
            switch self {
            case .edit: "new text"
            case .weight: "weight (0.1 to 3)"
            case .add: "add a tag (or facet: tag)"
            }
        }
    }

    enum Mode: Sendable, Equatable {
        case choosing
        case typing(Entry, String)
        case help
    }

    let title: String
    /// Whether there is another picture after this one.
    let hasNext: Bool
    private(set) var suggestions: [SuggestionReport] = []
    private(set) var selected: Int64?
    private(set) var mode: Mode = .choosing
    private(set) var message = ""
    /// What the approved tags come to.
    private(set) var prompt = ""

    init(title: String, suggestions: [SuggestionReport], prompt: String, hasNext: Bool = false) {
        self.title = title
        self.hasNext = hasNext
        update(suggestions, prompt: prompt)
        selected = (self.suggestions.first { $0.state == .pending } ?? self.suggestions.first)?.id
    }

    var current: SuggestionReport? { suggestions.first { $0.id == selected } }

    var position: Int? { suggestions.firstIndex { $0.id == selected } }

    func count(_ state: SuggestionReport.State) -> Int {
        suggestions.count { $0.state == state }
    }

    // MARK: What happened

    /// The library's suggestions after a change.
    mutating func update(_ suggestions: [SuggestionReport], prompt: String, message: String = "") {
        let before = position
        self.suggestions = suggestions.enumerated().sorted { a, b in
            let (left, right) = (ScreeningDesk.position(ofFacet: a.element.facet), ScreeningDesk.position(ofFacet: b.element.facet))
            return left == right ? a.offset < b.offset : left < right
        }.map(\.element)
        self.prompt = prompt
        self.message = message
        if position == nil, !self.suggestions.isEmpty {
            selected = self.suggestions[min(before ?? 0, self.suggestions.count - 1)].id
        }
    }

    mutating func tell(_ message: String) {
        self.message = message
    }

    mutating func select(_ id: Int64) {
        if suggestions.contains(where: { $0.id == id }) { selected = id }
    }

    // MARK: Keys

    mutating func handle(_ key: Key) -> Request? {
        if key == .interrupt { return .interrupt }
        switch mode {
        case .choosing: return choose(key)
        case .help:
            mode = .choosing
            return nil
        case .typing(let entry, let text): return type(key, entry, text)
        }
    }

    private mutating func choose(_ key: Key) -> Request? {
        message = ""
        switch key {
        case .character("q"), .escape, .endOfInput: return .quit
        case .character("?"), .character("h"): mode = .help
        case .character("n"), .character("j"), .down, .right: move(by: 1)
        case .character("p"), .character("k"), .up, .left: move(by: -1)
        case .pageDown: move(by: 10)
        case .pageUp: move(by: -10)
        case .home: selected = suggestions.first?.id
        case .end: selected = suggestions.last?.id
        case .character("N"):
            if hasNext { return .nextPicture }
            message = "This is the last picture."
        case .character("u"): return .undo
        case .character("+"): mode = .typing(.add, "")
        case .character(let letter): return decide(letter)
        default: break
        }
        return nil
    }

    private mutating func decide(_ letter: Character) -> Request? {
        guard "arewAx".contains(letter) else {
            message = "\(letter) does nothing here; ? shows the keys."
            return nil
        }
        guard let current else {
            message = "There is no suggestion; + adds a tag."
            return nil
        }
        switch letter {
        case "a":
            moveToNextPending()
            return .decide(.approve(suggestion: current.id))
        case "r":
            moveToNextPending()
            return .decide(.reject(suggestion: current.id))
        case "x": return .decide(.reset(suggestion: current.id))
        case "A": return .decide(.approveAbove(current.confidence))
        case "e": mode = .typing(.edit(current.id), current.text)
        default: mode = .typing(.weight(current.id), "")
        }
        return nil
    }

    private mutating func type(_ key: Key, _ entry: Entry, _ text: String) -> Request? {
        switch key {
        case .escape, .endOfInput: mode = .choosing
        case .clear: mode = .typing(entry, "")
        case .backspace, .delete: mode = .typing(entry, String(text.dropLast()))
        case .character(let character): mode = .typing(entry, text + String(character))
        case .enter:
            mode = .choosing
            return finish(entry, text)
        default: break
        }
        return nil
    }

    private mutating func finish(_ entry: Entry, _ text: String) -> Request? {
        guard text.contains(where: { !$0.isWhitespace }) else {
            message = "Nothing typed, nothing changed."
            return nil
        }
        switch entry {
        case .add: return .add(text)
        case .edit(let id):
            if id == selected { moveToNextPending() }
            return .decide(.edit(suggestion: id, to: text))
        case .weight(let id):
            guard let weight = Double(text.replacing(",", with: ".").trimming(while: \.isWhitespace)) else {
                message = "\"\(text)\" is no number."
                return nil
            }
            return .decide(.weigh(suggestion: id, weight))
        }
    }

    private mutating func move(by steps: Int) {
        guard let position else { return }
        let target = position + steps
        if !suggestions.indices.contains(target), abs(steps) == 1 {
            message = steps > 0 ? "That was the last one." : "That was the first one."
        }
        selected = suggestions[min(max(target, 0), suggestions.count - 1)].id
    }

    /// To the next one that is not decided, from the top again after the last; stays where all others are decided.
    private mutating func moveToNextPending() {
        guard let position else { return }
        let following = suggestions[(position + 1)...] + suggestions[..<position]
        if let next = following.first(where: { $0.state == .pending }) {
            selected = next.id
        } else if position + 1 < suggestions.count {
            selected = suggestions[position + 1].id
        }
    }

    /// Two decimals at most, none where they are zeros. Recovered numbers may be of any size, or none at all.
    static func number(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return Int(exactly: rounded).map { String($0) } ?? String(rounded.isFinite ? rounded : value)
    }
}

extension String {
    /// Without the characters at either end for which the test holds.
    func trimming(while test: (Character) -> Bool) -> String {
        let tail = drop(while: test)
        guard let last = tail.lastIndex(where: { !test($0) }) else { return "" }
        return String(tail[...last])
    }
}
