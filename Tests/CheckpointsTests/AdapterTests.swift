import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

/// Adapters of every kind, merged as LyCORIS and peft merge them (`make_adapters.py`).
@Suite struct AdapterTests {
    private let merged: SafetensorsFile

    init() throws {
        merged = try SafetensorsFile(fixture("adapters/merged.safetensors", room: "Checkpoints"))
    }

    /// A model with one layer, whose weight and bias are written for the purpose.
    private func model(_ weight: Tensor, in folder: TemporaryFolder) throws -> Weights {
        let file = folder.url.appendingPathComponent("model.safetensors")
        try SafetensorsFile.write(tensors: [("layer.weight", weight), ("layer.bias", .zeros([weight.shape[0]]))], to: file)
        return try Weights(url: file)
    }

    private func component(_ weights: Weights, multiplier: Float) -> LowRankAdaptation.Component {
        LowRankAdaptation.Component(name: "unet", weights: weights, multiplier: multiplier)
    }

    /// Full strength where the reference was merged at it.
    static let kinds: [(String, Float)] = [
        ("lora", 0.7), ("locon-core", 0.7), ("loha", 0.7), ("loha-core", 0.7), ("lokr-whole", 0.7), ("lokr", 0.7),
        ("lokr-convolution", 0.7),
        ("lokr-core", 0.7), ("dora-rows", 1), ("dora-rows-convolution", 1), ("dora-columns", 1), ("dora-columns-convolution", 1),
        ("difference", 0.7), ("ia3-outputs", 0.7), ("ia3-inputs", 0.7), ("peft", 1), ("peft-dora", 1),
    ]

    /// LyCORIS' own merge (`make_rotations.py`): within a limit, and with a factor for each output.
    @Test(arguments: [("oft", Float(0.7)), ("oft-convolution", 1)]) func rotationsAreMergedAsLyCORISDoes(
        _ kind: String, _ multiplier: Float
    )
        throws
    {
        let folder = try TemporaryFolder()
        let rotated = try SafetensorsFile(fixture("adapters/rotated.safetensors", room: "Checkpoints"))
        let weight = try rotated.tensor("\(kind).weight")
        let weights = try model(weight, in: folder)
        let outcome = try LowRankAdaptation(fixture("adapters/\(kind).safetensors", room: "Checkpoints")).outcome(
            for: [component(weights, multiplier: multiplier)])
        #expect(outcome.notes.isEmpty, "\(outcome.notes)")
        let made = try weights.adding(outcome.additions[0]).tensor("layer.weight", weight.shape)
        let agreement = Agreement(made.values, try rotated.tensor("\(kind).merged").values)
        #expect(agreement.relative < 2e-6, "\(kind): \(agreement)")
        #expect(Agreement(weight.values, made.values).relative > 0.1)
    }

    /// LyCORIS' and peft's own merges (`make_butterflies.py`): within a limit, with a factor for each output, in one round and several.
    @Test(arguments: [
        ("boft", Float(0.7)), ("boft-convolution", 0.7), ("boft-peft", 1), ("boft-peft-rounds", 1), ("boft-peft-convolution", 1),
    ])
    func butterfliesAreMergedAsTheirOwnToolsDo(_ kind: String, _ multiplier: Float) throws {
        let folder = try TemporaryFolder()
        let turned = try SafetensorsFile(fixture("adapters/butterflies.safetensors", room: "Checkpoints"))
        let weight = try turned.tensor("\(kind).weight")
        let weights = try model(weight, in: folder)
        let outcome = try LowRankAdaptation(fixture("adapters/\(kind).safetensors", room: "Checkpoints")).outcome(
            for: [component(weights, multiplier: multiplier)])
        #expect(outcome.notes.isEmpty, "\(outcome.notes)")
        let made = try weights.adding(outcome.additions[0]).tensor("layer.weight", weight.shape)
        let agreement = Agreement(made.values, try turned.tensor("\(kind).merged").values)
        #expect(agreement.relative < 2e-6, "\(kind): \(agreement)")
        #expect(Agreement(weight.values, made.values).relative > 0.1)
    }

