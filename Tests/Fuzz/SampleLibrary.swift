import Foundation
import Screening

/// A small library with something in every table, to be damaged.
enum SampleLibrary {
    /// - Returns: its file, and its export.
    static func made(in folder: URL) throws -> (database: URL, export: URL) {
        let (database, export) = (folder.appendingPathComponent(Library.fileName), folder.appendingPathComponent("export.json"))
        guard !FileManager.default.fileExists(atPath: export.path) else { return (database, export) }
        try? FileManager.default.removeItem(at: folder)
        do {
            let library = try Library(folder: folder)
            for number in 0..<3 { try fill(library, number) }
            try library.export(pictures: nil).json().write(to: export)
        }
        return (database, export)
    }

    private static func fill(_ library: Library, _ number: Int) throws {
        let digest = String(repeating: "\(number)a", count: 32)
        let picture = try library.record(NewPicture(sha256: digest, width: 640, height: 480, path: "/pictures/\(number).jpg"))
        let encoder = EncoderIdentity(name: "encoder", sha256: digest)
        let tags = ["cat", "sofa", "photo", "warm light"]
        let analysis = NewAnalysis(
            encoder: encoder, vocabulary: VocabularyIdentity(name: "words", sha256: digest, count: 900), seconds: 0.2,
            suggestions: tags.enumerated().map { rank, tag in
                Suggestion(tag: tag, facet: "subject", cosine: 0.2, confidence: 0.9 - Double(rank) / 10, rank: rank + 1)
            }, positive: "a photo of a cat", negative: "blurry", model: #"{"name": "small"}"#, size: #"{"width": 512, "height": 384}"#)
        _ = try library.record(analysis, of: picture.id)
        try library.record(NewEmbedding(encoder: encoder, halves: [0, 60, 0, 52]), of: picture.id)
        try library.decide([.approve("cat"), .reject("sofa"), .add(tag: "red", facet: "colour")], on: picture.id, by: "somebody")
        let prompt = try library.record(NewPrompt(positive: "a photo of a cat, red", width: 512, height: 384), of: picture.id)
        let outcome = GenerationOutcome(
            status: .done, stepsRun: 12, firstTimestep: 561, seconds: #"{"total": 3}"#,
            outputs: [GenerationOutput(path: "/pictures/\(number)-redrawn.png", sha256: digest)],
            untouched: UntouchedProof(pixels: 9, identical: true, sha256: digest))
        _ = try library.record(
            NewGeneration(
                kind: .generate,
                request: #"{"mode": "generate", "prompt": "a photo of a cat, red", "strength": 0.6, "steps": 20, "count": 2, "drafts": 1}"#,
                seed: 7, model: "small", profile: "redraw",
                precision: "f32", stepsRequested: 20, pictureID: picture.id, promptNumber: prompt.number, outcome: outcome))
    }
}
