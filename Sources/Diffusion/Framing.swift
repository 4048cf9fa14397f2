import Pixels
import Tensors

/// How a picture is brought to the working size and its redrawn form back to the picture's.
struct Framing: Sendable, Equatable {
    /// Part of the picture that the model sees.
    let region: PixelRectangle
    /// The size that was asked for.
    let working: PixelSize
    /// The working size filled up at the right and below to what the model takes.
    let canvas: PixelSize
    /// Where the region stands within the canvas; all of it but where borders were added.
    let inner: PixelRectangle

    /// For redrawing a whole picture.
    init(picture: PixelSize, working: PixelSize, canvas: PixelSize, resize: GenerationRequest.Resize) {
        (self.working, self.canvas) = (working, canvas)
        let whole = PixelRectangle(x: 0, y: 0, width: picture.width, height: picture.height)
        let all = PixelRectangle(x: 0, y: 0, width: working.width, height: working.height)
        let (wide, high) = (picture.width * working.height, picture.height * working.width)
        switch resize {
        case .stretch: (region, inner) = (whole, all)
        case .crop:
            let width = wide > high ? max(1, Self.divided(high, working.height)) : picture.width
            let height = wide < high ? max(1, Self.divided(wide, working.width)) : picture.height
            region = PixelRectangle(x: (picture.width - width) / 2, y: (picture.height - height) / 2, width: width, height: height)
            inner = all
        case .fill:
            region = whole
            let width = wide < high ? max(1, Self.divided(wide, picture.height)) : working.width
            let height = wide > high ? max(1, Self.divided(high, picture.width)) : working.height
            inner = PixelRectangle(x: (working.width - width) / 2, y: (working.height - height) / 2, width: width, height: height)
        }
    }

    /// For repainting: what is seen is a part of the picture in its own proportions as near to the working size's as the picture allows,
    /// and the rest of the difference is taken up by stretching.
    init(region: PixelRectangle, working: PixelSize, canvas: PixelSize) {
        self.region = region
        (self.working, self.canvas) = (working, canvas)
        inner = PixelRectangle(x: 0, y: 0, width: working.width, height: working.height)
    }

    /// The region that holds `box` with `padding` around it, widened to the working size's proportions within the picture.
    static func region(around box: PixelRectangle, padding: Int, picture: PixelSize, working: PixelSize) -> PixelRectangle {
        var (width, height) = (min(box.width + 2 * padding, picture.width), min(box.height + 2 * padding, picture.height))
        if width * working.height < height * working.width {
            width = min(picture.width, divided(height * working.width, working.height))
        } else {
            height = min(picture.height, divided(width * working.height, working.width))
        }
        func start(_ middle: Int, _ length: Int, _ limit: Int) -> Int { min(max(middle - length / 2, 0), limit - length) }
        return PixelRectangle(
            x: start(box.x + box.width / 2, width, picture.width), y: start(box.y + box.height / 2, height, picture.height),
            width: width, height: height)
    }

    /// The region on the canvas, its borders continued outwards.
    func toCanvas(_ picture: Image, filter: ResamplingFilter = .lanczos) -> Image {
        let seen = picture.cropped(to: region).resized(width: inner.width, height: inner.height, filter: filter)
        guard inner.width != canvas.width || inner.height != canvas.height else { return seen }
        return seen.padded(
            left: inner.x, top: inner.y, right: canvas.width - inner.width - inner.x, bottom: canvas.height - inner.height - inner.y,
            with: .edge)
    }

    /// A mask in the same place.
    func toCanvas(_ mask: Mask) -> Mask {
        let seen = toCanvas(mask.image, filter: .bilinear)
        return Mask(width: seen.width, height: seen.height, values: seen.bytes)
    }

    /// What was made on the canvas, at the region's own size.
    func toRegion(_ made: Image) -> Image {
        made.cropped(to: inner).resized(width: region.width, height: region.height, filter: .lanczos)
    }

    /// The source with what was made on the canvas laid over it inside the mask.
    ///
    /// - Parameter runs: steps that were run.
    func repainted(_ source: Image, with made: Image, _ mask: Mask, _ request: GenerationRequest, runs: Int) -> Image {
        let within = mask.cropped(to: region)
        var part = toRegion(made)
        var amount = mask
        if request.profile == .redraw {
            let original = source.cropped(to: region).rgb()
            func kept(_ amount: UInt8) -> Float { Self.keptColour(at: request.strength * Double(amount) / 255) }
            part = part.colourMatched(to: original, mask: within, kept: kept)
            part = part.withSmallChangesUndone(to: original, mask: within) { Self.unseen * kept($0) }
            // Grey is strength, which the run has heeded: what took part in a single step is laid over whole, what in none hardly at all.
            amount = Mask(width: mask.width, height: mask.height, values: mask.values.map { UInt8(min(255, Int($0) * runs)) })
        }
        let blended = amount.feathered(by: Double(request.feather) / 2)
        return source.pasted(part, x: region.x, y: region.y, mask: blended.cropped(to: region))
    }

    /// How far what is redrawn at a strength keeps its colour: wholly where it is only smoothed, not at all where it becomes something else.
    private static func keptColour(at strength: Double) -> Float {
        let (hardly, much) = (0.1, 0.4)
        return Float(min(max((much - strength) / (much - hardly), 0), 1))
    }

    /// A difference of 255 that comes of the way through a model and of nothing that was asked for, where nearly all is kept.
    private static let unseen: Float = 6

    private static func divided(_ dividend: Int, _ divisor: Int) -> Int {
        (dividend + divisor / 2) / divisor
    }
}

extension Image {
    /// RGB as the autoencoder wants it: [1, height, width, 3], -1 ... 1.
    func latentInput() -> Tensor {
        precondition(channels == 3, "the autoencoder wants RGB")
        return Tensor(shape: [1, height, width, 3]) { target in
            for i in target.indices { target[i] = 2 * (Float(bytes[i]) / 255) - 1 }
        }
    }

    /// What the autoencoder decoded, [1, height, width, 3]: clamped and rounded to nearest even, as diffusers does.
    init(decoded tensor: Tensor) {
        let bytes = tensor.withUnsafeValues { values in
            values.map { UInt8((min(max($0 / 2 + 0.5, 0), 1) * 255).rounded(.toNearestOrEven)) }
        }
        self.init(width: tensor.shape[2], height: tensor.shape[1], channels: 3, bytes: bytes)
    }
}
