import Checkpoints
import FoundationEssentials
import Pixels
import Tensors

/// What a tagger's label is about.
package enum LabelCategory: Int, Sendable, CaseIterable {
    case general = 0
    case character = 4
    /// How explicit a picture is: exactly one of these labels holds.
    case rating = 9
}

/// A label, and how likely it is that it holds.
package struct ScoredLabel: Sendable, Equatable {
    package let name: String
    package let category: LabelCategory
    package let probability: Float
}

/// From which probability on a label counts.
package enum LabelThresholds: Sendable, Equatable {
    /// Above these.
    case fixed(general: Float = 0.35, character: Float = 0.75)
    /// Maximum cut (Largeron 2012): above the middle of the largest gap between neighbours in order; for characters at least 0.15.
    case maximumCut
}

/// A tagger's answer.
package struct TaggedPicture: Sendable {
    /// The likeliest rating.
    package let rating: ScoredLabel?
    /// What is above the thresholds, likeliest first.
    package let general: [ScoredLabel]
    package let characters: [ScoredLabel]
}

/// A tagger as its folder was downloaded: WD's (version 3: `config.json`, `model.safetensors`, `selected_tags.csv`), JoyTag (`top_tags.txt`) or
/// PixAI's (`tags_….json`). The network is loaded at the first look.
package final class Tagger: Sendable {
    package let directory: URL
    package let name: String
    /// See ``PictureTextEncoder/digest``.
    package let digest: String
    /// Every label's name as the list has it, in the order of the scores.
    package let labels: [(name: String, category: LabelCategory)]
    /// From where on its authors count a label.
    package let thresholds: LabelThresholds
    private let preparation: PicturePreparation
    private let tower: Lazy<any TaggerTower>

    /// - Parameter arithmetic: in which numbers the network multiplies.
    /// - Throws: ``EncoderError/notATagger(path:found:instead:)`` for a folder of none that is run.
    package init(directory: URL, arithmetic: Arithmetic = .f32) throws {
        let folder = try TaggerFolder(directory)
        (labels, thresholds, preparation) = (folder.labels, folder.thresholds, folder.preparation)
        digest = try FolderDigest.of(folder.weights + folder.lists, in: arithmetic)
        name = CheckpointEncoder.name(of: directory)
        self.directory = directory
        tower = Lazy { try folder.tower(try ModelFiles.weights(of: folder.weights, arithmetic: arithmetic)) }
    }

    /// A decoder may shrink a picture as long as its shorter side keeps so many pixels.
    package var decodeShortSide: Int {
        if case .squashed(let width, _) = preparation.fitting { width } else { Int.max }
    }

    /// A picture as the network takes it: transparent parts white, resized, its colours in the network's order. `[1, side, side, 3]`.
    package func prepare(_ image: Image) throws -> Tensor { try preparation(image) }

    /// What the network sees, before its bytes become numbers and their order is turned.
    func pixels(_ image: Image) throws(EncoderError) -> Image { try preparation.pixels(image) }

    /// The probability of every label for each picture, in the order of `labels`.
    package func probabilities(prepared: [Tensor]) throws -> [[Float]] {
        guard !prepared.isEmpty else { return [] }
        let tower = try tower.value()
        return prepared.flatMap { CheckpointEncoder.rows(tower($0).sigmoid()) }
    }

    /// - Parameters:
    ///   - thresholds: nil: its authors'.
    ///   - spaced: underscores become spaces, but in faces such as `^_^`.
    ///   - escaped: round brackets get a backslash, as prompts that weigh with brackets want them.
    package func tags(
        _ image: Image, thresholds: LabelThresholds? = nil, spaced: Bool = true, escaped: Bool = false
    ) throws -> TaggedPicture {
        tags(of: try probabilities(prepared: [try prepare(image)])[0], thresholds: thresholds, spaced: spaced, escaped: escaped)
    }

    /// - Parameter probabilities: in the order of `labels`.
    package func tags(
        of probabilities: [Float], thresholds: LabelThresholds? = nil, spaced: Bool = true, escaped: Bool = false
    ) -> TaggedPicture {
        precondition(probabilities.count == labels.count, "\(probabilities.count) probabilities for \(labels.count) labels")
        func sorted(_ category: LabelCategory) -> [ScoredLabel] {
            let scored = zip(labels, probabilities).filter { $0.0.category == category }.map { label, probability in
                ScoredLabel(
                    name: LabelText.shown(label.name, spaced: spaced, escaped: escaped), category: category, probability: probability)
            }
            return scored.enumerated().sorted { (-$0.element.probability, $0.offset) < (-$1.element.probability, $1.offset) }.map(\.element)
        }
        let (general, characters) = (sorted(.general), sorted(.character))
        let limits: (general: Float, character: Float) =
            switch thresholds ?? self.thresholds {
            case .fixed(let general, let character): (general, character)
            case .maximumCut: (Self.maximumCut(general.map(\.probability)), max(Self.maximumCut(characters.map(\.probability)), 0.15))
            }
        return TaggedPicture(
            rating: sorted(.rating).first, general: general.filter { $0.probability > limits.general },
            characters: characters.filter { $0.probability > limits.character })
    }

    /// The middle of the largest gap; the first of several. 0 where there is no gap.
    static func maximumCut(_ descending: [Float]) -> Float {
        let gaps = zip(descending, descending.dropFirst()).map { $0 - $1 }
        guard let largest = gaps.max(), let index = gaps.firstIndex(of: largest) else { return 0 }
        return (descending[index] + descending[index + 1]) / 2
    }
}

