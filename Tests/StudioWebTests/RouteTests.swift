import Foundation
import Hummingbird
import Pixels
import TestSupport
import Testing

@testable import Studio
@testable import StudioWeb

/// The routes, a group a test; nothing listens.
@Suite struct RouteTests {
    @Test func statusChoicesAndModels() async throws {
        try await TestServer().ask { ask in
            let status = try await ask(.get, "/status")
            #expect(status.status == 200 && status.object["pictures"] as? Int == 0 && status.object["token"] as? Bool == false)
            let choices = try await ask(.get, "/choices").object
            #expect((choices["samplers"] as? [String])?.contains("ddim") == true && choices["advisedStrength"] as? [Double] == [0.4, 0.8])
            let ranges = choices["ranges"] as? [String: [Double]] ?? [:]
            #expect(ranges["steps"] == [1, 1000] && ranges["firstSide"]?.first == 0 && ranges["weight"]?.count == 2)
            // What the ranges say is what is taken.
            for (key, range) in ranges where !["weight", "strengths", "width", "height", "firstSide", "drafts"].contains(key) {
                let beyond = ["prompt": "x", key: range[1] + 1] as [String: Any]
                let body = String(decoding: try JSONSerialization.data(withJSONObject: beyond), as: UTF8.self)
                #expect(try await ask(.post, "/plan", json: body).status == 422, "\(key)")
            }
            let models = try await ask(.get, "/models").list
            let small = models.first { $0["name"] as? String == "redraw-small" }
            #expect(small?["installed"] as? Bool == true && (small?["sizes"] as? [String: Any])?["multiple"] != nil)
            // The generator that comes along keeps faces at less than what is usual; what draws nothing has no strength.
            #expect(small?["advisedStrength"] as? [Double] == [0.3, 0.35])
            #expect(models.first { $0["name"] as? String == "redraw-painter" }?["advisedStrength"] as? [Double] == [0.4, 0.8])
            #expect(models.first { $0["name"] as? String == "redraw-encoder" }?["advisedStrength"] is NSNull)
            let missing = models.first { $0["installed"] as? Bool == false }
            #expect(missing == nil || missing?["howToGet"] is String)
        }
    }

    @Test func picturesComeInAreListedAndGoToTheBin() async throws {
        try await TestServer().ask { ask in
            let id = try await ask.upload(name: "Käthe's cat.png")
            let again = try await ask(.post, "/pictures", bytes: try TestServer.png(), headers: [.init("X-File-Name")!: "other.png"])
            #expect(again.status == 200 && again.object["id"] as? Int == id && again.object["name"] as? String == "Käthe's cat.png")
            #expect(again.object["analysis"] as? String == "waiting")
            _ = try await ask.upload(1, name: "../../etc/passwd")
            let list = try await ask(.get, "/pictures?order=name").object
            #expect(list["total"] as? Int == 2)
            #expect((list["pictures"] as? [[String: Any]])?.map { $0["name"] as? String } == ["Käthe's cat.png", "passwd"])
            #expect(try await ask(.get, "/pictures?query=kathe").object["total"] as? Int == 1)
            #expect(try await ask(.get, "/pictures?state=analysing").object["total"] as? Int == 2)
            #expect(try await ask(.get, "/pictures?state=nonsense").field == "state")
            #expect(try await ask(.get, "/pictures?limit=9999").field == "limit")

            let file = try await ask(.get, "/pictures/\(id)/file")
            #expect(try file.bytes == TestServer.png() && file.headers[.contentType] == "image/png")
            let small = try await ask(.get, "/pictures/\(id)/thumbnail")
            // A number may mean another picture where another library is served; only the digest means this one for ever.
            #expect(small.headers[.contentType] == "image/jpeg" && small.headers[.cacheControl]?.contains("no-cache") == true)
            let digest = try await ask(.get, "/pictures/\(id)").object["sha256"] as? String ?? "-"
            #expect(small.headers[.eTag]?.contains(digest) == true && file.headers[.eTag]?.contains(digest) == true)
            for path in ["thumbnail", "file"] {
                let versions = [(digest, true), (String(digest.prefix(12)), true), (String(digest.prefix(2)), false), ("x", false)]
                for (version, lasts) in versions {
                    let answer = try await ask(.get, "/pictures/\(id)/\(path)?v=\(version)")
                    #expect(answer.headers[.cacheControl]?.contains("immutable") == lasts, "\(path) \(version)")
                }
            }
            let known = try await ask(.get, "/pictures/\(id)/thumbnail", headers: [.ifNoneMatch: small.headers[.eTag] ?? ""])
            #expect(known.status == 304 && known.bytes.isEmpty)

            // What only some browsers would turn is turned here.
            let lying = [UInt8](try Data(contentsOf: fixture("orientation-6.png", room: "Pixels")))
            let turned = try await ask(.post, "/pictures", bytes: lying)
            let upright = try await ask(.get, "/pictures/\(turned.object["id"] as? Int ?? -1)/file")
            #expect(upright.bytes != lying && upright.bytes.firstRange(of: Array("eXIf".utf8)) == nil)
            #expect(try ImageFile.decode(upright.bytes).image == ImageFile.decode(lying).image)
            #expect(try await ask(.delete, "/pictures/\(turned.object["id"] as? Int ?? -1)").status == 200)
            #expect(try await ask(.delete, "/bin").object["pictures"] as? Int == 1)

            #expect(try await ask(.delete, "/pictures/\(id)").status == 200)
            #expect(try await ask(.get, "/bin").object["total"] as? Int == 1)
            #expect(try await ask(.get, "/pictures").object["total"] as? Int == 1)
            #expect(try await ask(.post, "/pictures/\(id)/restore").status == 200)
            #expect(try await ask(.get, "/pictures").object["total"] as? Int == 2)
            #expect(try await ask(.delete, "/pictures/\(id)").status == 200)
            #expect(try await ask(.delete, "/bin").object["pictures"] as? Int == 1)
            #expect(try await ask(.get, "/pictures/\(id)").status == 404)
        }
    }

