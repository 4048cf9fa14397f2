import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// UNets alone, and models that lack a part: what is missing is told, and what is given from elsewhere gives the same numbers as a whole file.
@Suite struct SeparatePartsTests {
    private let folder: TemporaryFolder
    private let whole: URL

    init() throws {
        folder = try TemporaryFolder()
        whole = folder.url.appendingPathComponent("whole.safetensors")
    }

    private func place(_ name: String) -> URL { folder.url.appendingPathComponent(name) }

    private func pipeline(_ model: URL, vae: URL? = nil, text: [URL] = []) throws -> Pipeline {
        var options = PipelineOptions(merges: FamilyPipelineTests.merges)
        options.given = GivenParts(autoencoder: vae, textEncoders: text)
        return try Pipeline(model: model, options: options) { throw Families.Missing(name: "sentences") }
    }

    /// The tensors of the whole file whose names begin so, by their names behind that.
    private func part(_ prefix: String, called name: String, removing removed: String = "") throws -> URL {
        let file = try SafetensorsFile(whole)
        let names = file.names.filter { $0.hasPrefix(prefix) }
        let tensors = try names.map { (String($0.dropFirst(removed.count)), try file.tensor($0)) }
        try SafetensorsFile.write(tensors: tensors, as: .f16, to: place(name))
        return place(name)
    }

    private func picture(_ pipeline: Pipeline) throws -> [UInt8] {
        var request = GenerationRequest(mode: .paint, prompt: "a red fox", negative: "fog", steps: 2, guidance: 4, seed: 3)
        (request.width, request.height) = (64, 64)
        return try pipeline.run(request, source: nil) { _ in }.pictures[0].image.bytes
    }

    @Test func whatIsMissingIsToldWithTheOptionThatGivesIt() throws {
        try Families.writeFile("sd1", to: whole)
        for (left, said, unsaid) in [
            ("model.diffusion_model.", ["autoencoder", "text encoder", "--vae", "--text-encoder"], [String]()),
            ("first_stage_model.", ["text encoder", "--text-encoder"], ["--vae"]),
            ("cond_stage_model.", ["autoencoder", "--vae"], ["--text-encoder"]),
        ] {
            let file = place("part.safetensors")
            try Families.writeFile("sd1", to: file) { name, tensor in
                name.hasPrefix("model.diffusion_model.") || name.hasPrefix(left) ? tensor : nil
            }
            let error = #expect(throws: DiffusionError.self) { try pipeline(file) }
            let text = error?.description ?? ""
            #expect(said.allSatisfy { text.contains($0) } && !unsaid.contains { text.contains($0) }, "\(text)")
        }
    }

    /// A UNet under the old names with and without their prefix, or under diffusers', with parts from a whole model or from files of their own.
    @Test(arguments: ["sd1", "sd2", "sdxl"]) func partsFromElsewhereGiveTheSamePicture(_ family: String) throws {
        try Families.writeFile(family, to: whole)
        let told = "model:\n  params:\n    parameterization: \"v\"\n"
        for name in ["whole", "unet", "bare", "new"] { try Data(told.utf8).write(to: place("\(name).yaml")) }
        let expected = try picture(pipeline(whole))
        let unet = try part("model.diffusion_model.", called: "unet.safetensors")
        let bare = try part("model.diffusion_model.", called: "bare.safetensors", removing: "model.diffusion_model.")
        let shapes = try Families.part("unet.\(family)").tensors
        try SafetensorsFile.write(
            tensors: shapes.map { ($0.name, Families.values("unet.\($0.name)", $0.shape)) }, as: .f16, to: place("new.safetensors"))
        for model in [unet, bare, place("new.safetensors")] {
            let made = try pipeline(model, vae: whole, text: [whole])
            #expect(try picture(made) == expected, "\(model.lastPathComponent)")
            #expect(made.notes.contains { $0.contains("autoencoder is that of \(whole.path)") } && made.notes.count == 2)
        }
        let vae = try part("first_stage_model.", called: "vae.safetensors", removing: "first_stage_model.")
        var encoders: [URL] = []
        for (number, prefix) in [
            "cond_stage_model.transformer.", "cond_stage_model.model.", "conditioner.embedders.1.model.",
            "conditioner.embedders.0.transformer.",
        ].enumerated() where try SafetensorsFile(whole).names.contains(where: { $0.hasPrefix(prefix) }) {
            encoders.append(try part(prefix, called: "text\(number).safetensors", removing: prefix))
        }
        #expect(try picture(pipeline(unet, vae: vae, text: encoders)) == expected)
        // As diffusers saves them, in folders.
        try Families.write(
            "vae.standard", component: "vae", to: place("vae"), changing: family == "sdxl" ? ["scaling_factor": 0.13025] : [:])
        try Families.write("text_encoder.\(family)", component: "text_encoder", to: place("text_encoder"), file: "model.safetensors")
        var folders = [place("text_encoder")]
        if family == "sdxl" {
            try Families.write("text_encoder_2.sdxl", component: "text_encoder_2", to: place("text_encoder_2"), file: "model.safetensors")
            folders.append(place("text_encoder_2"))
        }
        #expect(try picture(pipeline(bare, vae: place("vae"), text: folders)) == expected)
        #expect(try picture(pipeline(bare, vae: folder.url, text: [folder.url])) == expected)
    }

    @Test func whatDoesNotFitIsNamed() throws {
        try Families.writeFile("sdxl", to: whole)
        let unet = try part("model.diffusion_model.", called: "unet.safetensors")
        let other = place("other.safetensors")
        try Families.writeFile("sd1", to: other)
        for (vae, text, said) in [
            (whole, other, "2 text encoders"), (unet, whole, "no autoencoder"), (whole, unet, "no text encoder"),
        ] {
            let error = #expect(throws: DiffusionError.self) { try pipeline(unet, vae: vae, text: [text]) }
            #expect(error?.description.contains(said) == true, "\(String(describing: error))")
        }
        // A whole model takes another autoencoder all the same.
        try Families.writeFile("sd1", to: other) { name, tensor in
            name.hasPrefix("first_stage_model.") ? Tensor.zeros(tensor.shape) : tensor
        }
        #expect(try picture(pipeline(whole, vae: other)) != picture(pipeline(whole)))
    }
}
