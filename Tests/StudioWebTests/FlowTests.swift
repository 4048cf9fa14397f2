import Foundation
import Hummingbird
import Pixels
import TestSupport
import Testing

@testable import Screening
@testable import Studio
@testable import StudioWeb

/// The whole flow with the models that come along.
@Suite(.serialized) struct FlowTests {
    @Test func aPictureIsAnalysedRedrawnRepaintedAndFoundAgain() async throws {
        let server = try TestServer()
        let events = try server.site.hub.listen(after: nil)
        let name = try await server.working { ask -> String in
            let photo = try Data(contentsOf: checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg"))
            let taken = try await ask(
                .post, "/pictures", bytes: [UInt8](photo), type: "image/jpeg", headers: [.init("X-File-Name")!: "chelsea.jpg"])
            let id = taken.object["id"] as? Int ?? -1
            let (width, height) = (taken.object["width"] as? Int ?? 0, taken.object["height"] as? Int ?? 0)
            let seen = try await ask.wait("/pictures/\(id)") { ["done", "failed"].contains($0.object["analysis"] as? String) }
            let suggestions = seen.object["suggestions"] as? [[String: Any]] ?? []
            #expect(
                suggestions.count >= 3 && seen.object["model"] is [String: Any] && seen.object["size"] is [String: Any],
                "\(seen.text.prefix(900))")
            let first = suggestions.first?["tag"] as? String ?? ""
            let decided = try await ask(
                .post, "/pictures/\(id)/decisions", json: #"{"changes":[{"action":"approve","tag":"\#(first)"}]}"#)
            #expect((decided.object["counts"] as? [String: Int])?["approved"] == 1)

            let near = try await ask(.get, "/vocabulary?prefix=ca&picture=\(id)")
            #expect(
                near.list.contains { $0["nearness"] is NSNumber } && near.list.allSatisfy { $0["tag"] is String },
                "\(near.text.prefix(300))")

            // Redrawn from what was approved.
            let wish = #"{"picture":\#(id),"strength":0.5,"steps":4,"seed":3,"size":"64x48"}"#
            let ordered = try await ask(.post, "/jobs", json: wish)
            let job = ordered.object["id"] as? Int ?? -1
            #expect(ordered.status == 201 && (ordered.object["picture"] as? Int) == id, "\(ordered.text)")
            let done = try await ask.wait("/jobs/\(job)") { ["done", "failed"].contains($0.object["state"] as? String) }
            #expect(done.object["state"] as? String == "done", "\(done.text)")
            let generation = done.object["generation"] as? Int ?? -1
            let output = (done.object["outputs"] as? [String])?.first ?? ""
            let made = try await ask(.get, output)
            let image = try ImageFile.decode(made.bytes).image
            #expect((image.width, image.height) == (64, 48))
            #expect(try await ask(.get, output + "/thumbnail").headers[.contentType] == "image/jpeg")
            #expect(try await ask(.get, output).headers[.cacheControl] == "private, no-cache")
            let told = (try await ask(.get, "/generations/\(generation)").object["outputs"] as? [[String: Any]])?.first ?? [:]
            for key in ["url", "thumbnail", "difference"] {
                let answer = try await ask(.get, told[key] as? String ?? "")
                let digest = told["sha256"] as? String ?? "-"
                #expect(answer.headers[.cacheControl]?.contains("immutable") == true && answer.headers[.eTag]?.contains(digest) == true)
            }
            let difference = try ImageFile.decode(try await ask(.get, output + "/difference").bytes).image
            #expect(difference.size == image.size && difference.bytes.contains { $0 > 0 })

            // The same again, to the byte.
            let detail = try await ask(.get, "/generations/\(generation)").object
            let again = String(decoding: try JSONSerialization.data(withJSONObject: detail["wish"] ?? [:]), as: UTF8.self)
            let second = try await ask(.post, "/jobs", json: again)
            let redone = try await ask.wait("/jobs/\(second.object["id"] as? Int ?? -1)") { $0.object["state"] as? String == "done" }
            let copy = try await ask(.get, (redone.object["outputs"] as? [String])?.first ?? "")
            #expect(try ImageFile.decode(copy.bytes).image == image, "the wish of a generation makes it again")

            // Repainted under a mask: what lies outside stays as it is.
            let mask = try await ask(.post, "/masks", bytes: try TestServer.mask(width: width, height: height))
            let maskID = mask.object["id"] as? String ?? ""
            #expect(mask.status == 201 && (mask.object["share"] as? Double ?? 0) > 0.05, "\(mask.text)")
            let brush = #"{"picture":\#(id),"mask":"\#(maskID)","prompt":"a red hat","steps":2,"seed":5,"size":"64x48","area":"masked"}"#
            let planned = try await ask(.post, "/plan", json: brush)
            #expect((planned.object["crop"] as? [String: Any])?["width"] is Int, "\(planned.text)")
            let repaint = try await ask(.post, "/jobs", json: brush)
            let repainted = try await ask.wait("/jobs/\(repaint.object["id"] as? Int ?? -1)") {
                ["done", "failed"].contains($0.object["state"] as? String)
            }
            let proof = try await ask(.get, "/generations/\(repainted.object["generation"] as? Int ?? -1)").object
            let untouched = proof["untouched"] as? [String: Any]
            #expect(untouched?["identical"] as? Bool == true && (untouched?["pixels"] as? Int ?? 0) > width * height / 2, "\(proof)")
            #expect(proof["mask"] as? String == maskID)

            // Rated, taken in as the next reference, found by its stars.
            let rated = try await ask(.patch, "/generations/\(generation)", json: #"{"stars":4,"kept":true}"#)
            #expect(rated.object["stars"] as? Int == 4 && rated.object["kept"] as? Bool == true)
            #expect(try await ask(.patch, "/generations/\(generation)", json: #"{"stars":9}"#).status == 422)
            #expect(try await ask(.get, "/pictures?stars=4").object["total"] as? Int == 1)
            let next = try await ask(.post, output + "/picture")
            #expect(
                next.object["parent"] as? Int == generation && next.object["name"] as? String == "chelsea-redrawn-3.png", "\(next.text)")
            #expect(try await ask(.get, "/generations?picture=\(id)").object["total"] as? Int == 3)
            let history = try await ask(.get, "/history?picture=\(id)&limit=100").list
            #expect(Set(history.compactMap { $0["kind"] as? String }) == ["analysis", "decision", "prompt", "generation"])
            let export = try await ask(.get, "/export?picture=\(id)")
            #expect(export.object["format"] as? String == "redraw-library" && !export.text.contains(server.folder.url.path))
            for path in ["/pictures", "/pictures/\(id)", "/generations", "/jobs", "/history", "/status", "/models"] {
                let text = try await ask(.get, path).text
                #expect(!text.contains(server.folder.url.path) && !text.contains(checkout.path), "\(path)")
            }
            return first
        }
        server.site.hub.close()
        var kinds: [String: Int] = [:]
        for await text in events {
            let event = text.split(separator: "\n").first { $0.hasPrefix("event: ") }.map { String($0.dropFirst(7)) }
            if let event { kinds[event, default: 0] += 1 }
        }
        for kind in ["picture", "decision", "job", "step", "generation"] { #expect((kinds[kind] ?? 0) > 0, "\(kind) of \(kinds)") }

        // Another server on the same library has it all.
        let later = Site(
            Studio(installation: server.site.studio.installation, library: server.folder.url.appendingPathComponent("library")),
            ServeOptions())
        try await buildApplication(later).test(.router) { client in
            let found = try await Asking(client: client)(.get, "/pictures?query=\(name.percentEncoded)")
            #expect((found.object["total"] as? Int ?? 0) >= 1)
        }
    }

    @Test func aJobShowsItselfAndIsCancelledInTime() async throws {
        let server = try TestServer()
        try await server.working { ask in
            let job = try await ask(
                .post, "/jobs", json: #"{"prompt":"a castle","seed":1,"steps":900,"size":"256x256","firstSide":0,"drafts":1}"#)
            let id = job.object["id"] as? Int ?? -1
            let running = try await ask.wait("/jobs/\(id)") { ($0.object["step"] as? Int ?? 0) > 0 && $0.object["previewAt"] is NSNumber }
            #expect(running.object["state"] as? String == "running" && running.object["steps"] as? Int == 900)
            let preview = try await ask(.get, "/jobs/\(id)/preview")
            #expect(preview.headers[.contentType] == "image/jpeg" && (try? ImageFile.decode(preview.bytes)) != nil)
            let begin = ContinuousClock.now
            #expect(try await ask(.post, "/jobs/\(id)/cancel").status == 200)
            let over = try await ask.wait("/jobs/\(id)") { $0.object["state"] as? String == "cancelled" }
            #expect(over.object["outputs"] as? [String] == [] && begin.duration(to: .now) < .seconds(10))
            #expect(try await ask(.get, "/generations").object["total"] as? Int == 1)
        }
        let results = server.folder.url.appendingPathComponent("library/results")
        let left = (try? FileManager.default.contentsOfDirectory(atPath: results.path)) ?? []
        #expect(left.isEmpty)
    }

    /// What runs when the server stops is made by the next one.
    @Test func aJobThatIsCutOffGoesBackIntoTheQueue() async throws {
        let server = try TestServer()
        let id = try await server.working { ask -> Int in
            let job = try await ask(
                .post, "/jobs", json: #"{"prompt":"a castle","seed":1,"steps":300,"size":"128x128","firstSide":0,"drafts":1}"#)
            let id = job.object["id"] as? Int ?? -1
            _ = try await ask.wait("/jobs/\(id)") { ($0.object["step"] as? Int ?? 0) > 1 }
            return id
        }
        let left = try server.site.studio.job(Int64(id))
        #expect(left.state == "queued" && !left.attended && left.generation == nil && left.progress == 0)
        let generations = try await server.site.studio.generations().generations
        #expect(generations.map(\.status) == ["cancelled"] && generations[0].outputs.isEmpty)
    }

    /// The library keeps the file under its digest, and the person finds it under its own name.
    @Test func anUploadKeepsItsName() async throws {
        let server = try TestServer()
        let studio = server.site.studio
        let (id, _) = try await studio.takeIn(try TestServer.png(), named: "../052_bedroom.png", isAnalysed: false)
        let picture = try studio.desk().picture("p\(id)")
        #expect(picture.name == "052_bedroom.png" && picture.place == "052_bedroom.png")
        #expect(picture.paths.first?.hasSuffix("\(picture.sha256).png") == true)
        guard case .picture(let found)? = try studio.search("bedroom", limit: 5).found.first else {
            Issue.record("it is not found by its name")
            return
        }
        #expect(found.id == id && found.place == "052_bedroom.png" && found.path == picture.paths.first)
        var wish = LibraryWish()
        (wish.picture, wish.settings.prompt) = (id, "a bedroom")
        let order = try await studio.order(wish)
        #expect(try studio.outputs(of: order, seeds: [7]).map(\.lastPathComponent) == ["052_bedroom-redrawn-7.png"])
        // Where it lies in a folder of the person's, too, that file's name counts.
        let mine = server.folder.url.appendingPathComponent("mine")
        try FileManager.default.createDirectory(at: mine, withIntermediateDirectories: true)
        let copy = mine.appendingPathComponent("sleeping here.png")
        try Data(TestServer.png()).write(to: copy)
        _ = try await studio.takeIn(folder: mine)
        #expect(try studio.desk().picture("p\(id)").name == "sleeping here.png")
        // Of a file that a person called after its content there is no other name.
        let bytes = try TestServer.png(5)
        let own = mine.appendingPathComponent("\(bytes.sha256).png")
        try Data(bytes).write(to: own)
        _ = try await studio.takeIn(folder: mine)
        #expect(try studio.desk().picture(own.path).place == own.path)
    }

    /// However another program's job ends, those who listen hear it: done in a moment, cancelled while it waits, or gone from the list.
    @Test(.timeLimit(.minutes(3))) func theEndOfEveryJobOfAnotherProgramIsTold() async throws {
        let server = try TestServer()
        let other = Studio(installation: server.site.studio.installation, library: server.folder.url.appendingPathComponent("library"))
        let events = try server.site.hub.listen(after: nil)
        let work = Task { await server.site.work() }
        let timeout = Task {
            try await Task.sleep(for: .seconds(60))
            server.site.hub.close()
        }
        func heard(_ isIt: (String) throws -> Bool) async throws -> Bool {
            for await text in events where try isIt(text) { return true }
            return false
        }
        func told(_ text: String, _ job: Job, _ state: String) throws -> Bool {
            let line = text.split(separator: "\n").first { $0.hasPrefix("data: ") }?.dropFirst(6) ?? ""
            let told = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return told?["id"] as? Int64 == job.id && told?["state"] as? String == state
        }
        func heard(_ event: String, of job: Job, _ state: String) async throws -> Bool {
            try await heard { text in try text.contains("event: \(event)\n") && told(text, job, state) }
        }
        // The other attends to them: nobody makes them here.
        let library = try other.desk().library
        var locks: [JobLock?] = []
        func submit() throws -> Job {
            try library.submit(#"{"prompt": "a cat"}"#, engine: Studio.builtinEngine, isAttended: true) {
                locks.append(JobLock.take($0, in: server.folder.url.appendingPathComponent("library")))
            }
        }
        try await Task.sleep(for: .milliseconds(300))
        let waiting = try submit()
        #expect(try await heard("job", of: waiting, "queued"))
        _ = try other.cancelJob(waiting.id)
        #expect(try await heard("job", of: waiting, "cancelled"))
        // Begun and over between two looks.
        let quick = try submit()
        try library.finish(job: quick.id, .done)
        #expect(try await heard("job", of: quick, "done"))
        // Over and taken out of the list between two looks. Where a look fell in between, it is told to be done, and the library to be another.
        let cleared = try submit()
        #expect(try await heard("job", of: cleared, "queued"))
        try library.finish(job: cleared.id, .done)
        _ = try other.clearJobs()
        var wasDone = false
        #expect(
            try await heard { text in
                if text.contains("event: job\n"), try told(text, cleared, "done") { wasDone = true }
                return text.contains("event: jobs\n") || wasDone && text.contains("event: library\n")
            })
        let orphan = try submit()
        #expect(try await heard("job", of: orphan, "queued"))
        // Its program died, and this one ends it.
        locks = []
        try server.site.studio.desk().library.markInterrupted(in: server.folder.url.appendingPathComponent("library"))
        #expect(try await heard("job", of: orphan, "cancelled"))
        timeout.cancel()
        work.cancel()
        await work.value
    }

    /// What another program does to the library is told.
    @Test func theCommandLineBesideIsNoticed() async throws {
        let server = try TestServer()
        let events = try server.site.hub.listen(after: nil)
        let other = Studio(installation: server.site.studio.installation, library: server.folder.url.appendingPathComponent("library"))
        let work = Task { await server.site.work() }
        try await Task.sleep(for: .milliseconds(300))
        _ = try await other.takeIn(try TestServer.png(), named: "other.png")
        let told = Task {
            for await text in events where text.contains("event: library") { return true }
            return false
        }
        let timeout = Task {
            try await Task.sleep(for: .seconds(60))
            server.site.hub.close()
        }
        #expect(await told.value)
        timeout.cancel()
        work.cancel()
        await work.value
    }
}
