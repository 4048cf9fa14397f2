import Foundation
import Screening

extension Studio {
    /// Puts a picture into the bin, with its generations that are over. A wish that it be analysed rests there.
    package func bin(picture id: Int64) throws { try premises.library().bin(picture: id) }
    package func restore(picture id: Int64) throws { try premises.library().restore(picture: id) }
    /// - Throws: `LibraryError.invalid` for one that runs.
    package func bin(generation id: Int64) throws { try premises.library().bin(generation: id) }
    package func restore(generation id: Int64) throws { try premises.library().restore(generation: id) }
    /// How much lies in the bin.
    package func binCount() throws -> Int { try premises.library().binCount() }

    /// Removes what lies in the bin for good: from the library, and those of its files that are the library's own. A person's own file stays
    /// where it is. Masks that nothing was repainted under go too, once they are a day old.
    package func emptyBin() async throws -> BinReport {
        // Whatever is taken in waits: it may be the very file that goes.
        try await Studio.takingIn.run { [self] in
            let library = try premises.library()
            let emptied = try library.emptyBin()
            _ = try remove(emptied, library)
            return BinReport(pictures: emptied.pictures.count, generations: emptied.generations)
        }
    }

    /// Removes the files of the library's own that nothing in it needs any more.
    ///
    /// - Returns: the paths of those that it told.
    func remove(_ emptied: EmptiedBin, _ library: Library) throws -> [String] {
        var removed: [String] = []
        for file in emptied.files {
            guard files.isKept(file.path), try !library.needs(file) else { continue }
            if (try? FileManager.default.removeItem(atPath: file.path)) != nil { removed.append(file.path) }
        }
        for sha256 in Set(emptied.pictures + emptied.files.map(\.sha256)) {
            guard try !library.isShown(sha256) else { continue }
            for shelf in [LibraryFiles.Shelf.pictures, .thumbnails] { removeKept(sha256, shelf) }
        }
        try removeMasks(besides: Set(emptied.masks), library)
        return removed.sorted()
    }

    /// Seconds for which a mask is kept that was sent and not used yet.
    private static let maskPatience: TimeInterval = 24 * 3600

    /// - Parameter gone: masks of generations that went: these do not wait.
    private func removeMasks(besides gone: Set<String>, _ library: Library) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: files.folder(.masks).path)) ?? []
        for name in names {
            let sha256 = String(name.prefix { $0 != "." })
            let place = files.folder(.masks).appendingPathComponent(name)
            let changed = (try? FileManager.default.attributesOfItem(atPath: place.path))?[.modificationDate] as? Date
            let isOld = changed.map { -$0.timeIntervalSinceNow > Studio.maskPatience } ?? false
            guard gone.contains(sha256) || isOld, try !library.needs(mask: sha256) else { continue }
            try? FileManager.default.removeItem(at: place)
        }
    }

    private func removeKept(_ sha256: String, _ shelf: LibraryFiles.Shelf) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: files.folder(shelf).path)) ?? []
        for name in names where name.hasPrefix(sha256 + ".") {
            try? FileManager.default.removeItem(at: files.folder(shelf).appendingPathComponent(name))
        }
    }

    // MARK: Presets

    /// Wishes that the person keeps, by their names: those of the configuration file, then the library's.
    package func presets() throws -> [PresetReport] {
        let written = settings.presetNames.map { name in
            var wish = LibraryWish()
            _ = settings.fill(&wish.settings, preset: name)
            return PresetReport(name: name, wish: wish)
        }
        return try written + keptPresets().filter { kept in !written.contains { $0.name == kept.name } }
    }

    func keptPresets() throws -> [PresetReport] {
        try premises.library().presets().map { preset in
            let wish = preset.wish.listed(as: LibraryWish.self)
            return PresetReport(
                name: preset.name, wish: wish.value ?? LibraryWish(), damaged: (preset.damaged ?? wish.damaged).map(discreetText().plain))
        }
    }

    /// Keeps a wish under a name. The picture and the mask are no part of it.
    ///
    /// - Parameter replacing: whether it takes the place of one that has the name.
    /// - Throws: ``StudioError/presetExists(_:)`` where it does not.
    package func keep(preset name: String, _ wish: LibraryWish, replacing: Bool) throws {
        var wish = wish
        (wish.picture, wish.mask) = (nil, nil)
        let standing = try keptPresets().named(name)?.name
        guard try premises.library().keep(preset: standing ?? name, wish: JSON.text(wish), replacing: replacing) else {
            throw StudioError.presetExists(name)
        }
    }

    /// - Throws: ``StudioError/noSuchPreset(_:)``.
    package func remove(preset name: String) throws {
        guard let kept = try keptPresets().named(name), try premises.library().remove(preset: kept.name) else {
            throw StudioError.noSuchPreset(name, known: try keptPresets().map(\.name))
        }
    }
}

extension [PresetReport] {
    /// The one of a name as it is written or, where there is none, whatever its capitals: how presets are found, wherever they are named.
    func named(_ name: String) -> PresetReport? {
        first { $0.name == name } ?? first { $0.name.caseInsensitiveCompare(name) == .orderedSame }
    }
}
