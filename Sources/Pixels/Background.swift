/// What stands where a picture is transparent.
package enum Background: Sendable, Hashable {
    /// The transparency stays: what is made of the picture gets it, too.
    case kept
    /// A colour is laid under it.
    case colour(red: UInt8, green: UInt8, blue: UInt8)

    /// White, which most viewers and models assume.
    package static let white = Background.colour(red: 255, green: 255, blue: 255)

    /// Colours that have a name here.
    private static let names: [String: Background] = [
        "keep": .kept, "white": .white, "black": .colour(red: 0, green: 0, blue: 0), "grey": .colour(red: 128, green: 128, blue: 128),
        "gray": .colour(red: 128, green: 128, blue: 128),
    ]

    /// - Parameter text: `keep`, `white`, `black`, `grey`, or a colour as `#rgb` or `#rrggbb`.
    package init?(_ text: String) {
        if let named = Self.names[text.lowercased()] {
            self = named
            return
        }
        guard text.first == "#" else { return nil }
        let digits = text.dropFirst().compactMap { $0.isASCII ? $0.hexDigitValue.map { UInt8($0) } : nil }
        switch (text.count, digits.count) {
        case (4, 3): self = .colour(red: digits[0] * 17, green: digits[1] * 17, blue: digits[2] * 17)
        case (7, 6):
            self = .colour(red: digits[0] << 4 | digits[1], green: digits[2] << 4 | digits[3], blue: digits[4] << 4 | digits[5])
        default: return nil
        }
    }
}

extension Background: CustomStringConvertible {
    /// `keep`, or `#rrggbb`.
    package var description: String {
        switch self {
        case .kept: return "keep"
        case .colour(let red, let green, let blue):
            let digits = Array("0123456789abcdef")
            return "#" + [red, green, blue].map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
        }
    }
}

extension Image {
    /// Three channels with the colour under what is transparent; a picture without transparency, and one whose transparency is kept, as it is.
    package func laid(over background: Background) -> Image {
        guard channels == 4, case .colour(let red, let green, let blue) = background else { return self }
        return rgb(over: (red, green, blue))
    }

    /// This picture of three channels, which was made from one that lay over white, with that one's transparency: the white that shone
    /// through half-transparent places is taken out of them again.
    ///
    /// - Parameter alpha: of this picture's size, one channel.
    package func liftedOffWhite(alpha: Image) -> Image {
        precondition(
            channels == 3 && alpha.channels == 1 && size == alpha.size,
            "a picture of \(size) with \(channels) channels and a transparency of \(alpha.size) with \(alpha.channels) do not match")
        return Image(width: width, height: height, channels: 4) { target in
            for pixel in 0..<width * height {
                let share = Int(alpha.bytes[pixel])
                for i in 0..<3 {
                    let seen = Int(bytes[pixel * 3 + i])
                    let own = share == 0 ? seen : (seen * 255 - 255 * (255 - share) + share / 2) / share
                    target[pixel * 4 + i] = UInt8(min(max(own, 0), 255))
                }
                target[pixel * 4 + 3] = UInt8(share)
            }
        }
    }
}
