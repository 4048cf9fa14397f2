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

    private static let setLock: Int32 = 37
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Held as long as the value lives. Nil where some process has it, or where the folder's file system knows no locks.
    static func take(_ job: Int64, in folder: URL) -> JobLock? {
        let descriptor = open(folder.appendingPathComponent(fileName).path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        let lock = JobLock(descriptor)
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = Int(job)
        range.l_len = 1
        return fcntl(descriptor, setLock, &range) == 0 ? lock : nil
    }

    /// Whether some process attends to the job.
    static func isTaken(_ job: Int64, in folder: URL) -> Bool {
        take(job, in: folder) == nil
    }
}

extension Library {
    /// The library of a folder, with jobs that were interrupted said to be so.
    static func opened(in folder: URL) throws -> Library {
        let library = try Library(folder: folder)
        try library.markInterrupted { JobLock.isTaken($0, in: folder) }
        return library
    }
}
