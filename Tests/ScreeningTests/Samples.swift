import Foundation
import GRDB
import Testing

@testable import Screening

/// A digest that stands for the given number.
func digest(_ number: Int) -> String {
    let hexadecimal = String(number, radix: 16)
    return String(repeating: "0", count: 64 - hexadecimal.count) + hexadecimal
}

extension NewAnalysis {
    static func sample(
        _ tags: [Suggestion], encoder: String = "redraw-encoder", version: Int = 1
    ) -> NewAnalysis {
        NewAnalysis(
            encoder: EncoderIdentity(name: encoder, sha256: digest(100 + version)),
            vocabulary: VocabularyIdentity(name: "redraw", sha256: digest(200), count: 1500), seconds: 0.08, suggestions: tags,
            positive: tags.map(\.tag).joined(separator: ", "), negative: "blurry",
            model: #"{"name":"redraw-small"}"#, size: #"{"width":256,"height":192}"#)
    }
}

extension Suggestion {
    static func sample(_ tag: String, _ confidence: Double = 0.5, rank: Int = 1, aliases: [String] = [], facet: String = "subject")
        -> Suggestion
    {
        Suggestion(tag: tag, aliases: aliases, facet: facet, cosine: 0.25, confidence: confidence, rank: rank)
    }
}

extension Library {
    /// A library in memory with one picture.
    static func withPicture() throws -> (library: Library, picture: Int64) {
        let library = try Library.inMemory()
        let picture = try library.record(NewPicture(sha256: digest(1), width: 640, height: 480, path: "/photos/cat.jpg"))
        return (library, picture.id)
    }

    func states(_ picture: Int64) throws -> [String: Suggestion.State] {
        Dictionary(uniqueKeysWithValues: try suggestions(of: picture).map { ($0.tag, $0.state) })
    }
}

/// A library in which no table is empty, and everything that is read of one.
enum Samples {
    static func complete(_ library: Library) throws {
        let picture = try library.record(NewPicture(sha256: digest(1), width: 40, height: 30, path: "/pictures/1.png"))
        let encoder = EncoderIdentity(name: "redraw-encoder", sha256: digest(101))
        try library.record(NewEmbedding(encoder: encoder, halves: [0, 60, 0, 52]), of: picture.id)
        try library.note(alias: digest(40), of: picture.id)
        try library.note(caption: digest(41), of: picture.id)
        let prompt = try library.record(NewPrompt(positive: "a cat", width: 512, height: 384), of: picture.id)
        let job = try library.submit(#"{"prompt": "a cat"}"#, engine: "redraw", isAttended: false)
        _ = try library.record(
            NewGeneration(
                kind: .generate, request: #"{"prompt": "a cat"}"#, seed: 7, model: "small", profile: "redraw", precision: "f32",
                stepsRequested: 20, pictureID: picture.id, promptNumber: prompt.number, mask: digest(42),
                outcome: GenerationOutcome(
                    status: .done, stepsRun: 12, firstTimestep: 561, seconds: #"{"total": 3}"#,
                    outputs: [GenerationOutput(path: "/pictures/1-redrawn.png", sha256: digest(43), seed: 7)],
                    untouched: UntouchedProof(pixels: 9, identical: true, sha256: digest(44)))), ofJob: job.id)
    }

    /// Whatever it throws is an answer.
    static func readAll(_ library: Library) {
        _ = try? library.history(of: nil, limit: 100)
        _ = try? library.history(of: 1, limit: 100)
        _ = try? library.export(pictures: nil)
        _ = try? library.pictures()
        _ = try? library.pictures(PictureQuery())
        _ = try? library.paintings(PictureQuery())
        _ = try? library.decidedConfidences(encoder: digest(101))
        _ = try? library.pendingPicture()
        _ = try? library.suggestions(of: 1)
        _ = try? library.decisions(of: 1)
        _ = try? library.prompts(of: 1)
        _ = try? library.analyses(of: 1)
        _ = try? library.latestRecovery(of: 1)
        _ = try? library.generations()
        _ = try? library.jobs()
        _ = try? library.extent()
        _ = try? library.binCount()
        _ = try? library.writtenFolders(limit: 10)
        _ = try? library.picture(sha256: digest(40))
        _ = try? library.record(NewPicture(sha256: digest(1), width: 40, height: 30, path: "/pictures/1.png"))
        _ = try? library.record(.sample([.sample("dog")]), of: 1)
        _ = try? library.decide([.approve("cat 1")], on: 1, by: "somebody")
        _ = try? library.undo(on: 1, by: "somebody")
    }
}

extension DatabaseQueue {
    /// Makes the tables of a library as they were after the migration of that number.
    func migrate(toVersion number: Int) throws {
        try Schema.migrator.migrate(self, upTo: try #require(Schema.migrator.migrations.first { $0.hasPrefix("\(number) ") }))
    }
}
