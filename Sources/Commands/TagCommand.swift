import ArgumentParser
import Foundation
import Studio

/// `redraw tag`: decisions from a script.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Approve, reject, edit, weigh and add tags of a picture.",
        discussion: """
            Approved tags make the prompt. Everything in one call is decided together, or nothing if any part is refused. Rejections \
            come first, so that --approve-above leaves them out. Without any option: lists the suggestions.

              redraw tag photo.jpg --approve "tabby cat" --approve sofa --reject dog
              redraw tag photo.jpg --reject blurry --approve-above 0.5
              redraw tag photo.jpg --edit "cat=ginger cat" --weight "ginger cat=1.2"
              redraw tag photo.jpg --add "style: watercolour"
              redraw tag photo.jpg --undo
            """)

    @Argument(help: ArgumentHelp("A picture file, its number, or the start of its SHA-256.", valueName: "picture"))
    var picture: String

    @Option(name: .long, help: ArgumentHelp("Approve this tag: it goes into the prompt.", valueName: "tag"))
    var approve: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Reject this tag and the undecided kinds of it; they are not suggested for this picture again.", valueName: "tag"))
    var reject: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Add a tag and approve it. You may put its facet in front, which is the kind of tag it is: subject, setting, lighting, style and so on.",
            valueName: "[facet:]tag"))
    var add: [String] = []

    @Option(name: .long, help: ArgumentHelp("Approve a tag under another text, which the prompt then says.", valueName: "old=new"))
    var edit: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Approve a tag with a weight from 0.1 to 3: above 1 the picture heeds it more, below 1 less.", valueName: "tag=number"))
    var weight: [String] = []

    @Option(name: .long, help: ArgumentHelp("Take the decision on this tag back; it is a suggestion again.", valueName: "tag"))
    var reset: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Approve every tag that is undecided and at least this sure, from 0 to 1.", valueName: "confidence")
    )
    var approveAbove: Double?

    @Flag(name: .long, help: "Undo what was decided last on this picture.")
    var undo = false

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        for edit in edit { _ = try TagCommand.parts(edit, option: "--edit") }
        for weight in weight { _ = try TagCommand.weighing(weight) }
        if let approveAbove, !(0...1).contains(approveAbove) {
            throw ValidationError("--approve-above is \(approveAbove); it must be from 0 to 1.")
        }
        if undo, try !decisions({ .add(tag: $0, facet: "subject") }).isEmpty {
            throw ValidationError("--undo stands alone: it takes back what was decided before.")
        }
    }

    func run() throws {
        let desk = try Desks.open(library)
        let picture = try desk.picture(picture)
        let decisions = try decisions(desk.addition)
        if undo {
            let outcome = try desk.undo(on: picture.id, by: LibraryOptions.person)
            library.notice(Review.message(outcome))
        } else if !decisions.isEmpty {
            let outcome = try desk.decide(decisions, on: picture.id, by: LibraryOptions.person)
            library.notice(
                outcome.decisions.isEmpty ? "Nothing to change." : "Decided on \(CommandText.count(outcome.decisions.count, "tag")).")
        }
        if library.json {
            try JSONOutput.print(try PictureReport(picture, desk))
        } else {
            let output = Terminal.standardOutput
            let lines = CommandText.lines(try desk.suggestions(of: picture.id), width: output.columns, paint: output.paint)
            output.write(lines.map { $0 + "\n" }.joined())
        }
    }

    private func decisions(_ addition: (String) throws -> ScreeningDecision) throws -> [ScreeningDecision] {
        var decisions: [ScreeningDecision] = reject.map { .reject(tag: $0) }
        decisions += reset.map { .reset(tag: $0) }
        decisions += approve.map { .approve(tag: $0) }
        decisions += try add.map(addition)
        decisions += try edit.map { text in
            let (old, new) = try TagCommand.parts(text, option: "--edit")
            return .edit(tag: old, to: new)
        }
        decisions += try weight.map(TagCommand.weighing)
        if let approveAbove { decisions.append(.approveAbove(approveAbove)) }
        return decisions
    }

    /// "old=new" in two.
    private static func parts(_ text: String, option: String) throws -> (String, String) {
        guard let sign = text.lastIndex(of: "=") else { throw ValidationError("\(option) \"\(text)\" needs an = between its two parts.") }
        let (left, right) = (String(text[..<sign]), String(text[text.index(after: sign)...]))
        guard left.contains(where: { !$0.isWhitespace }), right.contains(where: { !$0.isWhitespace }) else {
            throw ValidationError("\(option) \"\(text)\" needs something on both sides of the =.")
        }
        return (left, right)
    }

    private static func weighing(_ text: String) throws -> ScreeningDecision {
        let (tag, number) = try parts(text, option: "--weight")
        guard let weight = Double(number.trimming(while: \.isWhitespace)), ScreeningDecision.weights.contains(weight) else {
            throw ValidationError("--weight \"\(text)\": \(number) is no number from 0.1 to 3.")
        }
        return .weigh(tag: tag, weight)
    }
}
