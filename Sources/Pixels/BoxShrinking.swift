/// A picture that is made smaller while it is read, so that one of hundreds of megapixels never lies in memory whole: each of its pixels is
/// the mean of a square of the file's. Colours are weighed by their alpha.
///
/// The file's pixels may come in any order, each of them once; those that do not come are transparent.
struct BoxShrinking {
    let source: PixelSize
    let target: PixelSize
    let channels: Int
    private let divisor: Int
    /// Of each of the target's pixels: the samples' sums, in pictures with alpha those of colour times alpha and of alpha.
    private var sums: [UInt32]

    /// Sums of more pixels a square would not fit.
    static let largestDivisor = 128

    /// By how much a picture is made smaller on the way: 1 where it is small enough to be read whole. The result's shorter side has at least
    /// twice what is wanted, as a JPEG's that is decoded in a fraction of its size.
    ///
    /// - Parameter whole: pixels of a picture that is read whole.
    static func divisor(of size: PixelSize, shortSide: Int?, wholeUpTo whole: Int) -> Int {
        guard let shortSide, size.pixelCount > whole else { return 1 }
        return max(1, min(largestDivisor, size.shortSide / max(1, min(shortSide, ImageLimits.longestSide) * 2)))
    }

    /// - Parameter channels: 1, 3 or 4, of the pixels that come.
    init(_ source: PixelSize, channels: Int, divisor: Int) {
        precondition((1...Self.largestDivisor).contains(divisor), "squares of \(divisor) pixels a side cannot be summed")
        (self.source, self.channels, self.divisor) = (source, channels, divisor)
        target = PixelSize(width: (source.width + divisor - 1) / divisor, height: (source.height + divisor - 1) / divisor)
        sums = [UInt32](repeating: 0, count: target.pixelCount * channels)
    }

    /// Takes `count` pixels of a row: those of the columns `start`, `start + step` and so on.
    mutating func add(row: Int, _ pixels: UnsafePointer<UInt8>, count: Int, from start: Int = 0, by step: Int = 1) {
        precondition(row >= 0 && row < source.height && start >= 0 && start + (count - 1) * step < source.width)
        let (channels, divisor) = (channels, divisor)
        let line = row / divisor * target.width
        sums.withUnsafeMutableBufferPointer { sums in
            var (column, left) = (start / divisor, divisor - start % divisor)
            var pixel = pixels
            for _ in 0..<count {
                let place = (line + column) &* channels
                if channels == 4 {
                    let alpha = UInt32(pixel[3])
                    sums[place] &+= UInt32(pixel[0]) &* alpha
                    sums[place + 1] &+= UInt32(pixel[1]) &* alpha
                    sums[place + 2] &+= UInt32(pixel[2]) &* alpha
                    sums[place + 3] &+= alpha
                } else {
                    for channel in 0..<channels { sums[place &+ channel] &+= UInt32(pixel[channel]) }
                }
                pixel += channels
                left -= step
                while left <= 0 {
                    column += 1
                    left += divisor
                }
            }
        }
    }

    /// What came so far.
    func image() -> Image {
        Image(width: target.width, height: target.height, channels: channels) { pixels in
            for y in 0..<target.height {
                let rows = min(divisor, source.height - y * divisor)
                for x in 0..<target.width {
                    let count = UInt32(rows * min(divisor, source.width - x * divisor))
                    let place = (y * target.width + x) * channels
                    // Colours are the mean of what is seen of them.
                    let weight = channels == 4 ? sums[place + 3] : count
                    for channel in 0..<channels {
                        let divisor = channel == 3 ? count : weight
                        pixels[place + channel] = divisor == 0 ? 0 : UInt8((sums[place + channel] + divisor / 2) / divisor)
                    }
                }
            }
        }
    }
}
