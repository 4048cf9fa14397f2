public import Foundation

/// Messages for those who are not at this machine: one line in which files are told by their names alone.
public struct DiscreetText: Sendable {
    /// Folders whose paths are taken out wherever they stand, the longest first; they may hold blanks.
    private let folders: [String]

    public init(folders: [URL]) {
        self.folders = Set(folders.map { $0.standardizedFileURL.path }).filter { $0 != "/" }.sorted { $0.count > $1.count }
    }

    /// Bytes of a message that are told; what was sent may be quoted in it.
    public static let mostBytes = 1000

    public func plain(_ message: String) -> String {
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
    public func discreetText(besides others: [URL] = []) -> DiscreetText {
        DiscreetText(
            folders: [
                premises.libraryFolder, installation.data, installation.personalModels, installation.cache, installation.defaultLibrary,
                FileManager.default.homeDirectoryForCurrentUser, FileManager.default.temporaryDirectory,
            ] + others)
    }
}
