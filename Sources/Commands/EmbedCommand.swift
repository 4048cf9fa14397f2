import ArgumentParser
import Studio

/// `redraw embed image …` and `redraw embed text …`.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Print embeddings of pictures or texts as JSON, each of length 1.",
        discussion: """
              redraw embed image photo.jpg other.png
              redraw embed text "a tabby cat" "a sailing boat"
            """,
        subcommands: [Pictures.self, Texts.self])

    struct Pictures: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "image", abstract: "Embed pictures.")

        @Argument(help: "The pictures.", completion: .file())
        var pictures: [String]

        @OptionGroup var looking: LookingOptions

        func run() async throws {
            looking.useThreads()
            let studio = try looking.studio()
            var entries: [EmbeddingEntry] = []
            for path in pictures {
                try Task.checkCancellation()
                entries.append(try await studio.embed(picture: try PictureFile(path: path)))
            }
            try JSONOutput.print(entries)
        }
    }

    struct Texts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "text", abstract: "Embed texts.")

        @Argument(help: "The texts.")
        var texts: [String]

        @OptionGroup var looking: LookingOptions

        func run() async throws {
            looking.useThreads()
            try JSONOutput.print(try await looking.studio().embed(texts: texts))
        }
    }
}

extension LookingOptions {
    /// A studio for work that needs no library.
    func studio() throws -> Studio {
        Studio(installation: try Installation.current(), encoder: encoder, vocabulary: vocabulary)
    }
}
