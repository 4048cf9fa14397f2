import Catalog
import Encoders
import Foundation
import Pixels
import Vocabulary

/// Looks at pictures: one encoder, one vocabulary, the models that are known.
public struct Analyzer: Sendable {
    private let encoder: any PictureEncoder
    private let vocabulary: TagVocabulary
    private let index: VocabularyIndex
    private let catalog: ModelCatalog
    private let settings: SelectionSettings

    /// - Parameter index: of this very vocabulary and encoder.
    public init(
        encoder: any PictureEncoder, vocabulary: TagVocabulary, index: VocabularyIndex, catalog: ModelCatalog,
        settings: SelectionSettings = .tuned
    ) {
        precondition(
            index.vocabularyDigest == vocabulary.digest && index.encoderDigest == encoder.digest,
            "an index of another vocabulary or encoder")
        self.encoder = encoder
        self.vocabulary = vocabulary
        self.index = index
        self.catalog = catalog
        self.settings = settings
    }

    /// What names the sentences in which the vocabulary's tags were embedded: with another wording the same picture gets other tags.
    public var wording: String { VocabularyIndex.wording }

    /// - Parameters:
    ///   - image: the picture, upright; a reduced copy will do, 256 pixels on its shorter side.
    ///   - originalSize: its size before reduction; that of `image` where it is nil.
    ///   - rejected: tags that a person rejected for this picture before: neither they nor what implies them is suggested.
    public func analyze(
        _ image: Image, originalSize: (width: Int, height: Int)? = nil, excluding rejected: Set<String> = []
    ) throws -> AnalysisResult {
        analyze(image, seen: try encoder.observe(image), originalSize: originalSize, excluding: rejected)
    }

    /// As ``analyze(_:originalSize:excluding:)``, for a picture that the encoder has looked at already.
    public func analyze(
        _ image: Image, seen: Observation, originalSize: (width: Int, height: Int)? = nil, excluding rejected: Set<String> = []
    ) -> AnalysisResult {
        let size = originalSize ?? (image.width, image.height)
        let selection = TagSelection(vocabulary: vocabulary, settings: settings, similarity: similarity)
        let (selected, dropped) = selection.select(candidates(image, size: size, seen: seen), rejected: rejected)
        let suggestions = selected.map(Self.judged)
        let mediums = seen.mediums.map { AnalysisResult.Medium(name: $0.name, probability: $0.probability) }

        var confidences: [String: Double] = [:]
        for suggestion in suggestions {
            let implied = vocabulary.tag(named: suggestion.tag).map { vocabulary.implied(by: $0) } ?? []
            for name in [suggestion.tag] + implied.map(\.name) {
                confidences[name] = max(confidences[name] ?? 0, Double(suggestion.confidence))
            }
        }
        let chosen = ModelChooser(catalog: catalog, mediums: mediums, confidences: confidences).choice()
        return AnalysisResult(
            suggestions: suggestions, dropped: dropped, prompt: prompt(from: suggestions, medium: mediums.first?.name),
            model: chosen?.choice,
            size: chosen.flatMap { Self.size(for: $0.manifest, of: size) }, mediums: mediums)
    }

    /// The prompt that approving every suggestion of `confidence` and above would give.
    private func prompt(from suggestions: [Suggested], medium: String?) -> ComposedPrompt {
        var used = suggestions.filter { $0.confidence >= Self.promptConfidence && !Self.isAboutFormat($0.tag) }
        // A prompt is about something, be it a guess.
        if !used.contains(where: { $0.facet == .subject }), let guess = suggestions.first(where: { $0.facet == .subject }) {
            used.insert(guess, at: 0)
        }
        let positive = PromptComposer.compose(used.map { ApprovedTag(text: $0.tag, facet: $0.facet) })
        return ComposedPrompt(positive: positive, negative: NegativePrompt.standard(medium: medium, wanted: Set(used.map(\.tag))))
    }

