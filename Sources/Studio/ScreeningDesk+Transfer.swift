import Foundation
import Glibc
import Pixels
import Screening

/// Why a library's text is not written to a file.
package enum TransferError: Error, Equatable, CustomStringConvertible {
    case exists(path: String)
    case isTheLibrary(path: String)
    case unwritable(path: String, reason: String)
    case unreadable(path: String)
    case notAnExport(path: String, reason: String)

    package var description: String {
        switch self {
        case .exists(let path): "\(path) is there already; name another file, or add --overwrite"
        case .isTheLibrary(let path): "\(path) is the library itself; name a file elsewhere"
        case .unwritable(let path, let reason): "\(path) \(reason); name a file in a folder of yours with --output"
        case .unreadable(let path): "\(path) cannot be read; name a file that `redraw export` wrote"
        case .notAnExport(let path, let reason): "\(path): \(reason)"
        }
    }
}

extension ScreeningDesk {
    /// Writes the whole library, or the given pictures with all that belongs to them, to a file: whole or not at all.
    ///
    /// - Returns: how many pictures were written.
    /// - Throws: ``TransferError``; `LibraryError.noSuchPicture`.
    package func export(pictures: [Int64]? = nil, toFile file: URL, overwriting: Bool) throws -> Int {
        guard !isOurs(file) else { throw TransferError.isTheLibrary(path: file.path) }
        guard overwriting || !OutputPlaces.isTaken(file) else { throw TransferError.exists(path: file.path) }
        var count = 0
        do {
            try FileBytes.write(to: file, replacing: overwriting) { put in count = try export(pictures: pictures, to: put) }
        } catch let error as ImageError {
            throw error.cause == .exists
                ? TransferError.exists(path: file.path) : TransferError.unwritable(path: file.path, reason: error.cause.description)
        }
        return count
    }

    /// Takes the export in a file in, some pictures at a time. What is decided here stays as it is.
    ///
    /// - Parameter onPictures: told how many pictures have been taken in so far; what it throws ends the import.
    /// - Throws: ``TransferError``.
    package func `import`(
        contentsOf file: URL, by person: String, onPictures: (Int) throws -> Void = { _ in }
    ) throws -> ImportReport {
        do {
            return try library.import({ try ExportText(contentsOf: file) }, by: person, onPictures: onPictures)
        } catch let error as LibraryError {
            guard case .notAnExport = error else { throw error }
            throw TransferError.notAnExport(path: file.path, reason: "\(error)")
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
        var wanted = stat()
        guard stat(file.path, &wanted) == 0 else { return false }
        return names.contains { name in
            var found = stat()
            return stat(folder.appendingPathComponent(name).path, &found) == 0 && found.st_dev == wanted.st_dev
                && found.st_ino == wanted.st_ino
        }
    }
}
