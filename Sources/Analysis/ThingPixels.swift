import Encoders
import Foundation
import Pixels

/// A reduced picture in which the pixels of a thing are told from what is around it.
struct ThingPixels {
    let width: Int
    let height: Int
    /// Row by row.
    private let colours: [OKLab]
    private let bins: [Int]

    /// Pixels of the longer side: a colour takes no more.
    private static let side = 192

    init(_ image: Image) {
        let factor = min(1, Double(Self.side) / Double(max(image.width, image.height)))
        width = max(1, Int((Double(image.width) * factor).rounded()))
        height = max(1, Int((Double(image.height) * factor).rounded()))
        let bytes = image.rgb().resized(width: width, height: height, filter: .box).bytes
        colours = (0..<width * height).map { OKLab(red: bytes[$0 * 3], green: bytes[$0 * 3 + 1], blue: bytes[$0 * 3 + 2]) }
        bins = colours.map(ColourHistogram.bin)
    }

    /// Some of the picture's pixels, each with how surely it is one of a thing's.
    struct Part {
        fileprivate(set) var pixels: [(colour: OKLab, x: Float, y: Float, weight: Float)] = []
        /// How many pixels the place has that was looked at.
        fileprivate(set) var room: Float = 0

        /// How much of the place is the thing's.
        var fill: Float { pixels.reduce(0) { $0 + $1.weight } / max(room, 1) }

        /// What share of it each colour has, the largest first. What is surely the thing's counts for more.
        func shares(calledAs names: [String: String] = [:]) -> [(name: String, share: Float)] {
            var shares: [String: Float] = [:]
            var total: Float = 0
            for pixel in pixels where pixel.weight > 0 {
                let name = pixel.colour.called.rawValue
                shares[names[name] ?? name, default: 0] += pixel.weight * pixel.weight
                total += pixel.weight * pixel.weight
            }
            guard total > 1e-6 else { return [] }
            return shares.map { ($0.key, $0.value / total) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        }

        /// The mean of its colours, what is surely the thing's counting for more; nil of nothing.
        var mean: OKLab? {
            var (lightness, a, b, total): (Float, Float, Float, Float) = (0, 0, 0, 0)
            for pixel in pixels {
                let weight = pixel.weight * pixel.weight
                lightness += weight * pixel.colour.lightness
                a += weight * pixel.colour.a
                b += weight * pixel.colour.b
                total += weight
            }
            return total > 1e-6 ? OKLab(lightness: lightness / total, a: a / total, b: b / total) : nil
        }

        /// Those within a place of which a test holds.
        func within(_ place: UnitBox, in picture: ThingPixels, where isWanted: (OKLab) -> Bool) -> Part {
            Part(
                pixels: pixels.filter {
                    (place.left..<place.right).contains($0.x) && (place.top..<place.bottom).contains($0.y) && isWanted($0.colour)
                },
                room: place.area * Float(picture.width * picture.height))
        }
    }

    /// Tells a thing's pixels from others by three rounds of comparing the colours that are surely within its box with those around it: what
    /// is common around is hardly the thing's. Neighbours take after each other.
    ///
    /// - Parameter holes: what stands before the thing.
    func part(of box: UnitBox, holes: [UnitBox] = []) -> Part {
        let (w, h) = (box.width, box.height)
        guard w > 0, h > 0 else { return Part() }
        let (columns, rows) = near(box)
        var indices: [Int] = []
        // Where a thing may be: flat in the middle of its box, less towards the corners; and where it is nearly always.
        var may: [Float] = []
        var weights: [Float] = []
        var isInside: [Bool] = []
        for y in rows {
            for x in columns {
                let (sharedX, sharedY) = centre(x, y)
                let inside = box.contains(sharedX, sharedY)
                let (u, v) = (2 * (sharedX - box.left) / w - 1, 2 * (sharedY - box.top) / h - 1)
                let open = inside && !holes.contains { $0.contains(sharedX, sharedY) }
                let likely = open ? exp(-(u * u * u * u + v * v * v * v)) : 0
                indices.append(y * width + x)
                isInside.append(inside)
                may.append(likely)
                weights.append(likely * exp(-2 * (u * u + v * v)))
            }
        }
        let insideCount = isInside.count { $0 }
        if Float(isInside.count - insideCount) >= Self.leastSurroundings * Float(insideCount) {
            let kinds = indices.map { bins[$0] }
            for round in 0..<Self.rounds {
                let thing = ColourHistogram(kinds, weights)
                let rest = ColourHistogram(
                    kinds,
                    weights.indices.map { index in
                        guard isInside[index] else { return 1 }
                        return round > 0 && may[index] > 0 ? 0.5 * (1 - weights[index] / max(may[index], 1e-6)) : 0
                    })
                weights = weights.indices.map { index in
                    let (own, other) = (thing.shares[kinds[index]], rest.shares[kinds[index]])
                    return may[index] * own / max(own + other, 1e-12)
                }
                let near = Self.means(weights, columns: columns.count)
                weights = weights.indices.map { may[$0] * min(max((weights[$0] + near[$0]) / 2, 0), 1) }
            }
        }
        var part = Part()
        part.room = Float(insideCount)
        for (index, weight) in zip(indices, weights) where weight > 0 {
            let (x, y) = centre(index % width, index / width)
            part.pixels.append((colours[index], x, y, weight))
        }
        return part
    }

