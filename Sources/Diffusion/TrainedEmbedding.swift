import Checkpoints
import Foundation
import Tensors

/// A textual inversion (Gal 2022): vectors that stand for a word of their own, called by the file's name in a prompt.
public struct TrainedEmbedding: Sendable, Equatable {
    /// What it is called in prompts.
    public let name: String
    /// How many tokens it takes.
    public let count: Int
    /// [count, width], one for each text encoder it was trained for.
    private let tables: [Tensor]

    /// Reads a .safetensors file: `emb_params` (one encoder), `clip_l` and `clip_g` (SDXL), or a single tensor of another name.
    ///
    /// - Parameter name: the file's without extension, unless given.
    public init(_ url: URL, name: String? = nil) throws {
        let file = try SafetensorsFile(url)
        let keys = file.names
        let wanted =
            keys.contains("clip_l") && keys.contains("clip_g") ? ["clip_l", "clip_g"] : keys.contains("emb_params") ? ["emb_params"] : keys
        guard wanted.count == (wanted.contains("clip_l") ? 2 : 1) else {
            throw DiffusionError.notAnEmbedding(file: url.path, reason: "it holds \(keys.prefix(5).joined(separator: ", "))")
        }
        var tables: [Tensor] = []
        for key in wanted {
            let table = try file.tensor(key)
            let rows = table.shape.rank == 1 ? table.reshaped([1, table.count]) : table
            guard rows.shape.rank == 2, (1...75).contains(rows.shape[0]) else {
                throw DiffusionError.notAnEmbedding(file: url.path, reason: "\(key) has shape \(table.shape); 1 to 75 vectors are wanted")
            }
            tables.append(rows)
        }
        guard Set(tables.map { $0.shape[0] }).count == 1 else {
            throw DiffusionError.notAnEmbedding(file: url.path, reason: "clip_l and clip_g have different numbers of vectors")
        }
        self.tables = tables
        self.name = name ?? url.deletingPathExtension().lastPathComponent
        count = tables[0].shape[0]
    }

    /// The vectors for one of a model's text encoders.
    func vectors(tower: Int, of widths: [Int]) throws(DiffusionError) -> Tensor {
        guard tables.count == widths.count, tables[tower].shape[1] == widths[tower] else {
            throw .embeddingWidth(name: name, found: tables.map { $0.shape[1] }, expected: widths)
        }
        return tables[tower]
    }
}
