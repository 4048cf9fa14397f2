import Encoders
import Foundation
import Pixels
import Screening
import Vocabulary

/// Things in a picture that a person named, as a mask to repaint under: boxes with soft edges.
struct ThingSelection {
    private let picture: PictureFile
    private let names: [String]
    /// What was found for each name.
    private let found: [[SeenThing]]
    private let folder: URL
    private let naming: EncoderConfiguration.Judgement.Naming

    /// Takes what the picture's latest analysis with boxes says, else looks at the picture.
    ///
    /// - Parameter names: singular or plural, as the vocabulary or a person spells them.
    /// - Throws: `OrderError.nothingSelected` for the first name of which nothing is there.
    init(of names: [String], in picture: PictureFile, _ premises: Premises) throws {
        naming = premises.naming
        let vocabulary = try? TagVocabulary(contentsOf: premises.installation.vocabulary(named: "redraw"))
        let selectable = try Self.selectable(in: picture, naming, vocabulary, premises)
        found = try names.map { name in
            // "puppy" is a kind of dog: what the vocabulary says it is will do.
            let tag = vocabulary?.tag(named: name)
            let meant = Set([name, tag?.name].compactMap { $0 } + (tag.flatMap { vocabulary?.implied(by: $0) } ?? []).map(\.name)).map(
                Tag.key)
            let things = selectable.selected { meant.contains(Tag.key($0)) }
            guard !things.isEmpty else {
                throw OrderError.nothingSelected(name: name, picture: picture.path, seen: selectable.names)
            }
            return things
        }
        (self.picture, self.names) = (picture, names)
        folder = premises.libraryFolder.appendingPathComponent(Self.folderName)
    }

    private static func selectable(
        in picture: PictureFile, _ naming: EncoderConfiguration.Judgement.Naming, _ vocabulary: TagVocabulary?, _ premises: Premises
    ) throws -> SelectableThings {
        let parts = (try? premises.defaultEncoder())?.configuration.judgement.parts ?? [:]
        let library = try premises.library()
        if let known = try library.picture(of: picture),
            let kept = try library.analyses(of: known.id).lazy.compactMap(\.things).first
        {
            let entries: [AnalysisReport.ThingEntry] = try kept.decoded()
            // A library may be anybody's: what no encoder says was not seen.
            let things = entries.filter { entry in
                (0...1).contains(entry.certainty)
                    && [entry.left, entry.top, entry.right, entry.bottom].allSatisfy { (-1...2).contains($0) }
            }.map(SeenThing.init)
            let tags = sureness(of: try library.suggestions(of: known.id), vocabulary)
            return SelectableThings(things: things, naming: naming, parts: parts, tags: tags)
        }
        let image = try picture.decoded(targetShortSide: 512).image
        let seen = try premises.defaultEncoder().observe(image).seen
        let tags = (seen?.tags ?? [:]).filter { $0.value >= naming.leastBox }.map { (Tag.key($0.key), $0.value) }
        return SelectableThings(
            things: seen?.things ?? [], naming: naming, parts: parts, tags: Dictionary(tags, uniquingKeysWith: max))
    }

    /// How sure a picture's tags are, and what they are kinds of: who sees a woman sees a person. What the person approved is certain.
    private static func sureness(of suggestions: [Suggestion], _ vocabulary: TagVocabulary?) -> [String: Float] {
        var tags: [String: Float] = [:]
        for suggestion in suggestions where suggestion.state != .rejected {
            let sure = suggestion.state == .approved ? 1 : Float(suggestion.confidence)
            let kinds = vocabulary.flatMap { words in words.tag(named: suggestion.tag).map { words.implied(by: $0) } } ?? []
            for name in [suggestion.tag] + kinds.map(\.name) { tags[Tag.key(name)] = max(tags[Tag.key(name)] ?? 0, sure) }
        }
        for suggestion in suggestions where suggestion.state == .rejected { tags[Tag.key(suggestion.tag)] = nil }
        return tags
    }

    /// Writes the mask beside the library, under a name that tells what it selects, and reads it back as any other mask.
    func maskFile() throws -> PictureFile {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let said = names.map { $0.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" } }.map { String($0) }.joined(separator: "+")
        let url = folder.appendingPathComponent("\(picture.sha256.prefix(12))-\(said).png")
        try FileBytes.write(try ImageFile.encodePNG(mask(), text: [(Self.textKey, told)]), to: url)
        return try PictureFile(path: url.path)
    }

    /// What is selected, and how sure each of it is: "dog (90 % and 71 % sure)".
    private var told: String {
        zip(names, found).map { name, things in
            let shares = things.map { "\(Int(($0.certainty * 100).rounded())) %" }
            return "\(name) (\(shares.enumeration) sure)"
        }.joined(separator: ", ")
    }

    /// Tells where the mask lies that was made of a selection, so that it can be looked at, and how sure it is; nil for a mask of the person's own.
    static func note(on mask: String) -> String? {
        let file = URL(fileURLWithPath: mask)
        guard file.deletingLastPathComponent().lastPathComponent == folderName else { return nil }
        let told = (try? ImageFile.text(of: FileBytes.read(file)))?[textKey]
        return "the mask is \(mask)" + (told.map { ", around \($0)" } ?? "")
    }

    /// Where a mask's own file says what it selects.
    private static let textKey = "Comment"
    private static let folderName = "selections"

    /// White in the boxes, a little larger than they are, with soft edges.
    func mask() -> Image {
        let boxes = found.joined().map(\.box).map { (left: $0.left, top: $0.top, right: $0.right, bottom: $0.bottom) }
        let size = PixelSize(width: picture.width, height: picture.height)
        return Mask(size: size, around: boxes, margin: naming.margin, softness: naming.softness).image
    }
}

extension SeenThing {
    init(_ entry: AnalysisReport.ThingEntry) {
        self.init(
            name: entry.name,
            box: UnitBox(left: Float(entry.left), top: Float(entry.top), right: Float(entry.right), bottom: Float(entry.bottom)),
            certainty: Float(entry.certainty))
    }
}
