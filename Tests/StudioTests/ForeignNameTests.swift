import Foundation
import Pixels
import TestSupport
import Testing

@testable import Screening
@testable import Studio

/// Files whose names are no UTF-8, as they come from older systems and archives.
@Suite struct ForeignNameTests {
    private let pictures: ScreenedPictures
    private let name = "caf\u{10FEE9}"

    init() throws { pictures = try ScreenedPictures() }

    /// The names in a folder, as the system has them.
    private func names(_ folder: String) throws -> [[UInt8]] {
        let directory = try #require(folder.withSystemPath { opendir($0) })
        defer { closedir(directory) }
        var names: [[UInt8]] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name.first != UInt8(ascii: ".") { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    @Test func aFolderGivesThem() async throws {
        let folder = pictures.path("f\u{10FEFC}r")
        #expect(SystemPath.makeFolder(folder) == nil)
        for name in ["\(name).png", "日本.png", "\u{10FEFF}.txt"] { try FileBytes.write([1], to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let listing = PictureListing([.path(folder)])
        var found: [String] = []
        while let entry = await listing.next() {
            if case .picture(let path) = entry { found.append(path) }
        }
        #expect(Set(found) == ["\(folder)/\(name).png", "\(folder)/日本.png"])
        #expect(try names(folder).contains(Array("caf".utf8) + [0xE9] + Array(".png".utf8)))
    }

    @Test func theyAreReadStoredExportedAndTakenInAgain() throws {
        let record = try pictures.add("\(name).png", shade: 1, tags: [("cat", "subject")], decisions: [.approve(.tag("cat"))])
        #expect(record.paths == [pictures.path("\(name).png")])
        let desk = ScreeningDesk(library: try pictures.library, compose: ScreeningDesk.composition)
        #expect(try desk.picture(pictures.path("\(name).png")).id == record.id)
        #expect(try pictures.library.listedPicture(id: record.id).name == "caf\\xE9.png")
        let export = try LibraryExport(json: pictures.library.export().json())
        #expect(export.pictures[0].paths.map(\.path) == record.paths)
        let copy = try Library.inMemory()
        try copy.import(export, by: "a test")
        #expect(try copy.picture(path: pictures.path("\(name).png"))?.sha256 == record.sha256)
    }

    /// Captions and sidecars are called after the picture, byte for byte.
    @Test func whatIsWrittenBesideThemHasTheirName() throws {
        try pictures.add("\(name).png", shade: 1, tags: [("cat", "subject")], decisions: [.approve(.tag("cat"))])
        let caption = try CaptionWriter(pictures.studio, CaptionForm(), overwriting: false).write(beside: pictures.path("\(name).png"))
        #expect(caption.state == .written)
        #expect(try pictures.studio.writeKeywords(of: pictures.path("\(name).png"), KeywordForm()).state == .written)
        var removing = KeywordForm()
        for ending in [".png", ".png.xmp", ".txt"] {
            #expect(try names(pictures.folder.url.path).contains(Array("caf".utf8) + [0xE9] + Array(ending.utf8)), "\(ending)")
        }
        removing.removes = true
        #expect(try pictures.studio.writeKeywords(of: pictures.path("\(name).png"), removing).state == .removed)
        let recovered = try PictureFile(path: pictures.path("\(name).png")).recovery().prompts
        #expect(recovered.map(\.positive) == ["cat"])
    }

    @Test func theyAreShownByTheirBytes() {
        #expect(ForeignNames.shown("a/\(name)\u{10FE80}.jpg") == "a/caf\\xE9\\x80.jpg")
        #expect(ForeignNames.shown("日本") == "日本" && ForeignNames.isForeign(name) && !ForeignNames.isForeign("é"))
    }
}
