import Foundation
import Screening
import TestSupport
import Testing

extension NewGeneration {
    static func sample(
        _ seed: UInt64 = 7, status: Generation.Status = .running, picture: Int64? = nil, prompt: Int? = nil
    ) -> NewGeneration {
        NewGeneration(
            kind: picture == nil ? .paint : .generate, request: #"{"steps":20}"#, seed: seed, model: "redraw-small", profile: "redraw",
            precision: "f32", stepsRequested: 20, pictureID: picture, promptNumber: prompt,
            outcome: GenerationOutcome(
                status: status, stepsRun: status == .running ? 0 : 12, firstTimestep: 741, seconds: #"{"total":3.5}"#,
                outputs: status == .done ? [GenerationOutput(path: "/out/1.png", sha256: digest(50), seed: .max - 1)] : [],
                untouched: status == .done ? UntouchedProof(pixels: 900, identical: true) : nil))
    }
}

@Suite struct PromptTests {
    @Test func promptsAreNumberedWithTheirParents() throws {
        let (library, picture) = try Library.withPicture()
        let prompt = NewPrompt(positive: " cat, sofa\n", negative: "blurry", model: "m", width: 512, height: 384)
        let first = try library.record(prompt, of: picture)
        #expect(first.number == 1 && first.parent == nil && first.positive == "cat, sofa")
        #expect(try library.record(prompt, of: picture) == first)
        let second = try library.record(NewPrompt(positive: "cat", source: .written), of: picture)
        #expect(second.number == 2 && second.parent == 1 && second.source == .written)
        let branch = try library.record(NewPrompt(positive: "dog", parent: 1), of: picture)
        #expect(branch.number == 3 && branch.parent == 1)
        #expect(try library.prompts(of: picture) == [first, second, branch])
        #expect(try library.latestPrompt(of: picture) == branch)
        #expect(throws: LibraryError.noSuchPrompt(number: 9, picture: picture)) { try library.prompt(9, of: picture) }
        #expect(throws: LibraryError.noSuchPrompt(number: 9, picture: picture)) {
            try library.record(NewPrompt(positive: "x", parent: 9), of: picture)
        }
        #expect(throws: LibraryError.self) { try library.record(NewPrompt(positive: "x", width: 512), of: picture) }
    }
}

@Suite struct GenerationTests {
    @Test func aGenerationIsFinishedOnce() throws {
        let (library, picture) = try Library.withPicture()
        try library.record(NewPrompt(positive: "cat"), of: picture)
        let started = try library.record(.sample(.max, picture: picture, prompt: 1))
        #expect(started.status == .running && started.finishedAt == nil && started.seed == .max && started.outputs.isEmpty)
        let outcome = NewGeneration.sample(status: .done).outcome
        let done = try library.finish(generation: started.id, outcome)
        #expect(done.status == .done && done.stepsRun == 12 && done.firstTimestep == 741)
        #expect(done.outputs == outcome.outputs && done.untouched == outcome.untouched && done.finishedAt != nil)
        #expect(try library.generation(id: done.id) == done)
        #expect(throws: LibraryError.generationFinished(done.id)) { try library.finish(generation: done.id, outcome) }
        #expect(throws: LibraryError.noSuchGeneration(99)) { try library.generation(id: 99) }
    }

    @Test func aGenerationNeedsItsPictureAndPrompt() throws {
        let (library, picture) = try Library.withPicture()
        #expect(throws: LibraryError.noSuchPicture("44")) { try library.record(.sample(picture: 44)) }
        #expect(throws: LibraryError.self) { try library.record(.sample(picture: picture, prompt: 3)) }
        #expect(try library.generations().isEmpty)
    }

    @Test func theHistoryHasAllKindsTheLatestFirst() throws {
        let (library, picture) = try Library.withPicture()
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        try library.record(.sample([.sample("cat")]), of: picture, at: start)
        try library.decide([.approve("cat")], on: picture, by: "Ada", at: start + 1)
        try library.record(NewPrompt(positive: "cat"), of: picture, at: start + 2)
        try library.record(.sample(picture: picture, prompt: 1), at: start + 3)
        try library.record(.sample(), at: start + 4)
        #expect(try library.history().map(\.date.timeIntervalSince1970) == (0..<5).reversed().map { 1_800_000_000 + Double($0) })
        #expect(try library.history(of: picture).count == 4)
        #expect(try library.history(limit: 2).map(\.pictureID) == [nil, picture])
        #expect(try library.generations(of: picture).count == 1)
    }

    /// However few are asked for, they are the first of all; of one moment, too.
    @Test func aShortHistoryIsTheBeginningOfTheLongOne() throws {
        var generator = SeededGenerator.announced()
        let (library, first) = try Library.withPicture()
        let second = try library.record(NewPicture(sha256: digest(2), width: 8, height: 8)).id
        for number in 0..<60 {
            let picture = Bool.random(using: &generator) ? first : second
            let moment = Date(timeIntervalSince1970: 1_800_000_000 + Double(Int.random(in: 0..<12, using: &generator)))
            switch number % 4 {
            case 0: try library.record(.sample([.sample("cat \(number)")]), of: picture, at: moment)
            case 1: try library.record(NewPrompt(positive: "cat \(number)"), of: picture, at: moment)
            case 2: try library.record(.sample(picture: picture), at: moment)
            default: try library.decide([.add(tag: "dog \(number)", facet: "subject")], on: picture, by: "Ada", at: moment)
            }
        }
        for picture in [nil, first, second] {
            let all = try library.history(of: picture, limit: 1000)
            #expect(all.count == (picture == nil ? 60 : all.count) && !all.isEmpty)
            for limit in 0...65 { #expect(try library.history(of: picture, limit: limit) == Array(all.prefix(limit))) }
        }
    }
}
