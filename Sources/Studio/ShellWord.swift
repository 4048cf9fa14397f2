import Foundation

/// A word of a command that a message shows, so written that it can be pasted into a shell.
package enum ShellWord {
    /// As it is where a shell takes it so, else in quotation marks.
    package static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.allSatisfy { $0.isLetter || $0.isNumber || "_@%+=:,./-".contains($0) || $0 == "~" && word.first == "~" }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// A file's path, short where it lies below the working directory.
    package static func path(_ path: String) -> String {
        let folder = FileManager.default.currentDirectoryPath
        guard folder != "/", path.hasPrefix(folder + "/") else { return quoted(path) }
        return quoted(String(path.dropFirst(folder.count + 1)))
    }
}
