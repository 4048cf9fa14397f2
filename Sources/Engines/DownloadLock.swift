import Glibc

/// Held as long as the value lives: who fetches a file is alone with what came of it so far. The kernel lets go of it when its process ends,
/// however that ends.
final class DownloadLock: Sendable {
    private let descriptor: Int32
    private let path: String

    private init(_ descriptor: Int32, _ path: String) {
        (self.descriptor, self.path) = (descriptor, path)
    }

    deinit {
        // Taken away while it is held: whoever opened it meanwhile looks again.
        unlink(path)
        close(descriptor)
    }

    /// - Parameters:
    ///   - path: a file that is there only while the lock is held.
    ///   - file: what is fetched, for messages.
    /// - Throws: `DownloadError.underWay` where somebody has it.
    static func take(_ path: String, for file: String) throws(DownloadError) -> DownloadLock {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let number = errno
                close(descriptor)
                if number == EAGAIN { throw .underWay(path: file) }
                throw .cannotWrite(path: path, reason: String(cString: strerror(number)))
            }
            var (held, named) = (stat(), stat())
            if fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino, held.st_dev == named.st_dev {
                return DownloadLock(descriptor, path)
            }
            close(descriptor)
        }
    }
}
