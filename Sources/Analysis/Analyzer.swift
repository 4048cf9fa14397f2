import Catalog
import Encoders
import Foundation
import Pixels
import Vocabulary

/// Looks at pictures: one encoder, one vocabulary, the models that are known.
package struct Analyzer: Sendable {
    private let encoder: any PictureEncoder
    private let vocabulary: TagVocabulary
    private let index: VocabularyIndex
    private let catalog: ModelCatalog
    private let styles: StyleIndex?
    private let settings: SelectionSettings
    private let judgement: EncoderConfiguration.Judgement?
    private let shown: ShownConfidence
    /// What the encoder finds the places of.
    private let things: Set<String>
    /// Everything that says how a picture was made.
    private let mediumTags: [Tag]
    private let memory: Int?

    /// - Parameters:
    ///   - index: of this very vocabulary and encoder.
    ///   - styles: the models' descriptors, embedded; nil ranks models by their manifests' ratings alone.
    ///   - memory: bytes that the machine has, for what would run here; nil: whatever it takes.
    ///   - settings: nil takes those that suit the index's scale of confidence.
    package init(
        encoder: any PictureEncoder, vocabulary: TagVocabulary, index: VocabularyIndex, catalog: ModelCatalog, styles: StyleIndex? = nil,
        memory: Int? = nil, settings: SelectionSettings? = nil
    ) {
        precondition(
            index.vocabularyDigest == vocabulary.digest && index.encoderDigest == encoder.digest,
            "an index of another vocabulary or encoder")
        self.encoder = encoder
        self.vocabulary = vocabulary
        self.index = index
        self.catalog = catalog
        self.styles = styles
        self.memory = memory
        things = encoder.things
        mediumTags = vocabulary.tags.filter { $0.facet == .medium }
        judgement = index.scale.source == .fitted ? encoder.judgement : nil
        shown = ShownConfidence(judgement)
        self.settings = settings ?? judgement.map(SelectionSettings.init) ?? .unfitted
    }

    /// What a cosine is worth here, and what that rests on.
    package var scale: ConfidenceScale { index.scale }

    /// Names the sentences in which the vocabulary's tags were embedded, and a calibration from pictures: with others the same picture gets other
    /// tags.
    package var wording: String {
        guard index.scale.source == .background else { return index.wording }
        let fit = index.scale.calibration
        return index.wording + "-" + DigestedFile.name(of: "\(fit.z) \(fit.intercept) \(index.scale.pictures ?? 0)")
    }

    /// Runs the image tower, up to five times for a picture whose longer side is more than 1.6 times the shorter.
    package func look(at image: Image) throws -> Look { try Look(at: image, with: encoder) }

    /// How many pictures are worth looking at together.
    package var picturesAtOnce: Int { encoder.picturesAtOnce }

    /// One look for each picture, in order, as if each were looked at alone.
    package func looks(at images: [Image]) throws -> [Look] {
        images.isEmpty ? [] : try Look.looks(at: images, with: encoder)
    }

    /// - Parameters:
    ///   - image: the picture, upright; a reduced copy will do, 256 pixels on its shorter side.
    ///   - originalSize: its size before reduction; that of `image` where it is nil.
    ///   - rejected: tags that a person rejected for this picture before: neither they nor what implies them is suggested.
    ///   - learned: what the person's decisions on other pictures say of the confidences.
    ///   - composition: whether the text tower chooses the prompt.
    package func analyze(
        _ image: Image, originalSize: (width: Int, height: Int)? = nil, excluding rejected: Set<String> = [],
        learned: LearnedThresholds = .none, composition: CompositionMode = .fast
    ) throws -> AnalysisResult {
        try analyze(
            try look(at: image), image, originalSize: originalSize, excluding: rejected, learned: learned, composition: composition)
    }

    /// As above, with a look that was taken before.
    package func analyze(
        _ look: Look, _ image: Image, originalSize: (width: Int, height: Int)? = nil, excluding rejected: Set<String> = [],
        learned: LearnedThresholds = .none, composition: CompositionMode = .fast
    ) throws -> AnalysisResult {
        let size = originalSize ?? (image.width, image.height)
        let selection = TagSelection(vocabulary: vocabulary, settings: settings, similarity: similarity)
        let seen = look.whole.seen.map {
            SeenTags(
                $0, counts: encoder.counts, framing: judgement?.framing, parts: judgement?.parts ?? [:], untold: judgement?.untold ?? [],
                telling: judgement?.telling ?? [:], counting: judgement?.counting)
        }
        let (candidates, mediums) = candidates(look, seen, image, size: size, learned: learned)
        let (selected, fallen) = selection.select(candidates, rejected: rejected)
        let photo = mediums.first { $0.name == "photo" }?.probability ?? 1
        let things = ThingColours.told(of: look.whole.seen?.things ?? [], in: image, photo: photo, judgement?.colours)
        let suggestions = DescribedTags(vocabulary: vocabulary, judgement: judgement, counted: seen?.counted ?? [])
            .described(selected.map(shown.told), by: things)
        let relations = ThingRelations(vocabulary: vocabulary, judgement: judgement, counted: seen?.counted ?? [])?
            .told(of: things, named: suggestions, photo: photo)
        let dropped = fallen.map(shown.told)

        var confidences: [String: Double] = [:]
        for suggestion in suggestions {
            for name in [suggestion.tag] + vocabulary.implied(by: suggestion.entry).map(\.name) {
                confidences[name] = max(confidences[name] ?? 0, Double(suggestion.confidence))
            }
        }
        let chosen = ModelChooser(
            catalog: catalog, mediums: mediums, confidences: confidences, affinities: styles?.affinities(of: look.embedding) ?? [:],
            memory: memory, ranking: judgement?.ranking ?? .usual
        ).choice()
        let habit = chosen?.manifest.prompt
        let composed = try compose(suggestions, relations ?? [], seen: seen, look: look, mode: composition, for: habit)
        let negative = NegativePrompt.standard(medium: mediums.first?.name, wanted: Set(composed.tags), own: habit?.negative)
        return AnalysisResult(
            suggestions: suggestions, dropped: dropped, prompt: ComposedPrompt(positive: composed.text, negative: negative),
            composition: composed.scores, model: chosen?.choice,
            size: chosen.flatMap { Self.size(for: $0.manifest, of: size) }, mediums: mediums, things: things,
            relations: relations)
    }

    /// The prompt that approving what ``UnscreenedPrompt`` chooses would give or, with the text tower's help, the best part of it.
    private func compose(
        _ suggestions: [Suggested], _ relations: [ThingRelation], seen: SeenTags?, look: Look, mode: CompositionMode,
        for habit: Manifest.Prompt?
    ) throws -> (text: String, tags: [String], scores: CompositionScores) {
        var used = UnscreenedPrompt(vocabulary: vocabulary, judgement: judgement)
            .chosen(from: suggestions, tag: \.tag, facet: \.facet, confidence: \.confidence)
        if let seen {
            // What stands out comes first: the picture is of it.
            func place(_ suggestion: Suggested) -> Float {
                guard suggestion.facet == .subject else { return 0 }
                let named = [suggestion.tag] + vocabulary.implied(by: suggestion.entry).map(\.name)
                return named.compactMap(seen.prominence).max() ?? 0
            }
            used = used.enumerated().sorted { (-place($0.element), $0.offset) < (-place($1.element), $1.offset) }.map(\.element)
        }
        let approved = used.map { ApprovedTag(text: $0.text, facet: $0.facet, tag: $0.tag, relations: relations) }
        guard mode == .full, !used.isEmpty else {
            let scores = CompositionScores(mode: .fast, similarity: nil, tried: 0, gains: [])
            return (PromptComposer.compose(approved, for: habit), used.map(\.tag), scores)
        }
        let search = PromptSearch(
            picture: look.embedding, tags: approved, cosines: used.map(\.cosine),
            similarity: { similarity(named: used[$0].tag, used[$1].tag) })
        let found = try search.best { texts in
            let whole = try texts.map { try encoder.tokenCount($0) < encoder.maximumTokens }
            return zip(try encoder.embed(texts), whole).map { $1 ? $0 : nil }
        }
        let text = habit == nil ? found.text : PromptComposer.compose(found.chosen.sorted().map { approved[$0] }, for: habit)
        return (text, found.chosen.map { used[$0].tag }, found.scores)
    }

    /// The confidence, as it is shown, below which a ranked tag of a facet is not suggested: before anything is learned, and with it.
    package func threshold(of facet: Facet, learned: LearnedThresholds) -> (before: Double, now: Double) {
        let before = Double(shown.confidence(settings.threshold(of: facet), facet: facet))
        let shift = Double(learned.shift(of: facet))
        guard shift != 0 else { return (before, before) }
        return (before, Double(logOdds: before.logOdds - shift))
    }

    /// What may hold of the picture, and how it was made.
    ///
    /// Where the picture has parts, a subject or an action holds where any of them shows it, all else where the mean does: measured on 67
    /// panoramas put together from training pictures, two or three of whose subjects are among the first five of a hundred for 31 % with the
    /// whole alone, 40 % with the mean and 50 % with the largest cosine.
    private func candidates(
        _ look: Look, _ seen: SeenTags?, _ image: Image, size: (width: Int, height: Int), learned: LearnedThresholds
    ) -> (candidates: [Suggested], mediums: [AnalysisResult.Medium]) {
        var cosines = index.cosines(with: look.embedding)
        if !look.parts.isEmpty {
            for view in [look.whole.embedding] + look.parts {
                for (row, cosine) in index.cosines(with: view).enumerated() where cosine > cosines[row] {
                    let facet = vocabulary.tags[index.positions[row]].facet
                    if facet == .subject || facet == .action { cosines[row] = cosine }
                }
            }
        }
        let confidences = index.confidences(of: cosines)
        let mediums = mediums(look, seen, cosines: cosines)
        let isTold = !look.whole.mediums.isEmpty
        let probabilities = Dictionary(isTold ? mediums.map { ($0.name, $0.probability) } : []) { first, _ in first }
        let isPhoto = mediums.first { $0.name == "photo" }?.probability ?? 1
        let offsets = Dictionary(
            uniqueKeysWithValues: Facet.allCases.map { facet in
                let shift = learned.shift(of: facet) / shown.slope(of: facet)
                return (facet, (settings.offsets[facet] ?? 0) + shift - (judgement?.drawnOffset ?? Self.drawnOffset) * (1 - isPhoto))
            })
        func ranked(_ row: Int, _ facet: Facet) -> Float { shifted(confidences[row], by: offsets[facet] ?? 0) }
        var candidates: [Suggested] = []
        for (row, position) in index.positions.enumerated() {
            let tag = vocabulary.tags[position]
            if let probability = probabilities[tag.name], tag.facet == .medium {
                candidates.append(Suggested(tag, cosine: cosines[row], confidence: probability, source: .head))
                continue
            }
            let own = ranked(row, tag.facet)
            if let probability = seen?.confidences[tag.name] {
                let sure = self.sure(probability, of: tag, in: seen, ranked: own, drawn: 1 - isPhoto)
                // Either knows what the other does not: what the head met seldom, embeddings may well tell. How a picture was made the head was
                // shown on pictures of every kind, and how many there are is for boxes to tell.
                if sure >= own || tag.facet == .medium || seen?.boxed.contains(tag.name) == true {
                    guard probability >= settings.weighing.leastSeen else { continue }
                    candidates.append(Suggested(tag, cosine: cosines[row], confidence: sure, source: .seen))
                    continue
                }
            }
            let confidence = bounded(own, of: tag, by: seen, drawn: 1 - isPhoto, ranked: ranked)
            // Half of what anything is told about: what others imply may rise by half its odds.
            guard confidence >= settings.toldFrom / 2 else { continue }
            candidates.append(Suggested(tag, cosine: cosines[row], confidence: confidence))
        }
        if candidates.count > Self.candidateLimit {
            candidates.sort { ($1.confidence, $0.tag) < ($0.confidence, $1.tag) }
            candidates.removeLast(candidates.count - Self.candidateLimit)
        }
        candidates += boxed(seen, drawn: 1 - isPhoto, ranked: ranked)
        addImplied(to: &candidates, seen: seen, cosines: cosines, confidences: confidences, offsets: offsets)
        for (name, confidence) in MeasuredTags(PictureMeasurements(image, originalSize: size)).tags {
            guard let tag = vocabulary.tag(named: name), tag.measured else { continue }
            candidates.append(Suggested(tag, confidence: confidence, source: .measured))
        }
        return (candidates, mediums)
    }

    /// Tags of several that no encoder is asked for: boxes tell them, where embeddings take "dogs" for "dog".
    ///
    /// - Parameter ranked: what embeddings say of the tag in a row, which has that facet.
    private func boxed(_ seen: SeenTags?, drawn: Float, ranked: (Int, Facet) -> Float) -> [Suggested] {
        guard let seen else { return [] }
        return seen.boxed.sorted().compactMap { name in
            guard let tag = vocabulary.tag(named: name), tag.measured, let probability = seen.confidences[name],
                probability >= settings.weighing.leastSeen
            else { return nil }
            let sure = self.sure(probability, of: tag, in: seen, ranked: nil, drawn: drawn)
            // There are no more surely two of a thing than there is one.
            return Suggested(tag, confidence: bounded(sure, of: tag, by: seen, drawn: drawn, ranked: ranked), source: .seen)
        }
    }

    /// More would only be sorted to be dropped.
    private static let candidateLimit = 2_000

    /// A kind of something cannot be surer than the thing itself, where the encoder looked for its place: no tabby without a cat. Labels of
    /// the whole picture bound nothing: of what they met seldom they know too little to deny a pineapple for want of fruit.
    ///
    /// - Parameter ranked: what embeddings say of the tag in a row, which has that facet.
    private func bounded(_ confidence: Float, of tag: Tag, by seen: SeenTags?, drawn: Float, ranked: (Int, Facet) -> Float) -> Float {
        guard let seen else { return confidence }
        return vocabulary.implied(by: tag).reduce(confidence) { least, general in
            guard things.contains(general.name), let probability = seen.confidences[general.name] else { return least }
            let told = row(of: general).map { ranked($0, general.facet) }
            return min(least, max(told ?? 0, sure(probability, of: general, in: seen, ranked: told, drawn: drawn)))
        }
    }

    /// What the head says of a tag on selection's scale, surer where embeddings agree; in a picture that is no photograph it is right less
    /// often.
    ///
    /// - Parameters:
    ///   - ranked: what embeddings say of the tag; nil where they say nothing.
    ///   - drawn: how likely the picture is no photograph.
    private func sure(_ probability: Float, of tag: Tag, in seen: SeenTags?, ranked: Float?, drawn: Float) -> Float {
        let offset = judgement?.drawnSeenOffsets.flatMap { $0[tag.name] ?? $0[tag.facet.rawValue] } ?? 0
        let agreed = scale(of: tag, in: seen)?.applied(to: probability, ranked: ranked) ?? probability
        let told = shifted(agreed, by: -offset * drawn)
        guard let faint = judgement?.faintSeen, told < faint.from else { return shown.weighed(told, facet: tag.facet) }
        return Float(
            logOdds: shown.weighed(faint.from, facet: tag.facet).logOdds + faint.slope * (told.logOdds - faint.from.logOdds))
    }

    /// How often a person agrees with what was seen of a tag.
    private func scale(of tag: Tag, in seen: SeenTags?) -> EncoderConfiguration.Scale? {
        guard let scales = judgement?.seenScales else { return nil }
        if let own = scales[tag.name] { return own }
        guard seen?.counted.contains(tag.name) != true else { return nil }
        let isFound = tag.facet == .subject && things.contains(tag.name)
        return (isFound ? scales["thing"] : nil) ?? scales[tag.facet.rawValue]
    }

    /// What a candidate implies is a candidate, however unlikely by itself.
    private func addImplied(
        to candidates: inout [Suggested], seen: SeenTags?, cosines: [Float], confidences: [Float], offsets: [Facet: Float]
    ) {
        var known = Set(candidates.map(\.tag))
        for candidate in candidates {
            for tag in vocabulary.implied(by: candidate.entry) where known.insert(tag.name).inserted {
                guard let row = row(of: tag), seen?.confidences[tag.name] == nil else { continue }
                let confidence = shifted(confidences[row], by: offsets[tag.facet] ?? 0)
                candidates.append(Suggested(tag, cosine: cosines[row], confidence: confidence))
            }
        }
    }

    /// How the picture was made: as the encoder's head says or, where it has none, a soft-max over the vocabulary's main mediums.
    ///
    /// The head knows few mediums. Where one that it does not know was seen, or a kind of one, the rest share what that leaves. What is less
    /// likely than not is no ground to take the head's word for less.
    private func mediums(_ look: Look, _ seen: SeenTags?, cosines: [Float]) -> [AnalysisResult.Medium] {
        guard look.whole.mediums.isEmpty else {
            var shares = Dictionary(look.whole.mediums.map { ($0.name, $0.probability) }) { first, _ in first }
            for tag in mediumTags {
                guard let share = seen?.confidences[tag.name], share >= 0.5 else { continue }
                shares = shares.mapValues { $0 * (1 - share) }
                shares[vocabulary.implied(by: tag).last?.name ?? tag.name, default: 0] += share
            }
            return shares.map { AnalysisResult.Medium(name: $0.key, probability: $0.value) }
                .sorted { ($1.probability, $0.name) < ($0.probability, $1.name) }
        }
        let rows = Self.mainMediums.compactMap { name in
            vocabulary.tag(named: name).flatMap { tag in tag.facet == .medium ? row(of: tag).map { (tag.name, $0) } : nil }
        }
        guard rows.count > 1, let nearest = rows.map({ cosines[$0.1] }).max() else { return [] }
        let powers = rows.map { exp(encoder.softmaxScale * (cosines[$0.1] - nearest)) }
        let sum = powers.reduce(0, +)
        return zip(rows, powers).map { AnalysisResult.Medium(name: $0.0, probability: $1 / sum) }
            .sorted { ($1.probability, $0.name) < ($0.probability, $1.name) }
    }

    private static let mainMediums = ["photo", "painting", "cartoon", "sketch", "3d render"]

    /// What is taken from the log-odds of a picture that is no photograph where nobody fitted it: encoders are less often right there.
    private static let drawnOffset: Float = 0.4

    private func shifted(_ confidence: Float, by offset: Float) -> Float {
        guard offset != 0 else { return confidence }
        let odds = confidence / max(1 - confidence, 1e-6) * exp(offset)
        return odds / (1 + odds)
    }

    private func similarity(named one: String, _ other: String) -> Float? {
        guard let first = vocabulary.tag(named: one), let second = vocabulary.tag(named: other) else { return nil }
        return similarity(first, second)
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
        let family = ModelFamily.named(manifest.family)?.title ?? manifest.title
        let aspect = Double(picture.width) / Double(picture.height)
        let off = abs(size.aspect / aspect - 1)
        let fit = off < 0.005 ? "the picture's own proportions" : "\(Int((off * 100).rounded(.up))) % off the picture's proportions"
        return SizeChoice(
            width: size.width, height: size.height,
            reason: "the nearest to \(picture.width)x\(picture.height) among the sizes that \(family) draws well: \(fit)")
    }
}