    @Test func foldersOfTheStartAreTakenIn() async throws {
        let pictures = try TemporaryFolder()
        for number in 0..<2 {
            try Data(TestServer.png(number)).write(to: pictures.url.appendingPathComponent("\(number).png"))
        }
        try Data("no picture".utf8).write(to: pictures.url.appendingPathComponent("bad.png"))
        // As one that was removed between being listed and being read.
        try FileManager.default.createSymbolicLink(
            at: pictures.url.appendingPathComponent("0 gone.png"), withDestinationURL: pictures.url.appendingPathComponent("nowhere.png"))
        try await TestServer { $0.folders = [pictures.url] }.ask { ask in
            #expect((try await ask(.get, "/status").object["folders"] as? [[String: Any]])?.count == 1)
            let report = try await ask(.post, "/folders/1")
            #expect(report.object["added"] as? Int == 2 && (report.object["passedOver"] as? [Any])?.count == 2, "\(report.text)")
            #expect(!report.text.contains(pictures.url.path))
            #expect(try await ask(.post, "/folders/2").status == 404)
            // What is in the bin stays there when its folder is taken in again, and comes back where the person sends that very file.
            let listed = try await ask(.get, "/pictures").object["pictures"] as? [[String: Any]] ?? []
            let id = listed.first?["id"] as? Int ?? -1
            #expect(try await ask(.delete, "/pictures/\(id)").status == 200)
            #expect(try await ask(.post, "/folders/1").object["added"] as? Int == 0)
            #expect(try await ask(.get, "/bin").object["total"] as? Int == 1)
            for number in 0..<2 { _ = try await ask(.post, "/pictures", bytes: try TestServer.png(number)) }
            #expect(try await ask(.get, "/bin").object["total"] as? Int == 0)
            #expect(try await ask(.get, "/pictures").object["total"] as? Int == 2)
        }
    }

