import Foundation
import Hummingbird
import Pixels
import TestSupport
import Testing

@testable import Studio
@testable import StudioWeb

/// Sheets, pictures on a wider canvas, and what is told while many pictures are looked at.
@Suite(.serialized) struct SheetTests {
    private static func cells(_ answer: Asking.Answer) -> [[String: Any]] { answer.object["cells"] as? [[String: Any]] ?? [] }

    @Test func aSheetIsMadeKeptAndFound() async throws {
        let server = try TestServer()
        try await server.working { ask in
            let id = try await ask.upload()
            let wish = #"{"picture":\#(id),"prompt":"a cup","size":"64x48"}"#
            let ordered = try await ask(
                .post, "/sheets", json: #"{"wish":\#(wish),"x":"strength","columns":[0.3,0.7],"y":"steps","rows":[2,3]}"#)
            let sheet = ordered.object["id"] as? Int ?? -1
            #expect(ordered.status == 201 && Self.cells(ordered).count == 4 && ordered.object["picture"] as? Int == id, "\(ordered.text)")
            let done = try await ask.wait("/sheets/\(sheet)") { Self.cells($0).allSatisfy { $0["state"] as? String == "done" } }
            let axes = done.object["axes"] as? [String: Any] ?? [:]
            var wishes: [[String: Any]] = []
            for cell in Self.cells(done) {
                let generation = try await ask(.get, "/generations/\(cell["generation"] as? Int ?? -1)").object
                wishes.append(generation["wish"] as? [String: Any] ?? [:])
                #expect(try await ask(.get, cell["thumbnail"] as? String ?? "").headers[.contentType] == "image/jpeg")
            }
            #expect(
                wishes.map { $0["strength"] as? Double } == [0.3, 0.7, 0.3, 0.7] && wishes.map { $0["steps"] as? Int } == [2, 2, 3, 3])
            #expect(Set(wishes.map { $0["seed"] as? Int }) == [axes["seed"] as? Int], "one seed for all of it")

            // The queue forgets what is over; the sheet does not.
            #expect(try await ask(.delete, "/jobs", json: "{}").status == 200)
            let kept = Self.cells(try await ask(.get, "/sheets/\(sheet)"))
            #expect(kept.allSatisfy { $0["job"] is NSNull && $0["state"] as? String == "done" && $0["url"] is String })
            try #require(kept.count == 4)
            let first = kept[0]["generation"] as? Int ?? -1
            _ = try await ask(.delete, "/generations/\(first)", json: "{}")
            let binned = Self.cells(try await ask(.get, "/sheets/\(sheet)"))
            #expect(binned[0]["state"] as? String == "binned" && binned[0]["url"] is NSNull && binned[1]["state"] as? String == "done")
            _ = try await ask(.delete, "/bin", json: "{}")
            #expect(Self.cells(try await ask(.get, "/sheets/\(sheet)"))[0]["state"] as? String == "gone")

            #expect(try await ask(.get, "/sheets?picture=\(id)").object["total"] as? Int == 1)
            #expect(try await ask(.get, "/sheets?painted=true").object["total"] as? Int == 0)
            #expect(try await ask(.delete, "/sheets/\(sheet)", json: "{}").status == 200)
            #expect(try await ask(.get, "/sheets/\(sheet)").status == 404)
            #expect(try await ask(.get, "/generations?picture=\(id)").object["total"] as? Int == 3, "its pictures stay")
        }
    }

