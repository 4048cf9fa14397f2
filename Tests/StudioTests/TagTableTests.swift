import Foundation
import Screening
import TestSupport
import Testing

@testable import Studio

/// Tags as a table: a row for each picture and tag.
@Suite struct TagTableTests {
    private let pictures: ScreenedPictures

    init() throws {
        pictures = try ScreenedPictures()
        try pictures.add(
            "a, \"b\".png", shade: 1, tags: [("tabby cat", "subject"), ("dog", "subject"), ("night", "lighting")],
            decisions: [.approve(.tag("tabby cat")), .edit(.tag("night"), to: "late, at night"), .reject(.tag("dog"))])
        try pictures.add("c.png", shade: 2, tags: [("dog", "subject")])
    }

    private func text(of ids: [Int64]? = nil, _ change: (inout TagTable) -> Void = { _ in }) throws -> (text: String, count: Int) {
        var table = TagTable()
        change(&table)
        var data = Data()
        let count = try table.write(pictures.library, pictures: ids) { data += $0 }
        return (String(decoding: data, as: UTF8.self), count)
    }

    @Test func aRowForEachPictureAndTag() throws {
        let (all, count) = try text()
        #expect(count == 4 && all.split(separator: "\n").count == 5 && all.hasSuffix("\n"))
        let (approved, some) = try text { $0.isApproved = true }
        let rows = approved.split(separator: "\n")
        #expect(some == 2 && rows.count == 3)
        let name = "\"" + pictures.path("a, \"b\".png").replacing("\"", with: "\"\"") + "\","
        #expect(rows[1].hasPrefix(name) && rows[1].contains(",tabby cat,tabby cat,subject,0.9,ranked,approved,1.0,2"), "\(rows[1])")
        #expect(rows[2].contains(",night,\"late, at night\",lighting,0.88,ranked,approved,") && rows[2].hasSuffix(",a test"), "\(rows[2])")
    }

    @Test func jsonLinesHaveEveryKey() throws {
        let (all, _) = try text { $0.format = .jsonl }
        let objects = try all.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.count == 4 && objects.allSatisfy { Set($0.keys) == Set(TagTable.Row.columns) })
        let waiting = try #require(objects.first { $0["state"] as? String == "pending" })
        #expect(waiting["picture"] as? String == pictures.path("c.png") && waiting["decidedAt"] is NSNull)
    }

    @Test func onlyWhatWasDecidedSince() throws {
        #expect(try text { $0.since = Date(timeIntervalSinceNow: -3600) }.count == 3, "what waits was not decided")
        #expect(try text { $0.since = Date(timeIntervalSinceNow: 3600) }.count == 0)
    }

    @Test func onlyOfSomePicturesAndOfNoneInTheBin() throws {
        let id = try pictures.library.picture(meant: pictures.path("c.png")).id
        #expect(try text(of: [id]).count == 1)
        #expect(throws: LibraryError.self) { try text(of: [id, 999]) }
        try pictures.library.bin(picture: id)
        #expect(try text().count == 3)
        #expect(try text(of: [id]).count == 1)
    }

    /// More pictures than are read at once.
    @Test func allOfALargeLibrary() throws {
        for shade in 3..<240 { try pictures.add("\(shade).png", shade: UInt8(shade), tags: [("tag \(shade)", "subject")]) }
        let (all, count) = try text()
        #expect(count == 241)
        for shade in 3..<240 { #expect(all.contains(",tag \(shade),"), "\(shade)") }
    }

    @Test func aFileIsNotWrittenOver() throws {
        let desk = ScreeningDesk(library: try pictures.library, compose: { $0.map(\.text).joined(separator: ", ") })
        #expect(try desk.export(TagTable(), toFile: pictures.url("tags.csv"), overwriting: false) == 4)
        #expect(throws: TransferError.exists(path: pictures.path("tags.csv"))) {
            try desk.export(TagTable(), toFile: pictures.url("tags.csv"), overwriting: false)
        }
        #expect(try pictures.text("tags.csv") == text().text)
    }
}