    /// The confidence that is shown for what embeddings say of subjects, actions and settings: how often such a tag was right.
    ///
    /// Fitted on the 166 suggestions for 31 photographs that nothing was trained on, each judged by eye; selection has its own scale.
    private static func judged(_ suggestion: Suggested) -> Suggested {
        guard suggestion.source == .ranked, [.subject, .action, .setting].contains(suggestion.facet) else { return suggestion }
        let share = min(max(suggestion.confidence, 1e-6), 1 - 1e-6)
        let confidence = 1 / (1 + exp(1.97 - 2.66 * log(share / (1 - share))))
        return Suggested(
            tag: suggestion.tag, facet: suggestion.facet, cosine: suggestion.cosine, confidence: confidence, rank: suggestion.rank,
            source: suggestion.source)
    }

    /// Suggestions below it are for a person to decide on; they are not in the prompt that nobody has screened.
    static let promptConfidence: Float = 0.25

    /// Whether a tag speaks of the canvas, which the size says already, or of a fault, which nobody wants drawn.
    private static func isAboutFormat(_ tag: String) -> Bool {
        tag.hasSuffix(" orientation") || tag.hasSuffix(" format") || tag == "blurry"
    }

    private func candidates(_ image: Image, size: (width: Int, height: Int), seen: Observation) -> [Candidate] {
        let cosines = index.cosines(with: seen.embedding)
        let probabilities = Dictionary(seen.mediums.map { ($0.name, $0.probability) }) { first, _ in first }
        let isPhoto = probabilities["photo"] ?? 1
        var candidates: [Candidate] = []
        for (row, position) in index.positions.enumerated() {
            let tag = vocabulary.tags[position]
            if let probability = probabilities[tag.name], tag.facet == .medium {
                candidates.append(Candidate(tag: tag, cosine: cosines[row], confidence: probability, source: .head))
                continue
            }
            let plain = encoder.calibration.confidence(cosine: cosines[row], background: index.statistics[row])
            let offset = (settings.offsets[tag.facet] ?? 0) - Self.offsetOfDrawnPictures * (1 - isPhoto)
            candidates.append(Candidate(tag: tag, cosine: cosines[row], confidence: shifted(plain, by: offset)))
        }
        for (name, confidence) in MeasuredTags(PictureMeasurements(image, originalSize: size)).tags {
            guard let tag = vocabulary.tag(named: name), tag.measured else { continue }
            candidates.append(Candidate(tag: tag, confidence: confidence, source: .measured))
        }
        return candidates
    }

    /// What is taken from the log-odds of a picture that is no photograph: the encoder was trained on photographs and is less often right there.
    private static let offsetOfDrawnPictures: Float = 0.4

    private func shifted(_ confidence: Float, by offset: Float) -> Float {
        guard offset != 0 else { return confidence }
        let odds = confidence / max(1 - confidence, 1e-6) * exp(offset)
        return odds / (1 + odds)
    }

    private func similarity(_ one: Tag, _ other: Tag) -> Float? {
        guard let first = row(of: one), let second = row(of: other) else { return nil }
        return index.similarity(first, second)
    }

    /// `positions` is ascending, so a binary search finds the row.
    private func row(of tag: Tag) -> Int? {
        guard let position = vocabulary.position(of: tag.name) else { return nil }
        var (low, high) = (0, index.positions.count)
        while low < high {
            let middle = (low + high) / 2
            if index.positions[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low < index.positions.count && index.positions[low] == position ? low : nil
    }

    private static func size(for manifest: Manifest, of picture: (width: Int, height: Int)) -> SizeChoice? {
        guard let rule = manifest.sizeRule, picture.width > 0, picture.height > 0 else { return nil }
        let size = rule.nearest(toWidth: picture.width, height: picture.height)
        let family = ModelFamily.named(manifest.family)?.title ?? manifest.family
        let aspect = Double(picture.width) / Double(picture.height)
        let off = abs(size.aspect / aspect - 1)
        let fit = off < 0.005 ? "the picture's own aspect" : "\(Int((off * 100).rounded(.up))) % off the picture's aspect"
        return SizeChoice(
            width: size.width, height: size.height,
            reason: "the legal size of \(family) nearest to \(picture.width)x\(picture.height): \(fit)")
    }
}
