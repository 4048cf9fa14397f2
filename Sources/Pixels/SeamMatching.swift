extension Image {
    /// This picture with its colours inside the mask moved by what they are off: where the mask is 0, `original` says what this picture
    /// should be, and the difference there, smoothed, is carried on into the mask.
    ///
    /// Takes away the drift that a picture has which went through a model; the mask's content itself keeps its own contrasts. Where nothing
    /// is outside, nothing is known and nothing changes.
    ///
    /// - Parameters:
    ///   - limit: no colour moves by more than this many of 255: what is off by more is no drift but another content.
    ///   - kept: by the mask's value, from 0 to 1 how far a pixel is expected to have kept its colour. It is held to what `original` has
    ///     there so far, in the mean over its surroundings: what is hardly redrawn, time and again, stays the colour it was.
    package func colourMatched(
        to original: Image, mask: Mask, limit: Int = 24, kept: (UInt8) -> Float = { _ in 0 }
    ) -> Image {
        precondition(
            size == original.size && size == mask.size && channels == 3 && original.channels == 3,
            "a picture of \(size), an original of \(original.size) and a mask of \(mask.size) do not match")
        let shares = (0...255).map { $0 == 0 ? 1 : min(max(kept(UInt8($0)), 0), 1) }
        let around = differences(from: original) { mask.values[$0] == 0 }.filled()
        let within = mask.values.contains { $0 > 0 && shares[Int($0)] > 0 } ? differences(from: original) { _ in true }.filled() : nil
        guard around != nil || within != nil else { return self }
        let furthest = Float(limit)
        var result = bytes
        for y in 0..<height {
            for x in 0..<width {
                let amount = mask.values[y * width + x]
                guard amount > 0 else { continue }
                let share = within == nil ? 0 : shares[Int(amount)]
                let outside = around?.value(x: x, y: y) ?? [0, 0, 0]
                let own = share > 0 ? within?.value(x: x, y: y) ?? outside : outside
                for i in 0..<3 {
                    let place = (y * width + x) * 3 + i
                    let difference = (1 - share) * outside[i] + share * own[i]
                    result[place] = UInt8(min(max((Float(bytes[place]) + min(max(difference, -furthest), furthest)).rounded(), 0), 255))
                }
            }
        }
        return Image(width: width, height: height, channels: 3, bytes: result)
    }

    /// This picture with what hardly differs from `original` inside the mask made the original's again, so that what is redrawn time and again
    /// does not gather what a model adds each time, and nobody sees the first time.
    ///
    /// - Parameter least: by the mask's value, the difference of 255 up to which a pixel counts as unchanged. It goes by the colour that
    ///   differs most, and at twice that difference all of it is kept.
    package func withSmallChangesUndone(to original: Image, mask: Mask, least: (UInt8) -> Float) -> Image {
        precondition(
            size == original.size && size == mask.size && channels == 3 && original.channels == 3,
            "a picture of \(size), an original of \(original.size) and a mask of \(mask.size) do not match")
        let limits = (0...255).map { max(least(UInt8($0)), 0) }
        var result = bytes
        for pixel in mask.values.indices {
            let limit = limits[Int(mask.values[pixel])]
            guard limit > 0 else { continue }
            let places = pixel * 3..<pixel * 3 + 3
            var largest: Float = 0
            for place in places { largest = max(largest, abs(Float(bytes[place]) - Float(original.bytes[place]))) }
            guard largest < 2 * limit else { continue }
            let share = max(largest / limit - 1, 0)
            for place in places {
                let was = Float(original.bytes[place])
                result[place] = UInt8((was + share * (Float(bytes[place]) - was)).rounded())
            }
        }
        return Image(width: width, height: height, channels: 3, bytes: result)
    }

    /// What `original` has more of each colour than this picture, over the pixels that count.
    private func differences(from original: Image, where counts: (Int) -> Bool) -> DifferenceField {
        var field = DifferenceField(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width where counts(y * width + x) {
                let place = (y * width + x) * 3
                field.add(x: x, y: y, (0..<3).map { Float(original.bytes[place + $0]) - Float(bytes[place + $0]) })
            }
        }
        return field
    }
}

