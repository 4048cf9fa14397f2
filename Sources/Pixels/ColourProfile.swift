import CLCMS

/// What a file says about its colours; without it they are sRGB's.
enum ColourProfile: Equatable {
    /// An ICC profile's bytes.
    case icc([UInt8])
    /// x and y of red, green, blue and white; gamma above 0 for a power, 0 for sRGB's curve, below 0 for that of BT.709.
    case primaries([Double], gamma: Double)
    /// One that is not read: the reason, in words.
    case unreadable(String)

    /// Bytes of a profile that is unpacked; printing profiles have up to three million.
    static let longest = 8 << 20

    private static let standard: [Double] = [0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329]

    /// A PNG's, in the order of the standard: cICP, iCCP, sRGB, then gAMA with cHRM.
    static func ofPNG(_ bytes: [UInt8]) -> ColourProfile? {
        var chunks: [String: Range<Int>] = [:]
        PNGFile.visitChunks(of: bytes) { name, content in
            for wanted in ["cICP", "iCCP", "sRGB", "gAMA", "cHRM"] where bytes.says(wanted, at: name) && chunks[wanted] == nil {
                chunks[wanted] = content
            }
        }
        if let chunk = chunks["cICP"], chunk.count == 4 {
            return coded(primaries: bytes[chunk.lowerBound], transfer: bytes[chunk.lowerBound + 1])
        }
        if let chunk = chunks["iCCP"] {
            guard let zero = bytes[chunk].firstIndex(of: 0), zero + 2 <= chunk.upperBound,
                case .whole(let profile) = Inflation.unpacked(bytes[(zero + 2)..<chunk.upperBound], atMost: longest)
            else { return .unreadable("it cannot be unpacked") }
            return .icc(profile)
        }
        guard chunks["sRGB"] == nil, let chunk = chunks["gAMA"], let value = bytes.number32(at: chunk.lowerBound, bigEndian: true),
            chunk.count == 4, (1_000...1_000_000).contains(value)
        else { return nil }
        var places = standard
        if let chunk = chunks["cHRM"], chunk.count == 32 {
            // White stands first.
            let numbers = (0..<8).map { Double(bytes.number32(at: chunk.lowerBound + $0 * 4, bigEndian: true) ?? 0) / 100_000 }
            if numbers.allSatisfy({ (0.0...1.0).contains($0) }), stride(from: 1, to: 8, by: 2).allSatisfy({ numbers[$0] > 0.001 }) {
                places = Array(numbers[2...] + numbers[..<2])
            }
        }
        // 1 / 2.2 is how sRGB is written here.
        let isUsual = (45_000...46_000).contains(value)
        return isUsual && zip(places, standard).allSatisfy { abs($0 - $1) < 0.002 }
            ? nil : .primaries(places, gamma: isUsual ? 0 : 100_000 / Double(value))
    }

    /// Code points of ITU-T H.273.
    static func coded(primaries: UInt8, transfer: UInt8) -> ColourProfile? {
        let places: [UInt8: [Double]] = [
            1: standard, 9: [0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329],
            12: [0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329],
        ]
        let curves: [UInt8: Double] = [1: -1, 6: -1, 14: -1, 15: -1, 4: 2.2, 5: 2.8, 8: 1, 13: 0]
        guard let places = places[primaries], let gamma = curves[transfer] else {
            return .unreadable("it names primaries \(primaries) and the transfer \(transfer), which are not read")
        }
        return primaries == 1 && transfer == 13 ? nil : .primaries(places, gamma: gamma)
    }

    /// A JPEG's, put together from its segments; nil where one is missing.
    static func ofJPEG(_ segments: [(number: Int, of: Int, content: ArraySlice<UInt8>)]) -> ColourProfile? {
        guard let count = segments.first?.of else { return nil }
        let sorted = segments.sorted { $0.number < $1.number }
        guard sorted.map(\.number) == Array(1...max(count, 1)), sorted.reduce(0, { $0 + $1.content.count }) <= longest else {
            return .unreadable("parts of it are missing")
        }
        return .icc(sorted.flatMap(\.content))
    }
}

extension Image {
    /// These pixels in sRGB, and what could not be heeded. A profile that changes no colour by more than one of 256 steps changes nothing.
    func inStandardColours(_ profile: ColourProfile?) -> (image: Image, problem: String?) {
        guard let profile else { return (self, nil) }
        if case .unreadable(let reason) = profile { return (self, reason) }
        guard let way = ColourWay(profile, channels: channels == 1 ? 1 : 3) else {
            // A grey profile on pixels that a palette or an alpha channel made coloured.
            guard channels != 1, let grey = ColourWay(profile, channels: 1) else { return (self, "it is damaged or of other colours") }
            return (throughGrey(grey) ?? self, nil)
        }
        if way.isStandard { return (self, nil) }
        guard let converted = way.converted(bytes, pixels: width * height, hasAlpha: channels == 4) else {
            return (self, "it makes no colours")
        }
        guard channels != 1 else {
            // Grey stays grey.
            return (
                Image(width: width, height: height, channels: 1, bytes: stride(from: 0, to: converted.count, by: 3).map { converted[$0] }),
                nil
            )
        }
        return (Image(width: width, height: height, channels: channels, bytes: converted), nil)
    }

    private func throughGrey(_ way: borrowing ColourWay) -> Image? {
        guard !way.isStandard, let table = way.converted((0..<256).map { UInt8($0) }, pixels: 256, hasAlpha: false) else { return nil }
        var changed = bytes
        for index in changed.indices where channels == 3 || index % 4 != 3 { changed[index] = table[Int(changed[index]) * 3] }
        return Image(width: width, height: height, channels: channels, bytes: changed)
    }
}

/// A way from a profile's colours to sRGB.
struct ColourWay: ~Copyable {
    private let way: OpaquePointer
    private let channels: Int

    /// - Parameter channels: 1 grey, 3 RGB, 4 CMYK as JPEG stores it.
    init?(_ profile: ColourProfile, channels: Int) {
        let opened: OpaquePointer? =
            switch profile {
            case .icc(let bytes): bytes.withUnsafeBufferPointer { redraw_colour_open($0.baseAddress, $0.count, Int32(channels)) }
            case .primaries(let places, let gamma): redraw_colour_open_primaries(places, gamma, Int32(channels))
            case .unreadable: nil
            }
        guard let opened else { return nil }
        way = opened
        self.channels = channels
    }

    deinit {
        redraw_colour_close(way)
    }

    func converted(_ source: [UInt8], pixels: Int, hasAlpha: Bool) -> [UInt8]? {
        var isDone = false
        let target = [UInt8](unsafeUninitializedCapacity: pixels * (hasAlpha ? 4 : 3)) { target, count in
            isDone = redraw_colour_convert(way, source, target.baseAddress, pixels, hasAlpha ? 1 : 0) != 0
            count = isDone ? pixels * (hasAlpha ? 4 : 3) : 0
        }
        return isDone ? target : nil
    }

    /// Whether it leads nowhere: colours from all over the space come out as they went in.
    var isStandard: Bool {
        guard channels != 4 else { return false }
        let steps = (0..<18).map { UInt8($0 * 15) }
        let probes =
            channels == 1 ? (0..<256).map { UInt8($0) } : steps.flatMap { r in steps.flatMap { g in steps.flatMap { [r, g, $0] } } }
        guard let found = converted(probes, pixels: probes.count / channels, hasAlpha: false) else { return true }
        let expected = channels == 1 ? probes.flatMap { [$0, $0, $0] } : probes
        return zip(found, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
    }
}
