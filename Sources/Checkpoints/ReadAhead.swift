import Dispatch
import Synchronization

/// Asks the kernel for what of files will be read next, so that the disk works while something else is computed. Files that are in memory
/// already cost next to nothing, and nobody waits for it: where nothing comes of it, pages are read when they are touched, as ever.
package final class ReadAhead: Sendable {
    /// What one call asks for: the kernel reads no more of it than its own window for reading ahead, which is seldom smaller.
    static let piece = 128 << 10

    private let parts: [FilePart]
    private let limit: Int
    private let advise: @Sendable (SafetensorsFile, Range<Int>) -> Bool
    private let hasEnded = Atomic(false)

    /// - Parameters:
    ///   - parts: in the order in which they will be needed.
    ///   - bytes: asked for at most: what memory has room for beside all that is computed.
    ///   - advise: asks for a range of a file's bytes, and says whether the kernel took it.
    init(
        _ parts: [FilePart], atMost bytes: Int, advise: @escaping @Sendable (SafetensorsFile, Range<Int>) -> Bool = { $0.willNeed($1) }
    ) {
        (self.parts, limit, self.advise) = (parts, bytes, advise)
    }

    /// Does what needs the parts while they are asked for on a thread of their own. When it is done, at most one piece more is asked for.
    package static func during<Result>(_ parts: [FilePart], atMost bytes: Int, _ body: () throws -> Result) rethrows -> Result {
        guard bytes > 0, !parts.isEmpty else { return try body() }
        let ahead = ReadAhead(parts, atMost: bytes)
        DispatchQueue(label: "redraw.read-ahead", qos: .utility).async { ahead.run() }
        defer { ahead.end() }
        return try body()
    }

    /// Asks for one piece after the other, until all are, the limit is reached or the kernel wants no advice.
    func run() {
        var left = limit
        for part in parts {
            var start = part.bytes.lowerBound
            while start < part.bytes.upperBound, !part.isDoneWith() {
                let end = min(start + Self.piece, part.bytes.upperBound)
                guard !hasEnded.load(ordering: .relaxed), left >= end - start, advise(part.file, start..<end) else { return }
                left -= end - start
                start = end
            }
        }
    }

    func end() { hasEnded.store(true, ordering: .relaxed) }
}

/// A stretch of a file's bytes that a scope's tensors lie in.
package struct FilePart: Sendable {
    let file: SafetensorsFile
    let bytes: Range<Int>
    /// Whether what it is for was read, so that nobody will ask for it again.
    let isDoneWith: @Sendable () -> Bool
}
