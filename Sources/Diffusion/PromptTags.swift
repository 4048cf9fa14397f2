import Foundation

/// A prompt and the LoRA files it calls, as AUTOMATIC1111's web UI and its extensions write them: `<lora:name>`, `<lora:name:0.8>`,
/// `<lora:name:0.8:0.5>` (text encoder, then UNet), `<lora:name:te=0.8:unet=0.5:dyn=8:lbw=1,0,…>`; `lyco` means the same.
package struct PromptTags: Sendable, Equatable {
    /// A LoRA that is called, with its weights for the text encoder and for the UNet.
    package struct Tag: Sendable, Equatable {
        package var name: String
        package var text: Float
        package var unet: Float
        /// Only so many of a pair's ranks count.
        package var ranks: Int?
        /// A factor for each block, by the names of the first releases.
        package var blocks: BlockWeights?

        package init(name: String, text: Float = 1, unet: Float? = nil, ranks: Int? = nil, blocks: BlockWeights? = nil) {
            (self.name, self.text, self.unet, self.ranks, self.blocks) = (name, text, unet ?? text, ranks, blocks)
        }
    }

    /// The prompt without the tags, those that are not understood included: none of them is ever read as words.
    package private(set) var text = ""
    package private(set) var adaptations: [Tag] = []
    /// Tags that are not understood, and why.
    package private(set) var problems: [Problem] = []

    /// A tag as it was written, and why it does nothing.
    package struct Problem: Sendable, Equatable {
        package let tag: String
        package let reason: String
    }

    private static let kinds: Set<String> = ["lora", "lyco"]

    /// Whether that may be what a tag begins with: the web UI takes any word for the name of a network, or of what an extension knows.
    private static func isKind(_ text: Substring) -> Bool {
        text.first?.isLetter == true && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }

    package init(_ prompt: String) {
        var rest = prompt[...]
        while let start = rest.firstIndex(of: "<") {
            text += rest[..<start]
            let body = rest[rest.index(after: start)...]
            guard let colon = body.prefix(Self.longestKind + 1).firstIndex(of: ":"),
                Self.isKind(body[..<colon]), let end = body.firstIndex(of: ">")
            else {
                text.append("<")
                rest = body
                continue
            }
            let tag = "<" + body[...end]
            rest = body[body.index(after: end)...]
            let kind = body[..<colon].lowercased()
            guard Self.kinds.contains(kind) else {
                let reason = kind == "hypernet" ? "hypernetworks are not read" : "only lora and lyco are known"
                problems.append(Problem(tag: tag, reason: reason))
                continue
            }
            let fields = body[body.index(after: colon)..<end].split(separator: ":", omittingEmptySubsequences: false)
            switch Self.tag(fields.map { $0.trimmingCharacters(in: .whitespaces) }) {
            case .success(let made): adaptations.append(made)
            case .failure(let refusal): problems.append(Problem(tag: tag, reason: refusal.reason))
            }
        }
        text += rest
    }

    private static let longestKind = 20

    /// A prompt whose tags call other names; all else of it stays as it was written.
    package static func renamed(_ prompt: String, _ names: [String: String]) -> String {
        var (text, rest) = ("", prompt[...])
        while let start = rest.firstIndex(of: "<") {
            text += rest[...start]
            rest = rest[rest.index(after: start)...]
            guard let colon = rest.prefix(longestKind + 1).firstIndex(of: ":"), kinds.contains(rest[..<colon].lowercased()),
                let end = rest.firstIndex(of: ">")
            else { continue }
            let body = rest[rest.index(after: colon)..<end]
            let name = body.prefix { $0 != ":" }
            text += rest[...colon]
            text += names[name.trimmingCharacters(in: .whitespaces)] ?? String(name)
            rest = rest[name.endIndex...]
        }
        return text + rest
    }

    private struct Refusal: Error { let reason: String }

    private static func tag(_ fields: [String]) -> Result<Tag, Refusal> {
        guard let name = fields.first, !name.isEmpty else { return .failure(Refusal(reason: "it has no name")) }
        var tag = Tag(name: name)
        var plain: [Float] = []
        var (text, unet): (Float?, Float?)
        for field in fields.dropFirst() {
            let parts = field.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else {
                guard let number = number(field), plain.count < 3 else {
                    return .failure(Refusal(reason: "\"\(field)\" is no number that it can have there"))
                }
                plain.append(number)
                continue
            }
            switch parts[0].lowercased() {
            case "te": text = number(parts[1])
            case "unet": unet = number(parts[1])
            case "dyn": tag.ranks = Int(parts[1]).flatMap { $0 > 0 ? $0 : nil }
            case "lbw": tag.blocks = BlockWeights(parts[1])
            default: return .failure(Refusal(reason: "\(parts[0])= is not known; te, unet, dyn and lbw are"))
            }
            let isRead = ["te": text != nil, "unet": unet != nil, "dyn": tag.ranks != nil, "lbw": tag.blocks != nil]
            guard isRead[parts[0].lowercased()] == true else {
                return .failure(
                    Refusal(
                        reason: parts[0].lowercased() == "lbw"
                            ? "\(parts[1]) is none of the block weights that are known: 12, 17, 20 or 26 numbers, or a usual name as INALL"
                            : "\(parts[1]) is no number"))
            }
        }
        tag.text = text ?? plain.first ?? 1
        tag.unet = unet ?? (plain.count > 1 ? plain[1] : tag.text)
        // The third number is the extensions' way to say how many ranks count.
        if plain.count > 2, tag.ranks == nil { tag.ranks = Int(exactly: plain[2].rounded()).flatMap { $0 > 0 ? $0 : nil } }
        return .success(tag)
    }

    private static func number(_ text: String) -> Float? {
        Float(text).flatMap { $0.isFinite && abs($0) <= 1000 ? $0 : nil }
    }
}