    /// How much of what is around a box has a colour: nothing where nothing is around it.
    func shareAround(_ box: UnitBox, of colour: String, calledAs names: [String: String]) -> Float {
        var (all, alike): (Float, Float) = (0, 0)
        let (columns, rows) = near(box)
        for y in rows {
            for x in columns {
                let (sharedX, sharedY) = centre(x, y)
                if box.contains(sharedX, sharedY) { continue }
                let name = colours[y * width + x].called.rawValue
                all += 1
                if names[name] ?? name == colour { alike += 1 }
            }
        }
        return all > 0 ? alike / all : 0
    }

    /// Where the middle of a pixel is, in shares of the picture.
    private func centre(_ x: Int, _ y: Int) -> (x: Float, y: Float) { ((Float(x) + 0.5) / Float(width), (Float(y) + 0.5) / Float(height)) }

    /// The columns and rows of a box and what is around it.
    private func near(_ box: UnitBox) -> (columns: Range<Int>, rows: Range<Int>) {
        let (aside, above) = (Self.around * box.width, Self.around * box.height)
        let (firstX, firstY) = (pixel(box.left - aside, width), pixel(box.top - above, height))
        let lastX = min(width, Int((min(1, box.right + aside) * Float(width)).rounded(.up)))
        let lastY = min(height, Int((min(1, box.bottom + above) * Float(height)).rounded(.up)))
        return (firstX..<max(firstX + 1, lastX), firstY..<max(firstY + 1, lastY))
    }

    /// The median of each channel of what is in a place; nil where that is less than three pixels.
    func median(in place: UnitBox) -> OKLab? {
        var found: [OKLab] = []
        for y in pixel(place.top, height)..<max(pixel(place.top, height), min(height, pixel(place.bottom, height) + 1)) {
            for x in pixel(place.left, width)..<max(pixel(place.left, width), min(width, pixel(place.right, width) + 1)) {
                let (sharedX, sharedY) = centre(x, y)
                if place.contains(sharedX, sharedY) { found.append(colours[y * width + x]) }
            }
        }
        guard found.count >= 3 else { return nil }
        func middle(_ channel: (OKLab) -> Float) -> Float { found.map(channel).sorted()[found.count / 2] }
        return OKLab(lightness: middle(\.lightness), a: middle(\.a), b: middle(\.b))
    }

    private static let around: Float = 0.25
    private static let rounds = 3
    /// With less around it than this share of the box nothing can be compared.
    private static let leastSurroundings: Float = 0.15

    private func pixel(_ share: Float, _ count: Int) -> Int { min(max(Int(max(share, 0) * Float(count)), 0), count - 1) }

    /// The mean of every value and its eight neighbours; beyond an edge stands what stands at it.
    private static func means(_ values: [Float], columns: Int) -> [Float] {
        let rows = values.count / columns
        return values.indices.map { index in
            let (x, y) = (index % columns, index / columns)
            var sum: Float = 0
            for row in y - 1...y + 1 {
                for column in x - 1...x + 1 {
                    sum += values[min(max(row, 0), rows - 1) * columns + min(max(column, 0), columns - 1)]
                }
            }
            return sum / 9
        }
    }
}

extension UnitBox {
    func contains(_ x: Float, _ y: Float) -> Bool { x >= left && x < right && y >= top && y < bottom }
}

/// How often each colour occurs, in OKLab's steps of a tenth of lightness and a twentieth of a and b, each spread over its neighbours.
struct ColourHistogram {
    /// The sum is 1.
    let shares: [Float]

    private static let (lightnesses, hues) = (10, 16)

    static func bin(_ colour: OKLab) -> Int {
        func step(_ value: Float, _ count: Int) -> Int { min(max(Int(value), 0), count - 1) }
        let (a, b) = (step((colour.a + 0.4) * 20, hues), step((colour.b + 0.4) * 20, hues))
        return (step(colour.lightness * 10, lightnesses) * hues + a) * hues + b
    }

    init(_ bins: [Int], _ weights: [Float]) {
        var counts = [Float](repeating: 0, count: Self.lightnesses * Self.hues * Self.hues)
        for (bin, weight) in zip(bins, weights) { counts[bin] += weight }
        for (stride, length) in [(Self.hues * Self.hues, Self.lightnesses), (Self.hues, Self.hues), (1, Self.hues)] {
            counts = counts.indices.map { index in
                let place = index / stride % length
                let before = place > 0 ? counts[index - stride] : 0
                let after = place < length - 1 ? counts[index + stride] : 0
                return (before + after) / 4 + counts[index] / 2
            }
        }
        let total = max(counts.reduce(0, +), 1e-9)
        shares = counts.map { $0 / total }
    }
}
