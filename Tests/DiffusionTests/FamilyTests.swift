import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

@Suite struct FamilyTests {
    /// Largest error of the largest magnitude, f32 against torch f32.
    private let tolerance: Float = 2e-5

    @Test(arguments: ["sd1", "sd2", "sdxl", "inpainting", "lcm"])
    func unetsOfEveryFamilyAgreeWithDiffusers(_ name: String) throws {
        let goldens = try Families.goldens()
        let unet = try Families.unet(name)
        var context = TextContext(states: try goldens["unet.\(name).text"], mask: .none)
        context.added = ToldScale(guidanceScale: 8.5)
        if name == "sdxl" {
            context.added = StableDiffusionXL.Added(whole: (try goldens["unet.sdxl.pooled"], try goldens["unet.sdxl.sizes"].values))
        }
        let output = try unet(goldens["unet.\(name).latent"], timestep: 601, context) {}
        let agreement = Agreement(output.values, try goldens["unet.\(name).output"].values)
        #expect(agreement.relative < tolerance, "\(name): \(agreement)")
    }

    @Test func aModelIsOfTheFirstFamilyWhoseSignsItHas() {
        func family(_ signs: FamilySigns) -> String { "\(signs.family)" }
        #expect(family(FamilySigns()) == "StableDiffusion")
        #expect(family(FamilySigns(readsWithOpenCLIP: true)) == "StableDiffusion2")
        #expect(family(FamilySigns(readsSentences: true)) == "RedrawSmall")
        #expect(family(FamilySigns(addsWholeTexts: true)) == "StableDiffusionXL")
        #expect(family(FamilySigns(addsWholeTexts: true, readsSentences: true, readsWithOpenCLIP: true)) == "StableDiffusionXL")
        #expect([768, 1024, 2048, 4096].map { FamilySigns.title(ofTextWidth: $0) } == ["SD 1.5", "SD 2", "SDXL", nil])
    }

    /// What single files leave out, as the families' own configurations have it.
    @Test func whatNoTensorTellsIsTheFamilys() {
        #expect(StableDiffusion.heads(ofChannels: 640) == 8 && StableDiffusion2.heads(ofChannels: 640) == 10)
        #expect(StableDiffusion2.trainedSide(predicting: .velocity) == 96 && StableDiffusion2.trainedSide(predicting: .epsilon) == 64)
        #expect(StableDiffusionXL.trainedSide(predicting: .velocity) == 128 && StableDiffusionXL.spacing == .leading)
        #expect(StableDiffusionXL.latentScale == 0.13025 && StableDiffusion2.latentScale == 0.18215)
    }

    @Test func aModelThatIsToldTheWholeTextRefusesToRunWithout() throws {
        let goldens = try Families.goldens()
        let context = TextContext(states: try goldens["unet.sdxl.text"], mask: .none)
        #expect(throws: DiffusionError.missingPooledText(expected: 128)) {
            try Families.unet("sdxl")(goldens["unet.sdxl.latent"], timestep: 1, context) {}
        }
    }

    @Test(arguments: ["standard", "tiny"])
    func autoencodersOfEveryKindAgreeWithDiffusers(_ name: String) throws {
        let goldens = try Families.goldens()
        let autoencoder = try Families.autoencoder(name)
        let posterior = try autoencoder.encode(goldens["vae.\(name).picture"])
        let mean = Agreement(posterior.mean.values, try goldens["vae.\(name).latent"].values)
        #expect(mean.relative < tolerance, "\(mean)")
        if name == "tiny" {
            #expect(posterior.deviation == nil)
        } else {
            let deviation = Agreement(try #require(posterior.deviation).values, try goldens["vae.\(name).deviation"].values)
            #expect(deviation.relative < tolerance, "\(deviation)")
        }
        let decoded = Agreement(
            try autoencoder.decode(goldens["vae.\(name).latent"]).values, try goldens["vae.\(name).decoded"].values)
        #expect(decoded.relative < tolerance, "\(decoded)")
        #expect(autoencoder.configuration.scale == (name == "tiny" ? 4 : 2))
    }

    /// To the UNet's scale and back: with a factor, a shift, and a mean and a deviation for each channel.
    @Test func latentsAreScaledAndShifted() throws {
        var configuration = try Families.autoencoder("tiny").configuration
        func around(_ configuration: AutoencoderConfiguration) throws -> (Tensor, Tensor) {
            let folder = try TemporaryFolder()
            try Families.write("vae.tiny", component: "vae", to: folder.url)
            let made = try Autoencoder(
                Weights(url: folder.url.appendingPathComponent("diffusion_pytorch_model.safetensors")), configuration: configuration)
            let latent = Tensor([1, 2, 3, 4], shape: [1, 1, 1, 4])
            return (made.scaled(latent), made.unscaled(made.scaled(latent)))
        }
        (configuration.scalingFactor, configuration.shiftFactor) = (0.5, 1)
        var (there, back) = try around(configuration)
        #expect(there.values == [0, 0.5, 1, 1.5] && back.values == [1, 2, 3, 4])
        configuration.spread = .init(mean: Tensor([1, 1, 1, 0], shape: [4]), deviation: Tensor([1, 2, 4, 2], shape: [4]))
        (there, back) = try around(configuration)
        #expect(there.values == [0, 0.25, 0.25, 1] && back.values == [1, 2, 3, 4])
    }
}
