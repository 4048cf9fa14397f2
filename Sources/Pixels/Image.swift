/// A picture's pixels: 8 bits a sample, rows from top to bottom, samples interleaved.
///
/// One channel is grey, three are RGB, four are RGB with straight (not premultiplied) alpha.
package struct Image: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// 1, 3 or 4.
    package let channels: Int
    /// `height * width * channels` samples.
    package let bytes: [UInt8]

    package init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture has at least one pixel, not \(width)x\(height)")
        precondition(channels == 1 || channels == 3 || channels == 4, "a picture has 1, 3 or 4 channels, not \(channels)")
        precondition(bytes.count == width * height * channels, "\(bytes.count) bytes do not make \(width)x\(height)x\(channels)")
        self.width = width
        self.height = height
        self.channels = channels
        self.bytes = bytes
    }

    /// A picture whose every sample is written by `body`.
    init<Failure: Error>(
        width: Int, height: Int, channels: Int, initializingWith body: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let count = width * height * channels
        let bytes = try uninitializedBytes(count) { pointer throws(Failure) in try body(pointer) }
        self.init(width: width, height: height, channels: channels, bytes: bytes)
    }

    /// A picture of one colour; `colour` holds one sample a channel.
    package init(width: Int, height: Int, filledWith colour: [UInt8]) {
        self.init(width: width, height: height, channels: colour.count) { pixels in
            for i in 0..<width * height {
                for c in 0..<colour.count { pixels[i * colour.count + c] = colour[c] }
            }
        }
    }

    package var size: PixelSize { PixelSize(width: width, height: height) }

    /// The sample of one channel at column `x` of row `y`.
    package subscript(x: Int, y: Int, channel: Int) -> UInt8 {
        precondition(x >= 0 && x < width && y >= 0 && y < height && channel >= 0 && channel < channels)
        return bytes[(y * width + x) * channels + channel]
    }

    /// The samples of one pixel.
    package subscript(x: Int, y: Int) -> ArraySlice<UInt8> {
        precondition(x >= 0 && x < width && y >= 0 && y < height)
        let start = (y * width + x) * channels
        return bytes[start..<start + channels]
    }
}

/// A picture's width and height in pixels.
package struct PixelSize: Sendable, Hashable, CustomStringConvertible {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    package var pixelCount: Int { width * height }
    package var shortSide: Int { min(width, height) }
    package var description: String { "\(width)x\(height)" }
}

/// An upright rectangle of pixels: columns `x..<x + width` of rows `y..<y + height`.
package struct PixelRectangle: Sendable, Hashable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

/// An array of `count` bytes that `body` writes, every one of them; where it throws nothing is kept.
func uninitializedBytes<Failure: Error>(
    _ count: Int, _ body: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Void
) throws(Failure) -> [UInt8] {
    // Array's initialiser rethrows untyped errors only: carry ours around it.
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        do throws(Failure) {
            if let base = buffer.baseAddress { try body(base) }
            initialized = count
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
    return bytes
}
