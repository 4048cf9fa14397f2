import Analysis
import Engines
import Foundation
import Pixels
import Screening

/// What a picture's file says of how it was made, in the words of the tool that wrote it.
package struct TextInfo: Sendable {
    /// The text with the settings, as it stands there; empty for none.
    package let parameters: String
    /// Every text entry.
    package let items: [String: String]
    /// The settings by their names, prompts among them.
    package let settings: [String: String]
}

extension Studio {
    /// What somebody who asks for words about a picture wants.
    package enum CaptionForm: Sendable {
        /// The prompt that the analysis composed.
        case prompt
        /// Every tag that was not rejected, the surest first.
        case tags
    }

    /// Words for a picture of the library; it is analysed where nobody did.
    ///
    /// - Throws: `LibraryError.noSuchPicture`, ``StudioError/fileIsGone(picture:)``.
    package func caption(of id: Int64, as form: CaptionForm) async throws -> String {
        let library = try premises.library()
        let picture = try library.picture(id: id)
        if try library.latestAnalysis(of: id) == nil { _ = try await analyst.analyze(file(of: picture)) }
        switch form {
        case .prompt: return try library.latestAnalysis(of: id)?.positive ?? ""
        case .tags:
            let tags = try library.suggestions(of: id).filter { $0.state != .rejected }
            return tags.sorted { $0.confidence > $1.confidence }.map(\.text).joined(separator: ", ")
        }
    }

    /// Reads the texts in a picture's bytes.
    ///
    /// - Throws: `ImageError` where the bytes are no picture.
    package func textInfo(_ bytes: [UInt8]) async throws -> TextInfo {
        try await NumericQueue.shared.run {
            let items = try ImageFile.text(of: bytes)
            let text = items["parameters"] ?? items["UserComment"] ?? ""
            guard let found = RecoveredPrompts.find(in: items, isPNG: items["parameters"] != nil).first else {
                return TextInfo(parameters: text, items: items, settings: [:])
            }
            var settings = found.settings
            settings["Prompt"] = found.positive
            settings["Negative prompt"] = found.negative
            settings["Seed"] = found.seed.map { "\($0)" }
            settings["Steps"] = found.steps.map { "\($0)" }
            settings["Sampler"] = found.sampler
            settings["CFG scale"] = found.guidance.map { "\($0)" }
            settings["Denoising strength"] = found.strength.map { "\($0)" }
            settings["Model"] = found.model
            if let width = found.width, let height = found.height { settings["Size"] = "\(width)x\(height)" }
            return TextInfo(parameters: text, items: items, settings: settings)
        }
    }
}
