import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// UNets that lost parts when they were distilled, as folders and as single files, against diffusers (`make_distilled.py`).
@Suite struct DistilledTests {
    private let goldens: Goldens

    init() throws {
        goldens = try Goldens("families/distilled.safetensors")
    }

    private func part(_ name: String) throws -> Families.Part {
        let all = try JSONSerialization.jsonObject(with: Data(contentsOf: fixture("families/distilled.json", room: "Diffusion")))
        guard let part = (all as? [String: Any])?[name] as? [String: Any], let configuration = part["config"] as? [String: Any],
            let tensors = part["tensors"] as? [String: [Int]]
        else { throw Families.Missing(name: name) }
        return Families.Part(
            configuration: configuration, tensors: tensors.sorted { $0.key < $1.key }.map { (name: $0.key, shape: Shape($0.value)) })
    }

    private func error(_ unet: UNet, _ name: String) throws -> Double {
        var context = TextContext(states: try goldens["\(name).text"], mask: .none)
        if unet.configuration.added != nil {
            context.added = StableDiffusionXL.Added(whole: (try goldens["\(name).pooled"], try goldens["\(name).sizes"].values))
        }
        let output = try unet(goldens["\(name).latent"], timestep: 601, context) {}
        return Double(Agreement(output.values, try goldens["\(name).output"].values).relative)
    }

    @Test(arguments: ["ssd", "small", "tiny"]) func aDistilledNetworkAnswersAsDiffusers(_ name: String) throws {
        let part = try part(name)
        let configuration = try UNetConfiguration(ConfigurationFile(part.configuration, name: "config.json"))
        let folder = try TemporaryFolder()
        let tensors = part.tensors.map { ($0.name, Families.values("unet.\($0.name)", $0.shape)) }
        let plain = folder.url.appendingPathComponent("unet.safetensors")
        try SafetensorsFile.write(tensors: tensors, as: .f16, to: plain)
        #expect(try error(UNet(Weights(url: plain), configuration: configuration), name) < 2e-5)

        // Under the names of the first releases, its shape seen from nothing but the tensors.
        let names = LatentDiffusionNames(
            unetLayers: configuration.layers, downAttention: configuration.downAttention, upAttention: configuration.upAttention)
        let old = Dictionary(names.modules.map { ($0.diffusers, $0.old) }) { first, _ in first }
        let renamed = try tensors.map { tensor, values -> (String, Tensor) in
            var module = tensor[...]
            while old[String(module)] == nil {
                guard let dot = module.lastIndex(of: ".") else { throw Families.Missing(name: tensor) }
                module = module[..<dot]
            }
            return ("model.diffusion_model." + (old[String(module)] ?? "") + tensor[module.endIndex...], values)
        }
        let family = name == "ssd" ? "sdxl" : "sd1"
        let whole = folder.url.appendingPathComponent("whole.safetensors")
        try Families.writeFile(family, to: whole)
        let single = folder.url.appendingPathComponent("single.safetensors")
        try SafetensorsFile.write(tensors: renamed, as: .f16, to: single)
        var options = PipelineOptions(merges: FamilyPipelineTests.merges)
        options.given = GivenParts(autoencoder: whole, textEncoders: [whole])
        let pipeline = try Pipeline(model: single, options: options) { throw Families.Missing(name: "sentences") }
        #expect(try error(pipeline.unet, name) < 2e-5)
        let (read, inferred) = (configuration.operations(width: 8, height: 6), pipeline.unet.configuration.operations(width: 8, height: 6))
        #expect(read == inferred)
    }
}