    /// Before it is ordered: how long it takes, and which strengths are not told apart.
    @Test func whatASheetWouldComeToIsTold() async throws {
        let server = try TestServer()
        try await server.ask { ask in
            let id = try await ask.upload()
            func outlook(_ axes: String) async throws -> Asking.Answer {
                try await ask(
                    .post, "/sheets/plan", json: #"{"wish":{"picture":\#(id),"prompt":"a cup","size":"64x48","steps":10},\#(axes)}"#)
            }
            let alike = try await outlook(#""x":"strength","columns":[0.3,0.35,0.6]"#)
            #expect(
                alike.status == 200 && alike.object["pictures"] as? Int == 3 && alike.object["seconds"] as? NSNull == nil, "\(alike.text)")
            let notes = alike.object["notes"] as? [String] ?? []
            #expect(notes.count == 1 && notes[0].hasPrefix("the strengths 0.3 and 0.35 come to the same steps"), "\(notes)")
            let apart = try await outlook(#""x":"strength","columns":[0.3,0.4],"y":"steps","rows":[10,20]"#)
            #expect(apart.object["pictures"] as? Int == 4 && (apart.object["notes"] as? [String])?.isEmpty == true, "\(apart.text)")
            let wrong = try await outlook(#""x":"strength","columns":["far"]"#)
            #expect(wrong.status == 422 && wrong.field == "strength", "\(wrong.text)")
            #expect(try await ask(.get, "/jobs").list.isEmpty)
            #expect(try await ask(.get, "/sheets").object["total"] as? Int == 0)
        }
    }

    /// What is wrong is refused by its name, and nothing of the sheet is ordered.
    @Test(arguments: [
        (#""x":"strength","columns":[0.3,"far"]"#, "strength"), (#""x":"strength","columns":[0.3,3]"#, "strength"),
        (#""x":"colour","columns":[1]"#, "x"), (#""x":"steps","columns":[1],"y":"steps","rows":[2]"#, "y"),
        (#""x":"steps","columns":[]"#, "columns"), (#""x":"steps","columns":[1],"y":"seed","rows":[]"#, "columns"),
        (#""x":"model","columns":["redraw-small","nobody"]"#, "model"), (#""x":"mask","columns":["a"]"#, "x"),
        (#""x":"steps","columns":[1],"z":3"#, "z"),
    ])
    func whatIsNoSheetIsRefused(_ axes: String, _ field: String) async throws {
        let server = try TestServer()
        try await server.ask { ask in
            let id = try await ask.upload()
            let answer = try await ask(.post, "/sheets", json: #"{"wish":{"picture":\#(id),"prompt":"a cup"},\#(axes)}"#)
            #expect(answer.status == 422 && answer.field == field, "\(answer.text)")
            #expect(try await ask(.get, "/jobs").list.isEmpty)
            #expect(try await ask(.get, "/sheets").object["total"] as? Int == 0)
        }
    }

    /// A seed may have more digits than a browser's numbers hold.
    @Test func seedsOfASheetKeepTheirDigits() async throws {
        let server = try TestServer()
        try await server.ask { ask in
            let answer = try await ask(
                .post, "/sheets", json: #"{"wish":{"prompt":"a cup"},"x":"seed","columns":[7,"18446744073709551615"]}"#)
            #expect(answer.status == 201 && (answer.object["axes"] as? [String: Any])?["seed"] is NSNull, "\(answer.text)")
            let seeds = try await ask(.get, "/jobs").list.compactMap { ($0["seed"] as? NSNumber)?.uint64Value }
            #expect(Set(seeds) == [7, .max])
            #expect(try await ask(.get, "/sheets?painted=true").object["total"] as? Int == 1)
        }
    }

    @Test func anEnlargedPictureKeepsEveryPixelAndItsOrigin() async throws {
        let server = try TestServer()
        try await server.ask { ask in
            let id = try await ask.upload(name: "cat.png")
            let source = try ImageFile.decode(try TestServer.png()).image
            let answer = try await ask(.post, "/pictures/\(id)/enlarge", json: #"{"left":40,"bottom":16}"#)
            let picture = answer.object["picture"] as? [String: Any] ?? [:]
            #expect(
                answer.status == 201 && picture["enlargedFrom"] as? Int == id && picture["name"] as? String == "cat enlarged.png",
                "\(answer.text)")
            let file = try await ask(.get, "/pictures/\(picture["id"] as? Int ?? -1)/file")
            let image = try ImageFile.decode(file.bytes).image
            #expect(image.size == PixelSize(width: source.width + 40, height: source.height + 16))
            #expect(image.cropped(to: PixelRectangle(x: 40, y: 0, width: source.width, height: source.height)) == source)
            #expect(image.bytes[0..<3] == source.bytes[0..<3], "its border goes on")
            let digest = (answer.object["mask"] as? [String: Any])?["id"] as? String ?? ""
            let mask = try ImageFile.decode(try await ask(.get, "/masks/\(digest)").bytes).image.converted(toChannels: 1)
            func white(_ x: Int, _ y: Int) -> Bool { mask.bytes[y * mask.width + x] == 255 }
            #expect(mask.size == image.size && white(0, 0) && white(45, 5) && !white(60, 5) && !white(135, 0) && white(100, 75))
            // The same again is the same picture.
            let again = try await ask(.post, "/pictures/\(id)/enlarge", json: #"{"left":40,"bottom":16}"#)
            #expect((again.object["picture"] as? [String: Any])?["id"] as? Int == picture["id"] as? Int)
            #expect(try await ask(.get, "/pictures/\(id)").object["enlargedFrom"] is NSNull)
            for (body, field) in [("{}", "right"), (#"{"top":-1}"#, "top"), (#"{"top":5000}"#, "top"), (#"{"around":3}"#, "around")] {
                let refused = try await ask(.post, "/pictures/\(id)/enlarge", json: body)
                #expect(refused.status == 422 && refused.field == field, "\(refused.text)")
            }
            #expect(try await ask(.post, "/pictures/999/enlarge", json: #"{"top":8}"#).status == 404)
            // Where the first one goes for good, the other stays.
            _ = try await ask(.delete, "/pictures/\(id)", json: "{}")
            _ = try await ask(.delete, "/bin", json: "{}")
            let left = try await ask(.get, "/pictures/\(picture["id"] as? Int ?? -1)")
            #expect(left.status == 200 && left.object["enlargedFrom"] is NSNull)
        }
    }

    @Test func aPictureThatIsNarrowerThanTheSeamIsEnlarged() async throws {
        let server = try TestServer()
        try await server.ask { ask in
            let bytes = try TestServer.png(3, width: 5, height: 30)
            let id = try await ask(.post, "/pictures", bytes: bytes).object["id"] as? Int ?? -1
            let answer = try await ask(.post, "/pictures/\(id)/enlarge", json: #"{"left":8,"right":8}"#)
            #expect(answer.status == 201 && (answer.object["mask"] as? [String: Any])?["share"] as? Double == 1, "\(answer.text)")
        }
    }

    @Test func howManyAreLookedAtIsTold() async throws {
        let server = try TestServer()
        let events = try server.site.hub.listen(after: nil)
        @Sendable func progress(_ answer: Asking.Answer) -> (done: Int?, total: Int?) {
            let told = answer.object["analysis"] as? [String: Any]
            return (told?["done"] as? Int, told?["total"] as? Int)
        }
        try await server.ask { ask in
            for number in 0..<2 { _ = try await ask.upload(number) }
            let told = progress(try await ask(.get, "/status"))
            #expect(told.done == 0 && told.total == 2)
        }
        try await server.working { ask in
            _ = try await ask.wait("/status") { ($0.object["analysis"] as? [String: Any])?["total"] as? Int == 0 }
        }
        server.site.hub.close()
        var told: [[String: Any]] = []
        for await text in events where text.contains("event: analysis\n") {
            let data = text.components(separatedBy: "data: ").last ?? ""
            told.append((try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any]) ?? [:])
        }
        let stages = Set(told.compactMap { $0["stage"] as? String })
        #expect(stages.isSuperset(of: ["reading", "looking"]), "\(stages)")
        #expect(told.contains { $0["done"] as? Int == 1 && $0["total"] as? Int == 2 } && told.last?["total"] as? Int == 0, "\(told)")
    }

    /// Where the best of several drafts is chosen, each picture has the seed of its own.
    @Test func everyResultTellsItsSeed() async throws {
        let server = try TestServer()
        try await server.working { ask in
            let wish = #"{"prompt":"a red barn","count":2,"drafts":2,"size":"128x128","steps":2,"model":"redraw-painter"}"#
            let job = try await ask(.post, "/jobs", json: wish)
            #expect(job.object["seed"] is Int && job.object["strength"] is NSNull, "\(job.text)")
            let done = try await ask.wait("/jobs/\(job.object["id"] as? Int ?? -1)") {
                ["done", "failed"].contains($0.object["state"] as? String)
            }
            let generation = try await ask(.get, "/generations/\(done.object["generation"] as? Int ?? -1)")
            let seeds = (generation.object["outputs"] as? [[String: Any]] ?? []).compactMap { $0["seed"] as? Int }
            #expect(seeds.count == 2 && Set(seeds).count == 2, "\(generation.text)")
            // A seed that is told makes that very picture.
            let outputs = generation.object["outputs"] as? [[String: Any]] ?? []
            let again =
                #"{"prompt":"a red barn","drafts":1,"size":"128x128","steps":2,"model":"redraw-painter","seed":\#(seeds.last ?? 0)}"#
            let second = try await ask(.post, "/jobs", json: again).object["id"] as? Int ?? -1
            let redone = try await ask.wait("/jobs/\(second)") { ["done", "failed"].contains($0.object["state"] as? String) }
            let a = try ImageFile.decode(try await ask(.get, outputs.last?["url"] as? String ?? "").bytes).image
            let b = try ImageFile.decode(try await ask(.get, (redone.object["outputs"] as? [String])?.first ?? "").bytes).image
            #expect(a == b)
            #expect(try await ask(.get, "/generations?kind=paint").object["total"] as? Int == 2)
            #expect(try await ask(.get, "/generations?kind=repaint").object["total"] as? Int == 0)
            #expect(try await ask(.get, "/generations?kind=dreamt").field == "kind")
            #expect(try await ask(.get, "/generations?kind=paint&query=red%20bar").object["total"] as? Int == 2)
            #expect(try await ask(.get, "/generations?query=blue").object["total"] as? Int == 0)
        }
    }
}