    /// Blocks that make no rounds over the weight's places are told, whatever their shapes say.
    @Test(arguments: [[1, 2, 3, 3], [3, 2, 2, 2], [1, 1, 2, 2], [64, 2, 2, 2], [2, 2, 2, 3]])
    func butterfliesThatDoNotFitAreLeftOut(_ shape: [Int]) throws {
        let folder = try TemporaryFolder()
        let weights = try model(.zeros([4, 6]), in: folder)
        let odd = try adaptation([("lora_unet_layer.oft_blocks", .zeros(Shape(shape)))], in: folder)
        let refused = #expect(throws: CheckpointError.self) { try odd.outcome(for: [component(weights, multiplier: 1)]) }
        #expect(refused?.description.contains("oft_blocks") == true, "\(String(describing: refused))")
    }

    @Test(arguments: kinds) func everyKindIsMergedAsItsOwnToolsDo(_ kind: String, _ multiplier: Float) throws {
        let folder = try TemporaryFolder()
        let weight = try merged.tensor("\(kind).weight")
        let weights = try model(weight, in: folder)
        let adaptation = try LowRankAdaptation(fixture("adapters/\(kind).safetensors", room: "Checkpoints"))
        let outcome = try adaptation.outcome(for: [component(weights, multiplier: multiplier)])
        #expect(outcome.notes.isEmpty, "\(outcome.notes)")
        let adapted = try weights.adding(outcome.additions[0])
        let agreement = Agreement(try adapted.tensor("layer.weight", weight.shape).values, try merged.tensor("\(kind).merged").values)
        #expect(agreement.relative < 2e-6, "\(kind): \(agreement)")
        if merged.has("\(kind).bias") {
            let bias = Agreement(try adapted.tensor("layer.bias", [weight.shape[0]]).values, try merged.tensor("\(kind).bias").values)
            #expect(bias.relative < 2e-6, "\(bias)")
        }
    }

