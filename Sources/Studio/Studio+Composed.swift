import Analysis
import Diffusion
import Foundation
import Screening
import Vocabulary

extension Studio {
    /// What the picture's approved tags come to as a prompt, and how long that is for a model.
    ///
    /// - Parameter model: an installed one's name; nil: the one that was suggested for the picture where it is installed, else the default.
    package func composed(_ picture: Int64, model: String? = nil) throws -> ComposedReport {
        let library = try premises.library()
        let approved = try library.suggestions(of: picture).filter { $0.state == .approved }.map {
            ApprovedTag(text: $0.text, facet: Facet(rawValue: $0.facet) ?? .subject, weight: $0.weight)
        }
        let analysis = try library.latestAnalysis(of: picture)
        let suggested: SuggestedModel? = try analysis?.model?.decoded()
        let usual = suggested.flatMap { $0.installed == true ? $0.name : nil } ?? Studio.defaultGenerator
        let negative = try library.latestPrompt(of: picture)?.negative ?? analysis?.negative ?? ""
        let (tags, sentence) = (PromptComposer.tags(approved), PromptComposer.sentence(approved))
        let name = model ?? usual
        let (long, short) = (try length(of: tags, model: name), try length(of: sentence, model: name))
        return ComposedReport(
            tags: tags, sentence: sentence, negative: negative, tokens: .init(tags: long.tokens, sentence: short.tokens),
            limit: long.limit, chunks: long.chunks, model: name)
    }

    private struct SuggestedModel: Decodable {
        var name: String
        var installed: Bool?
    }

    /// How long a prompt is for a model that is installed, without its weights being read: weights and calls of files do not count.
    ///
    /// Where the text encoder reads a long prompt in pieces, the words `BREAK` and commas near a piece's end may make one piece more.
    /// - Throws: ``StudioError/unknownModel(name:known:)`` and the like.
    func length(of prompt: String, model: String) throws -> PromptLength {
        let words = PromptWeights.parse(PromptTags(prompt).text).map(\.text).joined()
        return try premises.meter(of: model).length(of: words)
    }
}

extension Premises {
    /// What counts the tokens of prompts for an installed model; asked of its headers once.
    func meter(of model: String) throws -> any PromptMeter {
        let (name, place) = try generator(model)
        let key = name + " " + place.path
        if let known = meters.withLock({ $0[key] }) { return known }
        let own = try PipelineSource(model: place, options: PipelineOptions(merges: merges)).meter()
        let meter = try own ?? SentenceMeter(defaultEncoder())
        meters.withLock { $0[key] = meter }
        return meter
    }
}
