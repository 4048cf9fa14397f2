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
    /// A box that is sure enough by itself is selected, and every other such one of that name. Where there is none, but the name is one of the
    /// picture's tags, the surest box of that name is: who reads "car" among the tags can select it.
    ///
    /// - Parameter names: singular or plural, as the vocabulary or a person spells them.
    /// - Throws: `OrderError.nothingSelected` for the first name of which nothing is there.
    init(of names: [String], in picture: PictureFile, _ premises: Premises) throws {
        naming = premises.naming
        let view = try Self.view(of: picture, naming, premises)
        let vocabulary = try? TagVocabulary(contentsOf: premises.installation.vocabulary(named: "redraw"))
        found = try names.map { name in
            // "puppy" is a kind of dog: what the vocabulary says it is will do.
            let tag = vocabulary?.tag(named: name)
            let meant = Set([name, tag?.name].compactMap { $0 } + (tag.flatMap { vocabulary?.implied(by: $0) } ?? []).map(\.name)).map(
                Tag.key)
            let things = view.selected { meant.contains(Tag.key($0)) }
            guard !things.isEmpty else {
                throw OrderError.nothingSelected(name: name, picture: picture.path, seen: view.selectable)
            }
            return things
        }
        (self.picture, self.names) = (picture, names)
        folder = premises.libraryFolder.appendingPathComponent(Self.folderName)
    }

    /// Things in a picture, and what it is tagged with.
    private struct View {
        /// Surer boxes need no tag.
        let leastCertainty: Float
        /// The most certain first.
        let things: [SeenThing]
        let isTagged: (_ name: String) -> Bool

        func selected(_ isMeant: (String) -> Bool) -> [SeenThing] {
            let meant = things.filter { isMeant($0.name) }
            let sure = meant.filter { $0.certainty >= leastCertainty }
            guard sure.isEmpty else { return sure }
            return meant.filter { isTagged($0.name) }.max { $0.certainty < $1.certainty }.map { [$0] } ?? []
        }

        /// What can be selected, each once.
        var selectable: [String] {
            var names: [String] = []
            for thing in things where thing.certainty >= leastCertainty || isTagged(thing.name) {
                if !names.contains(thing.name) { names.append(thing.name) }
            }
            return names
        }
    }

    private static func view(
        of picture: PictureFile, _ naming: EncoderConfiguration.Judgement.Naming, _ premises: Premises
    ) throws -> View {
        let library = try premises.library()
        if let known = try library.picture(sha256: picture.sha256),
            let kept = try library.analyses(of: known.id).lazy.compactMap(\.things).first
        {
            let entries: [AnalysisReport.ThingEntry] = try kept.decoded()
            // A library may be anybody's: what no encoder says was not seen.
            let things = entries.filter { entry in
                (0...1).contains(entry.certainty)
                    && [entry.left, entry.top, entry.right, entry.bottom].allSatisfy { (-1...2).contains($0) }
            }.map(SeenThing.init)
            let tags = Set(try library.suggestions(of: known.id).filter { $0.state != .rejected }.map { Tag.key($0.tag) })
            return View(leastCertainty: naming.leastBox, things: things) { tags.contains(Tag.key($0)) }
        }
        let image = try picture.decoded(targetShortSide: 512).image
        let seen = try premises.defaultEncoder().observe(image).seen
        return View(leastCertainty: naming.leastBox, things: seen?.things ?? []) { seen?.tags[$0] ?? 0 >= naming.leastBox }
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
