import Foundation
import TestSupport
import Testing

@testable import StudioWeb

/// `Documentation/openapi.json` says what the server does: the same routes, and the same keys in its answers.
@Suite(.serialized) struct DescriptionTests {
    private let document: [String: Any]
    private let paths: [String: [String: Any]]
    private let schemas: JSONSchema

    init() throws {
        let file = checkout.appendingPathComponent("Documentation/openapi.json")
        document = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        paths = document["paths"] as? [String: [String: Any]] ?? [:]
        schemas = JSONSchema((document["components"] as? [String: Any])?["schemas"] as? [String: Any] ?? [:])
    }

    @Test func theRoutesAreThoseDescribed() throws {
        #expect((document["openapi"] as? String)?.hasPrefix("3.1") == true)
        let registered = Set(
            try buildRouter(TestServer().site).routes.map { "\($0.method.rawValue) \($0.path)" }.filter { $0.contains(" /api/v1") }
        ).filter { !$0.hasPrefix("HEAD") }
        let described = Set(paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
        #expect(
            registered == described,
            "only here: \(registered.subtracting(described).sorted()); only there: \(described.subtracting(registered).sorted())")
    }

    private func schema(_ method: String, _ path: String, status: Int) -> [String: Any]? {
        let responses = (paths[path]?[method] as? [String: Any])?["responses"] as? [String: Any]
        let response = (responses?["\(status)"] ?? (status >= 400 ? responses?["default"] : nil)) as? [String: Any]
        return ((response?["content"] as? [String: Any])?["application/json"] as? [String: Any])?["schema"] as? [String: Any]
    }

    private struct Asked: Sendable {
        let answer: Asking.Answer
        let method: String
        let path: String
    }

    @Test func theAnswersHaveTheKeysDescribed() async throws {
        let server = try TestServer()
        let asked = try await server.working { ask -> [Asked] in
            var asked: [Asked] = []
            let photo = try Data(contentsOf: checkout.appendingPathComponent("Documentation/pictures/coffee.jpg"))
            let taken = try await ask(.post, "/pictures", bytes: [UInt8](photo), type: "image/jpeg")
            asked.append(Asked(answer: taken, method: "post", path: "/api/v1/pictures"))
            let id = taken.object["id"] as? Int ?? -1
            _ = try await ask.wait("/pictures/\(id)") { $0.object["analysis"] as? String == "done" }
            let wish = #"{"picture":\#(id),"prompt":"a cup","strength":0.4,"steps":2,"seed":3,"size":"64x48","count":2}"#
            let ordered = try await ask(.post, "/jobs", json: wish)
            asked.append(Asked(answer: ordered, method: "post", path: "/api/v1/jobs"))
            let job = ordered.object["id"] as? Int ?? -1
            let done = try await ask.wait("/jobs/\(job)") { ["done", "failed"].contains($0.object["state"] as? String) }
            let generation = done.object["generation"] as? Int ?? -1
            asked.append(Asked(answer: try await ask(.post, "/masks", bytes: try TestServer.mask()), method: "post", path: "/api/v1/masks"))
            for (method, path, body) in Self.requests(picture: id, wish) {
                let address = path.replacing("{id}", with: "\(id)").replacing("{job}", with: "\(job)")
                    .replacing("{generation}", with: "\(generation)")
                let answer = try await ask(.init(method.uppercased())!, address, json: body)
                var described = "/api/v1" + path.prefix { $0 != "?" }
                described = described.replacing("{job}", with: "{id}").replacing("{generation}", with: "{id}")
                if described.hasSuffix("/999") { described = "/api/v1/pictures/{id}" }
                if described.hasSuffix("/sheets/1") { described = "/api/v1/sheets/{id}" }
                if described.hasSuffix("/presets/x") { described = "/api/v1/presets/{name}" }
                asked.append(Asked(answer: answer, method: method, path: described))
            }
            return asked
        }
        for entry in asked { check(entry.answer, entry.method, entry.path) }
    }

    private static func requests(picture: Int, _ wish: String) -> [(String, String, String?)] {
        [
            ("get", "/status", nil), ("get", "/choices", nil), ("get", "/models", nil), ("get", "/pictures", nil),
            ("get", "/pictures/{id}", nil), ("get", "/pictures/{id}/compose", nil), ("get", "/vocabulary?prefix=c&picture=\(picture)", nil),
            ("post", "/infotext", #"{"text":"a cat\nSteps: 4, Seed: 1"}"#), ("post", "/plan", wish), ("get", "/jobs", nil),
            ("get", "/jobs/{job}", nil), ("get", "/generations", nil), ("get", "/generations/{generation}", nil),
            ("patch", "/generations/{generation}", #"{"stars":3}"#), ("get", "/history", nil),
            ("post", "/pictures/{id}/decisions", #"{"approveAbove":0.2}"#), ("post", "/pictures/{id}/undo", "{}"),
            ("put", "/pictures/{id}/prompt", #"{"positive":"a cup"}"#), ("put", "/presets/x", #"{"wish":{"steps":4}}"#),
            ("get", "/presets", nil), ("post", "/pictures/{id}/analyze", "{}"), ("delete", "/generations/{generation}", nil),
            ("get", "/bin", nil), ("post", "/generations/{generation}/restore", "{}"), ("delete", "/pictures/{id}", nil),
            ("post", "/pictures/{id}/restore", "{}"), ("delete", "/presets/x", nil), ("delete", "/bin", nil), ("delete", "/jobs", nil),
            ("post", "/sheets/plan", #"{"wish":{"prompt":"x"},"x":"steps","columns":[2]}"#),
            ("post", "/sheets", #"{"wish":{"prompt":"x"},"x":"steps","columns":[2]}"#), ("get", "/sheets", nil), ("get", "/sheets/1", nil),
            ("delete", "/sheets/1", "{}"), ("post", "/pictures/{id}/enlarge", #"{"top":8}"#),
            ("post", "/plan", #"{"prompt":"x","steps":0}"#), ("get", "/pictures/999", nil),
        ]
    }

    private func check(_ answer: Asking.Answer, _ method: String, _ path: String) {
        guard let schema = schema(method, path, status: answer.status) else {
            Issue.record("\(method) \(path): no schema for \(answer.status) \(answer.text.prefix(200))")
            return
        }
        let problems = schemas.problems(answer.json, schema, "\(method) \(path)")
        #expect(problems.isEmpty, "\(problems.prefix(8)) in \(answer.text.prefix(500))")
    }
}
