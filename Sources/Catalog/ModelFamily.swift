/// What models of one architecture and training have in common.
package struct ModelFamily: Sendable, Hashable {
    package let name: String
    /// How families are called in sentences: "SD 1.5".
    package let title: String
    package let sizes: SizeRule
    /// Picture pixels along one side of a latent.
    package let latentFactor: Int
    /// Bytes that a guided picture of 512x512 takes with weights in halves, measured; nil where nobody measured.
    package var memory: Int? {
        switch name {
        case "redraw-small": 700_000_000
        case "redraw-painter": 1_100_000_000
        case "sd15": 3_400_000_000
        case "sdxl": 8_600_000_000
        default: nil
        }
    }

    /// The family of that name, nil where none is known.
    package static func named(_ name: String) -> ModelFamily? {
        all.first { $0.name == name }
    }

    package static let all: [ModelFamily] = [
        ModelFamily(
            name: "redraw-small", title: "Redraw small", sizes: .grid(base: 384, minimum: 64, maximum: 512, multiple: 16), latentFactor: 4),
        ModelFamily(
            name: "redraw-painter", title: "Redraw painter", sizes: .grid(base: 384, minimum: 128, maximum: 768, multiple: 32),
            latentFactor: 8),
        ModelFamily(name: "sd15", title: "SD 1.5", sizes: .grid(base: 512, minimum: 256, maximum: 1024, multiple: 64), latentFactor: 8),
        ModelFamily(name: "sd21", title: "SD 2.1", sizes: .grid(base: 768, minimum: 384, maximum: 1536, multiple: 64), latentFactor: 8),
        ModelFamily(
            name: "sd-turbo", title: "SD-Turbo", sizes: .grid(base: 512, minimum: 256, maximum: 1024, multiple: 64), latentFactor: 8),
        ModelFamily(name: "lcm", title: "SD 1.5 LCM", sizes: .grid(base: 640, minimum: 384, maximum: 1024, multiple: 64), latentFactor: 8),
        ModelFamily(name: "sdxl", title: "SDXL", sizes: .buckets(sdxlBuckets), latentFactor: 8),
        ModelFamily(
            name: "sdxl-turbo", title: "SDXL Turbo", sizes: .grid(base: 512, minimum: 256, maximum: 1024, multiple: 64), latentFactor: 8),
    ]

    /// The aspect buckets of SDXL's training (Podell et al. 2023, appendix I); portrait ones follow by turning.
    private static let sdxlBuckets: [CanvasSize] = [
        (2048, 512), (1984, 512), (1920, 512), (1856, 512), (1792, 576), (1728, 576), (1664, 576), (1600, 640), (1536, 640), (1472, 704),
        (1408, 704), (1344, 704), (1344, 768), (1280, 768), (1216, 832), (1152, 832), (1152, 896), (1088, 896), (1088, 960), (1024, 960),
        (1024, 1024),
    ].map { CanvasSize(width: $0.0, height: $0.1) }
}
