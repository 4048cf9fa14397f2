import Diffusion
import Engines
import Foundation

extension Studio {
    /// Names of the LoRAs that prompts may call, whatever the model: `<lora:name:0.8>`.
    package func loras() -> [String] { CalledFiles.loras(in: adapterFolders) }

    /// Names of the textual inversions that prompts may call, whatever the model.
    package func embeddings() -> [String] { CalledFiles.embeddings(in: adapterFolders) }

    /// Tiny autoencoders that may stand in for a model's own: `tiny` for the one that fits, and those that lie among the person's models.
    package func autoencoders() -> [String] {
        [GenerationRequest.fittingAutoencoder] + CalledFiles.tinyAutoencoders(in: adapterFolders)
    }

    /// A model's own folder is searched besides, when it is used.
    private var adapterFolders: [URL] { [installation.personalModels] }

    /// Bytes of the machine's memory that are free, and that this process holds; nil where the system does not tell.
    package var memory: (free: Int?, held: Int?) { (Memory.available, Memory.resident) }
}
