import Foundation

/// The files that prompts may call by name.
package enum CalledFiles {
    /// LoRAs, without their ending, in order.
    ///
    /// - Parameter folders: each is searched for a folder `loras`.
    package static func loras(in folders: [URL]) -> [String] { NamedFiles(in: folders.map { $0.appendingPathComponent("loras") }).names }

    /// The files of LoRAs, each with a name by which a prompt means that one.
    package static func loraFiles(in folders: [URL]) -> [(name: String, url: URL)] {
        NamedFiles(in: folders.map { $0.appendingPathComponent("loras") }).called
    }

    /// The file of a LoRA that a prompt calls.
    ///
    /// - Parameter folders: each is searched for a folder `loras`, the first before the others.
    package static func lora(named name: String, in folders: [URL]) -> URL? {
        NamedFiles(in: folders.map { $0.appendingPathComponent("loras") }).file(named: name)
    }

    /// Textual inversions, without their ending, in order.
    ///
    /// - Parameter folders: each is searched for a folder `embeddings`.
    package static func embeddings(in folders: [URL]) -> [String] {
        NamedFiles(in: folders.map { $0.appendingPathComponent("embeddings") }).names
    }

    /// What a tiny autoencoder is called that lies in a file or folder: `taesd` for `taesd_decoder.safetensors`.
    package static func nameOfTinyAutoencoder(at place: URL) -> String { TinyAutoencoderFile.name(of: place) }

    /// Tiny autoencoders that may stand in for a model's own, in order.
    ///
    /// - Parameter folders: each is searched for a folder `vae_approx`, or `VAE-approx`.
    package static func tinyAutoencoders(in folders: [URL]) -> [String] { TinyAutoencoderFile.names(in: folders) }
}
