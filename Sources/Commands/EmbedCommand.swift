import ArgumentParser
import Studio

/// `redraw embed picture …`, `redraw embed --text …`, and the same as `redraw embed image …` and `redraw embed text …`.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Print pictures or texts as the numbers an encoder makes of them (embeddings), as JSON.",
        discussion: """
              redraw embed photo.jpg other.png
              redraw embed --text "a tabby cat" "a sailing boat"
              redraw embed --encoder clip-vit-b-32 --raw photo.jpg
              redraw embed text - < phrases.txt
            """,
        subcommands: [Pictures.self, Texts.self, Labels.self],
        defaultSubcommand: Pictures.self)

    struct Pictures: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "image", abstract: "Embed pictures.")

        @Argument(help: "The pictures, or - for a list of paths on standard input, one a line.", completion: .file())
        var pictures: [String] = []

        @Option(
            name: .long, parsing: .upToNextOption,
            help: "Texts to embed instead of pictures, or after them; - for those on standard input, one a line (default: none).")
        var text: [String] = []

        @OptionGroup var truncation: TruncationOption
        @OptionGroup var embedding: EmbeddingOptions

        func validate() throws {
            if pictures.isEmpty, text.isEmpty { throw ValidationError("Name a picture, or a text behind --text.") }
        }

        func run() async throws {
            truncation.apply()
            try await embedding.run(pictures: pictures, texts: text)
        }
    }

    struct Labels: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "labels", abstract: "Print a tagger's labels of pictures: rating, characters, then the others, likeliest first."
        )

        @Argument(help: "The pictures.", completion: .file())
        var pictures: [String]

        @Option(name: .long, help: ArgumentHelp("The tagger's folder as it was downloaded.", valueName: "dir"))
        var tagger: String

        @Flag(name: .long, help: "Set the thresholds at the largest gap (MCut), instead of 0.35 and 0.75 for characters.")
        var cut = false

        @Flag(name: .long, help: "Put a backslash before brackets, for prompts in which brackets weigh.")
        var escape = false

        @Flag(name: .long, help: "Print every label's probability as well, in the list's order.")
        var raw = false

        @Option(
            name: .long,
            help: ArgumentHelp(
                "In which numbers the tagger multiplies: f32, bf16, int8 or auto (default: auto).", valueName: "name"),
            completion: .list(Studio.encoderPrecisions))
        var precision: String?

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Print how long the tagger takes for all pictures at once, this many times, instead of labels (default: the labels).",
                valueName: "passes"))
        var time: Int?

        @OptionGroup var threads: ThreadOptions

        func validate() throws { try EmbeddingOptions.check(passes: time) }

        func run() async throws {
            threads.apply()
            let studio = Studio(installation: try Installation.current())
            let files = try pictures.map { try PictureFile(path: $0) }
            if let time {
                return try JSONOutput.print(
                    try await studio.analyst.timeLabels(of: files, tagger: tagger, precision: precision, passes: time))
            }
            try JSONOutput.print(
                try await studio.analyst.labels(
                    of: files, tagger: tagger, cut: cut, escaped: escape, raw: raw, precision: precision))
        }
    }

    struct Texts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "text", abstract: "Embed texts.")

        @Argument(help: "The texts, or - for those on standard input, one a line.")
        var texts: [String]

        @OptionGroup var embedding: EmbeddingOptions

        func run() async throws {
            try await embedding.run(pictures: [], texts: texts)
        }
    }
}

/// What embedding pictures and texts has in common.
struct EmbeddingOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the features as the tower gives them, not scaled to length 1.")
    var raw = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Print how long the tower takes for all inputs at once, this many times, instead of embeddings (default: the embeddings).",
            valueName: "passes"))
    var time: Int?

    @OptionGroup var encoder: EncoderOptions

    func validate() throws { try Self.check(passes: time) }

    static func check(passes: Int?) throws {
        if let passes, !(1...10_000).contains(passes) { throw ValidationError("--time takes 1 to 10000 passes, not \(passes).") }
    }

    func run(pictures: [String], texts: [String]) async throws {
        encoder.useThreads()
        guard (pictures + texts).count(where: { $0 == Self.standardInput }) <= 1 else {
            throw ValidationError("Standard input is read once: name it (-) once.")
        }
        let (pictures, texts) = (Self.expanded(pictures), Self.expanded(texts))
        let studio = try encoder.studio()
        if let time {
            if !pictures.isEmpty {
                try JSONOutput.print(try await studio.analyst.time(pictures: pictures.map { try PictureFile(path: $0) }, passes: time))
            }
            if !texts.isEmpty { try JSONOutput.print(try await studio.analyst.time(texts: texts, passes: time)) }
            return
        }
        var entries: [EmbeddingEntry] = []
        for start in stride(from: 0, to: pictures.count, by: Self.picturesAtOnce) {
            try Task.checkCancellation()
            let paths = pictures[start..<min(start + Self.picturesAtOnce, pictures.count)]
            entries += try await studio.analyst.embed(pictures: paths.map { try PictureFile(path: $0) }, raw: raw)
        }
        if !texts.isEmpty { entries += try await studio.analyst.embed(texts: texts, raw: raw) }
        try JSONOutput.print(entries)
    }

    /// So many go through the tower together.
    private static let picturesAtOnce = 16
    private static let standardInput = "-"

    /// The inputs with the lines of standard input, but for empty ones, where it is named.
    private static func expanded(_ inputs: [String]) -> [String] {
        inputs.flatMap { input in
            guard input == standardInput else { return [input] }
            waitsForInput.withLock { $0 = true }
            defer { waitsForInput.withLock { $0 = false } }
            return Array(AnyIterator { readLine() }.lazy.filter { !$0.isEmpty })
        }
    }
}

extension EncoderOptions {
    /// A studio for work that needs no library.
    func studio() throws -> Studio {
        Studio(installation: try Installation.current(), encoder: name, precision: precision)
    }
}
