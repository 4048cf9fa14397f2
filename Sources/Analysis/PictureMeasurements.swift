import Foundation
import Pixels

/// What the pixels of a picture tell without any network: its colours, its light, its shape.
package struct PictureMeasurements: Sendable {
    /// A named colour and the share of the picture's pixels that have it, the largest first.
    package let colours: [(name: String, share: Float)]
    /// OKLab lightness from 0 to 1, over all pixels.
    package let meanLightness: Float
    package let lightnessDeviation: Float
    /// Shares of pixels that are nearly black (lightness below 0.25) and nearly white (above 0.85).
    package let shareOfDark: Float
    package let shareOfBright: Float
    /// OKLab chroma: 0 for grey, about 0.3 for the strongest colours of sRGB.
    package let meanChroma: Float
    /// The chroma that one pixel in ten exceeds.
    package let strongChroma: Float
    /// How nearly all coloured pixels share one hue, from 0 to 1, and that hue in degrees.
    package let hueAgreement: Float
    package let hue: Float
    /// Share of warm hues (reds to yellows) among coloured pixels, weighted by chroma.
    package let warmShare: Float
    /// Share of the pixels along the edge of the picture that look like their most common colour.
    package let plainBorder: Float
    /// How much of the picture's contrast lies in its finest detail, at 256 pixels across: low for a blurred picture.
    package let fineDetail: Float
    /// Width over height of the original.
    package let aspect: Double

    /// - Parameter originalSize: of the picture before any reduction, after its orientation was applied.
    package init(_ image: Image, originalSize: (width: Int, height: Int)? = nil) {
        aspect = Double(originalSize?.width ?? image.width) / Double(originalSize?.height ?? image.height)
        let small = image.rgb().resized(width: Self.side, height: Self.side, filter: .box)
        var pixels: [OKLab] = []
        pixels.reserveCapacity(Self.side * Self.side)
        for index in 0..<(Self.side * Self.side) {
            pixels.append(OKLab(red: small.bytes[index * 3], green: small.bytes[index * 3 + 1], blue: small.bytes[index * 3 + 2]))
        }
        let count = Float(pixels.count)

        let mean = pixels.reduce(0) { $0 + $1.lightness } / count
        meanLightness = mean
        lightnessDeviation = (pixels.reduce(0) { $0 + ($1.lightness - mean) * ($1.lightness - mean) } / count).squareRoot()
        shareOfDark = Float(pixels.count { $0.lightness < 0.25 }) / count
        shareOfBright = Float(pixels.count { $0.lightness > 0.85 }) / count
        let chromas = pixels.map(\.chroma).sorted()
        meanChroma = chromas.reduce(0, +) / count
        strongChroma = chromas[chromas.count * 9 / 10]

        var direction: (a: Float, b: Float, chroma: Float) = (0, 0, 0)
        var warm: Float = 0
        for pixel in pixels {
            direction = (direction.a + pixel.a, direction.b + pixel.b, direction.chroma + pixel.chroma)
            if pixel.hue < 110 || pixel.hue > 350 { warm += pixel.chroma }
        }
        let length = (direction.a * direction.a + direction.b * direction.b).squareRoot()
        hueAgreement = direction.chroma > 1e-4 ? length / direction.chroma : 0
        hue = OKLab(lightness: 0.5, a: direction.a, b: direction.b).hue
        warmShare = direction.chroma > 1e-4 ? warm / direction.chroma : 0.5

        var counts: [String: Int] = [:]
        for pixel in pixels { counts[pixel.name, default: 0] += 1 }
        colours = counts.map { ($0.key, Float($0.value) / count) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }

        plainBorder = Self.plainBorder(of: pixels)
        fineDetail = Self.fineDetail(of: image)
    }

    /// Pixels a side of the reduced picture that colours are counted on.
    private static let side = 64

    private static func plainBorder(of pixels: [OKLab]) -> Float {
        let width = side / 12
        var border: [OKLab] = []
        for y in 0..<side {
            for x in 0..<side where x < width || x >= side - width || y < width || y >= side - width * 1 {
                border.append(pixels[y * side + x])
            }
        }
        let middle = border.count / 2
        let median = OKLab(
            lightness: border.map(\.lightness).sorted()[middle], a: border.map(\.a).sorted()[middle], b: border.map(\.b).sorted()[middle])
        return Float(border.count { $0.distance(to: median) < 0.06 }) / Float(border.count)
    }

    /// The energy of the Laplacian over that of the gradient.
    private static func fineDetail(of image: Image) -> Float {
        let longest = max(image.width, image.height)
        let factor = min(1, 256 / Double(longest))
        let width = max(3, Int((Double(image.width) * factor).rounded()))
        let height = max(3, Int((Double(image.height) * factor).rounded()))
        let grey = image.rgb().resized(width: width, height: height, filter: .bilinear).grey().bytes
        var laplacian: Float = 0
        var gradient: Float = 0
        for y in 1..<(height - 1) {
            for x in 1..<(width - 1) {
                let at = y * width + x
                let (centre, left, right) = (Float(grey[at]), Float(grey[at - 1]), Float(grey[at + 1]))
                let (above, below) = (Float(grey[at - width]), Float(grey[at + width]))
                let second = left + right + above + below - 4 * centre
                laplacian += second * second
                gradient += (right - left) * (right - left) + (below - above) * (below - above)
            }
        }
        return gradient > 0 ? laplacian / gradient : 0
    }
}

