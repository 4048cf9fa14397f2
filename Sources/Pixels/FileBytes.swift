#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glibc

/// Whole files, read and written at once.
package enum FileBytes {
    /// A file's bytes, refused before reading where there are more than `ImageLimits.fileBytes`.
    package static func read(_ url: URL) throws(ImageError) -> [UInt8] {
        // Without waiting: a pipe would not open before somebody writes into it.
        let descriptor = url.path.withSystemPath { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw .cannotRead(reason: lastReason()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .cannotRead(reason: lastReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .cannotRead(reason: "it is no file but a folder, a pipe or a device") }
        let count = Int(status.st_size)
        guard count <= ImageLimits.fileBytes else { throw .fileTooLarge(bytes: count) }
        var filled = 0
        let bytes = try uninitializedBytes(count) { target throws(ImageError) in
            while filled < count {
                let got = Glibc.read(descriptor, target + filled, count - filled)
                if got < 0 && errno == EINTR { continue }
                guard got > 0 else { throw .cannotRead(reason: got == 0 ? "it became shorter while it was read" : lastReason()) }
                filled += got
            }
        }
        return bytes
    }

    /// Writes a file whole or not at all: into a temporary file beside it, to the disk, then under its name.
    ///
    /// - Parameter replacing: whether it takes the place of what has that name. Where it does not, of two writers at the same time one
    ///   succeeds and the other learns that the name is taken.
    /// - Throws: `ImageError.exists` where the name is taken and `replacing` is false.
    package static func write(_ bytes: [UInt8], to url: URL, replacing: Bool = true) throws(ImageError) {
        try write(bytes, to: url, replacing: replacing, using: { Glibc.write($0, $1, $2) })
    }

    /// As ``write(_:to:replacing:)``, of a file that comes in pieces.
    ///
    /// - Parameter body: is given what takes each piece; what it throws leaves no file and is thrown here.
    package static func write(to url: URL, replacing: Bool = true, pieces body: ((Data) throws -> Void) throws -> Void) throws {
        try write(to: url, replacing: replacing) { descriptor in
            try body { piece in
                try piece.withUnsafeBytes { try put($0, into: descriptor) { Glibc.write($0, $1, $2) } }
            }
        }
    }

    /// `writing` is the system's `write`, which a test replaces by a full disk.
    static func write(
        _ bytes: [UInt8], to url: URL, replacing: Bool = true, using writing: (Int32, UnsafeRawPointer, Int) -> Int
    ) throws(ImageError) {
        do {
            try write(to: url, replacing: replacing) { descriptor in
                try bytes.withUnsafeBytes { try put($0, into: descriptor, using: writing) }
            }
        } catch let error as ImageError {
            throw error
        } catch {
            preconditionFailure("nothing else is thrown: \(error)")
        }
    }

    private static func put(
        _ buffer: UnsafeRawBufferPointer, into descriptor: Int32, using writing: (Int32, UnsafeRawPointer, Int) -> Int
    ) throws {
        var written = 0
        while let base = buffer.baseAddress, written < buffer.count {
            let put = writing(descriptor, base + written, buffer.count - written)
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { throw ImageError.cannotWrite(reason: lastReason()) }
            written += put
        }
    }

    private static func write(to url: URL, replacing: Bool, filling: (Int32) throws -> Void) throws {
        let folder = url.deletingLastPathComponent()
        AbandonedFiles.removeOnce(in: folder.path)
        let temporary = folder.appendingPathComponent(AbandonedFiles.newName()).path
        try AbandonedFiles.writing(temporary) { try write(to: url, by: temporary, in: folder, replacing: replacing, filling: filling) }
    }

    private static func write(
        to url: URL, by temporary: String, in folder: URL, replacing: Bool, filling: (Int32) throws -> Void
    ) throws {
        let descriptor = temporary.withSystemPath { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else { throw ImageError.cannotWrite(reason: lastReason()) }
        // Tells those who clear up that somebody is at it. The kernel lets go when the process ends, however it ends.
        flock(descriptor, LOCK_EX | LOCK_NB)
        var finished = false
        defer {
            close(descriptor)
            if !finished { _ = temporary.withSystemPath { unlink($0) } }
        }
        try filling(descriptor)
        guard fsync(descriptor) == 0 else { throw ImageError.cannotWrite(reason: lastReason()) }
        if replacing {
            guard rename(temporary, to: url.path) else { throw ImageError.cannotWrite(reason: lastReason()) }
        } else {
            try give(temporary, theName: url.path)
        }
        finished = true
        // The new name itself reaches the disk with its folder; a file system that cannot promise that is no error.
        let directory = folder.path.withSystemPath { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    /// Gives the temporary file a name that nothing has, in one step of the file system.
    private static func give(_ temporary: String, theName path: String) throws(ImageError) {
        if temporary.withSystemPath({ from in path.withSystemPath { link(from, $0) } }) == 0 {
            _ = temporary.withSystemPath { unlink($0) }
            return
        }
        // A file system without hard links (FAT, some network shares): an empty file takes the name, then this one takes its place.
        if errno != EEXIST {
            let place = path.withSystemPath { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
            if place >= 0 {
                close(place)
                if rename(temporary, to: path) { return }
                let reason = lastReason()
                _ = path.withSystemPath { unlink($0) }
                throw .cannotWrite(reason: reason)
            }
        }
        throw errno == EEXIST ? .exists : .cannotWrite(reason: lastReason())
    }

    private static func rename(_ path: String, to other: String) -> Bool {
        path.withSystemPath { from in other.withSystemPath { Glibc.rename(from, $0) } } == 0
    }

    private static func lastReason() -> String {
        switch errno {
        case ENOSPC, EDQUOT: "the disk is full; nothing was written"
        case ENOENT: "no such file or folder"
        case EACCES, EPERM: "permission denied"
        default: String(cString: strerror(errno))
        }
    }
}
