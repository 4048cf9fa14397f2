import Checkpoints
import Foundation
import Pixels
import Tensors
import TestSupport

@testable import Diffusion

/// FNV-1a, 64 bits, of 32-bit floats: how the fixtures compare long lists.
func hash(_ values: [Float]) -> String {
    hash(bytes: values.lazy.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
}

func hash(bytes: some Sequence<UInt8>) -> String {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: fixture(name, room: "Diffusion")))
}

/// The tensors of a golden file, as the reference wrote them.
struct Goldens: Sendable {
    private let file: SafetensorsFile

    init(_ name: String) throws {
        file = try SafetensorsFile(fixture(name, room: "Diffusion"))
    }

    subscript(_ name: String) -> Tensor {
        get throws { try file.tensor(name) }
    }

    /// A picture or a mask of bytes.
    func image(_ name: String) throws -> Image {
        let tensor = try file.tensor(name)
        let channels = tensor.shape.rank == 3 ? tensor.shape[2] : 1
        return Image(width: tensor.shape[1], height: tensor.shape[0], channels: channels, bytes: tensor.values.map { UInt8($0) })
    }
}

/// A model folder or part of it.
func modelFolder(_ path: String) -> URL {
    fixture(path, room: "Diffusion")
}

func loadUNet(_ path: String) throws -> UNet {
    let folder = modelFolder(path)
    return try UNet(
        Weights(url: folder.appendingPathComponent("diffusion_pytorch_model.safetensors")),
        configuration: UNetConfiguration(contentsOf: folder.appendingPathComponent("config.json")))
}

func loadAutoencoder(_ path: String) throws -> Autoencoder {
    let folder = modelFolder(path)
    return try Autoencoder(
        Weights(url: folder.appendingPathComponent("diffusion_pytorch_model.safetensors")),
        configuration: AutoencoderConfiguration(contentsOf: folder.appendingPathComponent("config.json")))
}

/// Channels last to channels first and back: the order of the reference's files.
func channelsFirst(_ tensor: Tensor) -> Tensor { tensor.permuted([0, 3, 1, 2]) }
