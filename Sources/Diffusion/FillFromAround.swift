import Pixels

extension Image {
    /// What surrounds the mask, drawn into it: a pyramid of means over what is outside, read back from coarse to fine.
    func filledFromAround(_ mask: Mask) -> Image {
        precondition(channels == 3 && mask.size == size)
        /// Sums of the colours outside the mask and their weight, [height, width, 4].
        struct Level {
            var width, height: Int
            var values: [Float]
        }
        var levels = [Level(width: width, height: height, values: [])]
        levels[0].values = (0..<width * height).flatMap { pixel -> [Float] in
            let weight = mask.values[pixel] >= 128 ? Float(0) : 1
            return [0, 1, 2].map { Float(bytes[pixel * 3 + $0]) * weight } + [weight]
        }
        while let fine = levels.last, fine.width > 1 || fine.height > 1 {
            var coarse = Level(width: (fine.width + 1) / 2, height: (fine.height + 1) / 2, values: [])
            coarse.values = [Float](repeating: 0, count: coarse.width * coarse.height * 4)
            for y in 0..<fine.height {
                for x in 0..<fine.width {
                    for i in 0..<4 {
                        coarse.values[((y / 2) * coarse.width + x / 2) * 4 + i] += fine.values[(y * fine.width + x) * 4 + i]
                    }
                }
            }
            levels.append(coarse)
        }
        // From the coarsest level down, a square without colour of its own takes what the level above has there.
        var above = levels[levels.count - 1]
        for level in levels.dropLast().reversed() {
            var filled = level
            for y in 0..<level.height {
                for x in 0..<level.width {
                    let place = (y * level.width + x) * 4
                    guard filled.values[place + 3] == 0 else { continue }
                    let from = ((y / 2) * above.width + x / 2) * 4
                    let weight = max(above.values[from + 3], .leastNormalMagnitude)
                    for i in 0..<3 { filled.values[place + i] = above.values[from + i] / weight }
                    filled.values[place + 3] = above.values[from + 3] > 0 ? 1 : 0
                }
            }
            above = filled
        }
        var result = bytes
        for pixel in 0..<width * height where mask.values[pixel] >= 128 && above.values[pixel * 4 + 3] > 0 {
            for i in 0..<3 { result[pixel * 3 + i] = UInt8(min(max(above.values[pixel * 4 + i].rounded(), 0), 255)) }
        }
        return Image(width: width, height: height, channels: 3, bytes: result)
    }
}
