import Foundation
import Pixels
import Screening
import TestSupport
import Testing

@testable import Studio

/// Keywords in sidecars and in pictures: what others wrote stays, what Redraw wrote is marked and goes again.
@Suite struct KeywordTests {
    private let pictures: ScreenedPictures
    private let record: PictureRecord

    init() throws {
        pictures = try ScreenedPictures()
        record = try pictures.add(
            "cat.png", shade: 1, tags: [("tabby cat", "subject"), ("Cat", "subject"), ("a <b> & \"c\"", "style"), ("dog", "subject")],
            decisions: [
                .approve(.tag("tabby cat")), .approve(.tag("Cat")), .approve(.tag("a <b> & \"c\"")), .reject(.tag("dog")),
            ])
    }

    private func write(_ name: String = "cat.png", _ change: (inout KeywordForm) -> Void = { _ in }) throws -> KeywordReport {
        var form = KeywordForm()
        change(&form)
        return try pictures.studio.writeKeywords(of: pictures.path(name), form)
    }

    private func everything(_ form: inout KeywordForm) { (form.lightroom, form.digiKam) = (true, true) }

    private func packet(_ name: String) throws -> KeywordPacket { try KeywordPacket(try pictures.text(name)) }

    @Test func aSidecarIsMadeAndGoesAgain() throws {
        let report = try write { everything(&$0) }
        #expect(report.state == .written && report.file == pictures.path("cat.png.xmp") && report.others == 0)
        let packet = try packet("cat.png.xmp")
        #expect(packet.items(.subject) == ["tabby cat", "Cat", "a <b> & \"c\""])
        #expect(packet.items(.lightroom) == ["subject|tabby cat", "subject|Cat", "style|a <b> & \"c\""])
        #expect(packet.items(.digiKam) == ["subject/tabby cat", "subject/Cat", "style/a <b> & \"c\""])
        #expect(try write { everything(&$0) }.state == .same)
        #expect(try write { $0.removes = true }.state == .removed)
        #expect(!FileManager.default.fileExists(atPath: pictures.path("cat.png.xmp")))
        #expect(try write { $0.removes = true }.state == .empty)
        #expect(!FileManager.default.fileExists(atPath: pictures.path("cat.png.xmp")))
    }

    /// Named after the picture's name alone, the sidecars of two would be one: the second picture's keywords would take the first one's place.
    @Test func twoPicturesShareNoSidecar() async throws {
        try pictures.add("cat.jpg", shade: 5, tags: [("dog", "subject")], decisions: [.approve(.tag("dog"))])
        func outcomes(_ place: KeywordForm.Place) async throws -> [String] {
            var form = KeywordForm()
            form.place = place
            var outcomes: [String] = []
            let sources = ["cat.png", "cat.jpg"].map { PictureListing.Source.path(pictures.path($0)) }
            for try await outcome in pictures.studio.keywords(PictureListing(sources), form) {
                switch outcome {
                case .success(let report): outcomes.append("\(report.state)")
                case .failure(let error): outcomes.append("\(error)")
                }
            }
            return outcomes
        }
        let shared = try await outcomes(.stem)
        #expect(shared.count == 2 && shared[0] == "written" && shared[1].contains("its sidecar cat.xmp is that of"), "\(shared)")
        #expect(try packet("cat.xmp").items(.subject).contains("tabby cat"))
        #expect(try await outcomes(.beside) == ["written", "written"])
    }

