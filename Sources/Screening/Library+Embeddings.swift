import Foundation
import GRDB

/// The embeddings that one encoder gave pictures, as they lie in the library.
package struct EmbeddingSpace: Sendable, Hashable {
    package let encoder: EncoderIdentity
    package let dimension: Int
    /// Pictures that have one.
    package let count: Int
}

extension Library {
    /// Keeps where an encoder places a picture, in place of what that encoder said before.
    /// - Throws: `LibraryError.noSuchPicture`, `LibraryError.invalid`.
    package func record(_ embedding: NewEmbedding, of picture: Int64) throws(LibraryError) {
        try Library.check(embedding)
        try write { db in
            _ = try Library.picture(picture, db)
            try Library.insert(embedding, of: picture, db)
        }
    }

    /// The half-precision numbers that this encoder gave the picture, two bytes each, or nil.
    ///
    /// - Parameter encoder: its SHA-256.
    package func embedding(of picture: Int64, encoder: String) throws(LibraryError) -> [UInt8]? {
        try read { db in
            let sql = """
                SELECT halves FROM embedding JOIN embeddingSpace ON embeddingSpace.id = spaceId
                WHERE pictureId = ? AND encoderSha256 = ?
                """
            return try Data.fetchOne(db, sql: sql, arguments: [picture, encoder.lowercased()]).map { [UInt8]($0) }
        }
    }

    /// The encoders whose embeddings are kept, those with the most pictures first.
    package func embeddingSpaces() throws(LibraryError) -> [EmbeddingSpace] {
        try read { db in
            let sql = """
                SELECT embeddingSpace.*, (SELECT count(*) FROM embedding WHERE spaceId = embeddingSpace.id) AS pictures
                FROM embeddingSpace ORDER BY pictures DESC, id
                """
            return try Row.fetchAll(db, sql: sql).map { row in
                let row = StoredRow(row, of: "embeddingSpace")
                return EmbeddingSpace(
                    encoder: EncoderIdentity(name: try row.value("encoderName"), sha256: try row.value("encoderSha256")),
                    dimension: try row.value("dimension"), count: try row.value("pictures"))
            }
        }
    }

    /// Hands over all embeddings of one encoder, some at a time, in the order in which they were kept.
    ///
    /// - Parameters:
    ///   - encoder: its SHA-256.
    ///   - rows: handed over at once, at most.
    ///   - body: takes the numbers of the pictures, and their embeddings behind each other: `pictures.count` times `dimension`
    ///     half-precision numbers. The memory is its own only while it runs.
    package func forEachEmbedding(
        encoder: String, rows: Int = 4096, _ body: (_ pictures: [Int64], _ halves: UnsafeRawBufferPointer) throws -> Void
    ) throws(LibraryError) {
        precondition(rows > 0, "at least one row at a time, not \(rows)")
        try read { db in
            guard let space = try Library.space(encoder.lowercased(), db) else { return }
            let width = 2 * space.dimension
            var pictures: [Int64] = []
            pictures.reserveCapacity(rows)
            let block = UnsafeMutableRawBufferPointer.allocate(byteCount: rows * width, alignment: 64)
            defer { block.deallocate() }
            // The plus keeps SQLite from going by an index, row by row: nearly every row is wanted.
            let cursor = try Row.fetchCursor(
                db, sql: "SELECT pictureId, halves FROM embedding WHERE +spaceId = ? ORDER BY id", arguments: [space.id])
            while let row = try cursor.next() {
                let fits = try row.withUnsafeData(atIndex: 1) { data in
                    guard let data, data.count == width else { return false }
                    data.withUnsafeBytes { bytes in
                        UnsafeMutableRawBufferPointer(rebasing: block[pictures.count * width..<(pictures.count + 1) * width])
                            .copyMemory(from: bytes)
                    }
                    return true
                }
                // One of another length was written by no version of ours; the others are as good as before.
                guard fits else { continue }
                // Looked up by its name only where it is not what it should be: there are many rows.
                pictures.append(try Int64.fromDatabaseValue(row[0]) ?? StoredRow(row, of: "embedding").value("pictureId"))
                if pictures.count == rows {
                    try body(pictures, UnsafeRawBufferPointer(block))
                    pictures.removeAll(keepingCapacity: true)
                }
            }
            if !pictures.isEmpty { try body(pictures, UnsafeRawBufferPointer(rebasing: block[..<(pictures.count * width)])) }
        }
    }

    /// The space of an encoder: its number, and how many numbers each embedding has.
    private static func space(_ digest: String, _ db: Database) throws -> (id: Int64, dimension: Int)? {
        try Row.fetchOne(db, sql: "SELECT id, dimension FROM embeddingSpace WHERE encoderSha256 = ?", arguments: [digest]).map { row in
            let row = StoredRow(row, of: "embeddingSpace")
            let dimension: Int = try row.value("dimension")
            guard (1...65_536).contains(dimension) else { throw row.damaged("dimension", "\(dimension) is not from 1 to 65536") }
            return (try row.value("id"), dimension)
        }
    }

    static func check(_ embedding: NewEmbedding) throws(LibraryError) {
        _ = try Text.sha256(embedding.encoder.sha256, field: "the encoder's digest")
        let count = embedding.halves.count
        guard count > 0, count % 2 == 0, count <= 2 * 65_536 else {
            throw .invalid(field: "the embedding of", value: "\(count) bytes", rule: "two bytes for each of 1 to 65536 dimensions")
        }
    }

    static func insert(_ embedding: NewEmbedding, of picture: Int64, _ db: Database) throws {
        let digest = embedding.encoder.sha256.lowercased()
        let dimension = embedding.halves.count / 2
        try db.execute(
            sql: """
                INSERT INTO embeddingSpace (encoderName, encoderSha256, dimension) VALUES (?, ?, ?)
                ON CONFLICT (encoderSha256) DO NOTHING
                """,
            arguments: [embedding.encoder.name, digest, dimension])
        guard let space = try Library.space(digest, db) else { preconditionFailure("it was put there just now") }
        guard space.dimension == dimension else {
            throw LibraryError.invalid(
                field: "the embedding of", value: "\(dimension) dimensions",
                rule: "those of \(embedding.encoder.name) have \(space.dimension)")
        }
        try db.execute(
            sql: """
                INSERT INTO embedding (spaceId, pictureId, halves) VALUES (?, ?, ?)
                ON CONFLICT (pictureId, spaceId) DO UPDATE SET halves = excluded.halves
                """,
            arguments: [space.id, picture, Data(embedding.halves)])
    }
}
