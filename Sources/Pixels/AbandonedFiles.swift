import Glibc
import Synchronization

/// Files that a write left because its process was killed: found by their names, and removed once they are old and nobody is at them.
///
/// What is written has such a name until it is whole (``FileBytes``), and whoever writes holds a lock on it.
package enum AbandonedFiles {
    private static let prefix = ".redraw-"
    private static let ending = ".tmp"
    /// Seconds since the last byte was written.
    private static let patience = 3600
    private static let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    private static let length = 13

    /// A name for what is being written.
    static func newName() -> String {
        prefix + String((0..<length).map { _ in digits[Int.random(in: 0..<digits.count)] }) + ending
    }

    /// Those that this process is writing.
    private static let underWay = Mutex<Set<String>>([])

    /// Calls `body`, which writes the file of that name.
    package static func writing<R>(_ path: String, _ body: () throws -> R) rethrows -> R {
        underWay.withLock { _ = $0.insert(path) }
        defer { underWay.withLock { _ = $0.remove(path) } }
        return try body()
    }

    /// Removes what this process is writing and has not finished: for one that ends without waiting for it.
    package static func removeThoseUnderWay() {
        underWay.withLock { paths in
            for path in paths { _ = path.withSystemPath { unlink($0) } }
        }
    }

    /// Folders that were looked through already.
    private static let seen = Mutex<Set<String>>([])

    /// As ``remove(in:)``, once in a process: whoever writes into a folder clears it up.
    static func removeOnce(in folder: String) {
        guard seen.withLock({ $0.count < 10_000 && $0.insert(folder).inserted }) else { return }
        remove(in: folder)
    }

    /// Removes those in a folder, not in the folders within it.
    ///
    /// - Returns: how many there were, and their bytes.
    @discardableResult
    package static func remove(in folder: String) -> (files: Int, bytes: Int) {
        guard let directory = folder.withSystemPath({ opendir($0) }) else { return (0, 0) }
        defer { closedir(directory) }
        var (files, bytes) = (0, 0)
        while let entry = readdir(directory) {
            let isOurs = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { name in
                    name[0] == CChar(UInt8(ascii: ".")) && isName(String(cString: name))
                }
            }
            guard isOurs else { continue }
            let removed = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { remove($0, in: dirfd(directory)) }
            }
            if let removed { (files, bytes) = (files + 1, bytes + removed) }
        }
        return (files, bytes)
    }

    /// - Returns: its length; nil where it stays.
    private static func remove(_ name: UnsafePointer<CChar>, in directory: Int32) -> Int? {
        let descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, time(nil) - status.st_mtim.tv_sec > patience,
            flock(descriptor, LOCK_EX | LOCK_NB) == 0, unlinkat(directory, name, 0) == 0
        else { return nil }
        return Int(status.st_size)
    }

    /// Earlier versions gave no ending.
    private static func isName(_ name: String) -> Bool {
        guard name.hasPrefix(prefix) else { return false }
        let rest = name.dropFirst(prefix.count)
        let isMarked = rest.hasSuffix(ending)
        let middle = isMarked ? rest.dropLast(ending.count) : rest
        guard middle.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber) }) else { return false }
        return isMarked ? middle.count == length : (11...length).contains(middle.count) && middle.contains { $0.isNumber }
    }
}
