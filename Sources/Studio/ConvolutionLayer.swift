import Tensors

/// A 3x3 convolution of stride 1 as a network has it.
package struct ConvolutionLayer: Sendable {
    package let network: String
    package let shape: ConvolutionShape
    /// Whether what a fast algorithm makes of its weights is kept for the next step.
    let keepsTransform: Bool

    package init(_ network: String, _ shape: ConvolutionShape, keepsTransform: Bool) {
        (self.network, self.shape, self.keepsTransform) = (network, shape, keepsTransform)
    }
}

extension ConvolutionLayer {
    /// Those of a UNet's guided steps and of its autoencoder, each shape once: Stable Diffusion 1.5's for a picture of 512 pixels a side, and
    /// redraw-small's for one of 384. Then some small maps, for the rest that a table is to tell.
    package static let ofKnownNetworks = Array(networks.joined())

    private static let networks: [[ConvolutionLayer]] = [
        network("Stable Diffusion 1.5, UNet", side: 64, batch: 2, [(320, 320), (640, 320), (960, 320), (640, 640)]),
        network(
            "Stable Diffusion 1.5, UNet", side: 32, batch: 2,
            [(320, 640), (640, 640), (960, 640), (1280, 640), (1920, 640), (1280, 1280)]),
        network("Stable Diffusion 1.5, UNet", side: 16, batch: 2, [(640, 1280), (1280, 1280), (1920, 1280), (2560, 1280)]),
        network("Stable Diffusion 1.5, UNet", side: 8, batch: 2, [(1280, 1280), (2560, 1280)]),
        network("Stable Diffusion 1.5, autoencoder", side: 64, batch: 1, keeps: false, [(512, 512)]),
        network("Stable Diffusion 1.5, autoencoder", side: 128, batch: 1, keeps: false, [(256, 512), (512, 512)]),
        network("Stable Diffusion 1.5, autoencoder", side: 256, batch: 1, keeps: false, [(128, 256), (256, 256), (512, 256), (512, 512)]),
        network("Stable Diffusion 1.5, autoencoder", side: 512, batch: 1, keeps: false, [(128, 128), (256, 128), (256, 256)]),
        network("redraw-small, UNet", side: 96, batch: 2, [(64, 64), (128, 64), (192, 64), (128, 128)]),
        network("redraw-small, UNet", side: 48, batch: 2, [(64, 128), (128, 128), (192, 128), (384, 128), (256, 256)]),
        network("redraw-small, UNet", side: 24, batch: 2, [(128, 256), (256, 256), (384, 256), (512, 256)]),
        network("redraw-small, autoencoder", side: 96, batch: 1, keeps: false, [(32, 64), (64, 64)]),
        network("redraw-small, autoencoder", side: 192, batch: 1, keeps: false, [(16, 32), (32, 32), (64, 32), (64, 64)]),
        network("redraw-small, autoencoder", side: 384, batch: 1, keeps: false, [(16, 16), (32, 16), (32, 32)]),
        network("a small map", side: 16, batch: 1, [(16, 16), (32, 32), (64, 64), (256, 256), (1280, 1280)]),
        network("a small map", side: 8, batch: 1, [(16, 16), (32, 32), (64, 64), (256, 256), (1280, 1280)]),
        network("a small map", side: 4, batch: 1, [(16, 16), (32, 32), (64, 64), (256, 256), (1280, 1280)]),
    ]

    private static func network(
        _ name: String, side: Int, batch: Int, keeps: Bool = true, _ channels: [(inputs: Int, outputs: Int)]
    ) -> [ConvolutionLayer] {
        channels.map { inputs, outputs in
            ConvolutionLayer(
                name, ConvolutionShape(inputs: inputs, outputs: outputs, batch: batch, height: side, width: side), keepsTransform: keeps)
        }
    }
}
