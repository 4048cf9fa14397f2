import FoundationEssentials
import Tensors

/// Opens an encoder's folder as it was downloaded; the family is told by its files. Nothing large is loaded yet.
///
/// - Parameters:
///   - merges: OpenAI's list of merges (`Models/clip-tokenizer/bpe_simple_vocab_16e6.txt`), for CLIP folders that have no tokenizer.
///   - arithmetic: in which numbers the towers multiply; Redraw's own encoder does so in single precision always.
/// - Throws: ``EncoderError/unknownFamily(path:found:supported:)`` where the files are those of no known family.
package func openEncoder(directory: URL, merges: URL? = nil, arithmetic: Arithmetic = .f32) throws -> any PictureTextEncoder {
    switch try EncoderFamily(directory: directory) {
    case .redraw: try DefaultEncoder(directory: directory)
    case .clip: try CheckpointEncoder.clip(directory: directory, arithmetic)
    case .openCLIP: try CheckpointEncoder.openCLIP(directory: directory, merges: merges, arithmetic)
    case .sigLIP: try CheckpointEncoder.sigLIP(directory: directory, arithmetic)
    }
}

/// The kinds of encoders there are.
package enum EncoderFamily: String, Sendable, CaseIterable {
    case redraw
    case clip
    case openCLIP
    case sigLIP

    package var summary: String {
        switch self {
        case .redraw: "Redraw's own (config.json, head.safetensors)"
        case .clip: "CLIP by transformers (config.json with model_type clip, model.safetensors)"
        case .openCLIP: "CLIP by open_clip (open_clip_config.json, open_clip_model.safetensors)"
        case .sigLIP: "SigLIP and SigLIP 2 of fixed resolution (config.json with model_type siglip, model.safetensors)"
        }
    }

    /// - Throws: ``EncoderError/unknownFamily(path:found:supported:)``.
    package init(directory: URL) throws(EncoderError) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path) else {
            throw .unreadableFile(path: directory.path, reason: "there is no such folder")
        }
        guard names.contains("config.json") || names.contains("open_clip_config.json") else {
            throw Self.unknown(directory, Self.listed(names))
        }
        if names.contains("head.safetensors"), names.contains("config.json") {
            self = .redraw
            return
        }
        var modelType: String?
        if names.contains("config.json") {
            modelType = try CLIPFileConfiguration(file: directory.appendingPathComponent("config.json")).modelType
        }
        switch modelType {
        case "clip": self = .clip
        case "siglip": self = .sigLIP
        case _ where names.contains("open_clip_config.json"): self = .openCLIP
        case let kind?: throw Self.unknown(directory, "a config.json with model_type \(kind)")
        case nil:
            throw Self.unknown(directory, "a config.json without model_type, and \(Self.listed(names.filter { $0 != "config.json" }))")
        }
        guard (try? ModelFiles.files(in: directory)) != nil else {
            let pickles = names.filter { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") }.sorted()
            let instead = pickles.isEmpty ? "" : "; \(pickles[0]) may run code when it is opened, so it is not: convert it to safetensors"
            throw .unreadableFile(
                path: directory.appendingPathComponent("model.safetensors").path, reason: "there is no such file\(instead)")
        }
    }

    private static func listed(_ names: [String]) -> String {
        let shown = names.filter { !$0.hasPrefix(".") }.sorted()
        return shown.isEmpty ? "no files" : shown.prefix(8).joined(separator: ", ") + (shown.count > 8 ? ", …" : "")
    }

    private static func unknown(_ directory: URL, _ found: String) -> EncoderError {
        .unknownFamily(path: directory.path, found: found, supported: allCases.map(\.summary))
    }
}
