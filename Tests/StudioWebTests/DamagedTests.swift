import Foundation
import TestSupport
import Testing

@testable import Screening
@testable import Studio
@testable import StudioWeb

/// What the page is told of a library of which a value cannot be read: all that can, and which value that is.
@Suite struct DamagedTests {
    @Test func oneRowEndsNoList() async throws {
        let server = try TestServer()
        let library = try server.site.studio.premises.library()
        for seed in 1...3 {
            try library.record(
                NewGeneration(
                    kind: .paint, request: #"{"mode":"paint","prompt":"a cat","seed":\#(seed)}"#, seed: UInt64(seed), model: "redraw-small",
                    profile: "redraw", precision: "f32", stepsRequested: 4,
                    outcome: GenerationOutcome(status: .done, stepsRun: 4, seconds: #"{"total":3}"#)))
        }
        let job = try library.submit("{}", engine: "nowhere", isAttended: false).id
        _ = try library.keep(sheet: #"{"x":"steps","columns":[2],"rows":[]}"#, of: nil, jobs: [job])
        _ = try library.keep(preset: "soft", wish: #"{"steps":4}"#, replacing: false)
        try library.onWriter { db in
            try db.execute(sql: "DROP TRIGGER finishedGenerationIsKept")
            try db.execute(sql: #"UPDATE generation SET request = '{"steps":1e300}' WHERE id = 2"#)
            try db.execute(sql: #"UPDATE generation SET seconds = '{"total":"long"}' WHERE id = 3"#)
            try db.execute(sql: "UPDATE sheet SET axes = '-1'; UPDATE preset SET wish = '[]'")
        }
        try await server.ask { ask in
            let schemas = try Self.schemas()
            let whole = try await ask(.get, "/generations")
            #expect(whole.status == 200 && whole.object["total"] as? Int == 3, "\(whole.text)")
            let listed = whole.object["generations"] as? [[String: Any]] ?? []
            #expect(listed.map { $0["id"] as? Int } == [3, 2, 1])
            #expect(listed.map { $0["damaged"] is String } == [true, true, false], "\(whole.text)")
            #expect(listed.map { $0["wish"] is [String: Any] } == [true, false, true], "\(whole.text)")
            #expect(listed.map { $0["prompt"] as? String } == ["a cat", "", "a cat"])
            let told = listed.compactMap { $0["damaged"] as? String }
            #expect(told.last?.contains("row id 2, column request") == true, "\(told)")
            for one in told { #expect(one.contains("doctor --repair"), "\(one)") }
            var pages: [Int] = []
            for offset in 0..<3 {
                let page = try await ask(.get, "/generations?offset=\(offset)&limit=1")
                pages += (page.object["generations"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? Int }
            }
            #expect(pages == [3, 2, 1])
            var answers: [(String, String, Any)] = [("Generations", "/generations", whole.json)]
            answers.append(("Generation", "/generations/2", try await ask(.get, "/generations/2").json))
            let jobs = try await ask(.get, "/jobs").list
            #expect(jobs.count == 1 && jobs[0]["damaged"] is String, "\(jobs)")
            answers += jobs.map { ("Job", "/jobs", $0) }
            let sheets = try await ask(.get, "/sheets")
            answers.append(("Sheets", "/sheets", sheets.json))
            let sheet = (sheets.object["sheets"] as? [[String: Any]])?.first
            #expect(sheet?["axes"] is NSNull && sheet?["damaged"] is String, "\(sheets.text)")
            let presets = try await ask(.get, "/presets").list
            #expect(presets.count == 1 && presets[0]["damaged"] is String, "\(presets)")
            answers += presets.map { ("Preset", "/presets", $0) }
            #expect(try await ask(.get, "/history").list.count == 3)
            for (name, path, answer) in answers {
                let problems = schemas.problems(answer, ["$ref": "#/components/schemas/\(name)"], path)
                #expect(problems.isEmpty, "\(problems)")
            }
            let one = try await ask(.get, "/sheets/1")
            #expect(one.status == 500 && one.message.contains("column axes"), "\(one.text)")
        }
        _ = try server.site.studio.repair()
        try await server.ask { ask in
            let whole = try await ask(.get, "/generations")
            let listed = whole.object["generations"] as? [[String: Any]] ?? []
            #expect(listed.count == 3 && listed.allSatisfy { $0["damaged"] is NSNull }, "\(whole.text)")
            let other = try await ask(.get, "/generations/2/outputs/1/difference")
            #expect(other.status == 404, "\(other.text)")
            #expect(try await ask(.get, "/jobs").list.isEmpty)
        }
    }

    /// A value of any column that is no JSON: what cannot be read is empty, and told.
    @Test func anotherValueOfAPictureEndsNoList() async throws {
        let server = try TestServer()
        let library = try server.site.studio.premises.library()
        for number in 1...3 {
            let digest = String(repeating: "\(number)", count: 64)
            try library.record(NewPicture(sha256: digest, width: 8, height: 8, name: "\(number).png"))
        }
        _ = try library.record(NewPrompt(positive: "a cat"), of: 1)
        try library.onWriter { db in
            try db.execute(sql: "DROP TRIGGER promptIsKept; PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "UPDATE picture SET name = X'00ff', width = 'wide' WHERE id = 2")
            try db.execute(sql: "UPDATE prompt SET positive = X'00ff' WHERE pictureId = 1")
        }
        try await server.ask { ask in
            let whole = try await ask(.get, "/pictures")
            let listed = whole.object["pictures"] as? [[String: Any]] ?? []
            #expect(whole.status == 200 && listed.map { $0["id"] as? Int } == [3, 2, 1], "\(whole.text)")
            #expect(listed.map { $0["name"] as? String } == ["3.png", "", "1.png"])
            let told = listed.map { $0["damaged"] as? String ?? "" }
            #expect(told[0].isEmpty && told[1].contains("table picture, row id 2, column name"), "\(told)")
            #expect(told[2].contains("table prompt, row pictureId 1, column positive") && told[2].contains("doctor --repair"), "\(told)")
            let problems = try listed.flatMap { try Self.schemas().problems($0, ["$ref": "#/components/schemas/Picture"], "/pictures") }
            #expect(problems.isEmpty, "\(problems)")
            #expect(try await ask(.get, "/pictures/2").status == 500, "one that is asked for by itself says so")
            #expect(try await ask(.get, "/pictures/3").status == 200)
        }
    }

    private static func schemas() throws -> JSONSchema {
        let file = checkout.appendingPathComponent("Documentation/openapi.json")
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        return JSONSchema((document?["components"] as? [String: Any])?["schemas"] as? [String: Any] ?? [:])
    }
}