/// A colour as people see distances between colours (Ottosson 2020, "A perceptual color space for image processing").
struct OKLab {
    let lightness: Float
    let a: Float
    let b: Float

    init(lightness: Float, a: Float, b: Float) {
        self.lightness = lightness
        self.a = a
        self.b = b
    }

    init(red: UInt8, green: UInt8, blue: UInt8) {
        let (r, g, b) = (Self.linear[Int(red)], Self.linear[Int(green)], Self.linear[Int(blue)])
        let l = cbrtf(0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_995 * b)
        let m = cbrtf(0.211_903_5 * r + 0.680_699_55 * g + 0.107_396_96 * b)
        let s = cbrtf(0.088_302_46 * r + 0.281_718_84 * g + 0.629_978_7 * b)
        lightness = 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s
        a = 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s
        self.b = 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s
    }

    /// sRGB bytes to linear light.
    private static let linear: [Float] = (0..<256).map { byte in
        let value = Float(byte) / 255
        return value <= 0.04045 ? value / 12.92 : powf((value + 0.055) / 1.055, 2.4)
    }

    var chroma: Float { (a * a + b * b).squareRoot() }

    /// In degrees from 0 to 360: reds near 29, yellows near 110, greens near 142, blues near 264, magentas near 328.
    var hue: Float {
        let degrees = atan2f(b, a) * 180 / .pi
        return degrees < 0 ? degrees + 360 : degrees
    }

    func distance(to other: OKLab) -> Float {
        let (x, y, z) = (lightness - other.lightness, a - other.a, b - other.b)
        return (x * x + y * y + z * z).squareRoot()
    }

    /// The everyday name of the colour, of those that the vocabulary has "… tones" for.
    var name: String {
        let lightness = lightness
        let chroma = chroma
        if lightness < 0.22 || (lightness < 0.3 && chroma < 0.03) { return "black" }
        if chroma < 0.03 { return lightness > 0.9 ? "white" : "grey" }
        if lightness > 0.95 && chroma < 0.04 { return "white" }
        switch hue {
        case ..<15, 345...: return lightness > 0.62 || chroma < 0.09 ? "pink" : "red"
        case ..<38:
            if chroma < 0.09 { return lightness > 0.72 ? "beige" : "brown" }
            return lightness > 0.75 ? "pink" : "red"
        case ..<75:
            if lightness > 0.72 { return chroma < 0.09 ? "beige" : "orange" }
            return chroma > 0.13 && lightness > 0.6 ? "orange" : "brown"
        case ..<100:
            if chroma < 0.09 { return lightness > 0.7 ? "beige" : "brown" }
            return lightness > 0.65 ? (hue < 82 ? "orange" : "yellow") : "brown"
        case ..<117:
            if chroma < 0.06 { return lightness > 0.75 ? "beige" : "green" }
            return lightness > 0.72 ? "yellow" : "green"
        case ..<168: return "green"
        case ..<220: return "turquoise"
        case ..<282: return lightness < 0.38 ? "navy blue" : "blue"
        case ..<318: return "purple"
        default: return lightness > 0.6 ? "pink" : "purple"
        }
    }
}
