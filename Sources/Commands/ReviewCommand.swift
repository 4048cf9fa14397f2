import ArgumentParser
import Foundation
import Studio

/// `redraw review`: screening in the terminal.
struct ReviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Go through suggested tags: approve, reject or correct each with a key.",
        discussion: """
            Keys: a approve, r reject, e edit, w weight, + add, u undo, x take a decision back, A approve all that are as sure as this one, \
            n/p or arrows move, N next picture, ? help, q quit. Every key is kept at once.

            Without a picture: all pictures with undecided tags, the latest first.

            If standard input is not a terminal, commands are read from it, one a line: a, r, u, n, p, "e new text", "w 1.2", "+ tag", q.

              redraw review photo.jpg
              printf 'a\\nr\\n+ style: watercolour\\nq\\n' | redraw review photo.jpg
            """)

    @Argument(
        help: ArgumentHelp(
            "A picture file, its number, or the start of its SHA-256; without one, all with undecided tags.",
            valueName: "picture"))
    var picture: String?

    @OptionGroup var library: LibraryOptions

    func run() throws {
        let desk = try Desks.open(library)
        var pictures = try PicturesToReview(desk, only: picture.map { try desk.picture($0) })
        guard pictures.count > 0 else {
            library.notice("No tag is undecided. Run `redraw analyze` on a picture, or name one to go over it again.")
            return
        }
        let onScreen = Terminal.standardInput.isTerminal && Terminal.standardOutput.isTerminal && !library.json
        let wasInterrupted = onScreen ? try screen(desk, &pictures) : try lines(desk, &pictures)
        for line in pictures.damaged { Terminal.standardError.write("review: \(DisplayText.harmless(line))\n") }
        if library.json {
            try JSONOutput.print(try pictures.seen.map { try PictureReport($0, desk) })
        } else {
            for picture in pictures.seen { summarise(try desk.suggestions(of: picture.id), picture) }
            if pictures.left > 0 { library.notice("\(CommandText.count(pictures.left, "more picture")) to go through.") }
        }
        if wasInterrupted { throw ExitCode(130) }
    }

    private func summarise(_ suggestions: [SuggestionReport], _ picture: KnownPicture) {
        func count(_ state: SuggestionReport.State) -> Int { suggestions.count { $0.state == state } }
        library.notice(
            "\(picture.name): \(count(.approved)) approved, \(count(.rejected)) rejected, \(count(.pending)) undecided.")
    }

    /// - Returns: whether Ctrl-C ended it.
    private func screen(_ desk: ScreeningDesk, _ pictures: inout PicturesToReview) throws -> Bool {
        let screen = try ReviewScreen()
        defer { ReviewScreen.giveBack() }
        let paint = Terminal.standardOutput.paint
        while let picture = try pictures.next() {
            var review = try Review(desk, picture, index: pictures.seen.count - 1, of: pictures.count, hasNext: pictures.hasNext)
            var size = screen.size
            session: while true {
                let drawing = ReviewDrawing(width: size.width, height: size.height, paint: paint, unicode: Review.showsUnicode)
                screen.show(drawing.lines(review.session))
                for key in screen.keys() {
                    switch try review.press(key) {
                    case .goOn: continue
                    case .nextPicture: break session
                    case .quit: return false
                    case .interrupted: return true
                    }
                }
                if screen.size != size {
                    size = screen.size
                    screen.invalidate()
                }
            }
        }
        return false
    }

    /// Commands from a pipe: each line is one, or several keys in a row.
    private func lines(_ desk: ScreeningDesk, _ pictures: inout PicturesToReview) throws -> Bool {
        while let picture = try pictures.next() {
            var review = try Review(desk, picture, index: pictures.seen.count - 1, of: pictures.count, hasNext: pictures.hasNext)
            var toldLast: Int64?
            session: while true {
                if let current = review.session.current, current.id != toldLast {
                    tell("\(current.facet): \(CommandText.line(current, width: 60, paint: Paint(enabled: false)))")
                    toldLast = current.id
                }
                waitsForInput.withLock { $0 = true }
                let line = readLine()
                waitsForInput.withLock { $0 = false }
                guard let line else { return false }
                switch try review.enter(line: line) {
                case .goOn: break
                case .nextPicture: break session
                case .quit: return false
                case .interrupted: return true
                }
                if review.session.mode == .help {
                    _ = try review.press(.escape)
                    tell(ReviewCommand.configuration.discussion)
                } else if !review.session.message.isEmpty {
                    tell(review.session.message)
                }
            }
        }
        return false
    }

    /// What happens, on standard output; with `--json`, where that is for the result, nowhere.
    private func tell(_ text: String) {
        guard !library.json, !library.quiet else { return }
        Terminal.standardOutput.write(text + "\n")
    }
}

/// The pictures that a review goes through: one, or all that have something left to decide, the latest first. Each is looked up when its turn
/// comes, however many there are.
struct PicturesToReview {
    /// How many there were at the beginning.
    let count: Int
    /// Those whose turn has come, in that order.
    private(set) var seen: [KnownPicture] = []
    /// A line for each that was passed over because something of it cannot be read.
    private(set) var damaged: [String] = []
    private var coming: KnownPicture?
    private let desk: ScreeningDesk
    private let isOne: Bool

