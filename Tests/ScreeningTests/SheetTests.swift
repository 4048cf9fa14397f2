import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

/// Sheets, and what they keep when all else goes.
@Suite struct SheetTests {
    private func generation(_ picture: Int64?, _ status: Generation.Status) -> NewGeneration {
        NewGeneration(
            kind: .generate, request: "{}", seed: 1, model: "m", profile: "redraw", precision: "f32", stepsRequested: 1, pictureID: picture,
            outcome: GenerationOutcome(
                status: status, outputs: status == .done ? [GenerationOutput(path: "/made.png", sha256: digest(9), seed: .max)] : []))
    }

    @Test func aCellLearnsOfItsResultAndKeepsIt() throws {
        let library = try Library.inMemory()
        let picture = try library.record(NewPicture(sha256: digest(1), width: 4, height: 3)).id
        let jobs = try (0..<3).map { _ in try library.submit("{}", engine: "builtin", isAttended: false).id }
        // One of them is quicker than the sheet.
        _ = try library.startNext(engine: "builtin", most: 1)
        let quick = try library.record(generation(picture, .done), ofJob: jobs[0]).id
        let sheet = try library.keep(sheet: #"{"x":"steps"}"#, of: picture, jobs: jobs)
        #expect(sheet.cells.map(\.job) == jobs && sheet.cells.map(\.generation) == [quick, nil, nil])
        try library.finish(job: jobs[0], .done)
        _ = try library.startNext(engine: "builtin", most: 1)
        let running = try library.record(generation(picture, .running), ofJob: jobs[1]).id
        #expect(try library.sheet(id: sheet.id)?.cells[1].generation == running)
        // Put back into the queue, it has made nothing yet.
        try library.leave(jobs[1])
        #expect(try library.sheet(id: sheet.id)?.cells[1].generation == nil)
        try library.cancel(job: jobs[1])
        try library.cancel(job: jobs[2])
        try library.clearJobs()
        let cells = try #require(try library.sheet(id: sheet.id)).cells
        #expect(cells.map(\.job) == [nil, nil, nil] && cells[0].status == .done && cells[0].sha256 == digest(9))
        #expect(try library.generation(id: quick).outputs[0].seed == .max)
        #expect(try library.sheets(of: picture, limit: 9).total == 1 && library.sheets(isPainted: true, limit: 9).total == 0)
        // A picture in the bin takes its sheets along, and one that goes for good takes them with it.
        _ = try library.finish(generation: running, GenerationOutcome(status: .failed))
        try library.bin(picture: picture)
        #expect(try library.sheets(limit: 9).total == 0)
        _ = try library.emptyBin()
        #expect(try library.sheet(id: sheet.id) == nil && library.check().isEmpty)
    }

    @Test func whatAPictureWasEnlargedFromIsSaidOnce() throws {
        let library = try Library.inMemory()
        let parents = try (1...2).map { try library.record(NewPicture(sha256: digest($0), width: 4, height: 3)).id }
        var larger = NewPicture(sha256: digest(3), width: 8, height: 3)
        for parent in parents {
            larger.enlargedFrom = parent
            _ = try library.record(larger)
        }
        let id = try #require(try library.picture(sha256: digest(3))).id
        #expect(try library.listedPicture(id: id).enlargedFrom == parents[0])
        try library.bin(picture: parents[0])
        _ = try library.emptyBin()
        #expect(try library.listedPicture(id: id).enlargedFrom == nil)
    }
}
