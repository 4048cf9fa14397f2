/// Pillow's `MULDIV255`: a * b / 255, rounded, in integers.
@inline(__always)
func multiplyDividing255(_ a: UInt8, _ b: UInt8) -> UInt8 {
    dividing255(UInt32(a) &* UInt32(b))
}

/// Pillow's `DIV255`: a / 255, rounded, for 0 <= a <= 255 * 255.
@inline(__always)
func dividing255(_ a: UInt32) -> UInt8 {
    let sum = a &+ 128
    return UInt8(truncatingIfNeeded: ((sum &>> 8) &+ sum) &>> 8)
}

extension Image {
    /// The luminance as one channel: Pillow's mode L, ITU-R 601-2 in integers. Alpha is dropped.
    package func grey() -> Image {
        if channels == 1 { return self }
        return bytes.withUnsafeBufferPointer { source in
            Image(width: width, height: height, channels: 1) { target in
                for i in 0..<width * height {
                    let red = UInt32(source[i * channels]) &* 19595
                    let green = UInt32(source[i * channels + 1]) &* 38470
                    let blue = UInt32(source[i * channels + 2]) &* 7471
                    target[i] = UInt8(truncatingIfNeeded: (red &+ green &+ blue &+ 0x8000) &>> 16)
                }
            }
        }
    }

    /// Three channels: transparent parts laid over `background`, grey repeated.
    package func rgb(over background: (UInt8, UInt8, UInt8) = (255, 255, 255)) -> Image {
        if channels == 3 { return self }
        return bytes.withUnsafeBufferPointer { source in
            Image(width: width, height: height, channels: 3) { target in
                for i in 0..<width * height {
                    if channels == 1 {
                        for c in 0..<3 { target[i * 3 + c] = source[i] }
                        continue
                    }
                    let alpha = UInt32(source[i * 4 + 3])
                    let rest = 255 &- alpha
                    target[i * 3] = dividing255(UInt32(source[i * 4]) &* alpha &+ UInt32(background.0) &* rest)
                    target[i * 3 + 1] = dividing255(UInt32(source[i * 4 + 1]) &* alpha &+ UInt32(background.1) &* rest)
                    target[i * 3 + 2] = dividing255(UInt32(source[i * 4 + 2]) &* alpha &+ UInt32(background.2) &* rest)
                }
            }
        }
    }

    /// Three channels with alpha simply dropped, as Pillow's `convert("RGB")` does.
    package func droppingAlpha() -> Image {
        channels == 4 ? mapPixels(toChannels: 3) { source, target in for c in 0..<3 { target[c] = source[c] } } : rgb()
    }

    /// Four channels; what had no alpha is opaque.
    package func rgba() -> Image {
        switch channels {
        case 1:
            mapPixels(toChannels: 4) { source, target in
                for c in 0..<3 { target[c] = source[0] }
                target[3] = 255
            }
        case 3:
            mapPixels(toChannels: 4) { source, target in
                for c in 0..<3 { target[c] = source[c] }
                target[3] = 255
            }
        default: self
        }
    }

    /// The alpha channel alone, or nil where there is none.
    package func alpha() -> Image? {
        channels == 4 ? mapPixels(toChannels: 1) { source, target in target[0] = source[3] } : nil
    }

    /// With 1, 3 or 4 channels: the luminance, the colours over white, or opaque.
    package func converted(toChannels wanted: Int) -> Image {
        switch wanted {
        case channels: self
        case 1: rgb().grey()
        case 3: rgb()
        default: rgba()
        }
    }

    /// Pillow's `RGBa`: the colours multiplied by alpha.
    func premultiplied() -> Image {
        mapPixels(toChannels: 4) { source, target in
            let alpha = source[3]
            for c in 0..<3 { target[c] = multiplyDividing255(source[c], alpha) }
            target[3] = alpha
        }
    }

    /// From Pillow's `RGBa` back to straight alpha.
    func unpremultiplied() -> Image {
        mapPixels(toChannels: 4) { source, target in
            let alpha = source[3]
            for c in 0..<3 {
                target[c] = alpha == 0 || alpha == 255 ? source[c] : UInt8(min(255, 255 &* UInt32(source[c]) / UInt32(alpha)))
            }
            target[3] = alpha
        }
    }

    @inline(__always)
    private func mapPixels(
        toChannels wanted: Int, _ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
    ) -> Image {
        bytes.withUnsafeBufferPointer { source in
            Image(width: width, height: height, channels: wanted) { target in
                guard let base = source.baseAddress else { return }
                for i in 0..<width * height { body(base + i * channels, target + i * wanted) }
            }
        }
    }
}
