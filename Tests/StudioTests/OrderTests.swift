import Catalog
import Diffusion
import Engines
import Foundation
import Testing

@testable import Studio

/// The rules from a wish to an order, as a table: what was said, what is known, what comes of it.
@Suite struct OrderTests {
    private static let small = OrderKnowledge.Usage(
        steps: 12, guidance: 4, sampler: "dpmpp-2m", strength: 0.5, firstSide: 64, refine: 0.4, drafts: 3)
    private static let photo = GenerationOrder.Picture(path: "/p.jpg", sha256: "aa", width: 640, height: 480)
    private static let mask = GenerationOrder.Picture(path: "/m.png", sha256: "bb", width: 640, height: 480)

    private static func known(_ usage: OrderKnowledge.Usage = small, change: (inout OrderKnowledge) -> Void = { _ in }) -> OrderKnowledge {
        var known = OrderKnowledge(
            usage: usage, randomSeed: { 99 }, model: { .init(name: "small", path: "/models/small") },
            approved: { .init(positive: "a cat, oil painting", negative: "blurry", number: 4) }, standingNegative: { _ in "grainy" })
        known.workingDirectory = URL(fileURLWithPath: "/here", isDirectory: true)
        change(&known)
        return known
    }

    private static func wish(_ change: (inout GenerationWish) -> Void) -> GenerationWish {
        var wish = GenerationWish()
        change(&wish)
        return wish
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let wish: GenerationWish
        let known: @Sendable () -> OrderKnowledge
        let holds: @Sendable (GenerationOrder) -> Bool

        init(
            _ name: String, _ wish: (inout GenerationWish) -> Void,
            known: @escaping @Sendable () -> OrderKnowledge = { OrderTests.known() },
            _ holds: @escaping @Sendable (GenerationOrder) -> Bool
        ) {
            (testDescription, self.wish, self.known, self.holds) = (name, OrderTests.wish(wish), known, holds)
        }
    }

    private static let withPhoto: @Sendable () -> OrderKnowledge = { known { $0.picture = photo } }
    private static let elsewhere: @Sendable () -> OrderKnowledge = { known { $0.isOutside = true } }
    private static let withMask: @Sendable () -> OrderKnowledge = { known { ($0.picture, $0.mask) = (photo, mask) } }

    /// (What is wished for, whether it is composed anew).
    static let composed: [(String, Bool, @Sendable (inout GenerationWish) -> Void)] = [
        ("a painting", true, { $0.prompt = "a cat" }),
        ("a redrawn picture", false, { $0.picture = "p.jpg" }),
        ("a picture redrawn far", false, { ($0.picture, $0.strength) = ("p.jpg", 0.8) }),
        ("a picture redrawn far that begins small", true, { ($0.picture, $0.strength, $0.firstSide) = ("p.jpg", 0.8, 128) }),
        ("a picture redrawn far that was told to begin at once", false, { ($0.picture, $0.strength, $0.firstSide) = ("p.jpg", 0.8, 0) }),
        ("what a mask covers, changed", false, { ($0.picture, $0.mask, $0.strength) = ("p.jpg", "m.png", 0.6) }),
        ("things that were selected", false, { ($0.picture, $0.select, $0.strength) = ("p.jpg", ["dog"], 0.6) }),
        ("what a mask covers, filled anew", true, { ($0.picture, $0.mask, $0.strength) = ("p.jpg", "m.png", 0.9) }),
        ("a sheet of strengths", false, { ($0.picture, $0.strengths) = ("p.jpg", [0.2, 0.9]) }),
    ]

    @Test(arguments: composed.indices) func twoGeneratorsShareTheWork(_ index: Int) {
        let (what, expected, change) = Self.composed[index]
        #expect(Self.wish(change).composesAnew == expected, "\(what)")
    }

