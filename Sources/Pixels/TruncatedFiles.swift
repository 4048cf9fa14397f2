import Synchronization

/// Whether this process takes picture files that were not copied to their end, as far as they go.
///
/// Said once, at the beginning, by whoever asked the person: nobody else notices that half a picture is missing.
package enum TruncatedFiles {
    private static let accepted = Atomic<Bool>(false)

    package static var areAccepted: Bool { accepted.load(ordering: .relaxed) }

    /// From now on, for the whole process.
    package static func accept() { accepted.store(true, ordering: .relaxed) }
}