    /// Sidecars as digiKam and Lightroom write them, with a keyword of the person's that Redraw would write as well.
    @Test(arguments: [("digikam.xmp", ["Anna & Ben", "Holiday"]), ("lightroom.xmp", ["cat", "Fahrräder"])])
    func whatOthersWroteStays(_ name: String, _ theirs: [String]) throws {
        let original = try String(contentsOf: fixture(name, room: "Studio"), encoding: .utf8)
        try original.write(to: pictures.url("cat.xmp"), atomically: true, encoding: .utf8)
        let (lists, tags) = (try packet("cat.xmp").items(.lightroom), try packet("cat.xmp").items(.digiKam))
        let report = try write { form in
            everything(&form)
            form.place = .stem
        }
        #expect(report.state == .written && report.others == 2)
        let ours = ["tabby cat", "Cat", "a <b> & \"c\""].filter { !theirs.contains($0.lowercased()) }
        #expect(report.keywords == ours)
        let packet = try packet("cat.xmp")
        #expect(packet.items(.subject) == theirs + ours)
        #expect(packet.items(.lightroom) == lists + ["subject|tabby cat", "subject|Cat", "style|a <b> & \"c\""])
        #expect(packet.items(.digiKam).starts(with: tags) && packet.items(.digiKam).count == tags.count + 3)
        for kept in ["Rating=", "rdf:about=", name == "digikam.xmp" ? "LastKeywordXMP" : "crs:Exposure2012=\"+0.35\""] {
            #expect(packet.text.contains(kept), "\(kept) is gone")
        }

        // A person adds one and decides otherwise; only Redraw's own follow.
        let added = try pictures.text("cat.xmp").replacing("<rdf:li>Holiday</rdf:li>", with: "<rdf:li>Holiday</rdf:li><rdf:li>Sun</rdf:li>")
        try added.write(to: pictures.url("cat.xmp"), atomically: true, encoding: .utf8)
        _ = try pictures.library.decide([.reset(.tag("tabby cat"))], on: record.id, by: "a test")
        _ = try write { $0.place = .stem }
        let now = try self.packet("cat.xmp").items(.subject)
        #expect(!now.contains("tabby cat") && theirs.allSatisfy(now.contains) && now.contains("Sun") == (name == "digikam.xmp"))

        #expect(try write { ($0.place, $0.removes) = (.stem, true) }.state == .written)
        let left = try self.packet("cat.xmp")
        #expect(left.items(.subject).filter { $0 != "Sun" } == theirs && left.items(.lightroom).filter { $0 != "Sun" } == lists)
        #expect(!left.text.contains("redraw:"))
    }