    /// The same tensors under every way to spell their module.
    @Test(arguments: [
        "lora_unet_down_blocks_0_layer", "lora_unet.down_blocks.0.layer", "unet.down_blocks.0.layer", "down_blocks.0.layer",
        "base_model.model.down_blocks.0.layer", "diffusion_model.down_blocks.0.layer", "lycoris_down_blocks_0_layer",
        "model.diffusion_model.down_blocks.0.layer", "base_model.model.unet.down_blocks.0.layer",
    ])
    func everySpellingIsFound(_ module: String) throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appendingPathComponent("model.safetensors")
        try SafetensorsFile.write(tensors: [("down_blocks.0.layer.weight", .zeros([2, 2]))], to: model)
        let weights = try Weights(url: model)
        for (down, up) in [(".lora_down.weight", ".lora_up.weight"), (".lora_A.default.weight", ".lora_B.default.weight")] {
            let file = folder.url.appendingPathComponent("lora.safetensors")
            try SafetensorsFile.write(
                tensors: [(module + down, Tensor([1, 2], shape: [1, 2])), (module + up, Tensor([3, 4], shape: [2, 1]))], to: file)
            let outcome = try LowRankAdaptation(file).outcome(for: [component(weights, multiplier: 1)])
            #expect(try weights.adding(outcome.additions[0]).tensor("down_blocks.0.layer.weight", [2, 2]).values == [3, 6, 4, 8])
        }
    }

    private func adaptation(_ tensors: [(String, Tensor)], in folder: TemporaryFolder, metadata: [String: String] = [:]) throws
        -> LowRankAdaptation
    {
        let file = folder.url.appendingPathComponent("lora.safetensors")
        try SafetensorsFile.write(tensors: tensors, metadata: metadata, to: file)
        return try LowRankAdaptation(file)
    }

    /// peft writes a convolution's lengths as [1, outputs, 1, 1]; where inputs are as many, they are of the outputs still.
    @Test func lengthsOfPeftAreOfTheOutputs() throws {
        let folder = try TemporaryFolder()
        let weight = Tensor((0..<36).map { Float($0 % 7) + 1 }, shape: [2, 2, 3, 3])
        let lengths = try adaptation(
            [
                ("base_model.model.layer.lora_A.weight", Tensor([Float](repeating: 1, count: 18), shape: [1, 2, 3, 3])),
                ("base_model.model.layer.lora_B.weight", .zeros([2, 1, 1, 1])),
                ("base_model.model.layer.lora_magnitude_vector", Tensor([2, 3], shape: [1, 2, 1, 1])),
            ].map { ($0.0, $0.1) }, in: folder)
        let weights = try model(weight, in: folder)
        let outcome = try lengths.outcome(for: [component(weights, multiplier: 1)])
        let made = try weights.adding(outcome.additions[0]).tensor("layer.weight", weight.shape).values
        let norms = [made[..<18], made[18...]].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        #expect(abs(norms[0] - 2) < 1e-5 && abs(norms[1] - 3) < 1e-5, "\(norms)")
    }

    @Test func whatDoesNotFitIsToldAndTheRestUsed() throws {
        let folder = try TemporaryFolder()
        let weights = try model(.zeros([2, 2]), in: folder)
        let good = [
            ("lora_unet_layer.lora_down.weight", Tensor([1, 2], shape: [1, 2])),
            ("lora_unet_layer.lora_up.weight", Tensor([3, 4], shape: [2, 1])),
        ]
        let stray = ("lora_unet_elsewhere.lora_down.weight", Tensor.zeros([1, 2]))
        let outcome = try adaptation(good + [stray, ("what.is.this", .zeros([1]))], in: folder)
            .outcome(for: [component(weights, multiplier: 1)])
        #expect(outcome.additions[0].count == 1)
        #expect(outcome.notes.count == 1 && outcome.notes[0].contains("lora_unet_elsewhere") && outcome.notes[0].contains("what.is.this"))

        // Nothing fits: the file's kind, or the tensor and both shapes.
        let flux = try adaptation([("lora_unet_double_blocks_0_img_attn_proj.lora_down.weight", .zeros([1, 2]))], in: folder)
        let refused = #expect(throws: CheckpointError.self) { try flux.outcome(for: [component(weights, multiplier: 1)]) }
        #expect(refused?.description.contains("a LoRA for Flux") == true)
        let wide = try adaptation(
            [("lora_unet_layer.lora_down.weight", .zeros([4, 5])), ("lora_unet_layer.lora_up.weight", .zeros([2, 4]))], in: folder)
        let unfit = #expect(throws: CheckpointError.self) { try wide.outcome(for: [component(weights, multiplier: 1)]) }
        #expect(unfit?.description.contains("lora_unet_layer.lora_down.weight of shape [4, 5], for a weight of shape [2, 2]") == true)
        let nameless = try adaptation(good + [("lora_unet_layer.alpha", Tensor([.nan], shape: [1]))], in: folder)
        let nan = #expect(throws: CheckpointError.self) { try nameless.outcome(for: [component(weights, multiplier: 1)]) }
        #expect(nan?.description.contains("alpha is no number") == true)
        let zero = try adaptation(good + [("lora_unet_layer.alpha", Tensor([0], shape: [1]))], in: folder)
        #expect(try zero.outcome(for: [component(weights, multiplier: 1)]).notes.first?.contains("alpha of 0") == true)
    }

    /// diffusers once kept adaptations in attention processors, whose layers have no names of their own; an alpha whose pair is missing is told,
    /// and the rest is used.
    @Test func processorsAreSeenThroughAndALoneAlphaIsTold() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        try SafetensorsFile.write(
            tensors: [("mid.attn1.to_q.weight", .zeros([2, 2])), ("mid.attn1.to_out.0.weight", .zeros([2, 2]))], to: file)
        let weights = try Weights(url: file)
        let (down, up) = (Tensor([1, 2], shape: [1, 2]), Tensor([3, 4], shape: [2, 1]))
        let old = try adaptation(
            [
                ("unet.mid.attn1.processor.to_q_lora.down.weight", down), ("unet.mid.attn1.processor.to_q_lora.up.weight", up),
                ("unet.mid.attn1.processor.to_out_lora.down.weight", down), ("unet.mid.attn1.processor.to_out_lora.up.weight", up),
                ("lora_unet_mid_attn1_to_k.alpha", Tensor([4], shape: [1])),
            ], in: folder
        ).outcome(for: [component(weights, multiplier: 1)])
        for name in ["mid.attn1.to_q.weight", "mid.attn1.to_out.0.weight"] {
            #expect(try weights.adding(old.additions[0]).tensor(name, [2, 2]).values == [3, 6, 4, 8])
        }
        #expect(old.notes.count == 1 && old.notes[0].contains("lora_unet_mid_attn1_to_k.alpha"), "\(old.notes)")
    }

    /// Products as large as a file's shapes say are never made before they are known to fit.
    @Test func partsThatMultiplyToOtherShapesAreLeftOut() throws {
        let folder = try TemporaryFolder()
        let weights = try model(.zeros([2, 2]), in: folder)
        let good = [
            ("lora_unet_layer.lora_down.weight", Tensor([1, 2], shape: [1, 2])),
            ("lora_unet_layer.lora_up.weight", Tensor([3, 4], shape: [2, 1])),
        ]
        let (tall, flat) = (Tensor.zeros([200_000, 1]), Tensor.zeros([1, 200_000]))
        let hadamard = ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"].enumerated().map {
            ("lora_unet_layer.\($1)", $0 % 2 == 0 ? tall : flat)
        }
        let kronecker = [("lora_unet_layer.lokr_w1_a", tall), ("lora_unet_layer.lokr_w1_b", flat), ("lora_unet_layer.lokr_w2", flat)]
        for tensors in [hadamard, kronecker] {
            let refused = #expect(throws: CheckpointError.self) {
                try adaptation(tensors, in: folder).outcome(for: [component(weights, multiplier: 1)])
            }
            #expect(refused?.description.contains("for a weight of shape [2, 2]") == true, "\(String(describing: refused))")
            let bias = [("lora_unet_layer.diff_b", Tensor.zeros([2]))]
            #expect(throws: Never.self) { _ = try adaptation(good + bias, in: folder).outcome(for: [component(weights, multiplier: 1)]) }
        }
    }

    @Test func blocksRanksAndTablesAreHeeded() throws {
        let folder = try TemporaryFolder()
        let weights = try model(.zeros([2, 2]), in: folder)
        let pair = try adaptation(
            [
                ("lora_unet_layer.lora_down.weight", Tensor([1, 0, 0, 1], shape: [2, 2])),
                ("lora_unet_layer.lora_up.weight", Tensor([1, 0, 0, 1], shape: [2, 2])),
            ], in: folder)
        func values(_ component: LowRankAdaptation.Component, ranks: Int? = nil) throws -> [Float] {
            try weights.adding(pair.outcome(for: [component], ranks: ranks).additions[0]).tensor("layer.weight", [2, 2]).values
        }
        #expect(try values(component(weights, multiplier: 1)) == [1, 0, 0, 1])
        #expect(try values(component(weights, multiplier: 1), ranks: 1) == [1, 0, 0, 0])
        let half = LowRankAdaptation.Component(name: "unet", weights: weights, multiplier: 1) { $0 == "layer" ? 0.5 : 1 }
        #expect(try values(half) == [0.5, 0, 0, 0.5])
        let adapted = try weights.adding(pair.outcome(for: [component(weights, multiplier: 1)]).additions[0])
        #expect(try adapted["layer"].table("weight", rows: 2, width: 2).gather([1, 0]).values == [0, 1, 1, 0])
    }

    /// Values that are no numbers are named where they are read.
    @Test(arguments: [Float.nan, .infinity, -.infinity]) func noNumbersAreNoWeights(_ value: Float) throws {
        let folder = try TemporaryFolder()
        for place in [0, 17, 32] {
            var values = [Float](repeating: 1, count: 33)
            values[place] = value
            let weights = try model(Tensor(values, shape: [3, 11]), in: folder)
            let file = folder.url.appendingPathComponent("model.safetensors").path
            #expect(throws: CheckpointError.notFinite("layer.weight", file: file)) { try weights.tensor("layer.weight", [3, 11]) }
        }
    }
}
