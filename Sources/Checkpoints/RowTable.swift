import Tensors

/// Rows of a matrix, converted to floats as they are asked for.
package struct RowTable: Sendable {
    let file: SafetensorsFile
    let name: String
    package let rows: Int
    package let width: Int
    let scales: Tensor?
    /// [rows, width], where an adapter changes it.
    let adapted: Tensor?

    /// `[indices.count, width]`. Each index must be within `0..<rows`.
    package func gather(_ indices: [Int]) throws(CheckpointError) -> Tensor {
        if let wrong = indices.first(where: { !(0..<rows).contains($0) }) {
            throw .badTensor(name, file: file.path, reason: "has \(rows) rows and was asked for row \(wrong)")
        }
        guard let adapted else { return try file.rows(indices, of: name, scales: scales) }
        return Tensor.concatenated(indices.map { adapted.sliced($0..<$0 + 1) }, axis: 0)
    }
}