/// How much of a LoRA goes into each block of a model, as the web UI's extension for block weights counts blocks: the text encoder, then the
/// blocks of the first releases' UNet. Lists of 17 and 12 name only those of SD 1 and XL that look at the text, 26 and 20 all of them.
package struct BlockWeights: Sendable, Equatable {
    /// Of the text encoder.
    package private(set) var base: Float
    /// By name, such as `input_blocks.4`, `middle_block`, `output_blocks.11`; blocks that are not listed have 1.
    private var factors: [String: Float] = [:]

    /// - Parameter text: numbers between commas, or a usual list's name.
    init?(_ text: String) {
        let numbers: [Float]
        if let known = Self.named[text.uppercased()] {
            numbers = known
        } else {
            let read = text.split(separator: ",", omittingEmptySubsequences: false).map {
                Float($0.trimmingCharacters(in: .whitespaces)).flatMap { $0.isFinite ? $0 : nil }
            }
            guard !read.contains(nil) else { return nil }
            numbers = read.compactMap { $0 }
        }
        guard let names = Self.lists[numbers.count] else { return nil }
        base = numbers[0]
        for (name, number) in zip(names, numbers.dropFirst()) { factors[name] = number }
    }

    /// The factor for a module of the UNet under its old name; 1 for what is in no block.
    package func factor(ofOldName name: String) -> Float {
        let parts = name.split(separator: ".")
        guard let first = parts.first else { return 1 }
        if first == "middle_block" { return factors["middle_block"] ?? 1 }
        guard parts.count > 1 else { return 1 }
        return factors["\(first).\(parts[1])"] ?? 1
    }

    private static func blocks(_ inputs: [Int], _ outputs: [Int]) -> [String] {
        inputs.map { "input_blocks.\($0)" } + ["middle_block"] + outputs.map { "output_blocks.\($0)" }
    }

    private static let lists: [Int: [String]] = [
        17: blocks([1, 2, 4, 5, 7, 8], Array(3...11)), 26: blocks(Array(0...11), Array(0...11)),
        12: blocks([4, 5, 7, 8], Array(0...5)), 20: blocks(Array(0...8), Array(0...8)),
    ]

    /// The lists the extension comes with.
    private static let named: [String: [Float]] = [
        "NONE": [Float](repeating: 0, count: 17),
        "ALL": [Float](repeating: 1, count: 17),
        "INS": [1, 1, 1] + [Float](repeating: 0, count: 14),
        "IND": [1, 0, 0, 0, 1, 1, 1] + [Float](repeating: 0, count: 10),
        "INALL": [Float](repeating: 1, count: 7) + [Float](repeating: 0, count: 10),
        "MIDD": [1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        "OUTD": [1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        "OUTS": [1] + [Float](repeating: 0, count: 11) + [1, 1, 1, 1, 1],
        "OUTALL": [1] + [Float](repeating: 0, count: 7) + [Float](repeating: 1, count: 9),
        "ALL0.5": [Float](repeating: 0.5, count: 17),
    ]
}
