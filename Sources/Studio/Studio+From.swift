import Analysis
import Diffusion
import Engines
import Foundation
import Pixels

/// Why a file says nothing about how a picture is made.
package enum ParametersError: Error, Equatable, CustomStringConvertible {
    case none(path: String)
    case noText(path: String)
    case tooLong(path: String, bytes: Int)

    package var description: String {
        switch self {
        case .none(let path): "\(path) holds no parameters; redraw info \(ShellWord.path(path)) shows what it holds"
        case .noText(let path): "\(path) is neither a picture nor a text; name one that says how a picture was made"
        case .tooLong(let path, let bytes): "\(path) is \(bytes) bytes long, too long for a text of parameters"
        }
    }
}

extension Studio {
    /// Bytes of a text; the longest graphs of ComfyUI have some hundred thousand.
    private static let longestText = 4 << 20

    /// Takes over from a file what a wish does not say itself: from a picture that some tool made, or from a text of parameters, such as the web
    /// UI's or a graph of ComfyUI.
    ///
    /// - Returns: what of the file has no counterpart here, in words.
    /// - Throws: ``ParametersError``; `ImageError` where the file cannot be read.
    package func fill(_ wish: inout GenerationWish, from path: String) throws -> [String] {
        var (found, notes) = try parameters(of: path, model: wish.model)
        // How it is made is said by who asks; a painting has no strength.
        found.mode = nil
        if wish.mode == GenerationRequest.Mode.paint.rawValue {
            (found.strength, found.resize, found.outputSize, found.background) = (nil, nil, nil, nil)
        }
        if let model = found.model, wish.model == nil, (try? premises.generator(model)) == nil {
            found.model = nil
            notes.append("the model \(model) is not installed here; another one is used")
        }
        wish.fill(from: found)
        return notes
    }

    private func parameters(of path: String, model: String?) throws -> (GenerationWish, [String]) {
        let url = URL(asTyped: path)
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(url)
        } catch {
            throw ImageError.inFile(path: path, error)
        }
        if (try? ImageFile.size(of: bytes)) != nil {
            let file = try PictureFile(path: url.path)
            // Its own record says all of it; the line that other tools read does not.
            if let json = try ImageFile.text(of: bytes)["redraw"], let wish = GenerationWish(record: json) { return (wish, []) }
            guard let prompt = file.recovery().prompts.first else { throw ParametersError.none(path: path) }
            return said(by: prompt, model: model)
        }
        guard bytes.count <= Self.longestText else { throw ParametersError.tooLong(path: path, bytes: bytes.count) }
        guard let text = CaptionText.decoded(bytes) else { throw ParametersError.noText(path: path) }
        if let wish = GenerationWish(record: text) { return (wish, []) }
        // A graph of ComfyUI stands in a file as it does in a picture: as what was run, or as what was drawn.
        for key in ["parameters", "prompt", "workflow"] {
            if let prompt = RecoveredPrompts.find(in: [key: text], isPNG: true).first { return said(by: prompt, model: model) }
        }
        guard bytes.count <= RecoveredPrompts.longestCaption, !text.hasPrefix("{"), !text.hasPrefix("[") else {
            throw ParametersError.none(path: path)
        }
        let report = infotext(text)
        guard report.wish.settings.prompt?.isEmpty == false else { throw ParametersError.none(path: path) }
        return (report.wish.settings, report.notes)
    }

    /// The hashes by which other tools know what an order calls; what cannot be read has none.
    func calledHashes(of order: GenerationOrder) -> GenerationText.Hashes {
        var hashes = GenerationText.Hashes()
        guard let model = order.model.place else { return hashes }
        let digests = DigestCache(folder: installation.cache)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: model.path, isDirectory: &isFolder), !isFolder.boolValue {
            hashes.model = digests.digests(of: model)?.autoV2
        }
        let folders = [model, model.deletingLastPathComponent(), installation.personalModels]
        var seen: Set<String> = []
        for tag in PromptTags(order.request.prompt).adaptations where seen.insert(tag.name).inserted {
            guard let hash = CalledFiles.lora(named: tag.name, in: folders).flatMap({ digests.digests(of: $0)?.autoV3 }) else { continue }
            hashes.loras.append((tag.name, hash))
        }
        return hashes
    }
}

extension GenerationWish {
    /// The wish that Redraw's own record in a picture comes to; nil for what is none.
    init?(record json: String) {
        /// A sheet has several strengths, and the record none.
        struct Extent: Decodable {
            let prompt: String
            let seed: UInt64
            let mode: String
            let strength: Double?
        }
        let data = Data(json.utf8)
        guard let extent = try? JSONDecoder().decode(Extent.self, from: data),
            let request = try? JSONDecoder().decode(GenerationRequest.self, from: data)
        else { return nil }
        self.init(settingsOf: request)
        strength = extent.strength
        (resize, outputSize) = (request.resize.rawValue, request.outputSize.rawValue)
        background = request.background
        // Nobody chose what was chosen by the machine at hand.
        if request.precision != .auto { precision = request.precision.rawValue }
    }
}
