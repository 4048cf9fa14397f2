import Analysis
import Catalog
import Diffusion
import Foundation
import Screening
import Vocabulary

extension Studio {
    /// What the picture's approved tags come to as a prompt, as a model wants it written, and how long that is for it.
    ///
    /// - Parameter model: an installed one's name; nil: the one that was suggested for the picture where it is installed, else the default.
    package func composed(_ picture: Int64, model: String? = nil) throws -> ComposedReport {
        let library = try premises.library()
        let relations = try library.relations(of: picture)
        let approved = try library.suggestions(of: picture).filter { $0.state == .approved }.map {
            ApprovedTag(
                text: $0.text, facet: Facet(rawValue: $0.facet) ?? .subject, weight: $0.weight, tag: $0.tag, relations: relations)
        }
        let analysis = try library.latestAnalysis(of: picture)
        let negative = try library.latestPrompt(of: picture)?.negative ?? analysis?.negative ?? ""
        let name = model ?? usualModel(of: analysis)
        let habit = premises.manifest(of: name)?.prompt
        func text(_ form: PromptForm) -> String { PromptComposer.compose(approved, for: Studio.habit(form, of: habit)) }
        let (phrase, tags, sentence) = (text(.phrase), text(.tags), text(.sentence))
        let lengths: [PromptForm: PromptLength] = [
            .phrase: try length(of: phrase, model: name), .tags: try length(of: tags, model: name),
            .sentence: try length(of: sentence, model: name),
        ]
        func tokens(_ form: PromptForm) -> Int { lengths[form]?.tokens ?? 0 }
        let own = PromptForm(habit)
        return ComposedReport(
            phrase: phrase, tags: tags, sentence: sentence, form: own, negative: negative,
            tokens: .init(phrase: tokens(.phrase), tags: tokens(.tags), sentence: tokens(.sentence)), limit: lengths[own]?.limit,
            chunks: lengths[own]?.chunks ?? 1, model: name)
    }

    /// The desk where that picture's prompt is composed as the model wants it that is usual for it, or in a form that somebody asks for.
    package func desk(composingFor picture: KnownPicture, form: PromptForm? = nil) throws -> ScreeningDesk {
        let library = try premises.library()
        let habit = premises.manifest(of: usualModel(of: try library.latestAnalysis(of: picture.id)))?.prompt
        return ScreeningDesk(
            library: library, compose: ScreeningDesk.composition(for: Studio.habit(form ?? PromptForm(habit), of: habit)))
    }

    /// The prompt that a person made of a picture, from approved tags or by hand, as its model wants it; nil where there is none.
    package func standingPrompt(ofPicture sha256: String) throws -> String? {
        let library = try premises.library()
        guard let record = try library.picture(sha256: sha256) else { return nil }
        let picture = KnownPicture(record)
        // Most pictures of a folder have none, and then nothing need be known of models.
        return try ScreeningDesk.standingPrompt(of: picture, in: library) { try desk(composingFor: picture) }
    }

    /// The model that was suggested for a picture where it is installed, else the default.
    private func usualModel(of analysis: AnalysisRecord?) -> String {
        let suggested = analysis?.model?.listed(as: AnalysisReport.ModelEntry.self).value
        return suggested.flatMap { $0.installed ? $0.name : nil } ?? Studio.defaultGenerator
    }

    /// The words about quality belong to the form that the model wants.
    private static func habit(_ form: PromptForm, of habit: Manifest.Prompt?) -> Manifest.Prompt? {
        if form == PromptForm(habit) { return habit }
        return switch form {
        case .phrase: Manifest.Prompt(form: .phrase)
        case .tags: Manifest.Prompt(form: .tags)
        case .sentence: Manifest.Prompt(form: .sentence)
        }
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

extension PromptForm {
    /// What the model's manifest says; where that says nothing, a phrase.
    fileprivate init(_ habit: Manifest.Prompt?) {
        self =
            switch habit?.form ?? .phrase {
            case .phrase: .phrase
            case .tags: .tags
            case .sentence: .sentence
            }
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
