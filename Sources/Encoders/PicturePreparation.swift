import FoundationEssentials
import Pixels
import Tensors

/// How a picture becomes what an image tower takes: resized, cut or padded to a square, and its bytes brought to the tower's range.
struct PicturePreparation: Sendable, Equatable {
    enum Fitting: Sendable, Equatable {
        /// The shorter side to so many pixels, the longer keeps the aspect, rounded down.
        case shortSide(Int)
        /// Both sides, whatever becomes of the aspect.
        case squashed(width: Int, height: Int)
        /// As it is.
        case none
    }

    /// Where the middle of a side lies whose remainder is odd.
    enum Centre: Sendable {
        /// transformers: rounded down.
        case down
        /// torchvision, and so open_clip: rounded to the even number.
        case even
    }

    /// What becomes of transparent parts.
    enum Transparency: Sendable {
        /// White shows through, before anything else is done: transformers 5, timm's taggers.
        case white
        /// The picture is resized with its alpha, which is then dropped: open_clip.
        case droppedAtLast
    }

    /// White is put around the picture first, until it is a square.
    var padsToSquare = false
    var fitting: Fitting
    var filter: ResamplingFilter
    /// The middle that is kept; a smaller picture gets black around it.
    var crop: PixelSize?
    var centre: Centre = .down
    var transparency = Transparency.white
    /// A byte x becomes (x * scale - mean) / deviation, by channel.
    var scale: Float = 1 / 255
    var mean: [Float]
    var deviation: [Float]
    /// Red and blue exchanged.
    var bgr = false

    static let openAIMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    static let openAIDeviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

    /// What the towers see of a picture, before it is brought to numbers.
    func pixels(_ image: Image) throws(EncoderError) -> Image {
        guard image.width > 0, image.height > 0 else { throw .emptyPicture(width: image.width, height: image.height) }
        var rgb = transparency == .white ? image.rgb() : image.channels == 1 ? image.rgb() : image
        if padsToSquare, case .squashed(let width, let height) = fitting {
            return try Self.squared(rgb, width: width, height: height, filter: filter).droppingAlpha()
        }
        if padsToSquare { rgb = try Self.square(rgb) }
        let fitted: Image
        switch fitting {
        case .none: fitted = rgb
        case .squashed(let width, let height): fitted = rgb.resized(width: width, height: height, filter: filter)
        case .shortSide(let side):
            // A very long picture would be resized to one of absurd length, of which only the middle is kept.
            guard max(rgb.width, rgb.height) / min(rgb.width, rgb.height) <= Self.longestAspect else {
                throw .tooLongPicture(width: rgb.width, height: rgb.height, allowed: Self.longestAspect)
            }
            fitted = rgb.resized(shortSide: side, filter: filter)
        }
        guard let crop, fitted.size != crop else { return fitted.droppingAlpha() }
        return cropped(fitted.droppingAlpha(), crop)
    }

    private static let longestAspect = 500

    /// The picture in the middle of a white square; an odd pixel goes to the right and the bottom.
    private static func square(_ image: Image) throws(EncoderError) -> Image {
        let side = max(image.width, image.height)
        guard side / min(image.width, image.height) <= longestAspect else {
            throw .tooLongPicture(width: image.width, height: image.height, allowed: longestAspect)
        }
        let (left, top) = ((side - image.width) / 2, (side - image.height) / 2)
        return image.padded(
            left: left, top: top, right: side - image.width - left, bottom: side - image.height - top, with: .colour([255, 255, 255]))
    }

    /// The picture in the middle of a white square, resized: to the byte what `square` and then `resized` give, but without the square in
    /// memory, which of a banner has hundreds of times its pixels. Columns come first, as Pillow has it for squares, and a strip of rows
    /// at a time; rows that are white all over stay so.
    private static func squared(_ image: Image, width: Int, height: Int, filter: ResamplingFilter) throws(EncoderError) -> Image {
        let side = max(image.width, image.height)
        guard side * side > largestSquare, filter != .nearest else {
            return try square(image).resized(width: width, height: height, filter: filter)
        }
        guard side / min(image.width, image.height) <= longestAspect else {
            throw .tooLongPicture(width: image.width, height: image.height, allowed: longestAspect)
        }
        let (left, top) = ((side - image.width) / 2, (side - image.height) / 2)
        let stripRows = max(1, largestSquare / side)
        var narrowed: [UInt8] = []
        narrowed.reserveCapacity(width * image.height * 3)
        for start in stride(from: 0, to: image.height, by: stripRows) {
            let rows = min(stripRows, image.height - start)
            let strip = image.cropped(to: PixelRectangle(x: 0, y: start, width: image.width, height: rows))
                .padded(left: left, top: 0, right: side - image.width - left, bottom: 0, with: .colour([255, 255, 255]))
            narrowed += strip.resized(width: width, height: rows, filter: filter).bytes
        }
        return Image(width: width, height: image.height, channels: 3, bytes: narrowed)
            .padded(left: 0, top: top, right: 0, bottom: side - image.height - top, with: .colour([255, 255, 255]))
            .resized(width: width, height: height, filter: filter)
    }

    /// Pixels of a square that is made whole; of a larger one this many are in memory at a time.
    private static let largestSquare = 4 << 20

