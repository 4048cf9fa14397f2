import Foundation
import Glibc
import Pixels

/// The pictures below a folder, one after the other: no more than the names of one folder, and of those above it, are in memory.
///
/// Names stand in order within their folder. Hidden files and folders are passed over; a link to a picture is followed, one to a folder is
/// not, so that links in a ring lead nowhere.
struct FolderWalk {
    enum Found: Equatable {
        case picture(String)
        case unreadableFolder(String, reason: String)
        /// A file that people take for a picture, and that is not read: its extension, in lower case.
        case passedOver(String)
    }

    let folder: String
    let isRecursive: Bool

    /// Formats of pictures, and of what lies among them, that are not read. Texts beside pictures and what is no picture to anybody are
    /// passed over without a word.
    private static let unread: Set<String> = [
        "psd", "psb", "xcf", "kra", "ora", "clip", "svg", "svgz", "eps", "ai", "pdf", "jxl", "jp2", "j2k", "jxr", "tga", "exr", "hdr",
        "ico",
        "pcx", "ppm", "pgm", "pbm", "pnm", "qoi", "dds", "cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf", "pef", "srw", "x3f", "mp4",
        "mov", "webm", "mkv", "avi", "m4v",
    ]

    /// Calls `visit` with each picture (whatever its content is: the name decides) until it returns false.
    ///
    /// - Returns: whether the walk came to its end.
    @discardableResult
    func visit(_ visit: (Found) -> Bool) -> Bool {
        walk(folder, visit)
    }

    private func walk(_ folder: String, _ visit: (Found) -> Bool) -> Bool {
        let names: [(name: String, isFolder: Bool)]
        do {
            var unread: [String] = []
            names = try Self.names(in: folder, &unread)
            for name in unread where !visit(.passedOver(name)) { return false }
        } catch {
            return visit(.unreadableFolder(folder, reason: error.reason))
        }
        for (name, isFolder) in names {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            if isFolder {
                if isRecursive, !walk(path, visit) { return false }
            } else if !visit(.picture(path)) {
                return false
            }
        }
        return true
    }

    private struct Refusal: Error { let reason: String }

    /// Pictures and folders, sorted.
    ///
    /// - Parameter unread: gets the extensions of files that are taken for pictures and not read.
    private static func names(in folder: String, _ unread: inout [String]) throws(Refusal) -> [(name: String, isFolder: Bool)] {
        guard let directory = folder.withSystemPath({ opendir($0) }) else { throw Refusal(reason: String(cString: strerror(errno))) }
        defer { closedir(directory) }
        var found: [(name: String, isFolder: Bool)] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: Int(NAME_MAX) + 1) { name in
                    SystemPath.text(of: UnsafeBufferPointer(start: name, count: strnlen(UnsafeRawPointer(name), Int(NAME_MAX))))
                }
            }
            guard !name.hasPrefix(".") else { continue }
            switch Int(entry.pointee.d_type) {
            case Int(DT_DIR): found.append((name, true))
            case Int(DT_REG):
                if isPicture(name) {
                    found.append((name, false))
                } else if let kind = fileExtension(name)?.lowercased(), Self.unread.contains(kind) {
                    unread.append(kind)
                }
            case Int(DT_LNK), Int(DT_UNKNOWN):
                // File systems that do not tell, and links, are asked; what a link points to must be a file.
                var status = stat()
                let path = folder + "/" + name
                let isLink = entry.pointee.d_type == UInt8(DT_LNK)
                guard path.withSystemPath({ isLink ? stat($0, &status) : lstat($0, &status) }) == 0 else {
                    // A link to nothing that is called a picture is a picture that cannot be read: it is told, not passed over.
                    if isPicture(name) { found.append((name, false)) }
                    continue
                }
                if status.st_mode & S_IFMT == S_IFDIR {
                    if !isLink { found.append((name, true)) }
                } else if isPicture(name) {
                    found.append((name, false))
                }
            default: break
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    private static func isPicture(_ name: String) -> Bool {
        fileExtension(name).map { ImageFormat.isRead(fileExtension: $0) } ?? false
    }

    private static func fileExtension(_ name: String) -> String? {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return String(name[name.index(after: dot)...])
    }
}
