import Foundation
import TestSupport
import Testing

@testable import Studio

/// A folder with pictures (by their names), folders in it, links of every kind, and what is no picture.
private func gallery() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    for name in ["b.png", "a.jpg", "notes.txt", ".hidden.png", "deep/c.WEBP", "deep/deeper/d.jpeg", ".trash/e.png", "empty/f.psd"] {
        let url = folder.url.appendingPathComponent(name)
        try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data([1]).write(to: url)
    }
    func link(_ name: String, to target: String) throws {
        try files.createSymbolicLink(atPath: folder.url.appendingPathComponent(name).path, withDestinationPath: target)
    }
    try link("deep/ring", to: "..")
    try link("deep/ring.png", to: "..")
    try link("linked.png", to: "b.png")
    try link("nowhere.png", to: "missing.png")
    return folder
}

private func taken(_ listing: PictureListing, below folder: URL) async -> [String] {
    var found: [String] = []
    while let entry = await listing.next() {
        switch entry {
        case .picture(let path): found.append(path.replacing(folder.path + "/", with: ""))
        case .problem(let reason): found.append("! " + reason.replacing(folder.path, with: ""))
        }
    }
    return found
}

@Suite struct ListingTests {
    @Test func aFolderGivesItsPicturesInOrderAndNoLinkLeadsInARing() async throws {
        let folder = try gallery()
        let all = ["a.jpg", "b.png", "deep/c.WEBP", "deep/deeper/d.jpeg", "linked.png", "nowhere.png"]
        let listing = PictureListing([.path(folder.url.path)], counts: true)
        #expect(await taken(listing, below: folder.url) == all)
        let flat = PictureListing([.path(folder.url.path)], isRecursive: false)
        #expect(await taken(flat, below: folder.url) == ["a.jpg", "b.png", "linked.png", "nowhere.png"])
        for _ in 0..<100 where listing.total == nil { try await Task.sleep(for: .milliseconds(20)) }
        #expect(listing.total == all.count)
    }

    @Test func aListLongerThanItsRoomComesWhole() async throws {
        let folder = try TemporaryFolder()
        for number in 0..<700 {
            try Data([1]).write(to: folder.url.appendingPathComponent(String(number + 1000) + ".png"))
        }
        let listing = PictureListing([.path(folder.url.path), .path(folder.url.appendingPathComponent("1005.png").path)], ahead: 3)
        let found = await taken(listing, below: folder.url)
        #expect(found == (0..<700).map { "\($0 + 1000).png" } + ["1005.png"])
    }

    @Test func whatGivesNothingIsAProblem() async throws {
        let folder = try gallery()
        let listing = PictureListing([.path(folder.url.appendingPathComponent("empty").path), .path("no-such.png")])
        #expect(await taken(listing, below: folder.url) == ["! /empty holds no picture that Redraw can read", "no-such.png"])
        #expect(listing.passedOver == ["psd": 1])
    }

    private func folder(of names: [String]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in names {
            let file = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data([1]).write(to: file)
        }
        return folder
    }

    private func parts(_ count: Int, of folder: URL) async throws -> [[String]] {
        var parts: [[String]] = []
        for number in 1...count {
            let listing = PictureListing([.path(folder.path)], shard: try Shard("\(number)/\(count)"), counts: true)
            parts.append(await taken(listing, below: folder))
            for _ in 0..<100 where listing.total == nil { try await Task.sleep(for: .milliseconds(20)) }
            #expect(listing.total == parts.last?.count)
        }
        return parts
    }