    static let cases: [Case] = [
        Case("a prompt alone is painted as the model's manifest says", { $0.prompt = "a cat" }) {
            let request = $0.request
            return request.mode == .paint && (request.steps, request.guidance, request.sampler.rawValue) == (12, 4, "dpmpp-2m")
                && (request.firstSide, request.refine, request.drafts) == (64, 0.4, 3) && request.strength == 0.6
                && $0.seed == 99 && request.model == "small" && $0.place == .folder(URL(fileURLWithPath: "/here", isDirectory: true))
        },
        Case("an empty negative prompt that was given is read as a text", { ($0.prompt, $0.negative) = ("a cat", "") }) {
            $0.request.readsEmptyNegative
        },
        Case("and one that was not given is not", { $0.prompt = "a cat" }) { !$0.request.readsEmptyNegative },
        Case("what the model predicts may be said", { ($0.prompt, $0.prediction) = ("a cat", "v") }) { $0.request.prediction == .v },
        Case("without a manifest the documented defaults count", { $0.prompt = "a cat" }, known: { known(.init()) }) {
            let request = $0.request
            return (request.steps, request.guidance, request.sampler, request.refine) == (20, 7.5, .ddim, 0.5)
                && (request.firstSide, request.drafts) == (nil, 1)
        },
        Case(
            "what the person said goes before the manifest",
            { ($0.prompt, $0.steps, $0.guidance, $0.sampler, $0.refine) = ("a cat", 5, 2, "euler", 0.7) }
        ) { ($0.request.steps, $0.request.guidance, $0.request.sampler, $0.request.refine) == (5, 2, .euler, 0.7) },
        Case("a seed is given to get that very picture: no drafts", { ($0.prompt, $0.seed) = ("a cat", 7) }) {
            $0.seed == 7 && $0.request.drafts == 1 && $0.request.firstSide == 64
        },
        Case("drafts that are asked for are tried with a seed, too", { ($0.prompt, $0.seed, $0.drafts) = ("a cat", 7, 2) }) {
            $0.request.drafts == 2
        },
        Case("a first side of 0 paints at once", { ($0.prompt, $0.firstSide) = ("a cat", 0) }) {
            $0.request.firstSide == nil && $0.request.drafts == 1
        },
        Case("the web UI has samplers of its own, and paints at once", { ($0.prompt, $0.profile) = ("a cat", "a1111") }) {
            $0.request.sampler == .dpmpp2MKarras && $0.request.firstSide == nil && $0.request.drafts == 1
        },
        Case("an engine elsewhere follows the web UI's conventions", { $0.prompt = "a cat" }, known: elsewhere) {
            ($0.request.profile, $0.request.sampler, $0.request.firstSide, $0.request.drafts) == (.a1111, .dpmpp2MKarras, nil, 1)
                && $0.request.steps == 12
        },
        Case("the arithmetic is chosen by what the model and the processor are", { $0.prompt = "a cat" }) {
            $0.request.precision == .auto
        },
        Case("another tool's numbers are made in single precision", { ($0.prompt, $0.profile) = ("a cat", "diffusers") }) {
            $0.request.precision == .f32
        },
        Case(
            "unless another arithmetic is named",
            { ($0.prompt, $0.profile, $0.precision) = ("a cat", "a1111", "bf16") }
        ) { $0.request.precision == .bf16 },
        Case("a picture is redrawn from its approved prompt, at the manifest's strength", { $0.picture = "p.jpg" }, known: withPhoto) {
            let request = $0.request
            return request.mode == .generate && request.strength == 0.5 && request.prompt == "a cat, oil painting"
                && request.negative == "blurry" && $0.promptNumber == 4 && request.firstSide == nil && $0.picture == photo
        },
        Case(
            "under a mask the manifest's strength for that counts", { ($0.picture, $0.mask) = ("p.jpg", "m.png") },
            known: { known(.init(strength: 0.35, repaintStrength: 0.7)) { ($0.picture, $0.mask) = (photo, mask) } }
        ) {
            $0.request.mode == .repaint && $0.request.strength == 0.7
        },
        Case("another prompt keeps the standing negative one", { ($0.picture, $0.prompt) = ("p.jpg", "a dog") }, known: withPhoto) {
            $0.request.negative == "grainy" && $0.promptNumber == nil
        },
        Case("an empty negative prompt is one that was said", { ($0.picture, $0.negative) = ("p.jpg", "") }, known: withPhoto) {
            $0.request.negative.isEmpty && $0.promptNumber == 4
        },
        Case("an empty prompt is one that was said", { ($0.picture, $0.prompt) = ("p.jpg", "") }, known: withPhoto) {
            $0.request.prompt.isEmpty && $0.request.negative == "grainy" && $0.promptNumber == nil
        },
        Case("painting from an empty prompt is painting", { $0.prompt = "" }) { $0.request.mode == .paint && $0.request.prompt.isEmpty },
        Case("transparency that is kept", { ($0.picture, $0.background) = ("p.jpg", "keep") }, known: withPhoto) {
            $0.request.background == "keep"
        },
        Case(
            "redrawing takes the nearest legal size", { $0.picture = "p.jpg" },
            known: {
                known { ($0.picture, $0.sizes) = (photo, .grid(base: 512, minimum: 256, maximum: 1024, multiple: 64)) }
            }
        ) { ($0.request.width, $0.request.height) == (512, 384) },
        Case("the picture's own size", { ($0.picture, $0.size) = ("p.jpg", "Picture") }, known: withPhoto) {
            ($0.request.width, $0.request.height) == (640, 480)
        },
        Case("a size", { ($0.prompt, $0.size) = ("a cat", "512x384") }) { ($0.request.width, $0.request.height) == (512, 384) },
        Case("a mask makes it repainting", { ($0.picture, $0.mask, $0.prompt) = ("p.jpg", "m.png", "a hat") }, known: withMask) {
            $0.request.mode == .repaint && $0.mask == mask && $0.request.firstSide == 64 && $0.request.drafts == 1
        },
        Case(
            "a mask's options",
            { ($0.picture, $0.mask, $0.prompt, $0.fill, $0.area, $0.feather) = ("p", "m", "a hat", "blur", "masked", 9) },
            known: withMask
        ) { ($0.request.fill, $0.request.area, $0.request.feather, $0.request.padding) == (.blur, .masked, 9, 32) },
        Case("a sheet has one seed", { ($0.picture, $0.strengths) = ("p.jpg", [0.2, 0.8]) }, known: withPhoto) {
            $0.strengths == [0.2, 0.8] && $0.request.count == 1 && $0.request.drafts == 1 && $0.runStrengths == [0.2, 0.8]
        },
        Case("an output that ends in / is a folder", { ($0.prompt, $0.output) = ("a cat", "/out/") }) {
            $0.place == .folder(URL(fileURLWithPath: "/out", isDirectory: true))
        },
        Case("any other output is a file", { ($0.prompt, $0.output) = ("a cat", "/out") }) {
            $0.place == .file(URL(fileURLWithPath: "/out"))
        },
        Case("but where a folder is", { ($0.prompt, $0.output) = ("a cat", "/out") }, known: { known { $0.isFolder = { _ in true } } }) {
            $0.place == .folder(URL(fileURLWithPath: "/out", isDirectory: true))
        },
        Case("a sampler of a later version's manifest is passed over", { $0.prompt = "x" }, known: { known(.init(sampler: "of-2030")) }) {
            $0.request.sampler == .ddim
        },
    ]

