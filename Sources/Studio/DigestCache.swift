import Foundation
import Glibc
import Pixels
import Screening

/// Digests of files of weights that were made once: a checkpoint has gigabytes, and is named in every picture. A file that looks otherwise
/// from outside (length, moment of its last change) is read again.
struct DigestCache {
    /// Where computed things are kept.
    let folder: URL

    private struct Entry: Codable {
        let bytes: Int
        let modified: Int64
        let digests: IdentityReport.Digests
    }

    private static let mostEntries = 10_000

    private var file: URL { folder.appendingPathComponent("digests.json") }

    private var entries: [String: Entry] { (try? JSONDecoder().decode([String: Entry].self, from: Data(contentsOf: file))) ?? [:] }

    /// - Returns: for each file what was made of it as it is now; nil where nothing was.
    func kept(of urls: [URL]) -> [IdentityReport.Digests?] {
        let entries = entries
        return urls.map { url in
            let path = url.resolvingSymlinksInPath().standardizedFileURL.path
            guard let known = entries[path], let stamp = FileStamp(path: path) else { return nil }
            return known.bytes == stamp.bytes && known.modified == stamp.modified ? known.digests : nil
        }
    }

    /// - Returns: nil where the file cannot be read.
    func digests(of url: URL) -> IdentityReport.Digests? {
        let path = url.resolvingSymlinksInPath().standardizedFileURL.path
        guard let stamp = FileStamp(path: path) else { return nil }
        var entries = entries
        if let known = entries[path], known.bytes == stamp.bytes, known.modified == stamp.modified { return known.digests }
        guard let made = try? FileDigests.make(of: URL(fileURLWithPath: path)) else { return nil }
        if entries.count >= Self.mostEntries { entries = [:] }
        entries[path] = Entry(bytes: stamp.bytes, modified: stamp.modified, digests: made)
        // What is not kept is made again.
        if let data = try? JSONEncoder().encode(entries) {
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try? FileBytes.write(Array(data), to: file, replacing: true)
        }
        return made
    }
}
