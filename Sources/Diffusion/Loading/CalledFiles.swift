import Foundation

/// The files that prompts may call by name.
package enum CalledFiles {
    /// LoRAs, without their ending, in order.
    ///
    /// - Parameter folders: each is searched for a folder `loras`.
    package static func loras(in folders: [URL]) -> [String] { NamedFiles(in: folders.map { $0.appendingPathComponent("loras") }).names }

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
}
