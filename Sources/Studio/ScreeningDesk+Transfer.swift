import Foundation
import Pixels
import Screening

/// Why a library's text is not written to a file.
package enum TransferError: Error, Equatable, CustomStringConvertible {
    case exists(path: String)
    case isTheLibrary(path: String)
    case unwritable(path: String, reason: String)
    case unreadable(path: String)
    /// A folder in which no library is.
    case noLibrary(path: String)
    case notAnExport(path: String, reason: String)

    package var description: String {
        switch self {
        case .exists(let path): "\(path) is there already; name another file, or add --overwrite"
        case .isTheLibrary(let path): "\(path) is the library itself; name another one, or a file elsewhere"
        case .unwritable(let path, let reason): "\(path) \(reason); name a file in a folder of yours with --output"
        case .unreadable(let path): "\(path) cannot be read; name a file that `redraw export` wrote, or another library's folder"
        case .noLibrary(let path):
            "no library is in \(path); name a folder that was given to --library, or a file that `redraw export` wrote"
        case .notAnExport(let path, let reason): "\(path): \(reason)"
        }
    }
}

extension ScreeningDesk {
    /// As ``export(pictures:to:)``, to a file: whole or not at all.
    ///
    /// - Returns: how many pictures were written.
    /// - Throws: ``TransferError``; `LibraryError.noSuchPicture`.
    package func export(pictures: [Int64]? = nil, toFile file: URL, overwriting: Bool) throws -> Int {
        try write(toFile: file, overwriting: overwriting) { try export(pictures: pictures, to: $0) }
    }

    /// Writes what is given piece by piece to a file: whole or not at all.
    ///
    /// - Returns: what the writing returns.
    func write(toFile file: URL, overwriting: Bool, _ write: @escaping ((Data) throws -> Void) throws -> Int) throws -> Int {
        guard !isOurs(file) else { throw TransferError.isTheLibrary(path: file.path) }
        guard overwriting || !OutputPlaces.isTaken(file) else { throw TransferError.exists(path: file.path) }
        var count = 0
        do {
            try FileBytes.write(to: file, replacing: overwriting) { put in count = try write(put) }
        } catch let error as ImageError {
            throw error.cause == .exists
                ? TransferError.exists(path: file.path) : TransferError.unwritable(path: file.path, reason: error.cause.description)
        }
        return count
    }

    /// Takes in what was exported, and other libraries, one after the other and some pictures at a time. What is decided here stays as it is.
    ///
    /// All of them are looked at first: one that is none of these changes nothing.
    ///
    /// - Parameters:
    ///   - files: exports, libraries' files or their folders.
    ///   - onPictures: told how many pictures have been taken in so far; what it throws ends the import.
    /// - Throws: ``TransferError``; `LibraryError` for a library that cannot be read.
    package func `import`(
        contentsOf files: [URL], by person: String, onPictures: (Int) throws -> Void = { _ in }
    ) throws -> ImportedReport {
        let arrivals = try files.map(arrival)
        var report = ImportReport()
        for arrival in arrivals {
            let before = report.picturesAdded + report.picturesMerged
            report.add(try take(arrival, by: person) { try onPictures(before + $0) })
        }
        return ImportedReport(report)
    }

    /// What is taken in, found to be what it should be.
    private enum Arrival {
        case text(URL)
        case library(URL)
    }

    private func arrival(_ named: URL) throws -> Arrival {
        var file = named
        if PictureListing.isFolder(named.path) {
            file = named.appendingPathComponent(Library.fileName)
            guard FileManager.default.fileExists(atPath: file.path) else { throw TransferError.noLibrary(path: named.path) }
        }
        guard !isOurs(file) else { throw TransferError.isTheLibrary(path: named.path) }
        // A pipe would be waited for.
        guard SystemPath.kind(of: file.path) == .file else { throw TransferError.unreadable(path: file.path) }
        return try telling(file) {
            if ArrivingLibrary.isOne(file) {
                try library.check(ArrivingLibrary(contentsOf: file), reading: .studio)
                return .library(file)
            }
            try Library.check(ExportText(contentsOf: file))
            return .text(file)
        }
    }

    private func take(_ arrival: Arrival, by person: String, _ onPictures: (Int) throws -> Void) throws -> ImportReport {
        switch arrival {
        case .text(let file):
            try telling(file) {
                try library.import(
                    { try ExportText(contentsOf: file) }, isChecked: true, by: person, onPictures: onPictures, reading: .studio)
            }
        case .library(let file):
            try library.merge(
                ArrivingLibrary(contentsOf: file), isChecked: true, by: person, reading: .studio, onPictures: onPictures)
        }
    }

    private func telling<Value>(_ file: URL, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as LibraryError {
            switch error {
            case .notAnExport: throw TransferError.notAnExport(path: file.path, reason: "\(error)")
            case .notALibrary: throw TransferError.notAnExport(path: file.path, reason: "this is a file of another program")
            default: throw error
            }
        } catch is CocoaError {
            throw TransferError.unreadable(path: file.path)
        }
    }

    /// Whether the file is one of the library's, by whatever name.
    private func isOurs(_ file: URL) -> Bool {
        let database = URL(fileURLWithPath: library.location)
        let folder = database.deletingLastPathComponent()
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
            $0.hasPrefix(database.lastPathComponent) || [JobLock.fileName, JobLock.analysesFileName].contains($0)
        }
        return names.contains { OutputPlaces.isSame(file, folder.appendingPathComponent($0)) }
    }
}