    @Test(arguments: cases) func whatWasSaidComesToAnOrder(_ one: Case) throws {
        let order = try GenerationOrder(one.wish, one.known())
        #expect(one.holds(order), "\(order)")
        // What a job stores is the order again.
        let stored = try JSONDecoder().decode(GenerationOrder.self, from: Data(JSON.text(order).utf8))
        #expect(stored == order)
    }

    @Test func whatIsWrongIsNamed() throws {
        let wrong: [(OrderError, (inout GenerationWish) -> Void)] = [
            (.nothingToPaint, { _ in }),
            (.noPicture(mode: "generate"), { $0.mode = "generate" }),
            (.sizeOfNoPicture, { ($0.prompt, $0.size) = ("a cat", "picture") }),
            (.noSize("12"), { ($0.prompt, $0.size) = ("a cat", "12") }),
            (.noSize("0x8"), { ($0.prompt, $0.size) = ("a cat", "0x8") }),
            (.unknown(what: "engine", value: "cloud", known: ["builtin"]), { ($0.prompt, $0.engine) = ("a cat", "cloud") }),
            (.unknown(what: "area", value: "half", known: ["whole", "masked"]), { ($0.prompt, $0.area) = ("a cat", "half") }),
            (.notAPictureName(what: "preview", name: "now.txt"), { ($0.prompt, $0.preview) = ("a cat", "now.txt") }),
            (.sheetOf(count: 2, drafts: 1), { ($0.strengths, $0.count) = ([0.5], 2) }),
            (.sheetOf(count: 1, drafts: 3), { ($0.strengths, $0.drafts) = ([0.5], 3) }),
            (.noStrengths([0.5, 2]), { $0.strengths = [0.5, 2] }),
            (.noStrengths([]), { $0.strengths = [] }),
            (.request(.noBackground("plaid")), { ($0.prompt, $0.background) = ("a cat", "plaid") }),
            (.request(.outOfRange(name: "steps", value: "0", range: "1 to 1000")), { ($0.prompt, $0.steps) = ("a cat", 0) }),
        ]
        for (error, change) in wrong {
            #expect(throws: error) { try GenerationOrder(OrderTests.wish(change), OrderTests.known()) }
        }
        let builtinOnly: [(String, (inout GenerationWish) -> Void)] = [
            ("the profile diffusers", { $0.profile = "diffusers" }), ("the precision bf16", { $0.precision = "bf16" }),
            ("a file of the latent", { $0.latent = "x.safetensors" }), ("a first side", { $0.firstSide = 64 }),
            ("trying drafts", { $0.drafts = 2 }),
        ]
        for (what, change) in builtinOnly {
            var wish = OrderTests.wish { $0.prompt = "a cat" }
            change(&wish)
            #expect(throws: OrderError.onlyBuiltin(what: what)) { try GenerationOrder(wish, OrderTests.elsewhere()) }
        }
        #expect(throws: OrderError.draftsOfWhatDoesNotGrow(4)) {
            try GenerationOrder(OrderTests.wish { ($0.picture, $0.strength, $0.drafts) = ("p", 0.5, 4) }, OrderTests.withPhoto())
        }
        #expect(throws: OrderError.noMask) {
            try GenerationOrder(OrderTests.wish { $0.mode = "repaint" }, OrderTests.withPhoto())
        }
    }

    /// Page and API send the same words that the command line takes.
    @Test func aWishIsReadFromJSON() throws {
        let text = #"{"prompt": "a cat", "steps": 4, "sampler": "euler", "size": "64x64"}"#
        let order = try GenerationOrder(JSONDecoder().decode(GenerationWish.self, from: Data(text.utf8)), OrderTests.known())
        #expect((order.request.steps, order.request.sampler, order.request.width) == (4, .euler, 64))
    }
}