    /// Every picture is in one shard, and in the same one wherever the folder lies and whatever else is in it.
    @Test func shardsDivideAListing() async throws {
        let names = (0..<160).map { "\($0 % 3 == 0 ? "" : "inner/")picture-\($0).png" }
        let folder = try self.folder(of: names)
        let eight = try await parts(8, of: folder.url)
        #expect(eight.flatMap { $0 }.sorted() == names.sorted())
        #expect(eight.allSatisfy { (8...32).contains($0.count) }, "\(eight.map(\.count))")
        #expect(try await parts(1, of: folder.url).map { $0.sorted() } == [names.sorted()])

        let elsewhere = try self.folder(of: names.filter { !$0.hasSuffix("7.png") } + ["new.png"])
        for (part, other) in zip(eight, try await parts(8, of: elsewhere.url)) {
            #expect(other.filter { $0 != "new.png" } == part.filter { !$0.hasSuffix("7.png") })
        }

        let listing = PictureListing([.path(folder.url.path)], shard: try Shard("3/8"))
        #expect(await taken(listing, below: folder.url).count + listing.ofOtherShards == 160)
        // A picture that is named is one shard's business; a folder in which nothing is found is everybody's.
        let empty = try self.folder(of: ["notes.txt"])
        var told: [String] = []
        for number in 1...4 {
            let listing = PictureListing([.path(empty.url.path), .path("a.jpg")], shard: try Shard("\(number)/4"))
            told += await taken(listing, below: empty.url)
        }
        #expect(told.filter { $0 == "a.jpg" }.count == 1 && told.filter { $0.hasPrefix("! ") }.count == 4, "\(told)")
    }

    /// `printf %s a.jpg | sha256sum` tells the same, today and in later versions.
    @Test(arguments: [("a.jpg", 3), ("./a.jpg", 3), ("inner/café.png", 1), ("b c.webp", 5)])
    func aNameTellsItsShard(_ name: String, _ shard: Int) throws {
        let holding = try (1...8).filter { try Shard("\($0)/8").holds(name) }
        #expect(holding == [shard])
    }

    @Test(arguments: [
        "", "3", "/8", "3/", "0/8", "9/8", "-1/8", "+1/8", "1/0", "1/100001", "a/b", "1/2/3", " 1/8", "1/99999999999999999999",
    ])
    func whatIsNoShardIsRefused(_ text: String) {
        #expect {
            _ = try Shard(text)
        } throws: { error in
            !"\(error)".isEmpty && !"\(error)".contains("\n")
        }
    }

    @Test func anAbandonedListingEnds() async throws {
        let folder = try gallery()
        let listing = PictureListing([.path(folder.url.path)], ahead: 1)
        _ = await listing.next()
        listing.abandon()
        for _ in 0..<10 where await listing.next() != nil {}
        let cancelled = Task {
            try? await Task.sleep(for: .seconds(60))
            return await listing.next() == nil
        }
        cancelled.cancel()
        #expect(await cancelled.value)
    }
}

@Suite struct RecoveryTests {
    private let picture = checkout.appendingPathComponent("Documentation/pictures/coffee.jpg")

    private func recovery(_ files: [String: Data]) throws -> Recovery {
        let folder = try TemporaryFolder()
        let copy = folder.url.appendingPathComponent("coffee.jpg")
        try FileManager.default.copyItem(at: picture, to: copy)
        for (name, data) in files { try data.write(to: folder.url.appendingPathComponent(name)) }
        return try PictureFile(path: copy.path).recovery()
    }

    @Test func aCaptionBesideThePictureIsFound() throws {
        #expect(try recovery([:]).prompts.isEmpty)
        let caption = try recovery(["coffee.txt": Data([0xEF, 0xBB, 0xBF]) + Data("a cup, café".utf8)]).prompts
        #expect(caption.map(\.positive) == ["a cup, café"] && caption.map(\.place) == ["coffee.txt"])
        #expect(try recovery(["coffee.jpg.txt": Data("a cup".utf8)]).prompts.map(\.place) == ["coffee.jpg.txt"])
        #expect(try recovery(["coffee.txt": Data()]).prompts.isEmpty)
    }

    @Test func whatIsNoCaptionIsTold() throws {
        let long = try recovery(["coffee.txt": Data(repeating: 97, count: 70_000)])
        #expect(long.prompts.isEmpty && long.notes.count == 1 && long.notes[0].contains("70000"))
        for bytes in [Data([0x61, 0x00, 0x62]), Data([0x81, 0x28])] {
            let refused = try recovery(["coffee.txt": bytes])
            #expect(refused.prompts.isEmpty && refused.notes.count == 1 && refused.notes[0].hasPrefix("coffee.txt is no text"))
        }
    }
}
