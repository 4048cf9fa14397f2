import Glibc

/// Paths as the system has them: bytes, which need not be UTF-8. A text can hold any of them all the same, and stand wherever paths stand (in
/// URLs, in the library, in exports): a byte that is no part of UTF-8 is the character U+10FE00 and the byte, of a range for private use.
///
/// What opens, looks at, or renames a file of a person's goes by ``Swift/String/withSystemPath(_:)``.
package enum SystemPath {
    /// Stand for the bytes 0x80 to 0xFF.
    private static let marks: ClosedRange<UInt32> = 0x10_FE80...0x10_FEFF

    /// The text of bytes that a folder or the shell gave.
    ///
    /// - Parameter isTyped: whether the characters that stand for bytes are taken for these where they come as UTF-8, as they do in a path out of
    ///   what Redraw printed. In a folder such a name is another file's.
    package static func text(of bytes: some Collection<UInt8>, isTyped: Bool = false) -> String {
        if let text = String(validating: bytes, as: UTF8.self),
            isTyped || !text.unicodeScalars.contains(where: { marks.contains($0.value) })
        {
            return text
        }
        var scalars = String.UnicodeScalarView()
        var rest = Array(bytes)[...]
        while let first = rest.first {
            let length = min(length(from: first), rest.count)
            let scalar = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first
            if let scalar, isTyped || !marks.contains(scalar.value) {
                scalars.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                scalars.append(mark(of: first))
                rest = rest.dropFirst()
            }
        }
        return String(scalars)
    }

    /// Bytes of a character in UTF-8 that begins so.
    private static func length(from first: UInt8) -> Int {
        switch first {
        case 0xF0...: 4
        case 0xE0...: 3
        case 0xC0...: 2
        default: 1
        }
    }

    /// Bytes below 0x80 are UTF-8 by themselves.
    private static func mark(of byte: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(0x10_FE00 + UInt32(byte)) ?? "\u{FFFD}"
    }

    /// The byte that a character stands for, where it does.
    package static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        marks.contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    /// Whether a text stands for bytes that are no UTF-8.
    package static func isForeign(_ text: String) -> Bool {
        text.unicodeScalars.contains { marks.contains($0.value) }
    }

    /// What is at a path.
    package enum Kind: Sendable {
        case file, folder, other
    }

    /// - Parameter following: whether it is asked of what a link leads to.
    /// - Returns: nil where there is nothing.
    package static func kind(of path: String, following: Bool = true) -> Kind? {
        var status = stat()
        guard path.withSystemPath({ following ? stat($0, &status) : lstat($0, &status) }) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// The path without links and dots, of what is there; nil where nothing is.
    package static func resolved(_ path: String) -> String? {
        guard let found = path.withSystemPath({ realpath($0, nil) }) else { return nil }
        defer { free(found) }
        return text(of: UnsafeBufferPointer(start: found, count: strlen(found)).map { UInt8(bitPattern: $0) })
    }

    /// Makes a folder, and those above it.
    ///
    /// - Returns: why it cannot be made; nil where it is there.
    package static func makeFolder(_ path: String) -> String? {
        if kind(of: path) == .folder { return nil }
        if path.withSystemPath({ mkdir($0, 0o777) }) == 0 { return nil }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            // Somebody else may have made it meanwhile.
            let reason = String(cString: strerror(errno))
            return kind(of: path) == .folder ? nil : reason
        }
        if let reason = makeFolder(String(path[..<slash])) { return reason }
        guard path.withSystemPath({ mkdir($0, 0o777) }) != 0 else { return nil }
        let reason = String(cString: strerror(errno))
        return kind(of: path) == .folder ? nil : reason
    }
}

extension String {
    /// The path's bytes, ended by a zero, for calls of the system.
    package func withSystemPath<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        guard SystemPath.isForeign(self) else { return try withCString(body) }
        var bytes: [CChar] = []
        for scalar in unicodeScalars {
            if let byte = SystemPath.byte(of: scalar) {
                bytes.append(CChar(bitPattern: byte))
            } else {
                bytes += Swift.String(scalar).utf8.map { CChar(bitPattern: $0) }
            }
        }
        return try (bytes + [0]).withUnsafeBufferPointer { try body($0.baseAddress!) }
    }
}
