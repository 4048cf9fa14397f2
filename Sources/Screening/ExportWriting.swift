import Dispatch
import Foundation
import Synchronization

/// The text of a library, or of some of its pictures, that ``Library/import(_:by:at:)-(ExportText,_,_)`` takes in, a piece at a time as it is
/// asked for: a picture a line, no more than a few hundred of them in memory. While some are written as JSON, the next are read.
///
/// Each picture is whole as it is at one moment. What another process changes meanwhile may be in it or not.
package struct ExportPieces: Sendable {
    private enum Part {
        case head, pictures, generations, end
    }

    private let library: Library
    private let wanted: [Int64]
    /// Whether generations that belong to no picture are in it.
    private let isWhole: Bool
    private let isWithoutFolders: Bool
    private let types: StoredTypes
    private var part = Part.head
    private var position = 0
    /// Pictures that were read and are written as JSON meanwhile.
    private var coming: WrittenAhead?
    /// How many pictures were written so far.
    package private(set) var pictures = 0

    fileprivate init(_ library: Library, _ wanted: [Int64], isWhole: Bool, isWithoutFolders: Bool, _ types: StoredTypes) {
        (self.library, self.wanted, self.isWhole, self.isWithoutFolders, self.types) = (library, wanted, isWhole, isWithoutFolders, types)
    }

    /// The next piece; nil at the text's end.
    package mutating func next() throws -> Data? {
        switch part {
        case .head:
            part = .pictures
            return Data("{\n\"format\": \"\(LibraryExport.format)\",\n\"version\": \(LibraryExport.version),\n\"pictures\": [".utf8)
        case .pictures:
            guard let some = try coming ?? nextPictures() else {
                part = .generations
                return Data("\n],\n\"generations\": [".utf8)
            }
            coming = try nextPictures()
            defer { pictures += some.count }
            return list(try some.wait(), isFirst: pictures == 0)
        case .generations:
            part = .end
            let some = isWhole ? try library.freeGenerations(isWithBin: false, reading: types) : []
            let encoder = JSONCoding.encoder()
            let texts = try (isWithoutFolders ? some.map(\.withoutFolders) : some).map { try encoder.encode($0) }
            return list(texts, isFirst: true) + Data("\n]\n}\n".utf8)
        case .end: return nil
        }
    }

    /// Reads the next pictures that are there, and has them written; nil where there are no more.
    private mutating func nextPictures() throws -> WrittenAhead? {
        while position < wanted.count {
            let end = min(position + Library.picturesAtOnce, wanted.count)
            let some = try library.exported(Array(wanted[position..<end]), isWithBin: false, reading: types)
            position = end
            if !some.isEmpty { return WrittenAhead(some, isWithoutFolders: isWithoutFolders) }
        }
        return nil
    }

    private func list(_ elements: [Data], isFirst: Bool) -> Data {
        var text = Data()
        for (index, element) in elements.enumerated() {
            text += Data((isFirst && index == 0 ? "\n" : ",\n").utf8)
            text += element
        }
        return text
    }
}

/// Pictures that are written as JSON on another thread.
private final class WrittenAhead: Sendable {
    let count: Int
    private let written = Mutex<Result<[Data], any Error>>(.success([]))
    private let group = DispatchGroup()

    init(_ pictures: [ExportedPicture], isWithoutFolders: Bool) {
        count = pictures.count
        DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
            let encoder = JSONCoding.encoder()
            let texts = Result { try pictures.map { try encoder.encode(isWithoutFolders ? $0.withoutFolders : $0) } }
            written.withLock { $0 = texts }
        }
    }

    /// A picture a text, in their order.
    func wait() throws -> [Data] {
        group.wait()
        return try written.withLock { $0 }.get()
    }
}

extension Library {
    /// The text of the whole library, or of the given pictures with all that belongs to them. What lies in the bin is left out, but a picture
    /// that is named.
    ///
    /// What is written can be taken in: where there is something that no import would take, no further piece comes.
    ///
    /// - Parameters:
    ///   - isWithoutFolders: tells files by their names alone, without the folders of this machine.
    ///   - types: what the library's JSON is read as.
    /// - Throws: `LibraryError.noSuchPicture` for one that is named and not there; one of all that goes meanwhile is left out.
    package func exportPieces(
        pictures ids: [Int64]? = nil, isWithoutFolders: Bool = false, reading types: StoredTypes = .own
    ) throws -> ExportPieces {
        if let ids { for id in ids { _ = try picture(id: id) } }
        return ExportPieces(self, try ids ?? pictureNumbers(), isWhole: ids == nil, isWithoutFolders: isWithoutFolders, types)
    }

    /// Writes that text piece by piece.
    ///
    /// - Parameters:
    ///   - types: what the library's JSON is read as.
    ///   - write: takes the text's next piece; what it throws ends the writing and is thrown here.
    /// - Returns: how many pictures were written.
    @discardableResult
    package func export(
        pictures ids: [Int64]? = nil, reading types: StoredTypes = .own, to write: (Data) throws -> Void
    ) throws -> Int {
        var pieces = try exportPieces(pictures: ids, reading: types)
        while let piece = try pieces.next() { try write(piece) }
        return pieces.pictures
    }

    /// Pictures that are read as one transaction.
    static let picturesAtOnce = 100
}