    /// - Parameter picture: the one that is meant; nil: all that have something left to decide.
    init(_ desk: ScreeningDesk, only picture: KnownPicture?) throws {
        (self.desk, isOne) = (desk, picture != nil)
        count = try picture == nil ? desk.countOfPicturesToScreen() : 1
        coming = picture
        if picture == nil { coming = try following(nil) }
    }

    /// Whether one comes after the last that was given.
    var hasNext: Bool { coming != nil }

    /// How many have not had their turn.
    var left: Int { hasNext ? max(1, count - seen.count - damaged.count) : 0 }

    mutating func next() throws -> KnownPicture? {
        guard let picture = coming else { return nil }
        seen.append(picture)
        coming = isOne ? nil : try following(picture)
        return picture
    }

    private mutating func following(_ picture: KnownPicture?) throws -> KnownPicture? {
        var lines: [String] = []
        defer { damaged += lines }
        return try desk.pictureToScreen(after: picture) { lines.append($0) }
    }
}

/// A session and the desk that does what it asks for.
struct Review {
    enum Step: Equatable {
        case goOn, nextPicture, quit, interrupted
    }

    private(set) var session: ReviewSession
    private let desk: ScreeningDesk
    private let picture: KnownPicture

    init(_ desk: ScreeningDesk, _ picture: KnownPicture, index: Int = 0, of count: Int = 1, hasNext: Bool = false) throws {
        self.desk = desk
        self.picture = picture
        let suggestions = try desk.suggestions(of: picture.id)
        let place = count > 1 ? " (\(index + 1) of \(count))" : ""
        session = ReviewSession(
            title: " \(picture.name) \(picture.width)x\(picture.height)\(place)", suggestions: suggestions,
            prompt: try desk.preview(suggestions, of: picture.id), hasNext: hasNext)
    }

    /// Does what the key asks for. What the library refuses is told and changes nothing; what breaks it is thrown.
    mutating func press(_ key: Key) throws -> Step {
        guard let request = session.handle(key) else { return .goOn }
        do {
            switch request {
            case .quit: return .quit
            case .interrupt: return .interrupted
            case .nextPicture: return .nextPicture
            case .undo: try take(desk.undo(on: picture.id, by: LibraryOptions.person))
            case .decide(let decision): try take(desk.decide([decision], on: picture.id, by: LibraryOptions.person))
            case .add(let text):
                try take(desk.decide([desk.addition(text)], on: picture.id, by: LibraryOptions.person))
            }
        } catch {
            guard let words = ScreeningDesk.refusal(error) else { throw error }
            session.tell(words)
        }
        return .goOn
    }

    /// Does what a line of a pipe asks for. A text is for what asked for it only: where there is nothing to edit, it is no row of keys.
    mutating func enter(line: String) throws -> Step {
        for key in try Review.keys(forLine: line) {
            let step = try press(key)
            if step != .goOn { return step }
            if case .character(let letter) = key, session.mode == .choosing, Review.takesText(letter) { break }
        }
        return .goOn
    }

    /// Whether the rest of a line that begins with this key is a text.
    private static func takesText(_ letter: Character) -> Bool { "ew+".contains(letter) }

    private mutating func take(_ outcome: DecisionsTaken) throws {
        session.update(
            outcome.suggestions, prompt: try desk.preview(outcome.suggestions, of: picture.id), message: Review.message(outcome))
        // What was taken back or added is what one looks at next.
        let last = outcome.decisions.last
        if last?.action == .undo || last?.action == .add, let one = outcome.suggestions.first(where: { $0.tag == last?.tag }) {
            session.select(one.id)
        }
    }

    static func message(_ outcome: DecisionsTaken) -> String {
        guard let last = outcome.decisions.last else { return "Nothing to change." }
        let what = outcome.decisions.count == 1 ? last.tag : "\(outcome.decisions.count) tags"
        return switch last.action {
        case .approve: "Approved \(what)."
        case .reject where outcome.decisions.count > 1:
            "Rejected \(outcome.decisions[0].tag), and with it \(CommandText.list(outcome.decisions.dropFirst().map(\.tag))); "
                + "they are not suggested again."
        case .reject: "Rejected \(what); it is not suggested again."
        case .edit: "Edited and approved \(what)."
        case .weigh: "Weighted and approved \(what)."
        case .add: "Added \(what)."
        case .reset: "Took the decision on \(what) back."
        case .undo: "Undone: \(what)."
        case .import: "Imported \(what)."
        }
    }

    /// The keys a line of a pipe stands for.
    static func keys(forLine line: String) throws -> [Key] {
        let text = line.trimming(while: \.isWhitespace)
        guard let first = text.first else { return [] }
        let rest = text.dropFirst().drop(while: \.isWhitespace)
        if takesText(first) {
            guard !rest.isEmpty else { throw ReviewError.notUnderstood(text) }
            return [.character(first), .clear] + rest.map { .character($0) } + [.enter]
        }
        guard text.allSatisfy({ "arunpNxAhq?".contains($0) }) else { throw ReviewError.notUnderstood(text) }
        return text.map { .character($0) }
    }

    /// Whether the locale's characters are Unicode's.
    static var showsUnicode: Bool {
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let folded = locale.lowercased()
        return folded.contains("utf-8") || folded.contains("utf8")
    }
}
