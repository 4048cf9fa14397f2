import Checkpoints
import Foundation
import Tensors

/// A textual inversion (Gal 2022): vectors that stand for a word of their own, called by the file's name in a prompt.
package struct TrainedEmbedding: Sendable, Equatable {
    /// What it is called in prompts.
    package let name: String
    /// How many tokens it takes.
    package let count: Int
    /// [count, width], by the encoder it was trained for.
    private let tables: [Table: Tensor]

    private enum Table: String, CaseIterable {
        /// Of the one text encoder that a model has.
        case only = "emb_params"
        case first = "clip_l"
        case second = "clip_g"
    }

    /// Reads a .safetensors file: `emb_params` (one encoder), `clip_l` and `clip_g` or one of them (SDXL), or a single tensor of another name.
    ///
    /// - Parameter name: the file's without extension, unless given.
    package init(_ url: URL, name: String? = nil) throws {
        let file = try SafetensorsFile(url)
        var wanted: [(Table, String)] = Table.allCases.compactMap { file.has($0.rawValue) ? ($0, $0.rawValue) : nil }
        if wanted.isEmpty, file.names.count == 1 { wanted = [(.only, file.names[0])] }
        guard !wanted.isEmpty else {
            throw DiffusionError.notAnEmbedding(file: url.path, reason: "it holds \(file.names.prefix(5).joined(separator: ", "))")
        }
        try self.init(name ?? url.deletingPathExtension().lastPathComponent, file, wanted, url)
    }

    /// The textual inversions that a LoRA file brings along: `bundle_emb.NAME.emb_params`, `.clip_l`, `.clip_g`, `.string_to_param.*`.
    static func bundled(in url: URL) throws -> [TrainedEmbedding] {
        let file = try SafetensorsFile(url)
        var found: [String: [(Table, String)]] = [:]
        for key in file.names {
            guard let rest = key.rest(behind: "bundle_emb.") else { continue }
            let ends: [(String, Table)] = [
                (".emb_params", .only), (".string_to_param.*", .only), (".clip_l", .first), (".clip_g", .second),
            ]
            guard let (end, table) = ends.first(where: { rest.hasSuffix($0.0) }), rest.count > end.count else { continue }
            found[String(rest.dropLast(end.count)), default: []].append((table, key))
        }
        return try found.sorted { $0.key < $1.key }.map { try TrainedEmbedding($0.key, file, $0.value, url) }
    }

    private init(_ name: String, _ file: SafetensorsFile, _ wanted: [(Table, String)], _ url: URL) throws {
        var tables: [Table: Tensor] = [:]
        for (table, key) in wanted {
            let stored = try file.tensor(key)
            let rows = stored.shape.rank == 1 ? stored.reshaped([1, stored.count]) : stored
            guard rows.shape.rank == 2, (1...75).contains(rows.shape[0]), rows.shape[1] > 0 else {
                throw DiffusionError.notAnEmbedding(file: url.path, reason: "\(key) has shape \(stored.shape); 1 to 75 vectors are wanted")
            }
            try rows.requireFinite("the embedding \(url.lastPathComponent)")
            tables[table] = rows
        }
        guard Set(tables.values.map { $0.shape[0] }).count == 1 else {
            throw DiffusionError.notAnEmbedding(file: url.path, reason: "clip_l and clip_g have different numbers of vectors")
        }
        self.tables = tables
        self.name = name
        count = tables.values.first?.shape[0] ?? 0
    }

    /// - Throws: `DiffusionError.embeddingWidth` where it was trained for other text encoders than a model with these widths has.
    func check(_ widths: [Int]) throws(DiffusionError) {
        var found = false
        for tower in widths.indices { found = try vectors(tower: tower, of: widths) != nil || found }
        guard found else { throw .embeddingWidth(name: name, found: tables.values.map { $0.shape[1] }.sorted(), expected: widths) }
    }

    /// The vectors for one of a model's text encoders; nil where it was trained for another alone.
    func vectors(tower: Int, of widths: [Int]) throws(DiffusionError) -> Tensor? {
        let table = widths.count == 1 ? tables[.only] ?? tables[.first] : tables[tower == 0 ? .first : .second]
        guard let table else { return nil }
        guard table.shape[1] == widths[tower] else {
            throw .embeddingWidth(name: name, found: tables.values.map { $0.shape[1] }.sorted(), expected: widths)
        }
        return table
    }
}
