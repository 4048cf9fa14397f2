import Foundation
import Hummingbird
import Pixels
import TestSupport
import Testing

@testable import Studio
@testable import StudioWeb

/// `/sdapi/v1`: what comes of every field, the lists, and whole runs.
@Suite struct WebUIRouteTests {
    private func body(_ fields: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
    }

    private func info(_ answer: Asking.Answer) throws -> [String: Any] {
        let text = try #require(answer.object["info"] as? String, "\(answer.text.prefix(300))")
        return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func image(_ text: String) throws -> Image {
        try ImageFile.decode([UInt8](try #require(Data(base64Encoded: text)))).image
    }

    private static func order(_ fields: [String: JSONValue], redraws: Bool = true, _ server: TestServer) throws -> PictureOrder {
        var fields = fields
        if redraws, fields["init_images"] == nil { fields["init_images"] = .list([.text("cGljdHVyZQ==")]) }
        return try PictureOrder(fields, redraws: redraws, settings: .init(), studio: server.site.studio)
    }

    /// (Fields, what the wish has of them).
    static let wishes: [(String, [String: JSONValue], @Sendable (GenerationWish) -> Bool)] = [
        ("nothing", [:], { $0 == GenerationWish() }),
        ("words", ["prompt": .text("a"), "negative_prompt": .text("b")], { ($0.prompt, $0.negative) == ("a", "b") }),
        (
            "numbers", ["steps": .number(9), "cfg_scale": .number(4.5), "seed": .number(7), "width": .number(64), "height": .number(48)],
            { ($0.steps, $0.guidance, $0.seed, $0.size) == (9, 4.5, 7, "64x48") }
        ),
        ("a random seed", ["seed": .number(-1)], { $0.seed == nil }),
        ("a long seed", ["seed": .whole(9_007_199_254_740_993)], { $0.seed == 9_007_199_254_740_993 }),
        ("the longest seed", ["seed": .text("18446744073709551615")], { $0.seed == UInt64.max }),
        ("several", ["batch_size": .number(2), "n_iter": .number(3)], { $0.count == 2 }),
        ("a sampler", ["sampler_name": .text("DPM++ 2M"), "scheduler": .text("Karras")], { $0.sampler == "dpmpp-2m-karras" }),
        ("an older sampler", ["sampler_index": .text("DPM++ 2M Karras")], { $0.sampler == "dpmpp-2m-karras" }),
        ("its usual levels", ["sampler_name": .text("DPM++ 2M"), "scheduler": .text("automatic")], { $0.sampler == "dpmpp-2m-karras" }),
        ("even levels", ["sampler_name": .text("DPM++ 2M"), "scheduler": .text("Uniform")], { $0.sampler == "dpmpp-2m" }),
        ("an ancestral one", ["sampler_name": .text("Euler a"), "scheduler": .text("automatic")], { $0.sampler == "euler-a" }),
        ("how far", ["denoising_strength": .number(0.3)], { $0.strength == 0.3 }),
        ("how it is resized", ["resize_mode": .number(2)], { $0.resize == "fill" }),
        ("no mask, no fields of masks", ["inpainting_fill": .number(2), "mask_blur": .number(9)], { $0.fill == nil && $0.feather == nil }),
        (
            "a mask",
            [
                "mask": .text("bWFzaw=="), "inpainting_fill": .number(2), "inpaint_full_res": .flag(true),
                "inpaint_full_res_padding": .number(12), "inpainting_mask_invert": .number(1), "mask_blur": .number(6),
            ],
            { ($0.fill, $0.area, $0.padding, $0.invert) == ("noise", "masked", 12, true) && $0.feather == 6 }
        ),
        (
            "settings for once",
            [
                "override_settings": .object([
                    "sd_model_checkpoint": .text("small.safetensors [12ab]"), "CLIP_stop_at_last_layers": .number(2),
                ])
            ],
            { ($0.model, $0.clipSkip) == ("small", 2) }
        ),
    ]

    @Test(arguments: wishes.indices) func fieldsBecomeAWish(_ index: Int) throws {
        let (what, fields, holds) = Self.wishes[index]
        let order = try Self.order(fields, TestServer())
        #expect(holds(order.wish.settings), "\(what): \(order.wish.settings)")
        #expect(order.unheeded.isEmpty, "\(order.unheeded)")
    }

    @Test(arguments: ["0", "7", "-1", "0.5", "9007199254740993", "18446744073709551615", "true", "null"])
    func whatIsSentComesBackToTheDigit(_ text: String) throws {
        let body = #"{"seed":\#(text)}"#
        let fields = try JSONDecoder().decode([String: JSONValue].self, from: Data(body.utf8))
        #expect(String(decoding: try JSONEncoder().encode(fields), as: UTF8.self) == body)
    }

    @Test func aSeedIsTakenToTheDigitAndNumbersAreNumbersInAnyForm() throws {
        let body =
            #"{"seed": 9007199254740993, "steps": 9, "width": 64.0, "height": "48","#
            + #" "inpainting_mask_invert": 1, "mask": "bQ==", "eta": 1}"#
        let fields = try JSONDecoder().decode([String: JSONValue].self, from: Data(body.utf8))
        let order = try Self.order(fields, TestServer())
        let wish = order.wish.settings
        #expect(wish.seed == 9_007_199_254_740_993 && wish.steps == 9 && wish.size == "64x48" && wish.invert == true, "\(wish)")
        #expect(order.unheeded.isEmpty, "\(order.unheeded)")
    }

    /// (The field that is refused, the body).
    static let refused: [(String, [String: JSONValue])] = [
        ("enable_hr", ["enable_hr": .flag(true)]), ("tiling", ["tiling": .flag(true)]), ("restore_faces", ["restore_faces": .flag(true)]),
        ("script_name", ["script_name": .text("x/y/z plot")]), ("styles", ["styles": .list([.text("Anime")])]),
        ("alwayson_scripts", ["alwayson_scripts": .object(["ControlNet": .object(["args": .list([])])])]),
        ("subseed_strength", ["subseed_strength": .text("much")]), ("refiner_checkpoint", ["refiner_checkpoint": .text("xl-refiner")]),
        ("resize_mode", ["resize_mode": .number(3)]), ("inpainting_fill", ["inpainting_fill": .number(9)]),
        ("mask_blur_x", ["mask": .text("bQ=="), "mask_blur_x": .number(4), "mask_blur_y": .number(8)]),
        ("mask", ["mask": .list([.text("bQ=="), .text("bQ==")])]), ("init_images", ["init_images": .list([])]),
        ("height", ["width": .number(64)]), ("steps", ["steps": .text("many")]), ("seed", ["seed": .number(0.5)]),
        ("seed", ["seed": .number(1e30)]), ("seed", ["seed": .text("nan")]), ("steps", ["steps": .whole(.max)]),
        ("mask_blur", ["mask": .text("bQ=="), "mask_blur": .number(1e30)]),
        ("batch_size", ["batch_size": .number(0)]), ("scheduler", ["scheduler": .text("Karras")]),
        ("inpaint_full_res", ["inpaint_full_res": .text("yes")]), ("override_settings", ["override_settings": .list([.number(1)])]),
    ]

    @Test(arguments: refused.indices) func whatCannotBeGrantedIsRefusedByName(_ index: Int) throws {
        let (field, fields) = Self.refused[index]
        let server = try TestServer()
        #expect {
            _ = try Self.order(fields, server)
        } throws: { error in
            let refusal = server.site.errors.refusal(error)
            return refusal.field == field && refusal.status.code == 422 && !refusal.message.isEmpty
        }
    }

    @Test func whatIsOnlyTunedIsToldAndWhatClientsAlwaysSendIsNot() throws {
        let server = try TestServer()
        let always: [String: JSONValue] = [
            "script_args": .list([]), "styles": .list([]), "image_cfg_scale": .number(1.5), "subseed": .number(-1), "eta": .number(1),
            "s_noise": .number(1), "hr_scale": .number(2), "hr_upscaler": .text("Latent"), "do_not_save_samples": .flag(false),
            "alwayson_scripts": .object([:]), "script_name": .null, "restore_faces": .flag(false), "save_images": .flag(true),
            "seed_resize_from_h": .number(0), "firstphase_width": .number(0),
        ]
        #expect(try Self.order(always, redraws: false, server).unheeded.isEmpty)
        let odd: [String: JSONValue] = [
            "s_noise": .number(0.9), "initial_noise_multiplier": .number(1.1), "my_plugin": .text("x"),
            "override_settings": .object(["eta_noise_seed_delta": .number(31337)]),
        ]
        let order = try Self.order(odd, server)
        #expect(Set(order.unheeded.keys) == ["s_noise", "initial_noise_multiplier", "my_plugin", "override_settings.eta_noise_seed_delta"])
    }

    @Test func listsAndSettings() async throws {
        try await TestServer().ask { ask in
            let models = try await ask(.get, "/sdapi/v1/sd-models").list
            #expect(models.contains { $0["title"] as? String == "redraw-small" } && models.allSatisfy { !"\($0)".contains("/") })
            let samplers = try await ask(.get, "/sdapi/v1/samplers").list.compactMap { $0["name"] as? String }
            #expect(samplers.contains("Euler a") && !samplers.contains { $0.hasSuffix("Karras") } && Set(samplers).count == samplers.count)
            for name in ["schedulers", "loras", "upscalers", "latent-upscale-modes", "sd-vae", "prompt-styles"] {
                #expect(try await ask(.get, "/sdapi/v1/\(name)").json is [Any], "\(name)")
            }
            for name in ["embeddings", "scripts", "cmd-flags", "memory", "options"] {
                #expect(try await ask(.get, "/sdapi/v1/\(name)").json is [String: Any], "\(name)")
            }
            #expect(try await ask(.post, "/sdapi/v1/refresh-checkpoints").status == 200)
            #expect(try await ask(.post, "/sdapi/v1/options", json: #"{"sd_model_checkpoint": "redraw-small"}"#).status == 200)
            #expect(try await ask(.get, "/sdapi/v1/options").object["sd_model_checkpoint"] as? String == "redraw-small")
            let unknown = try await ask(.post, "/sdapi/v1/options", json: #"{"sd_model_checkpoint": "/etc/passwd"}"#)
            #expect(unknown.status == 422 && unknown.object["field"] as? String == "sd_model_checkpoint")
            let strange = try await ask(.post, "/sdapi/v1/options", json: #"{"live_previews_enable": true}"#)
            #expect(strange.status == 422 && (strange.object["detail"] as? String)?.contains("live_previews_enable") == true)
            // A client may send back what it was given.
            let own = try await ask(.get, "/sdapi/v1/options").text
            #expect(try await ask(.post, "/sdapi/v1/options", json: own).status == 200)
            let idle = try await ask(.get, "/sdapi/v1/progress").object
            #expect(idle["progress"] as? Double == 0 && (idle["state"] as? [String: Any])?["job_count"] as? Int == 0)
            for name in ["interrupt", "skip"] { #expect(try await ask(.post, "/sdapi/v1/\(name)").json is [String: Any]) }
            #expect(try await ask(.get, "/sdapi/v1/nothing").status == 404)
        }
    }

    @Test func aPictureIsPaintedAndTellsHow() async throws {
        try await TestServer().working { ask in
            let asked = try body([
                "prompt": "a red barn", "seed": 7, "steps": 2, "width": 128, "height": 128, "cfg_scale": 3, "s_noise": 0.9,
            ])
            let answer = try await ask(.post, "/sdapi/v1/txt2img", json: asked)
            #expect(answer.status == 200, "\(answer.text.prefix(300))")
            let images = try #require(answer.object["images"] as? [String])
            #expect(try images.count == 1 && image(images[0]).size == PixelSize(width: 128, height: 128))
            let info = try info(answer)
            #expect(info["all_seeds"] as? [Int] == [7] && info["steps"] as? Int == 2 && info["prompt"] as? String == "a red barn")
            #expect((info["infotexts"] as? [String])?.first?.contains("Seed: 7") == true)
            let own = try #require(info["redraw"] as? [String: Any])
            #expect((own["unheeded"] as? [String: String])?.keys.contains("s_noise") == true && own["generation"] is Int)
            let told = try await ask(.post, "/sdapi/v1/png-info", json: body(["image": "data:image/png;base64," + images[0]]))
            #expect((told.object["info"] as? String)?.contains("a red barn") == true)
            #expect((told.object["parameters"] as? [String: String])?["Seed"] == "7")
            // Without the pictures, which are kept all the same.
            let silent = try await ask(
                .post, "/sdapi/v1/txt2img", json: body(["prompt": "x", "steps": 1, "width": 128, "height": 128, "send_images": false]))
            #expect((silent.object["images"] as? [Any])?.isEmpty == true)
            #expect(try await ask(.get, "/generations").object["total"] as? Int == 2)
        }
    }

    /// Each is the best of several drafts, so the seeds do not follow each other.
    @Test func everyPictureIsToldWithItsOwnSeed() async throws {
        try await TestServer().working { ask in
            let asked = try body([
                "prompt": "a red barn", "seed": -1, "batch_size": 2, "steps": 1, "width": 128, "height": 128,
                "override_settings": ["sd_model_checkpoint": "redraw-small"],
            ])
            // Where the first and its follower are the best of their drafts, which happens, the seeds are right by chance.
            for _ in 0..<2 {
                let info = try info(await ask(.post, "/sdapi/v1/txt2img", json: asked))
                let seeds = try #require(info["all_seeds"] as? [Int])
                let written = try #require(info["infotexts"] as? [String]).map { text in
                    text.firstRange(of: "Seed: ").flatMap { Int(text[$0.upperBound...].prefix { $0.isNumber }) }
                }
                #expect(seeds.count == 2 && written == seeds, "\(seeds), \(written)")
            }
        }
    }

    @Test(arguments: [true, false]) func outsideTheMaskNothingChanges(_ isListed: Bool) async throws {
        try await TestServer().working { ask in
            let (photo, mask) = (try TestServer.png(), try TestServer.mask())
            let encoded = Data(mask).base64EncodedString()
            let asked = try body([
                "init_images": [Data(photo).base64EncodedString()], "mask": isListed ? [encoded] : "data:image/png;base64," + encoded,
                "prompt": "a ball", "steps": 2, "denoising_strength": 0.7, "inpaint_full_res": false, "seed": 3,
            ])
            let answer = try await ask(.post, "/sdapi/v1/img2img", json: asked)
            #expect(answer.status == 200, "\(answer.text.prefix(300))")
            let made = try image(try #require((answer.object["images"] as? [String])?.first))
            let before = try ImageFile.decode(photo).image
            #expect(made.size == before.size && made[0, 0] == before[0, 0] && made[95, 63] == before[95, 63])
            let own = try #require(try info(answer)["redraw"] as? [String: Any])
            #expect((own["untouched"] as? [String: Any])?["identical"] as? Bool == true)
            #expect((answer.object["parameters"] as? [String: Any])?["init_images"] is NSNull)
        }
    }

    @Test func whatIsSentIsChecked() async throws {
        try await TestServer().ask { ask in
            let good = Data(try TestServer.png()).base64EncodedString()
            for (fields, field) in [
                (["init_images": ["no base64 at all!"]], "init_images"), (["init_images": ["http://127.0.0.1/x.png"]], "init_images"),
                (["init_images": [good], "mask": "aGVsbG8="], nil), (["init_images": ["aGVsbG8="]], nil),
                (["init_images": [good], "override_settings": ["sd_model_checkpoint": "../../etc/passwd"]], "model"),
            ] as [([String: Any], String?)] {
                let answer = try await ask(.post, "/sdapi/v1/img2img", json: body(fields.merging(["prompt": "x"]) { $1 }))
                #expect(answer.status == 422 && answer.object["detail"] is String, "\(answer.text)")
                if let field { #expect(answer.object["field"] as? String == field) }
            }
            #expect(try await ask(.post, "/sdapi/v1/txt2img", json: "[1]").status == 422)
            #expect(try await ask(.post, "/sdapi/v1/interrogate", json: "{}").status == 422)
            #expect(try await ask(.post, "/sdapi/v1/interrogate", json: body(["image": good, "model": "oracle"])).status == 422)
        }
    }

    @Test func aPictureIsPutIntoWords() async throws {
        try await TestServer().ask { ask in
            let photo = try Data(contentsOf: checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg"))
            let asked = try body(["image": photo.base64EncodedString(), "model": "clip"])
            let words = try await ask(.post, "/sdapi/v1/interrogate", json: asked).object["caption"] as? String
            #expect(words?.contains("cat") == true, "\(words ?? "")")
            let tags = try await ask(
                .post, "/sdapi/v1/interrogate", json: body(["image": photo.base64EncodedString(), "model": "deepdanbooru"]))
            #expect((tags.object["caption"] as? String)?.contains(",") == true)
        }
    }

    @Test func aRunIsInterrupted() async throws {
        try await TestServer().working { ask in
            let asked = try body(["prompt": "a castle", "steps": 900, "width": 256, "height": 256, "seed": 1])
            async let answer = ask(.post, "/sdapi/v1/txt2img", json: asked)
            let told = try await ask.wait("/sdapi/v1/progress") { ($0.object["progress"] as? Double ?? 0) > 0 }
            #expect((told.object["state"] as? [String: Any])?["job_count"] as? Int == 1)
            #expect(try await ask(.post, "/sdapi/v1/interrupt").status == 200)
            let over = try await answer
            #expect(over.status == 200 && (over.object["images"] as? [Any])?.isEmpty == true)
            #expect(try info(over)["interrupted"] as? Bool == true)
        }
    }

    /// A client that waits for a job is told of it, though somebody clears the list as soon as the job is over.
    @Test func clearingLeavesWhatAClientWaitsFor() async throws {
        let server = try TestServer()
        try await server.ask { ask in
            var jobs: [Int64] = []
            for seed in 1...2 {
                let wish = try body(["mode": "paint", "prompt": "a castle", "seed": seed])
                let job = try #require(try await ask(.post, "/jobs", json: wish).object["id"] as? Int)
                #expect(try await ask(.post, "/jobs/\(job)/cancel").status == 200)
                jobs.append(Int64(job))
            }
            let waited = server.site.webUIJobs.begin([jobs[0]])
            #expect(try await ask(.delete, "/jobs").object["cleared"] as? Int == 1)
            #expect(try await ask(.get, "/jobs/\(jobs[0])").status == 200)
            #expect(try await ask(.get, "/jobs/\(jobs[1])").status == 404)
            server.site.webUIJobs.end(waited)
            #expect(try await ask(.delete, "/jobs").object["cleared"] as? Int == 1)
        }
    }

    /// A batch that is skipped is left out; the next one is made, with the seeds it has in the whole.
    @Test func aBatchIsSkipped() async throws {
        try await TestServer().working { ask in
            let asked = try body(["prompt": "a castle", "steps": 200, "width": 128, "height": 128, "seed": 5, "n_iter": 2, "batch_size": 2])
            async let answer = ask(.post, "/sdapi/v1/txt2img", json: asked)
            let told = try await ask.wait("/sdapi/v1/progress") { ($0.object["progress"] as? Double ?? 0) > 0 }
            #expect((told.object["state"] as? [String: Any])?["job_count"] as? Int == 2)
            #expect(try await ask(.post, "/sdapi/v1/skip").status == 200)
            let over = try await answer
            let told2 = try info(over)
            #expect(over.status == 200 && (over.object["images"] as? [Any])?.count == 2, "\(over.text.prefix(300))")
            #expect(told2["all_seeds"] as? [Int] == [7, 8] && told2["interrupted"] as? Bool == false, "\(told2)")
        }
    }
}
