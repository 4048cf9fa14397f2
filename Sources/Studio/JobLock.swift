import Foundation
import Screening
import Synchronization

/// Tells, through a lock on one byte of a file in the library's folder, that some process attends to a job: the kernel lets go of it when that
/// process ends, however it ends.
///
/// The byte's place is the job's number, so one file serves all jobs. The locks are those of open file descriptions (fcntl(2), F_OFD_SETLK):
/// two of one process exclude each other like two of different ones.
final class JobLock: Sendable {
    /// In the library's folder.
    static let fileName = "jobs.lock"
    /// The same of pictures that are being analysed for whoever wanted that.
    static let analysesFileName = "analyses.lock"

    private static let setLock: Int32 = 37
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// What came of asking for a lock.
    enum Attempt {
        /// Held as long as the value lives.
        case taken(JobLock)
        /// Some process has it.
        case held
        /// The folder's file system knows no locks, or takes no file.
        case impossible
    }

    /// - Parameter file: another name stands for locks of another kind.
    static func attempt(_ number: Int64, in folder: URL, file: String = fileName) -> Attempt {
        let descriptor = open(folder.appendingPathComponent(file).path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return .impossible }
        let lock = JobLock(descriptor)
        // Closed after its error was read.
        defer { withExtendedLifetime(lock) {} }
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = Int(number)
        range.l_len = 1
        if fcntl(descriptor, setLock, &range) == 0 { return .taken(lock) }
        return errno == EAGAIN || errno == EACCES ? .held : .impossible
    }

    /// Held as long as the value lives. Nil where some process has it, or where the folder's file system knows no locks.
    static func take(_ job: Int64, in folder: URL) -> JobLock? {
        guard case .taken(let lock) = attempt(job, in: folder) else { return nil }
        return lock
    }

    /// Whether some process attends to the job.
    static func isTaken(_ job: Int64, in folder: URL) -> Bool {
        take(job, in: folder) == nil
    }
}

extension Library {
    /// The library of a folder, with jobs that were interrupted said to be so, as far as there is space left to say it.
    ///
    /// - Parameter updating: as ``Library/init(folder:updating:)`` has it.
    static func opened(in folder: URL, updating: () -> Void = {}) throws -> Library {
        let library = try Library(folder: folder, updating: updating)
        do {
            try library.markInterrupted(in: folder)
        } catch LibraryError.full {
            // Whoever reads can read all the same, and whoever writes is told.
        }
        return library
    }

    /// Jobs whose process ended, as the locks in the library's folder tell, are said to be interrupted.
    func markInterrupted(in folder: URL) throws {
        try markInterrupted { JobLock.isTaken($0, in: folder) }
    }
}
