public import FoundationEssentials

/// Opens an encoder's folder as it was downloaded; the family is told by its files. Nothing large is loaded yet.
///
/// - Throws: ``EncoderError/unknownFamily(path:found:supported:)`` where the files are those of no known family.
public func openEncoder(directory: URL) throws -> any PictureTextEncoder {
    switch try EncoderFamily(directory: directory) {
    case .redraw: return try DefaultEncoder(directory: directory)
    }
}

/// The kinds of encoders there are.
public enum EncoderFamily: String, Sendable, CaseIterable {
    case redraw

    public var summary: String {
        switch self {
        case .redraw: "Redraw's own encoder (image.safetensors, head.safetensors, text.safetensors, config.json)"
        }
    }

    /// - Throws: ``EncoderError/unknownFamily(path:found:supported:)``.
    public init(directory: URL) throws(EncoderError) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        if names.contains("head.safetensors"), names.contains("config.json") {
            self = .redraw
            return
        }
        let shown = names.filter { !$0.hasPrefix(".") }.sorted()
        throw .unknownFamily(
            path: directory.path,
            found: shown.isEmpty ? "no files" : shown.prefix(8).joined(separator: ", ") + (shown.count > 8 ? ", …" : ""),
            supported: Self.allCases.map(\.summary))
    }
}