/// Means of colour differences over squares of pixels, and what they are where none were given.
private struct DifferenceField {
    /// Pixels a side of a square: large enough that what a model blurs away cancels out.
    private static let side = 8
    private let columns: Int
    private let rows: Int
    /// Sums of three colours and their weight, [rows, columns, 4].
    private var sums: [Float]

    init(width: Int, height: Int) {
        columns = (width + Self.side - 1) / Self.side
        rows = (height + Self.side - 1) / Self.side
        sums = [Float](repeating: 0, count: columns * rows * 4)
    }

    private init(columns: Int, rows: Int, sums: [Float]) {
        (self.columns, self.rows, self.sums) = (columns, rows, sums)
    }

    mutating func add(x: Int, y: Int, _ difference: [Float]) {
        let place = (y / Self.side * columns + x / Self.side) * 4
        for i in 0..<3 { sums[place + i] += difference[i] }
        sums[place + 3] += 1
    }

    /// Every square with a mean: its own, or what a coarser field says there. Nil where no square has one.
    func filled() -> DifferenceField? {
        if columns == 1 && rows == 1 { return sums[3] > 0 ? normalised(above: nil) : nil }
        var coarse = DifferenceField(columns: (columns + 1) / 2, rows: (rows + 1) / 2, sums: [])
        coarse.sums = [Float](repeating: 0, count: coarse.columns * coarse.rows * 4)
        for y in 0..<rows {
            for x in 0..<columns {
                for i in 0..<4 { coarse.sums[(y / 2 * coarse.columns + x / 2) * 4 + i] += sums[(y * columns + x) * 4 + i] }
            }
        }
        return coarse.filled().map { normalised(above: $0) }
    }

    private func normalised(above: DifferenceField?) -> DifferenceField {
        var result = self
        for y in 0..<rows {
            for x in 0..<columns {
                let place = (y * columns + x) * 4
                let weight = sums[place + 3]
                let given = weight > 0 ? (0..<3).map { sums[place + $0] / weight } : [0, 0, 0]
                // A square that is hardly outside the mask at all trusts its surroundings more than itself.
                let trust = above == nil ? 1 : min(1, weight / Float(Self.side * Self.side / 4))
                let around = trust < 1 ? above?.between(x: (Float(x) - 0.5) / 2, y: (Float(y) - 0.5) / 2) ?? given : given
                for i in 0..<3 { result.sums[place + i] = trust * given[i] + (1 - trust) * around[i] }
                result.sums[place + 3] = 1
            }
        }
        return result
    }

    /// The difference at a pixel, of a filled field.
    func value(x: Int, y: Int) -> [Float] {
        between(x: (Float(x) + 0.5) / Float(Self.side) - 0.5, y: (Float(y) + 0.5) / Float(Self.side) - 0.5)
    }

    /// Between the middles of squares, by linear interpolation.
    private func between(x: Float, y: Float) -> [Float] {
        let (x, y) = (min(max(x, 0), Float(columns - 1)), min(max(y, 0), Float(rows - 1)))
        let (left, top) = (Int(x), Int(y))
        let (right, bottom) = (min(left + 1, columns - 1), min(top + 1, rows - 1))
        let (across, down) = (x - Float(left), y - Float(top))
        return (0..<3).map { i in
            func at(_ column: Int, _ row: Int) -> Float { sums[(row * columns + column) * 4 + i] }
            let upper = at(left, top) + across * (at(right, top) - at(left, top))
            let lower = at(left, bottom) + across * (at(right, bottom) - at(left, bottom))
            return upper + down * (lower - upper)
        }
    }
}
