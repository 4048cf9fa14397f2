import Diffusion
import Foundation

/// What is to be made: every gap of a person's wish filled, every value valid. It is what a job stores, and all that an engine is told.
package struct GenerationOrder: Codable, Sendable, Equatable {
    /// A picture file that an order names, and who it was when the order was made.
    package struct Picture: Codable, Sendable, Equatable {
        /// Absolute.
        package let path: String
        /// Of the file, 64 hexadecimal digits.
        package let sha256: String
        /// Pixels, after orientation.
        package let width: Int
        package let height: Int

        package init(path: String, sha256: String, width: Int, height: Int) {
            (self.path, self.sha256, self.width, self.height) = (path, sha256, width, height)
        }
    }

    /// A model and where it lies.
    package struct Model: Codable, Sendable, Equatable {
        package let name: String
        /// Absolute: a folder in diffusers' layout, or a .safetensors file; nil where it lies with an engine elsewhere.
        package let path: String?
        /// A file or folder whose autoencoder it is run with, absolute; nil: its own.
        package let vae: String?
        /// Files or folders whose text encoders it is run with, absolute; nil: its own.
        package let textEncoders: [String]?

        package init(name: String, path: String?, vae: String? = nil, textEncoders: [String]? = nil) {
            (self.name, self.path, self.vae, self.textEncoders) = (name, path, vae, textEncoders)
        }

        var given: GivenParts {
            GivenParts(
                autoencoder: vae.map { URL(fileURLWithPath: $0) }, textEncoders: (textEncoders ?? []).map { URL(fileURLWithPath: $0) })
        }

        package var place: URL? { path.map { URL(fileURLWithPath: $0) } }
    }

    /// A model that is run in a way of its own where the person says nothing else.
    package struct Recognition: Codable, Sendable, Equatable {
        /// "a Turbo model".
        package let kind: String
        /// What tells so.
        package let sign: String
        /// How it will be run: "4 steps, guidance 1, …".
        package let settings: String?

        package init(kind: String, sign: String, settings: String? = nil) {
            (self.kind, self.sign, self.settings) = (kind, sign, settings)
        }
    }

    /// Complete: its seed and its model's name are there.
    package let request: GenerationRequest
    package let model: Model
    /// Where the tiny autoencoder lies that stands in for the model's own, absolute; nil where it is found by its name.
    package let autoencoder: String?
    /// Nil for models that a manifest describes, and for ordinary ones.
    package let recognised: Recognition?
    /// Name of the engine that is to make it.
    package let engine: String
    /// The picture to redraw or repaint; nil for painting.
    package let picture: Picture?
    /// White where it is to be repainted; nil where all is redrawn.
    package let mask: Picture?
    /// One sheet of the picture redrawn at each of these strengths with one seed; empty for single pictures.
    package let strengths: [Double]
    package let place: OutputPlace
    /// Write over a file that is there.
    package let overwrites: Bool
    /// The version of the picture's prompt that the request was filled from.
    package let promptNumber: Int?
    /// A picture file that shows, step by step, what is becoming of it; written beside and renamed, so that a viewer never sees half of it.
    package let preview: URL?
    /// A safetensors file for the latent after the last step of the last picture, `latent` [1, channels, height, width] as diffusers has it.
    package let latent: URL?

    /// - Parameter request: with a seed, and with the model's name.
    package init(
        request: GenerationRequest, model: Model, autoencoder: String? = nil, recognised: Recognition? = nil, engine: String,
        picture: Picture? = nil,
        mask: Picture? = nil, strengths: [Double] = [],
        place: OutputPlace, overwrites: Bool = false, promptNumber: Int? = nil, preview: URL? = nil, latent: URL? = nil
    ) {
        precondition(request.seed != nil && request.model == model.name, "an order is complete")
        (self.request, self.model, self.recognised, self.engine) = (request, model, recognised, engine)
        (self.picture, self.mask, self.strengths) = (picture, mask, strengths)
        (self.place, self.overwrites, self.promptNumber) = (place, overwrites, promptNumber)
        (self.preview, self.latent, self.autoencoder) = (preview, latent, autoencoder)
    }

    /// Checks the ranges of all numbers: an order that lay in a library may have been written by anybody.
    package func checkNumbers() throws(GenerationRequestError) {
        var request = request
        for strength in runStrengths {
            request.strength = strength
            try request.checkNumbers()
        }
    }

    /// Of the first picture, or of its first draft.
    package var seed: UInt64 { request.seed ?? 0 }
    /// The strengths that are run: a sheet's, or the one.
    package var runStrengths: [Double] { strengths.isEmpty ? [request.strength] : strengths }
}

/// Where the pictures of a generation go.
package enum OutputPlace: Sendable, Hashable {
    /// Into this folder, under a name made of the picture's and the seed.
    case folder(URL)
    /// To this very file; pictures after the first get a number before the extension.
    case file(URL)
}

extension OutputPlace: Codable {
    private enum CodingKeys: String, CodingKey { case folder, file }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let folder = try values.decodeIfPresent(String.self, forKey: .folder) {
            self = .folder(URL(fileURLWithPath: folder, isDirectory: true))
        } else {
            self = .file(URL(fileURLWithPath: try values.decode(String.self, forKey: .file)))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .folder(let folder): try values.encode(folder.path, forKey: .folder)
        case .file(let file): try values.encode(file.path, forKey: .file)
        }
    }
}
