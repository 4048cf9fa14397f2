import Foundation
import Screening

/// Tells, through a lock on a file in the library's folder, that some process is making pictures: the kernel lets go of it when that
/// process ends, however it ends.
final class GenerationLock {
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// - Returns: nil where the lock cannot be had: shared, because another process looks for what was interrupted just now; exclusive,
    ///   because some process is making pictures.
    private convenience init?(_ folder: URL, _ kind: Int32) {
        let descriptor = open(folder.appendingPathComponent("generating.lock").path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, kind) == 0 else {
            close(descriptor)
            return nil
        }
        self.init(descriptor)
    }

    deinit {
        close(descriptor)
    }

    /// Held as long as the value lives; taken before a generation is recorded. A library that cannot be locked goes without.
    static func whileGenerating(_ folder: URL) -> GenerationLock? {
        GenerationLock(folder, LOCK_SH)
    }

    /// Marks generations that are recorded as running while no process is making pictures: theirs was killed.
    static func markInterrupted(_ library: Library, folder: URL) throws {
        let running = try library.generations().filter { $0.status == .running }
        guard !running.isEmpty, let lock = GenerationLock(folder, LOCK_EX | LOCK_NB) else { return }
        try withExtendedLifetime(lock) {
            // Read again under the lock: one may have finished meanwhile.
            for generation in try library.generations() where generation.status == .running {
                try library.finish(
                    generation: generation.id,
                    GenerationOutcome(status: .failed, message: "interrupted: the program that was making it ended before it was finished"))
            }
        }
    }
}

extension Library {
    /// The library of a folder, with generations that were interrupted said to be so.
    static func opened(in folder: URL) throws -> Library {
        let library = try Library(folder: folder)
        try GenerationLock.markInterrupted(library, folder: folder)
        return library
    }
}
