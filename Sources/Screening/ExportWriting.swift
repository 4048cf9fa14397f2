import Foundation

extension Library {
    /// Writes the whole library, or the given pictures with all that belongs to them, as the text that ``import(_:by:at:)-(ExportText,_,_)``
    /// takes in: a picture a line, no more than a few of them in memory at a time.
    ///
    /// Each picture is whole as it is at one moment. What another process changes meanwhile may be in it or not.
    ///
    /// - Parameter write: takes the text's next piece; what it throws ends the writing and is thrown here.
    /// - Returns: how many pictures were written.
    @discardableResult
    package func export(pictures ids: [Int64]? = nil, to write: (Data) throws -> Void) throws -> Int {
        let wanted = try ids ?? pictureNumbers()
        // Named pictures that are not there are an error before anything is written; one of all that goes meanwhile is left out.
        if let ids { for id in ids { _ = try picture(id: id) } }
        let encoder = JSONCoding.encoder()
        var count = 0
        func list<Element: Encodable>(_ elements: [Element], isFirst: Bool) throws -> Data {
            var text = Data()
            for (index, element) in elements.enumerated() {
                text += Data((isFirst && index == 0 ? "\n" : ",\n").utf8)
                text += try encoder.encode(element)
            }
            return text
        }
        try write(Data("{\n\"format\": \"\(LibraryExport.format)\",\n\"version\": \(LibraryExport.version),\n\"pictures\": [".utf8))
        for start in stride(from: 0, to: wanted.count, by: Self.picturesAtOnce) {
            let some = Array(wanted[start..<min(start + Self.picturesAtOnce, wanted.count)])
            let pictures = try exported(some)
            try write(list(pictures, isFirst: count == 0))
            count += pictures.count
        }
        try write(Data("\n],\n\"generations\": [".utf8))
        if ids == nil {
            let generations = try freeGenerations()
            try write(list(generations, isFirst: true))
        }
        try write(Data("\n]\n}\n".utf8))
        return count
    }

    /// Pictures that are read, or taken in, as one transaction.
    static let picturesAtOnce = 100
}