    private func cropped(_ image: Image, _ crop: PixelSize) -> Image {
        let (wide, high) = (max(crop.width - image.width, 0), max(crop.height - image.height, 0))
        var image = image
        if wide > 0 || high > 0 {
            // transformers puts the odd pixel of padding before the picture, torchvision behind it.
            let (left, top) = centre == .down ? ((wide + 1) / 2, (high + 1) / 2) : (wide / 2, high / 2)
            image = image.padded(left: left, top: top, right: wide - left, bottom: high - top, with: .colour([0, 0, 0]))
        }
        func offset(_ remainder: Int) -> Int {
            centre == .down || remainder % 4 != 3 ? remainder / 2 : (remainder + 1) / 2
        }
        return image.cropped(
            to: PixelRectangle(
                x: offset(image.width - crop.width), y: offset(image.height - crop.height), width: crop.width, height: crop.height))
    }

    /// - Returns: `[1, height, width, 3]`
    func callAsFunction(_ image: Image) throws(EncoderError) -> Tensor {
        let pixels = try pixels(image)
        let order = bgr ? [2, 1, 0] : [0, 1, 2]
        // One of 256 values for each channel.
        let tables = order.indices.map { channel in
            (0..<256).map { (Float($0) * scale - mean[channel]) / deviation[channel] }
        }
        return Tensor(shape: [1, pixels.height, pixels.width, 3]) { target in
            pixels.bytes.withUnsafeBufferPointer { bytes in
                for pixel in 0..<pixels.width * pixels.height {
                    for channel in 0..<3 {
                        target[3 * pixel + channel] = tables[channel][Int(bytes[3 * pixel + order[channel]])]
                    }
                }
            }
        }
    }
}

/// transformers' `preprocessor_config.json`.
struct PreprocessorFile: Decodable {
    /// A number, or sides by name.
    struct Size: Decodable {
        var shortestEdge: Int?
        var width: Int?
        var height: Int?

        private enum CodingKeys: String, CodingKey {
            case shortestEdge, width, height
        }

        init(from decoder: any Decoder) throws {
            if let side = try? decoder.singleValueContainer().decode(Int.self) {
                shortestEdge = side
                return
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            shortestEdge = try container.decodeIfPresent(Int.self, forKey: .shortestEdge)
            width = try container.decodeIfPresent(Int.self, forKey: .width)
            height = try container.decodeIfPresent(Int.self, forKey: .height)
        }
    }

    var doResize: Bool?
    var size: Size?
    var resample: Int?
    var doCenterCrop: Bool?
    var cropSize: Size?
    var doRescale: Bool?
    var rescaleFactor: Double?
    var doNormalize: Bool?
    var imageMean: [Float]?
    var imageStd: [Float]?

    init(file: URL) throws(EncoderError) {
        self = try ConfigurationFile(file).decoded(as: PreprocessorFile.self)
    }

    private static let largestSide = 4096

    /// - Parameters:
    ///   - standard: what the family's processor does where the file is silent.
    ///   - squashes: a size of one number means both sides, as SigLIP has it.
    func preparation(_ standard: PicturePreparation, squashes: Bool, path: String) throws(EncoderError) -> PicturePreparation {
        var result = standard
        if let size {
            if let width = size.width, let height = size.height {
                result.fitting = .squashed(width: width, height: height)
            } else if let side = size.shortestEdge {
                result.fitting = squashes ? .squashed(width: side, height: side) : .shortSide(side)
            }
        }
        if doResize == false { result.fitting = .none }
        if let resample {
            guard let filter = Self.filters[resample] else {
                throw .badConfiguration(path: path, reason: "resample is \(resample), which is none of Pillow's filters")
            }
            result.filter = filter
        }
        if let cropSize, let width = cropSize.width ?? cropSize.shortestEdge, let height = cropSize.height ?? cropSize.shortestEdge {
            result.crop = PixelSize(width: width, height: height)
        }
        if doCenterCrop == false { result.crop = nil }
        if doRescale == false { result.scale = 1 } else if let rescaleFactor { result.scale = Float(rescaleFactor) }
        if let imageMean { result.mean = imageMean }
        if let imageStd { result.deviation = imageStd }
        if doNormalize == false { (result.mean, result.deviation) = ([0, 0, 0], [1, 1, 1]) }
        let sides: [Int] =
            switch result.fitting {
            case .none: []
            case .shortSide(let side): [side]
            case .squashed(let width, let height): [width, height]
            }
        for side in sides + [result.crop?.width, result.crop?.height].compactMap({ $0 }) where !(1...Self.largestSide).contains(side) {
            throw .badNumber(name: "size", value: side, allowed: 1...Self.largestSide)
        }
        if case .none = result.fitting, result.crop == nil {
            throw .badConfiguration(
                path: path, reason: "pictures are neither resized nor cropped (do_resize, do_center_crop), so they fit no tower")
        }
        guard result.mean.count == 3, result.deviation.count == 3, result.deviation.allSatisfy({ $0 != 0 }) else {
            throw .badConfiguration(path: path, reason: "image_mean and image_std need three numbers, none of the latter 0")
        }
        return result
    }

    private static let filters: [Int: ResamplingFilter] = [0: .nearest, 1: .lanczos, 2: .bilinear, 3: .bicubic, 4: .box]
}