    @Test(arguments: ["cat.png", "cat.jpg", "cat.webp"]) func pixelsDoNotChange(_ name: String) throws {
        if name != "cat.png" {
            try pictures.add(name, shade: 3, tags: [("tabby cat", "subject")], decisions: [.approve(.tag("tabby cat"))])
        }
        let before = try PictureFile(path: pictures.path(name))
        chmod(pictures.path(name), 0o640)
        #expect(try write(name) { $0.place = .embedded }.state == .written)
        let after = try PictureFile(path: pictures.path(name))
        #expect(after.sha256 != before.sha256)
        #expect(try after.decoded().image == before.decoded().image)
        #expect(try KeywordPacket(#require(try ImageFile.xmp(of: after.bytes))).items(.subject).contains("tabby cat"))
        #expect(try FileManager.default.attributesOfItem(atPath: pictures.path(name))[.posixPermissions] as? Int == 0o640)
        #expect(try write(name) { $0.place = .embedded }.state == .same)
        // It is the same picture still: by its file, and for a new analysis.
        let known = try pictures.library.picture(meant: pictures.path(name))
        #expect(try pictures.library.record(after.record).id == known.id)
        #expect(try pictures.studio.file(of: known).sha256 == after.sha256)
        #expect(try write(name) { ($0.place, $0.removes) = (.embedded, true) }.state == .written)
        #expect(try ImageFile.xmp(of: PictureFile(path: pictures.path(name)).bytes) == nil)
        if name != "cat.webp" { #expect(try PictureFile(path: pictures.path(name)).bytes == before.bytes) }
    }

    @Test func tagsOfSomeFacetsOnly() throws {
        #expect(try write { $0.facets = ["style"] }.keywords == ["a <b> & \"c\""])
    }

    @Test(arguments: ["not XML at all", "<x:xmpmeta><rdf:RDF>", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", "<a/>"])
    func whatIsNoSidecarIsLeftAlone(_ text: String) throws {
        try text.write(to: pictures.url("cat.png.xmp"), atomically: true, encoding: .utf8)
        #expect(throws: KeywordError.self) { try write() }
        #expect(try pictures.text("cat.png.xmp") == text)
    }

    @Test func ofAPictureNobodyLookedAtNothingIsWritten() throws {
        try ImageFile.write(Image(width: 2, height: 2, channels: 1, bytes: [1, 2, 3, 4]), to: pictures.url("new.png"))
        #expect(throws: StudioError.self) { try write("new.png") }
        #expect(!FileManager.default.fileExists(atPath: pictures.path("new.png.xmp")))
    }

    @Test func randomBytesInASidecarNeverCrash() throws {
        var random = SeededGenerator.announced()
        let sound = try String(contentsOf: fixture("digikam.xmp", room: "Studio"), encoding: .utf8)
        for _ in 0..<500 {
            var bytes = Array(sound.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = Array("<>/\"&=a".utf8).randomElement(using: &random)!
            }
            let packet = try? KeywordPacket(String(decoding: bytes, as: UTF8.self))
            _ = packet?.bring(KeywordForm().lists([]))
        }
    }

    // MARK: Other programs

    @Test(arguments: ["png", "jpg", "webp"]) func exiftoolReadsThem(_ kind: String) throws {
        let name = "told.\(kind)"
        try pictures.add(
            name, shade: 4, tags: [("tabby cat", "subject"), ("Straße & <more>", "setting")],
            decisions: [.approve(.tag("tabby cat")), .approve(.tag("Straße & <more>"))])
        for place in [KeywordForm.Place.beside, .embedded] {
            let report = try write(name) { form in
                everything(&form)
                form.place = place
            }
            guard
                let told = try OutsideProgram.run(
                    "exiftool", "-json", "-charset", "utf8", "-Subject", "-HierarchicalSubject", "-TagsList", "-validate", "-warning",
                    report.file)
            else { return }
            let all = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [[String: Any]])
            #expect(told.status == 0 && all[0]["Warning"] == nil, "\(told.output)")
            #expect(all[0]["Subject"] as? [String] == ["tabby cat", "Straße & <more>"], "\(told.output)")
            #expect(all[0]["HierarchicalSubject"] as? [String] == ["subject|tabby cat", "setting|Straße & <more>"])
            #expect(all[0]["TagsList"] as? [String] == ["subject/tabby cat", "setting/Straße & <more>"])
        }
    }

    @Test(arguments: ["png", "jpg", "webp"]) func exiv2ReadsThem(_ kind: String) throws {
        let name = "told.\(kind)"
        try pictures.add(name, shade: 5, tags: [("tabby cat", "subject")], decisions: [.approve(.tag("tabby cat"))])
        for place in [KeywordForm.Place.beside, .embedded] {
            let report = try write(name) { form in
                everything(&form)
                form.place = place
            }
            guard let told = try OutsideProgram.run("exiv2", "-px", report.file) else { return }
            #expect(told.status == 0 && !told.output.contains("Error") && !told.output.contains("Warning"), "\(told.output)")
            for line in ["Xmp.dc.subject", "Xmp.lr.hierarchicalSubject", "Xmp.digiKam.TagsList"] {
                #expect(told.output.split(separator: "\n").contains { $0.hasPrefix(line) && $0.contains("tabby cat") }, "\(told.output)")
            }
        }
    }

    /// Keywords that exiftool wrote are somebody else's.
    @Test func whatExiftoolWroteIsKept() throws {
        guard
            let told = try OutsideProgram.run(
                "exiftool", "-overwrite_original", "-XMP-dc:Subject=mine", "-XMP-xmp:Rating=5", "-XMP-dc:Description=a text",
                pictures.path("cat.png"))
        else { return }
        #expect(told.status == 0, "\(told.output)")
        try pictures.library.note(alias: PictureFile(path: pictures.path("cat.png")).sha256, of: record.id)
        #expect(try write { $0.place = .embedded }.others == 1)
        let read = try #require(
            try OutsideProgram.run("exiftool", "-s3", "-sep", "|", "-Subject", "-Rating", "-Description", pictures.path("cat.png")))
        #expect(read.output == "mine|tabby cat|Cat|a <b> & \"c\"\n5\na text\n", "\(read.output)")
        _ = try write { ($0.place, $0.removes) = (.embedded, true) }
        let left = try #require(
            try OutsideProgram.run("exiftool", "-s3", "-sep", "|", "-Subject", "-Rating", "-Description", pictures.path("cat.png")))
        #expect(left.output == "mine\n5\na text\n", "\(left.output)")
    }
}
