import Foundation
import JSONReading

/// An export's text, read part by part as it comes: however long it is, no more than one picture's is in memory.
package struct ExportText {
    /// A part of the outermost object.
    enum Part {
        /// A value beside the lists, as JSON.
        case value(key: String, Data)
        /// An element of the list of that name, as JSON, and its position.
        case element(list: String, Int, Data)
    }

    /// More than one picture of any use has; it would be read into memory.
    private static let longestPart = 64 << 20

    private var stream: JSONStream<LibraryError>

    /// - Parameter next: the text's next piece, of any length; nil at its end.
    package init(_ next: @escaping () throws -> Data?) {
        stream = JSONStream(lists: LibraryExport.lists, longestPart: Self.longestPart) {
            LibraryError.notAnExport($0)
        } next: {
            try next().map { [UInt8]($0) }
        }
    }

    /// A file's text. The file stays open for as long as the value is used.
    ///
    /// - Throws: `CocoaError` where it cannot be opened.
    package init(contentsOf file: URL) throws {
        let handle = try FileHandle(forReadingFrom: file)
        self.init { try handle.read(upToCount: 1 << 20) }
    }

    /// The next part, in the text's order; nil at its end.
    ///
    /// - Throws: `LibraryError.notAnExport` where the text is no JSON object with such lists; what the source throws.
    mutating func nextPart() throws -> Part? {
        switch try stream.nextPart() {
        case .value(let key, let json): .value(key: key, Data(json))
        case .element(let list, let index, let json): .element(list: list, index, Data(json))
        case nil: nil
        }
    }
}
