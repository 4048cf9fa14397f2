import Foundation

/// The files that prompts may call by name.
package enum CalledFiles {
    /// LoRAs, without their ending, in order.
    ///
    /// - Parameter folders: each is searched for a folder `loras`.
    package static func loras(in folders: [URL]) -> [String] { NamedFiles(in: folders.map { $0.appendingPathComponent("loras") }).names }

    /// Textual inversions, without their ending, in order.
    ///
    /// - Parameter folders: each is searched for a folder `embeddings`.
    package static func embeddings(in folders: [URL]) -> [String] {
        NamedFiles(in: folders.map { $0.appendingPathComponent("embeddings") }).names
    }
}
