import Foundation

/// Messages for those who are not at this machine: one line in which files are told by their names alone.
package struct DiscreetText: Sendable {
    /// Folders whose paths are taken out wherever they stand, the longest first; they may hold blanks.
    private let folders: [String]

    package init(folders: [URL]) {
        self.folders = Set(folders.map { $0.standardizedFileURL.path }).filter { $0 != "/" }.sorted { $0.count > $1.count }
    }

    /// Bytes of a message that are told; what was sent may be quoted in it.
    package static let mostBytes = 1000

    /// What an error says. The files that it carries are told by their names alone, whatever blanks and brackets their paths have.
    package func words(of error: any Error) -> String {
        var message = "\(error)"
        // Errors of the system carry theirs apart.
        let carried = Self.paths(in: error).union((error as NSError).userInfo.values.flatMap { Self.paths(in: $0) })
        for path in carried.sorted(by: { $0.count > $1.count }) {
            // Within a command it may stand in quotation marks, with marks within it written otherwise.
            let name = URL(fileURLWithPath: path).lastPathComponent
            message = message.replacing(ShellWord.quoted(path), with: ShellWord.quoted(name)).replacing(path, with: name)
        }
        return plain(message)
    }

    /// The absolute paths that a value has anywhere in it, addresses of files in both of their spellings.
    private static func paths(in value: Any, depth: Int = 0) -> Set<String> {
        if let text = value as? String { return text.hasPrefix("/") && text.dropFirst().contains("/") ? [text] : [] }
        if let url = value as? URL { return url.isFileURL ? [url.path, url.absoluteString] : [] }
        guard depth < 6 else { return [] }
        var paths: Set<String> = []
        for child in Mirror(reflecting: value).children { paths.formUnion(Self.paths(in: child.value, depth: depth + 1)) }
        return paths
    }

    /// A message on one line and of some length at most, files told by their names alone.
    package func plain(_ message: String) -> String {
        var text = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        if text.utf8.count > Self.mostBytes { text = text.prefix(Self.mostBytes / 2) + "…" }
        for folder in folders { text = text.replacing(folder + "/", with: "").replacing(folder, with: "the library") }
        // What is left and looks like a path: an absolute one, outside of any word.
        return text.replacing(#/(^|[\s("'=:])/(?:[^\s/"'():;,]+/)+([^\s/"'():;,]*)/#) { "\($0.output.1)\($0.output.2)" }
    }
}

extension Studio {
    /// What is told to those who are not at this machine.
    ///
    /// - Parameter others: folders that are no more of their business than the studio's own.
    package func discreetText(besides others: [URL] = []) -> DiscreetText {
        DiscreetText(
            folders: [
                premises.libraryFolder, installation.data, installation.personalModels, installation.cache, installation.defaultLibrary,
                FileManager.default.homeDirectoryForCurrentUser, FileManager.default.temporaryDirectory,
            ] + others)
    }
}
