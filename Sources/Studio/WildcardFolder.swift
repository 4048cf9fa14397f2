import Foundation
import Glibc
import Pixels

/// Why a prompt's choices cannot be made.
package enum WildcardError: Error, Equatable, CustomStringConvertible {
    case noFile(name: String, folder: String)
    case outside(name: String)
    case empty(String)
    case unreadable(path: String, reason: String)
    case tooDeep
    case tooLong

    package var description: String {
        switch self {
        case .noFile(let name, let folder):
            "there is no wildcard file \(name).txt in \(folder); write one, a choice a line, or name another folder with --wildcards"
        case .outside(let name): "the wildcard \(name) would be a file outside of the folder of wildcards, and nothing is read there"
        case .empty(let name): "the wildcard file \(name) has no line to choose from"
        case .unreadable(let path, let reason): "\(path) \(reason)"
        case .tooDeep: "the prompt's wildcards call each other without end"
        case .tooLong: "the prompt's wildcards come to more than a prompt may be long"
        }
    }
}

/// A folder of text files, a choice a line: `__animals__` is a line of `animals.txt`, `__places/sea__` one of `places/sea.txt`,
/// `__places/*__` one of any file there, `__places/**__` of any below it. Nothing outside the folder is ever read.
package struct WildcardFolder {
    let folder: URL

    package init(folder: URL) { self.folder = folder }

    /// Bytes of a file that are read; the longest lists in the wild have some hundred thousand.
    private static let longestFile = 8 << 20
    private static let mostFiles = 10_000

    /// The lines of the files that a name or a pattern means, blanks and comments left out.
    package func lines(_ name: String) throws -> [String] {
        let pieces = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard pieces.allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." }) else { throw WildcardError.outside(name: name) }
        let files = name.contains("*") ? try matches(pieces) : [name + ".txt"]
        guard !files.isEmpty else { throw WildcardError.noFile(name: name, folder: folder.path) }
        return try files.flatMap { try lines(ofFile: $0, name: name) }
    }

    private func lines(ofFile relative: String, name: String) throws -> [String] {
        let file = folder.appendingPathComponent(relative)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw WildcardError.noFile(name: String(relative.dropLast(4)), folder: folder.path)
        }
        // A link may lead elsewhere.
        let root = folder.resolvingSymlinksInPath().standardizedFileURL.path
        guard file.resolvingSymlinksInPath().standardizedFileURL.path.hasPrefix(root == "/" ? root : root + "/") else {
            throw WildcardError.outside(name: name)
        }
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(file)
        } catch {
            throw WildcardError.unreadable(path: file.path, reason: "cannot be read: \(error)")
        }
        guard bytes.count <= Self.longestFile else {
            throw WildcardError.unreadable(path: file.path, reason: "is too long for a list of words")
        }
        guard let text = String(validating: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...], as: UTF8.self) else {
            throw WildcardError.unreadable(path: file.path, reason: "is no text in UTF-8")
        }
        return text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter {
            !$0.isEmpty && !$0.hasPrefix("#")
        }
    }

    /// Files below the folder that a pattern means, by name; links to folders are not followed.
    private func matches(_ pattern: [String]) throws -> [String] {
        var found: [String] = []
        func look(_ below: [String], _ rest: ArraySlice<String>) {
            guard let piece = rest.first, found.count < Self.mostFiles, below.count < 20 else { return }
            let place = below.reduce(folder) { $0.appendingPathComponent($1) }
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
            for name in names {
                var status = stat()
                let path = place.appendingPathComponent(name).path
                guard lstat(path, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    if piece == "**" { look(below + [name], rest) }
                    if Self.fits(name, piece), rest.count > 1 { look(below + [name], rest.dropFirst()) }
                } else if name.hasSuffix(".txt") {
                    let last = rest.count == 1 ? piece : rest.count == 2 && piece == "**" ? rest[rest.startIndex + 1] : nil
                    if let last, Self.fits(String(name.dropLast(4)), last) { found.append((below + [name]).joined(separator: "/")) }
                }
            }
        }
        look([], pattern[...])
        return Set(found).sorted()
    }

    /// `*` is any letters, also none.
    private static func fits(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return name == pattern }
        var rest = name[...]
        guard rest.hasPrefix(parts[0]) else { return false }
        rest = rest.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