/// How a label is written for people and prompts.
enum LabelText {
    /// Faces whose underscore is a mouth or a nose.
    private static let faces: Set<String> = [
        "0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9", ">_o", "@_@", "^_^", "o_o", "u_u", "x_x",
        "|_|",
        "||_||",
    ]

    static func shown(_ name: String, spaced: Bool, escaped: Bool) -> String {
        let text = spaced && !faces.contains(name) ? name.replacing("_", with: " ") : name
        return escaped ? text.replacing("(", with: "\\(").replacing(")", with: "\\)") : text
    }
}

/// The labels of a tagger, in the order of the network's outputs.
enum LabelList {
    private static let mostLabels = 1_000_000

    /// WD's `selected_tags.csv`: a heading with `name` and `category`, a label a line.
    static func read(_ url: URL) throws(EncoderError) -> [(name: String, category: LabelCategory)] {
        let text = String(decoding: try TokenizerFile.bytes(of: url), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline)
        let heading = fields(lines.first ?? "")
        guard let nameColumn = heading.firstIndex(of: "name"), let categoryColumn = heading.firstIndex(of: "category") else {
            throw .badVocabulary(path: url.path, reason: "its first line has no name and category")
        }
        guard lines.count <= mostLabels else { throw .badVocabulary(path: url.path, reason: "it has \(lines.count) lines") }
        var labels: [(name: String, category: LabelCategory)] = []
        for line in lines.dropFirst() {
            let fields = fields(line)
            guard fields.count > max(nameColumn, categoryColumn), let number = Int(fields[categoryColumn]),
                let category = LabelCategory(rawValue: number)
            else {
                throw .badVocabulary(path: url.path, reason: "the line \"\(line.prefix(80))\" has no category 0, 4 or 9")
            }
            labels.append((fields[nameColumn], category))
        }
        guard !labels.isEmpty else { throw .badVocabulary(path: url.path, reason: "it has no labels") }
        return labels
    }

    /// JoyTag's `top_tags.txt`: a label a line.
    static func plain(_ url: URL) throws(EncoderError) -> [String] {
        let lines = String(decoding: try TokenizerFile.bytes(of: url), as: UTF8.self).split(whereSeparator: \.isNewline)
        let labels = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard (1...mostLabels).contains(labels.count) else {
            throw .badVocabulary(path: url.path, reason: "it has \(labels.count) labels")
        }
        return labels
    }

    /// PixAI's JSON: the number of each label, and how many of them, from the first on, are general; the others are characters.
    static func mapped(_ url: URL) throws(EncoderError) -> [(name: String, category: LabelCategory)] {
        struct Split: Decodable {
            enum CodingKeys: String, CodingKey { case general = "gen_tag_count" }
            var general: Int
        }
        struct File: Decodable {
            enum CodingKeys: String, CodingKey { case numbers = "tag_map", split = "tag_split" }
            var numbers: [String: Int]
            var split: Split
        }
        let bytes = Data(try TokenizerFile.bytes(of: url))
        guard let file = try? JSONDecoder().decode(File.self, from: bytes) else {
            throw .badVocabulary(path: url.path, reason: "it is no JSON with tag_map and tag_split.gen_tag_count")
        }
        let sorted = file.numbers.sorted { $0.value < $1.value }
        guard (1...mostLabels).contains(sorted.count), sorted.map(\.value).elementsEqual(0..<sorted.count) else {
            throw .badVocabulary(path: url.path, reason: "its \(sorted.count) labels are not numbered from 0 on")
        }
        return sorted.map { ($0.key, $0.value < file.split.general ? .general : .character) }
    }

    /// Fields between commas; quotes around a field keep commas, and two of them within are one.
    private static func fields(_ line: Substring) -> [String] {
        var fields = [""]
        var isQuoted = false
        var previous: Character?
        for character in line {
            if character == "\"" {
                if !isQuoted && previous == "\"" { fields[fields.count - 1].append("\"") }
                isQuoted.toggle()
            } else if character == ",", !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
            previous = character
        }
        return fields
    }
}
