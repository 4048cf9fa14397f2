import Diffusion
import Encoders
import Engines
import Screening
import Vocabulary

/// Tells a person who asks for another subject than the picture's that redrawing keeps the picture's own.
enum SubjectNotice {
    /// - Parameters:
    ///   - shown: the subjects that an analysis or a person named, with their confidence; those that were rejected are left out.
    ///   - least: a less certain subject is no ground to say that a picture shows something else.
    ///   - advice: what to do for another subject; it follows what the prompt asks for and what the picture shows.
    /// - Returns: nil where the prompt names no subject the vocabulary knows, or one that the picture has, or where the picture's is unsure.
    ///   What a person worded anew, such as "red cup", is looked at by its words.
    static func note(
        prompt: String, shown: [(tag: String, confidence: Double)], vocabulary: TagVocabulary,
        least: Double = EncoderConfiguration.Judgement.Naming.usual.sureSubject, advice: String = redrawing
    ) -> String? {
        let asked = subjects(in: prompt, vocabulary)
        guard let first = asked.first, let surest = shown.max(by: { $0.confidence < $1.confidence }),
            surest.confidence >= least
        else { return nil }
        // A cat and its kinds, and the animal that it is, are of one family.
        func family(_ tag: Tag) -> Set<String> { Set([tag.name] + vocabulary.implied(by: tag).map(\.name)) }
        let known = shown.compactMap { vocabulary.tag(named: $0.tag) }
        let names = Set(known.map(\.name))
        let seen = known.reduce(into: Set<String>()) { $0.formUnion(family($1)) }
        guard !asked.contains(where: { seen.contains($0.name) || !family($0).isDisjoint(with: names) }) else { return nil }
        // A cup is in sight where a cup of coffee is asked for; whether it is the same one, no name tells.
        let words = shown.map(\.tag).reduce(into: Set<Substring>()) { $0.formUnion(Self.words($1)) }
        guard asked.allSatisfy({ words.isDisjoint(with: Self.words($0.name)) }) else { return nil }
        return "the prompt asks for \(first.name), the picture shows \(surest.tag). \(advice)"
    }

    static let redrawing =
        "Redrawing keeps what is there: to put something else in its place, repaint it under a mask, or paint a picture from the words alone"
    static let repainting = "At this strength the shapes under the mask stay: to put something else in their place, take a strength of 0.9"
    /// From this strength on little of the shapes under a mask is left.
    static let freeStrength = 0.8

    /// The words of a tag that name something.
    private static func words(_ name: String) -> Set<Substring> {
        Set(name.split(separator: " ")).subtracting(["a", "an", "the", "of", "in", "on", "with", "and"])
    }

    /// The subjects that a text names, in its order: the longest names first where several begin at one word.
    static func subjects(in prompt: String, _ vocabulary: TagVocabulary) -> [Tag] {
        let words = Tag.words(in: prompt).map(String.init)
        var (found, place) = ([Tag](), 0)
        while place < words.count {
            let longest = min(longestName, words.count - place)
            let named = stride(from: longest, to: 0, by: -1).lazy.compactMap { count -> (tag: Tag, count: Int)? in
                vocabulary.tag(named: words[place..<place + count].joined(separator: " ")).map { ($0, count) }
            }.first
            if let named, named.tag.facet == .subject { found.append(named.tag) }
            place += named?.count ?? 1
        }
        return found
    }

    /// No name of a tag that people type has more words.
    private static let longestName = 4
}

extension Studio {
    /// What an order's picture and its prompt say of each other. In redrawing only the small generator that comes along cannot change a subject;
    /// under a mask every model needs much strength for it, where it starts from what is there.
    func subjectNotes(on order: GenerationOrder) -> [String] {
        let (request, file) = (order.request, order.picture)
        let isRedrawn = request.mode == .generate && order.model.name == Studio.defaultGenerator
        let isRepainted = request.mode == .repaint && request.fill == .original && request.strength < SubjectNotice.freeStrength
        guard isRedrawn || isRepainted, let file,
            let library = try? premises.library(), let picture = try? library.picture(sha256: file.sha256),
            let suggestions = try? library.suggestions(of: picture.id),
            let vocabulary = try? TagVocabulary(contentsOf: premises.installation.vocabulary(named: "redraw"))
        else { return [] }
        let shown = suggestions.filter { $0.state != .rejected && $0.facet == Facet.subject.rawValue }.map {
            // What describes a thing is in no vocabulary.
            ($0.editedText ?? $0.tag, $0.confidence)
        }
        let told = SubjectNotice.note(
            prompt: request.prompt, shown: shown, vocabulary: vocabulary, least: premises.naming.sureSubject,
            advice: isRepainted ? SubjectNotice.repainting : SubjectNotice.redrawing)
        return told.map { [$0] } ?? []
    }
}
