import Foundation
import Synchronization

extension Library {
    /// Takes an export's text in, some pictures at a time, so that others may use the library meanwhile. What is decided here stays as it is;
    /// what is not takes over the export's decisions. Importing the same text again changes nothing.
    ///
    /// The text is read twice: once for what it is, so that one of another kind, of a newer version or cut off changes nothing, and once to
    /// be taken in.
    ///
    /// While some pictures are written the next ones are decoded and checked on another thread.
    ///
    /// - Parameters:
    ///   - text: the text, from its beginning each time it is asked for.
    ///   - isChecked: whether ``check(_:)`` has read it already.
    ///   - atOnce: pictures in one transaction, for which others wait.
    ///   - onPictures: told how many pictures have been taken in; what it throws ends the import between two transactions.
    ///   - types: what its JSON will be read as.
    /// - Throws: `LibraryError.notAnExport` that names the value which is not as it should be; the pictures before it are taken in then.
    @discardableResult
    package func `import`(
        _ text: () throws -> ExportText, isChecked: Bool = false, by person: String, at moment: Date = Date(), atOnce: Int = 1000,
        onPictures: (Int) throws -> Void = { _ in }, reading types: StoredTypes = .own
    ) throws -> ImportReport {
        precondition(atOnce > 0, "at least one picture at a time, not \(atOnce)")
        if !isChecked { try Self.check(try text()) }
        var parts = try text()
        return try expectingManyRows {
            var report = ImportReport()
            var coming = try DecodedAhead(of: &parts, atOnce, types)
            while let some = coming {
                let next = Result { try DecodedAhead(of: &parts, atOnce, types) }
                let (export, failure) = some.wait()
                if !export.pictures.isEmpty || !export.generations.isEmpty {
                    report.add(try take(export, by: person, at: moment))
                    try onPictures(report.picturesAdded + report.picturesMerged)
                }
                if let failure { throw failure }
                coming = try next.get()
            }
            return report
        }
    }

    /// That the text is an export of a version that is read, and whole.
    ///
    /// - Throws: `LibraryError.notAnExport`.
    package static func check(_ text: ExportText) throws {
        var text = text
        var (format, version): (String?, Int?)
        while let part = try text.nextPart() {
            guard case .value(let key, let data) = part else { continue }
            switch key {
            case "format": format = try? JSONDecoder().decode(String.self, from: data)
            case "version": version = try? JSONDecoder().decode(Int.self, from: data)
            default: break
            }
        }
        guard format == LibraryExport.format, let version else {
            throw LibraryError.notAnExport("it lacks \"format\": \"\(LibraryExport.format)\" or its version")
        }
        guard version == LibraryExport.version else {
            throw LibraryError.notAnExport("its version is \(version), this version of Redraw reads \(LibraryExport.version)")
        }
    }
}

/// Pictures and generations of an export's text that are decoded and checked on another thread.
private final class DecodedAhead: Sendable {
    private struct Element: Sendable {
        var list: String
        var index: Int
        var json: Data
    }

    private struct Decoded: Sendable {
        var export = LibraryExport(pictures: [], generations: [])
        var failure: LibraryError?
    }

    /// Text that is decoded at once, or a little more: pictures with long logs are fewer at a time.
    private static let mostBytes = 16 << 20

    private let decoded = Mutex(Decoded())
    private let group = DispatchGroup()

    /// Reads the next elements and begins to decode them; nil at the text's end.
    init?(of text: inout ExportText, _ count: Int, _ types: StoredTypes) throws {
        var (elements, bytes): ([Element], Int) = ([], 0)
        while elements.count < count, bytes < Self.mostBytes, let part = try text.nextPart() {
            guard case .element(let list, let index, let json) = part else { continue }
            elements.append(Element(list: list, index: index, json: json))
            bytes += json.count
        }
        guard !elements.isEmpty else { return nil }
        DispatchQueue.global(qos: .userInitiated).async(group: group) { [self, elements] in
            let result = Self.decode(elements, types)
            decoded.withLock { $0 = result }
        }
    }

    /// What was decoded, up to what is not as it should be.
    func wait() -> (export: LibraryExport, failure: LibraryError?) {
        group.wait()
        let result = decoded.withLock { $0 }
        return (result.export, result.failure)
    }

    private static func decode(_ elements: [Element], _ types: StoredTypes) -> Decoded {
        var decoded = Decoded()
        let decoder = JSONCoding.decoder()
        for element in elements {
            do {
                if element.list == "pictures" {
                    let picture = try decoder.decode(ExportedPicture.self, from: element.json)
                    try picture.check(ImportCheck().at(element.list, element.index), types)
                    decoded.export.pictures.append(picture)
                } else {
                    let generation = try decoder.decode(ExportedGeneration.self, from: element.json)
                    try generation.check(ImportCheck().at(element.list, element.index), types)
                    decoded.export.generations.append(generation)
                }
            } catch let error as LibraryError {
                // It says where.
                decoded.failure = error
                break
            } catch {
                let reason = (error as? DecodingError).map(LibraryExport.reason) ?? "\(error)"
                decoded.failure = .notAnExport("\(element.list)[\(element.index)]: \(reason)")
                break
            }
        }
        return decoded
    }
}

extension ImportReport {
    /// Counts in what another import brought.
    package mutating func add(_ other: ImportReport) {
        picturesAdded += other.picturesAdded
        picturesMerged += other.picturesMerged
        pathsAdded += other.pathsAdded
        analysesAdded += other.analysesAdded
        suggestionsAdded += other.suggestionsAdded
        decisionsTaken += other.decisionsTaken
        decisionsKept += other.decisionsKept
        promptsAdded += other.promptsAdded
        generationsAdded += other.generationsAdded
        embeddingsAdded += other.embeddingsAdded
        leftOut += other.leftOut
    }
}
