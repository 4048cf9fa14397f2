import Diffusion
import Engines

/// A value as a configuration file writes it.
package enum SettingValue: Sendable, Equatable {
    case text(String)
    case number(Double)
    case texts([String])

    package var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
        case .texts(let texts): texts.joined(separator: ", ")
        }
    }

    /// As the file has it: texts in quotation marks.
    package var written: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number: text
        case .texts(let texts): "[" + texts.map(Self.quoted).joined(separator: ", ") + "]"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n").replacing(
            "\t", with: "\\t")
        return "\"" + escaped + "\""
    }
}

/// Something that a person may set for good: a default, a part of a preset, or both.
package struct Setting: Sendable {
    enum Kind: Sendable {
        case text
        case choice([String])
        case number(ClosedRange<Double>)
        case whole(ClosedRange<Double>)
        /// `512x384`, or `picture` for that of the one that is redrawn.
        case size
        /// `builtin`, or addresses of servers.
        case engines
    }

    /// Where it may stand in the file.
    package enum Use: Sendable {
        /// Beside the presets only.
        case defaults
        /// Within a preset only.
        case presets
        case both
    }

    /// That of the option: `clip-skip`.
    package let name: String
    /// What it is for, in a few words.
    package let purpose: String
    /// What counts where it is not set, in as few.
    package let usual: String
    let kind: Kind
    package let use: Use
    /// Says it in a wish that does not say it.
    let fill: @Sendable (inout GenerationWish, SettingValue) -> Void

    /// The variable of the environment that goes before the file.
    package var variable: String { "REDRAW_" + name.uppercased().replacing("-", with: "_") }

    package static func named(_ name: String) -> Setting? { all.first { $0.name == name } }

    /// What follows a message that there is no such setting: the nearest, or how all are listed.
    static func hint(for name: String, inPreset: Bool) -> String {
        let known = all.filter { $0.use != (inPreset ? .defaults : .presets) }.map(\.name)
        return NearestName.hint(for: name, among: known, listing: "redraw config list")
    }

    package static let all: [Setting] =
        machine + [
            text("model", "what draws", usual: "redraw-small, redraw-painter to paint") { $0.model = $0.model ?? $1 },
            text("prompt", "what it shows", usual: "the approved tags", .presets) { $0.prompt = $0.prompt ?? $1 },
            text("negative", "what it is not to show", usual: "as suggested for the picture") { $0.negative = $0.negative ?? $1 },
            number("strength", "how far a picture may change, 0 to 1", usual: "the model's own, else 0.6") {
                $0.strength = $0.strength ?? $1
            },
            whole("steps", "steps from noise to picture", usual: "the model's own, else 20") { $0.steps = $0.steps ?? $1 },
            number("guidance", "how closely the prompt is followed", usual: "the model's own, else 7.5") {
                $0.guidance = $0.guidance ?? $1
            },
            // The greatest whole number up to which a Double, as which the file's numbers are read, knows every one.
            Setting(
                name: "seed", purpose: "which of all possible pictures", usual: "random", kind: .whole(0...9_007_199_254_740_991),
                use: .presets
            ) { wish, value in
                if case .number(let number) = value { wish.seed = wish.seed ?? UInt64(number) }
            },
            choice("sampler", "how noise becomes the picture", usual: "the model's own, else ddim", GenerationWish.samplers) {
                $0.sampler = $0.sampler ?? $1
            },
            whole("clip-skip", "which layer of the text encoder is read", usual: "the model's own", key: "clipSkip") {
                $0.clipSkip = $0.clipSkip ?? $1
            },
            Setting(name: "size", purpose: "such as 512x384", usual: "what the model draws well", kind: .size, use: .both) { wish, value in
                if case .text(let text) = value { wish.size = wish.size ?? text }
            },
            whole("first-side", "side of the small picture that it is composed as", usual: "the model's own", key: "firstSide", .presets) {
                $0.firstSide = $0.firstSide ?? $1
            },
            number("refine", "how far enlarging may change it", usual: "the model's own, else 0.5", .presets) {
                $0.refine = $0.refine ?? $1
            },
            whole("drafts", "small pictures that are tried first", usual: "the model's own", .presets) { $0.drafts = $0.drafts ?? $1 },
            whole("count", "how many pictures are made", usual: "1") { $0.count = $0.count ?? $1 },
            choice("profile", "whose pictures a seed gives", usual: "redraw", GenerationWish.profiles) { $0.profile = $0.profile ?? $1 },
            choice("precision", "how exactly a picture is computed", usual: "auto", GenerationWish.precisions) {
                $0.precision = $0.precision ?? $1
            },
            choice("resize", "what happens to other proportions", usual: "crop", GenerationWish.resizes) { $0.resize = $0.resize ?? $1 },
            choice("output-size", "how large the result is written", usual: "as it was made", GenerationWish.outputSizes, .presets) {
                $0.outputSize = $0.outputSize ?? $1
            },
            choice("fill", "what a repainted part starts from", usual: "original", GenerationWish.fills) { $0.fill = $0.fill ?? $1 },
            choice("area", "what is worked on when repainting", usual: "whole", GenerationWish.areas) { $0.area = $0.area ?? $1 },
            whole("padding", "pixels around a masked part that are looked at", usual: "32") { $0.padding = $0.padding ?? $1 },
            whole("feather", "pixels over which new blends into old", usual: "4") { $0.feather = $0.feather ?? $1 },
            whole("grow", "pixels by which a mask is made larger", usual: "0") { $0.grow = $0.grow ?? $1 },
            text("output", "where pictures are written", usual: "the working directory", .defaults) { $0.output = $0.output ?? $1 },
        ]

    /// What does not concern a picture to be made.
    private static let machine: [Setting] = [
        ofMachine("library", "the folder where Redraw keeps everything", usual: "~/.local/share/redraw"),
        ofMachine("encoder", "who looks at pictures", usual: "redraw-encoder"),
        ofMachine("vocabulary", "which tags there are to choose from", usual: "redraw"),
        ofMachine("tagger", "who else is asked what a picture shows", usual: "nobody"),
        ofMachine("encoder-precision", "how exactly the encoder computes", usual: "auto", .choice(Studio.encoderPrecisions)),
        ofMachine(
            "threads", "how many processor cores are used", usual: "all",
            .whole(Double(Studio.threadCounts.lowerBound)...Double(Studio.threadCounts.upperBound))),
        ofMachine("engine", "builtin, or servers of yours that make the pictures", usual: "builtin", .engines),
    ]

    private static func ofMachine(_ name: String, _ purpose: String, usual: String, _ kind: Kind = .text) -> Setting {
        Setting(name: name, purpose: purpose, usual: usual, kind: kind, use: .defaults) { _, _ in }
    }

    private static func text(
        _ name: String, _ purpose: String, usual: String, _ use: Use = .both,
        _ fill: @escaping @Sendable (inout GenerationWish, String) -> Void
    ) -> Setting {
        Setting(name: name, purpose: purpose, usual: usual, kind: .text, use: use) { wish, value in
            if case .text(let text) = value { fill(&wish, text) }
        }
    }

    private static func choice(
        _ name: String, _ purpose: String, usual: String, _ choices: [String], _ use: Use = .both,
        _ fill: @escaping @Sendable (inout GenerationWish, String) -> Void
    ) -> Setting {
        Setting(name: name, purpose: purpose, usual: usual, kind: .choice(choices), use: use) { wish, value in
            if case .text(let text) = value { fill(&wish, text) }
        }
    }

    private static func number(
        _ name: String, _ purpose: String, usual: String, _ use: Use = .both,
        _ fill: @escaping @Sendable (inout GenerationWish, Double) -> Void
    ) -> Setting {
        Setting(name: name, purpose: purpose, usual: usual, kind: .number(GenerationWish.ranges[name] ?? -1e15...1e15), use: use) {
            wish, value in
            if case .number(let number) = value { fill(&wish, number) }
        }
    }

    private static func whole(
        _ name: String, _ purpose: String, usual: String, key: String? = nil, _ use: Use = .both,
        _ fill: @escaping @Sendable (inout GenerationWish, Int) -> Void
    ) -> Setting {
        Setting(name: name, purpose: purpose, usual: usual, kind: .whole(GenerationWish.ranges[key ?? name] ?? -1e15...1e15), use: use) {
            wish, value in
            if case .number(let number) = value { fill(&wish, Int(number)) }
        }
    }

    /// What is wrong with a value; nil where nothing is.
    func fault(of value: SettingValue) -> String? {
        switch (kind, value) {
        case (.text, .text(let text)): text.isEmpty ? "\(name) needs a text" : nil
        case (.size, .text(let text)):
            text.lowercased() == "picture" || GenerationWish.sides(text) != nil ? nil : "size: \(OrderError.noSize(text))"
        case (.choice(let choices), .text(let text)):
            choices.contains(text)
                ? nil
                : "\(name) is \"\(text)\"; "
                    + (NearestName.of(text, among: choices).map { "did you mean \($0)?" }
                        ?? "it must be one of \(choices.joined(separator: ", "))")
        case (.number(let range), .number(let number)), (.whole(let range), .number(let number)):
            if case .whole = kind, number != number.rounded() {
                "\(name) is \(value.text); it must be a whole number"
            } else if !range.contains(number) {
                "\(name) is \(value.text); it must be from \(SettingValue.number(range.lowerBound).text) to "
                    + SettingValue.number(range.upperBound).text
            } else {
                nil
            }
        case (.engines, .text(let text)): Self.fault(ofEngines: [text])
        case (.engines, .texts(let texts)): Self.fault(ofEngines: texts)
        case (.text, _), (.choice, _), (.size, _): "\(name) must be a text, in quotation marks"
        case (.number, _), (.whole, _): "\(name) must be a number, without quotation marks"
        case (.engines, _): "engine must be \"builtin\" or a server's address, in quotation marks"
        }
    }

    private static func fault(ofEngines names: [String]) -> String? {
        if names == [BuiltinEngine.name] { return nil }
        do {
            for name in names { _ = try EngineAddress(name) }
            return names.isEmpty ? "engine must name a server, or \"builtin\"" : nil
        } catch {
            return "engine: \(error)"
        }
    }

    /// A value as it is typed on a command line: what is a number for this setting needs no more than its digits.
    package func value(typed text: String) -> SettingValue {
        switch kind {
        case .number, .whole: Double(text).map { .number($0) } ?? .text(text)
        case .engines:
            text.contains(",")
                ? .texts(text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }) : .text(text)
        case .text, .choice, .size: .text(text)
        }
    }
}
