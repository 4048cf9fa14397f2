import Engines
import Foundation
import Glibc
import Pixels

/// The places a generation writes to, looked at before anything is computed: nothing a person has is replaced unless they said so, and the
/// pictures it starts from and the library never are.
struct OutputPlaces {
    let order: GenerationOrder
    let library: URL

    /// - Parameter pictures: the files of the pictures themselves.
    func check(pictures: [URL]) throws(StudioError) {
        let asides = [order.preview, order.latent].compactMap { $0 }
        if let latent = order.latent, SystemPath.isForeign(latent.path) {
            throw .unwritableOutput(path: latent.path, reason: "latents are written under names in UTF-8 alone")
        }
        for file in pictures + asides {
            if let reason = Self.obstacle(file) { throw .unwritableOutput(path: file.path, reason: reason) }
            if let kept = kept.first(where: { Self.isSame($0, file) }) { throw .outputIsSource(path: file.path, source: kept.path) }
        }
        if !order.overwrites, let taken = (pictures + asides).first(where: Self.isTaken) { throw .outputExists(path: taken.path) }
        for (number, file) in asides.enumerated() {
            let others = pictures + asides[..<number]
            if others.contains(where: { $0.standardizedFileURL.path == file.standardizedFileURL.path }) {
                throw .outputIsSource(path: file.path, source: "another output of the same run")
            }
        }
    }

    /// What no output may be.
    private var kept: [URL] {
        let pictures = [order.picture, order.mask].compactMap { $0.map { URL(fileURLWithPath: $0.path) } }
        let databases = (try? FileManager.default.contentsOfDirectory(at: library, includingPropertiesForKeys: nil)) ?? []
        return pictures + databases
    }

    /// Whether something has the name, be it a link that leads nowhere.
    static func isTaken(_ file: URL) -> Bool {
        SystemPath.kind(of: file.path, following: false) != nil
    }

    /// Why the file system would not take a file of that name; nil where it would. A folder that is still to be made is no obstacle.
    private static func obstacle(_ file: URL) -> String? {
        var status = stat()
        if file.path.withSystemPath({ lstat($0, &status) }) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else { return "it is a folder" }
        } else if errno == ENAMETOOLONG {
            return "its name is too long for the file system"
        }
        let folder = file.deletingLastPathComponent().path
        guard folder.withSystemPath({ access($0, F_OK) }) == 0 else { return errno == ENOENT ? nil : String(cString: strerror(errno)) }
        return folder.withSystemPath({ access($0, W_OK | X_OK) }) == 0
            ? nil : "its folder cannot be written to (\(String(cString: strerror(errno))))"
    }

    /// Whether both names lead to one file that is there.
    static func isSame(_ first: URL, _ second: URL) -> Bool {
        var (one, other) = (stat(), stat())
        guard first.path.withSystemPath({ stat($0, &one) }) == 0, second.path.withSystemPath({ stat($0, &other) }) == 0 else {
            return false
        }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }
}
