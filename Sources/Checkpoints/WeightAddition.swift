import Tensors

/// Something that is added to a weight when it is read, such as a low-rank adaptation.
package protocol WeightAddition: Sendable {
    /// - Parameter weight: as the file has it.
    func added(to weight: Tensor) throws(CheckpointError) -> Tensor
}
