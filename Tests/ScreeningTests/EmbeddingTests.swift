import Foundation
import GRDB
import Screening
import TestSupport
import Testing

@Suite struct EmbeddingTests {
    private let encoder = EncoderIdentity(name: "tiny", sha256: digest(7))

    private func halves(_ seed: UInt64, dimension: Int = 5) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<dimension * 2).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private func library(pictures: Int) throws -> (Library, [Int64]) {
        let library = try Library.inMemory()
        let ids = try (1...pictures).map { try library.record(NewPicture(sha256: digest($0), width: 4, height: 3)).id }
        return (library, ids)
    }

    @Test func embeddingsAreKeptByPictureAndEncoderAndReplaced() throws {
        let (library, ids) = try library(pictures: 2)
        #expect(try library.embedding(of: ids[0], encoder: encoder.sha256) == nil)
        try library.record(NewEmbedding(encoder: encoder, halves: halves(1)), of: ids[0])
        try library.record(NewEmbedding(encoder: encoder, halves: halves(2)), of: ids[0])
        try library.record(NewEmbedding(encoder: EncoderIdentity(name: "other", sha256: digest(8)), halves: halves(3)), of: ids[0])
        #expect(try library.embedding(of: ids[0], encoder: encoder.sha256) == halves(2))
        #expect(try library.embedding(of: ids[1], encoder: encoder.sha256) == nil)
        #expect(try library.embeddingSpaces().map { [$0.count, $0.dimension] } == [[1, 5], [1, 5]])
    }

    @Test func allAreHandedOverInPieces() throws {
        let (library, ids) = try library(pictures: 23)
        for (index, id) in ids.enumerated() { try library.record(NewEmbedding(encoder: encoder, halves: halves(UInt64(index))), of: id) }
        for rows in [1, 4, 22, 23, 100] {
            var seen: [Int64] = []
            var bytes: [UInt8] = []
            var largest = 0
            try library.forEachEmbedding(encoder: encoder.sha256, rows: rows) { pictures, halves in
                seen += pictures
                bytes += Array(halves)
                largest = max(largest, pictures.count)
                #expect(halves.count == pictures.count * 10)
            }
            #expect(seen == ids)
            #expect(bytes == (0..<23).flatMap { halves(UInt64($0)) })
            #expect(largest == min(rows, 23))
        }
        try library.forEachEmbedding(encoder: digest(99)) { _, _ in Issue.record("nothing is kept of that encoder") }
    }

    @Test func whatIsNoEmbeddingIsRefused() throws {
        let (library, ids) = try library(pictures: 1)
        for bytes in [0, 3, 2 * 65_536 + 2] {
            let wrong = NewEmbedding(encoder: encoder, halves: [UInt8](repeating: 0, count: bytes))
            #expect(throws: LibraryError.self) { try library.record(wrong, of: ids[0]) }
        }
        try library.record(NewEmbedding(encoder: encoder, halves: halves(1)), of: ids[0])
        #expect(throws: LibraryError.self) {
            try library.record(NewEmbedding(encoder: encoder, halves: halves(1, dimension: 6)), of: ids[0])
        }
        #expect(throws: LibraryError.self) { try library.record(NewEmbedding(encoder: encoder, halves: halves(1)), of: 77) }
        #expect(try library.embedding(of: ids[0], encoder: encoder.sha256) == halves(1))
    }

    @Test func anAnalysisStandsUntilSomethingOfItChanges() throws {
        let library = try Library.inMemory()
        let stamp = FileStamp(bytes: 1000, modified: 5_000_000_001)
        let picture = NewPicture(sha256: digest(1), width: 640, height: 480, path: "/photos/cat.jpg", stamp: stamp)
        var analysis = NewAnalysis.sample([.sample("cat")])
        analysis.wording = "1"
        func standing(
            _ sha256: String = digest(1), encoder: EncoderIdentity? = nil, vocabulary: String = digest(200), wording: String? = "1"
        ) throws -> Int64? {
            try library.standingAnalysis(
                ofPicture: sha256, encoder: encoder ?? analysis.encoder, vocabulary: vocabulary, wording: wording)?.picture.id
        }
        func standing(path: String, _ stamp: FileStamp) throws -> Int64? {
            try library.standingAnalysis(
                ofFile: path, stamp: stamp, encoder: analysis.encoder, vocabulary: digest(200), wording: "1")?.picture.id
        }
        #expect(try standing() == nil)
        let id = try library.record(picture, analysis: analysis, embedding: NewEmbedding(encoder: analysis.encoder, halves: halves(1)))
            .picture.id
        #expect(try standing() == id)
        #expect(try standing(digest(2)) == nil)
        #expect(try standing(encoder: EncoderIdentity(name: "redraw-encoder", sha256: digest(3))) == nil)
        #expect(try standing(encoder: EncoderIdentity(name: "other", sha256: analysis.encoder.sha256)) == nil)
        #expect(try standing(vocabulary: digest(4)) == nil)
        #expect(try standing(wording: "2") == nil)
        #expect(try standing(wording: nil) == nil)
        #expect(try standing(path: "/photos/cat.jpg", stamp) == id)
        #expect(try standing(path: "/photos/dog.jpg", stamp) == nil)
        #expect(try standing(path: "/photos/cat.jpg", FileStamp(bytes: 1001, modified: stamp.modified)) == nil)
        #expect(try standing(path: "/photos/cat.jpg", FileStamp(bytes: 1000, modified: stamp.modified + 1)) == nil)
        // A later one with another vocabulary has taken its suggestions' place.
        var other = analysis
        other.vocabulary.sha256 = digest(201)
        try library.record(other, of: id)
        #expect(try standing() == nil)
    }

    @Test func aRefusedAnalysisLeavesNeitherPictureNorEmbedding() throws {
        let library = try Library.inMemory()
        let embedding = NewEmbedding(encoder: encoder, halves: halves(1))
        let wrong = NewAnalysis.sample([.sample("cat", 1.5)])
        #expect(throws: LibraryError.self) {
            try library.record(NewPicture(sha256: digest(1), width: 4, height: 3), analysis: wrong, embedding: embedding)
        }
        #expect(try library.pictures().isEmpty)
        #expect(try library.embeddingSpaces().isEmpty)
    }

    @Test func aLibraryOfTheFirstVersionIsBroughtUpToDate() throws {
        let folder = try TemporaryFolder()
        let id = try Library(folder: folder.url).record(NewPicture(sha256: digest(1), width: 4, height: 3, path: "/a.png")).id
        try DatabaseQueue(path: folder.url.appendingPathComponent(Library.fileName).path).write { db in
            try db.execute(
                sql: """
                    DROP TABLE embedding;
                    DROP TABLE embeddingSpace;
                    ALTER TABLE picturePath DROP COLUMN bytes;
                    ALTER TABLE picturePath DROP COLUMN modified;
                    ALTER TABLE analysis DROP COLUMN wording;
                    DELETE FROM grdb_migrations WHERE identifier LIKE '2 %';
                    """)
        }
        let library = try Library(folder: folder.url)
        #expect(try library.picture(id: id).paths == ["/a.png"])
        try library.record(NewEmbedding(encoder: encoder, halves: halves(1)), of: id)
        #expect(try library.embedding(of: id, encoder: encoder.sha256) == halves(1))
        #expect(try library.check().isEmpty)
    }
}
