import Synchronization

/// Which picture each sidecar of one call is of: with the picture's name alone, `cat.jpg` and `cat.png` would have the same.
package final class SidecarOwners: Sendable {
    private let owners = Mutex<[String: String]>([:])

    package init() {}

    /// The picture that has the sidecar already; nil where there is none, and then it is this one's.
    func other(than picture: String, of sidecar: String) -> String? {
        owners.withLock { owners in
            let owner = owners[sidecar, default: picture]
            owners[sidecar] = owner
            return owner == picture ? nil : owner
        }
    }
}
