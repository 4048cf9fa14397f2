import Digests
import Foundation

/// The sentences in which tags are embedded, by facet: `{}` stands for the tag. Embeddings of one tag in several sentences are averaged.
///
/// A vocabulary's folder may hold one `.templates` file; a vocabulary without it has one plain sentence a facet.
package struct PromptTemplates: Sendable, Hashable {
    /// At least one sentence for every facet, in the order written.
    package let byFacet: [Facet: [String]]
    /// SHA-256 in hexadecimal over the sentences, whatever file they stand in.
    package let digest: String

    /// - Parameter sentences: each with one `{}`; facets that are missing have their plain sentence.
    package init(_ sentences: [Facet: [String]] = [:]) {
        byFacet = Self.plainSentences.merging(sentences.filter { !$0.value.isEmpty }) { _, own in own }
        var hash = DigestInProgress.sha256()
        for facet in Facet.allCases {
            hash.add("@\(facet.rawValue)\n")
            for sentence in byFacet[facet] ?? [] { hash.add(sentence + "\n") }
        }
        digest = hash.finish().hexadecimal
    }

    /// One sentence a facet.
    package static let plain = PromptTemplates()

    private static let plainSentences: [Facet: [String]] = [
        .subject: ["a photo of a {}"], .action: ["a photo of someone {}"], .setting: ["a photo of a {}"], .medium: ["a {}"],
        .style: ["a {} photo"], .lighting: ["a photo with {}"], .colour: ["{}"], .composition: ["a photo, {}"], .mood: ["a {} photo"],
        .quality: ["{}"],
    ]

    /// The sentences of a facet with the tag in its place.
    package func sentences(for text: String, facet: Facet) -> [String] {
        (byFacet[facet] ?? ["{}"]).map { $0.replacing("{}", with: text) }
    }

    /// Reads `@facet NAME` headers and one sentence a line; `#` begins a comment.
    static func read(_ lines: [Substring], file: String) -> (sentences: [Facet: [String]], problems: [VocabularyProblem]) {
        var sentences: [Facet: [String]] = [:]
        var problems: [VocabularyProblem] = []
        var facet: Facet?
        for (index, raw) in lines.enumerated() {
            let line = raw.trimmingWhitespace
            func complain(_ kind: VocabularyProblem.Kind) {
                problems.append(VocabularyProblem(file: file, line: index + 1, kind: kind))
            }
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("@") {
                let words = line.split(separator: " ")
                guard words.count == 2, words[0] == "@facet", let named = Facet(rawValue: String(words[1])) else {
                    complain(.syntax("\"\(line)\" is no header; write @facet and one of \(Facet.spelledOut)"))
                    continue
                }
                facet = named
            } else if let facet {
                if line.count > VocabularyLimit.characters {
                    complain(.tooLong(limit: VocabularyLimit.characters))
                } else if line.ranges(of: "{}").count != 1 {
                    complain(.syntax("a template has one {} where the tag stands, unlike \"\(line)\""))
                } else if sentences[facet, default: []].contains(line) {
                    complain(.syntax("the template \"\(line)\" stands here already"))
                } else if sentences[facet, default: []].count >= VocabularyLimit.templates {
                    complain(.syntax("a facet has \(VocabularyLimit.templates) templates at most"))
                } else {
                    sentences[facet, default: []].append(line)
                }
            } else {
                complain(.syntax("a line @facet NAME must stand before the first template"))
            }
        }
        return (sentences, problems)
    }
}
