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
    }

    let folder: String
    let isRecursive: Bool

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
            names = try Self.names(in: folder)
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
    private static func names(in folder: String) throws(Refusal) -> [(name: String, isFolder: Bool)] {
        guard let directory = opendir(folder) else { throw Refusal(reason: String(cString: strerror(errno))) }
        defer { closedir(directory) }
        var found: [(name: String, isFolder: Bool)] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            switch Int(entry.pointee.d_type) {
            case Int(DT_DIR): found.append((name, true))
            case Int(DT_REG): if isPicture(name) { found.append((name, false)) }
            case Int(DT_LNK), Int(DT_UNKNOWN):
                // File systems that do not tell, and links, are asked; what a link points to must be a file.
                var status = stat()
                let path = folder + "/" + name
                let isLink = entry.pointee.d_type == UInt8(DT_LNK)
                guard (isLink ? stat(path, &status) : lstat(path, &status)) == 0 else {
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
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
        return ImageFormat.isRead(fileExtension: String(name[name.index(after: dot)...]))
    }
}