    @Test func tagsAreDecidedUndoneAndComposed() async throws {
        let server = try TestServer()
        try await server.ask { ask in
            let id = try await ask.upload()
            let add =
                #"{"changes":[{"action":"add","tag":"tabby cat"},{"action":"add","tag":"sofa"},{"action":"add","tag":"living room"}]}"#
            let added = try await ask(.post, "/pictures/\(id)/decisions", json: add)
            let compose = added.object["compose"] as? [String: Any] ?? [:]
            #expect(compose["tags"] as? String == "tabby cat, sofa, living room", "\(added.text)")
            #expect(compose["phrase"] as? String == "tabby cat, sofa, living room" && compose["form"] as? String == "phrase")
            // What the terminal takes by itself.
            let desk = try server.site.studio.desk(composingFor: server.site.studio.desk().picture(id: Int64(id)))
            #expect(try desk.preview(server.site.studio.desk().suggestions(of: Int64(id)), of: Int64(id)) == compose["phrase"] as? String)
            #expect(compose["sentence"] as? String == "A picture of a tabby cat and a sofa, in a living room.")
            let tokens = compose["tokens"] as? [String: Int] ?? [:]
            #expect((tokens["tags"] ?? 0) > 4 && (tokens["sentence"] ?? 0) > (tokens["tags"] ?? 0))
            let weighed = try await ask(
                .post, "/pictures/\(id)/decisions", json: #"{"changes":[{"action":"weigh","tag":"sofa","weight":1.2}]}"#)
            #expect((weighed.object["compose"] as? [String: Any])?["tags"] as? String == "tabby cat, (sofa:1.2), living room")
            // Two pages tell by the last decision whether they show the same, where the counts do not.
            let told = weighed.object["lastDecision"] as? Int
            #expect(told != nil && told != added.object["lastDecision"] as? Int)
            #expect(try await ask(.get, "/pictures/\(id)").object["lastDecision"] as? Int == told)
            #expect((try await ask(.post, "/pictures/\(id)/undo").object["counts"] as? [String: Int])?["approved"] == 3)
            #expect((try await ask(.post, "/pictures/\(id)/undo").object["counts"] as? [String: Int])?["approved"] == 0)
            #expect(try await ask(.post, "/pictures/\(id)/undo").status == 409)

            let wrong = try await ask(.post, "/pictures/\(id)/decisions", json: #"{"changes":[{"action":"praise","tag":"cat"}]}"#)
            #expect(wrong.status == 422 && wrong.field == "action")
            let missing = try await ask(.post, "/pictures/\(id)/decisions", json: #"{"changes":[{"action":"approve","tag":"cat"}]}"#)
            #expect(missing.status == 404 && missing.field == "tag")
            #expect(try await ask(.post, "/pictures/\(id)/decisions", json: #"{"change":[]}"#).field == "change")
            #expect(try await ask(.post, "/pictures/\(id)/decisions", json: "{}").status == 422)
        }
    }

    @Test func promptsAreWrittenAndInfotextsRead() async throws {
        try await TestServer().ask { ask in
            let id = try await ask.upload()
            let written = try await ask(.put, "/pictures/\(id)/prompt", json: #"{"positive":"a grey cat","negative":"blurry"}"#)
            #expect(written.object["version"] as? Int == 1 && written.object["source"] as? String == "written")
            let detail = try await ask(.get, "/pictures/\(id)").object
            #expect(detail["prompt"] as? String == "a grey cat" && detail["lastPrompt"] as? Int == 1)
            #expect(try await ask(.post, "/pictures/\(id)/prompt/recovered").status == 409)
            let text = """
                a red hat, (sharp:1.2)
                Negative prompt: blurry
                Steps: 12, Sampler: DPM++ 2M Karras, CFG scale: 6, Seed: 18446744073709551615, Size: 256x192, Model: nobody's, Denoising strength: 0.55, Hires upscale: 2
                """
            let body = String(decoding: try JSONSerialization.data(withJSONObject: ["text": text]), as: UTF8.self)
            let read = try await ask(.post, "/infotext", json: body)
            let wish = read.object["wish"] as? [String: Any] ?? [:]
            #expect(wish["prompt"] as? String == "a red hat, (sharp:1.2)" && wish["negative"] as? String == "blurry", "\(read.text)")
            #expect(wish["sampler"] as? String == "dpmpp-2m-karras" && wish["size"] as? String == "256x192")
            #expect((wish["seed"] as? NSNumber)?.uint64Value == .max && wish["strength"] as? Double == 0.55)
            let notes = read.object["notes"] as? [String] ?? []
            #expect(notes.contains { $0.contains("nobody's") } && notes.contains { $0.contains("Hires upscale") })
            let plain = try await ask(.post, "/infotext", json: #"{"text":"just a cat"}"#)
            #expect((plain.object["wish"] as? [String: Any])?["prompt"] as? String == "just a cat")
        }
    }

    @Test func wishesArePlannedAndRefusedByName() async throws {
        try await TestServer().ask { ask in
            let id = try await ask.upload()
            let plan = try await ask(.post, "/plan", json: #"{"picture":\#(id),"prompt":"a cat","strength":0.6,"steps":20,"seed":7}"#)
            let order = plan.object["order"] as? [String: Any] ?? [:]
            #expect(plan.status == 200 && order["mode"] as? String == "generate" && order["seed"] as? Int == 7, "\(plan.text)")
            let run = ((plan.object["plan"] as? [String: Any])?["runs"] as? [[String: Any]])?.first
            #expect(run?["run"] as? Int == 12 && run?["requested"] as? Int == 20)

            let table: [(String, Int, String?)] = [
                (#"{"prompt":"x","strenght":0.5}"#, 422, "strenght"), (#"{"prompt":"x","output":"/tmp/x.png"}"#, 422, "output"),
                (#"{"prompt":"x","preview":"p.png"}"#, 422, "preview"), (#"{"prompt":"x","steps":"many"}"#, 422, "steps"),
                (#"{"picture":\#(id),"prompt":"x","strength":1.5}"#, 422, "strength"), (#"{"prompt":"x","steps":0}"#, 422, "steps"),
                (#"{"prompt":"x","sampler":"magic"}"#, 422, "sampler"), (#"{"prompt":"x","model":"/etc"}"#, 422, "model"),
                (#"{"prompt":"x","model":"../Models/redraw-small"}"#, 422, "model"), (#"{"prompt":"x","size":"big"}"#, 422, "size"),
                (#"{"prompt":"x","count":1000}"#, 422, "count"), (#"{"picture":99,"prompt":"x"}"#, 404, nil),
                (#"{"picture":"cat.png","prompt":"x"}"#, 422, "picture"),
                (#"{"picture":\#(id),"mask":"\#(String(repeating: "a", count: 64))","prompt":"x"}"#, 404, "mask"),
                (#"{"picture":\#(id),"mask":"../../x","prompt":"x"}"#, 404, "mask"), (#"{"picture":\#(id)}"#, 409, "prompt"),
                (#"{"mode":"repaint","prompt":"x"}"#, 422, "picture"), ("{}", 422, "prompt"), ("[]", 422, nil), ("{", 400, nil),
                (#"{"prompt":"x","engine":"cloud"}"#, 422, "engine"),
            ]
            for (body, status, field) in table {
                let answer = try await ask(.post, "/plan", json: body)
                #expect(answer.status == status && answer.field == field, "\(body) \(answer.text)")
                #expect(!answer.message.isEmpty && !answer.message.contains("/work") && !answer.message.contains("/tmp"))
            }
            #expect(try await ask(.post, "/plan", bytes: Array("{}".utf8), type: "text/plain").status == 415)
        }
    }

    /// A number of another kind is told by its key, and the body is not called something that it is not.
    @Test(
        arguments: [
            ("/plan", #"{"prompt":"x","feather":8.5}"#, "feather"), ("/plan", #"{"prompt":"x","seed":-1}"#, "seed"),
            ("/plan", #"{"steps":18446744073709551616,"prompt":"x"}"#, "steps"),
            ("/sheets", #"{"wish":{"prompt":"x","count":1.5},"x":"steps","columns":[2]}"#, "wish"),
            ("/generations/1", #"{"stars":2.5,"kept":true}"#, "stars"),
        ])
    func aNumberThatDoesNotFitIsToldByItsKey(_ path: String, _ body: String, _ field: String) async throws {
        try await TestServer().ask { ask in
            let answer = try await ask(path.hasPrefix("/generations") ? .patch : .post, path, json: body)
            #expect(answer.status == 422 && answer.field == field && answer.message.contains("number"), "\(answer.text)")
        }
    }

    @Test func presetsAreKept() async throws {
        try await TestServer().ask { ask in
            let body = #"{"wish":{"strength":0.45,"steps":30}}"#
            let kept = try await ask(.put, "/presets/soft%20look", json: body)
            #expect(kept.list.first?["name"] as? String == "soft look", "\(kept.text)")
            #expect((try await ask(.get, "/presets").list.first?["wish"] as? [String: Any])?["steps"] as? Int == 30)
            let again = try await ask(.put, "/presets/Soft%20Look", json: #"{"wish":{"steps":8}}"#)
            #expect(again.status == 409 && again.field == "name" && !again.message.isEmpty, "\(again.text)")
            #expect((try await ask(.get, "/presets").list.first?["wish"] as? [String: Any])?["steps"] as? Int == 30)
            let replaced = try await ask(.put, "/presets/Soft%20Look?replace=true", json: #"{"wish":{"steps":8}}"#)
            #expect((replaced.list.first?["wish"] as? [String: Any])?["steps"] as? Int == 8 && replaced.list.count == 1)
            #expect(try await ask(.put, "/presets/x?replace=perhaps", json: #"{"wish":{}}"#).field == "replace")
            #expect(try await ask(.put, "/presets/x", json: #"{"wish":{"colour":1}}"#).field == "colour")
            #expect(try await ask(.delete, "/presets/soft%20look").list.isEmpty)
            #expect(try await ask(.delete, "/presets/soft%20look").status == 404)
        }
    }

    @Test func theQueueIsSeenReorderedAndCancelled() async throws {
        try await TestServer().ask { ask in
            var ids: [Int] = []
            for seed in 1...3 {
                let job = try await ask(.post, "/jobs", json: #"{"prompt":"a cat","seed":\#(seed),"steps":2}"#)
                #expect(job.status == 201 && job.object["position"] as? Int == seed, "\(job.text)")
                ids.append(job.object["id"] as? Int ?? -1)
            }
            let moved = try await ask(.post, "/jobs/\(ids[2])/move", json: #"{"before":\#(ids[0])}"#)
            #expect(moved.object["position"] as? Int == 1, "\(moved.text)")
            #expect(try await ask(.get, "/jobs").list.map { $0["id"] as? Int } == [ids[2], ids[0], ids[1]])
            #expect(try await ask(.post, "/jobs/\(ids[2])/cancel").object["state"] as? String == "cancelled")
            #expect(try await ask(.post, "/jobs/\(ids[2])/cancel").status == 409)
            #expect(try await ask(.get, "/jobs/\(ids[0])/preview").status == 404)
            #expect(try await ask(.post, "/jobs/\(ids[2])/move", json: #"{"before":null}"#).status == 422)
            #expect(try await ask(.delete, "/jobs").object["cleared"] as? Int == 1)
            #expect(try await ask(.get, "/jobs/\(ids[2])").status == 404)
        }
    }

    @Test func aPagesFilesAreServedAndNothingBesides() async throws {
        let page = try TemporaryFolder()
        try Data("<!doctype html><title>Redraw</title>".utf8).write(to: page.url.appendingPathComponent("index.html"))
        try FileManager.default.createDirectory(at: page.url.appendingPathComponent("js"), withIntermediateDirectories: true)
        try Data("export {}".utf8).write(to: page.url.appendingPathComponent("js/main.js"))
        try Data("secret".utf8).write(to: page.url.appendingPathComponent(".hidden.txt"))
        try FileManager.default.createSymbolicLink(
            at: page.url.appendingPathComponent("link.txt"), withDestinationURL: URL(fileURLWithPath: "/etc/passwd"))
        let router = Router(context: Context.self)
        router.add(middleware: AnswerGuard(errors: ErrorAnswers(text: DiscreetText(folders: []))))
        PageRoutes(page: page.url).add(to: router)
        try await Application(router: router).test(.router) { client in
            let ask = Asking(client: client)
            let index = try await ask(.get, "/")
            #expect(index.text.contains("Redraw") && index.headers[.contentType]?.hasPrefix("text/html") == true)
            #expect(index.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            let script = try await ask(.get, "/assets/js/main.js")
            #expect(script.headers[.contentType]?.hasPrefix("text/javascript") == true)
            #expect(try await ask(.get, "/assets/js/main.js", headers: [.ifNoneMatch: script.headers[.eTag] ?? ""]).status == 304)
            let packed = try await ask(.get, "/", headers: [.acceptEncoding: "gzip, deflate"])
            #expect(packed.headers[.contentEncoding] == "gzip" && packed.bytes.starts(with: [0x1F, 0x8B]))
            for path in [
                "/assets/.hidden.txt", "/assets/../x", "/assets/link.txt", "/assets/js", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/",
            ] {
                #expect(try await ask(.get, path).status == 404, "\(path)")
            }
        }
    }
}
