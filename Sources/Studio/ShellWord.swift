import Foundation

/// A word of a command that a message shows, so written that it can be pasted into a shell.
package enum ShellWord {
    /// As it is where a shell takes it so, else in quotation marks: in `$'…'` where a byte of it would not survive a terminal.
    package static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.allSatisfy { $0.isLetter || $0.isNumber || "_@%+=:,./-".contains($0) || $0 == "~" && word.first == "~" }
        if word.unicodeScalars.contains(where: isUnseen) { return escaped(word) }
        if isPlain { return word }
        // By scalars: an apostrophe with an accent over it is another character, but the same to a shell.
        let inside = word.unicodeScalars.reduce(into: "") { $0 += $1 == "'" ? "'\\''" : String($1) }
        return "'" + inside + "'"
    }

    /// A file's path, short where it lies below the working directory.
    package static func path(_ path: String) -> String {
        let folder = FileManager.default.currentDirectoryPath
        guard folder != "/", path.hasPrefix(folder + "/") else { return quoted(path) }
        let short = String(path.dropFirst(folder.count + 1))
        // Else it would be an option, or somebody's home.
        return quoted(short.hasPrefix("-") || short.hasPrefix("~") ? "./" + short : short)
    }

    /// What a terminal does not show as it is: control characters, marks that turn the direction of writing, and bytes that are no UTF-8.
    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: ForeignNames.byte(of: scalar) != nil
        }
    }

    private static func escaped(_ word: String) -> String {
        let inside = word.unicodeScalars.reduce(into: "") { written, scalar in
            if isUnseen(scalar) {
                let bytes = ForeignNames.byte(of: scalar).map { [$0] } ?? Array(UTF8.encode(scalar)!)
                for byte in bytes { written += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16, uppercase: true) }
            } else {
                if scalar == "'" || scalar == "\\" { written += "\\" }
                written.unicodeScalars.append(scalar)
            }
        }
        return "$'" + inside + "'"
    }
}
