import Foundation
import Screening

/// What emptying the bin removed.
public struct BinReport: Codable, Sendable {
    public let pictures: Int
    public let generations: Int
}

extension Studio {
    /// Puts a picture into the bin, with its generations that are over. A wish that it be analysed rests there.
    public func bin(picture id: Int64) throws { try premises.library().bin(picture: id) }
    public func restore(picture id: Int64) throws { try premises.library().restore(picture: id) }
    /// - Throws: `LibraryError.invalid` for one that runs.
    public func bin(generation id: Int64) throws { try premises.library().bin(generation: id) }
    public func restore(generation id: Int64) throws { try premises.library().restore(generation: id) }
    /// How much lies in the bin.
    public func binCount() throws -> Int { try premises.library().binCount() }

    /// Removes what lies in the bin for good: from the library, and those of its files that are the library's own. A person's own file stays
    /// where it is.
    public func emptyBin() throws -> BinReport {
        let library = try premises.library()
        let emptied = try library.emptyBin()
        for output in emptied.outputs where files.isKept(output) { try? FileManager.default.removeItem(atPath: output) }
        for sha256 in emptied.pictures {
            for shelf in [LibraryFiles.Shelf.pictures, .thumbnails] { removeKept(sha256, shelf) }
        }
        return BinReport(pictures: emptied.pictures.count, generations: emptied.generations)
    }

    private func removeKept(_ sha256: String, _ shelf: LibraryFiles.Shelf) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: files.folder(shelf).path)) ?? []
        for name in names where name.hasPrefix(sha256 + ".") {
            try? FileManager.default.removeItem(at: files.folder(shelf).appendingPathComponent(name))
        }
    }

    // MARK: Presets

    /// Wishes that the person keeps, by their names.
    public func presets() throws -> [PresetReport] {
        try premises.library().presets().map { PresetReport(name: $0.name, wish: try $0.wish.decoded()) }
    }

    /// Keeps a wish under a name, in place of the one that stood there. The picture and the mask are no part of it.
    public func keep(preset name: String, _ wish: LibraryWish) throws {
        var wish = wish
        (wish.picture, wish.mask) = (nil, nil)
        try premises.library().keep(preset: name, wish: JSON.text(wish))
    }

    /// - Throws: ``StudioError/noSuchPreset(_:)``.
    public func remove(preset name: String) throws {
        guard try premises.library().remove(preset: name) else { throw StudioError.noSuchPreset(name) }
    }
}

/// A wish that a person keeps under a name.
public struct PresetReport: Codable, Sendable {
    public let name: String
    public let wish: LibraryWish
}
