import CTurboJPEG

/// Reading and writing JPEG through libjpeg-turbo.
enum JPEGFile {
    /// What the segments before the first scan say.
    struct Header {
        var size = PixelSize(width: 0, height: 0)
        var components = 0
        /// Where the first scan's data begin.
        var firstScan = 0
        /// Bytes of the coefficients that libjpeg holds of the whole picture, as it does where a scan is not all of it; else 0.
        var coefficients = 0
        var exif: [UInt8]?
        var comment: [UInt8]?
        /// The packet of an APP1 segment, without its name.
        var xmp: [UInt8]?
        /// What the APP13 segments of Photoshop hold together, without their names.
        var photoshop: [UInt8]?
        fileprivate var isProgressive = false
        /// Parts of an ICC profile, from APP2 segments.
        var profile: [(number: Int, of: Int, content: ArraySlice<UInt8>)] = []
    }

    static let xmpName = "http://ns.adobe.com/xap/1.0/\0"
    static let photoshopName = "Photoshop 3.0\0"

    /// Walks the segments up to the first scan; the size is checked against the limits.
    static func header(of bytes: [UInt8]) throws(ImageError) -> Header {
        var header = Header()
        var position = 2
        while true {
            guard position < bytes.count else { throw .truncated(.jpeg) }
            // Between segments, anything but a marker is skipped, as libjpeg does.
            guard bytes[position] == 0xFF else {
                position += 1
                continue
            }
            while position < bytes.count && bytes[position] == 0xFF { position += 1 }
            guard position < bytes.count else { throw .truncated(.jpeg) }
            let marker = bytes[position]
            position += 1
            if marker == 0 || marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            if marker == 0xD9 { throw .truncated(.jpeg) }
            guard let length = bytes.number16(at: position, bigEndian: true) else { throw .truncated(.jpeg) }
            guard length >= 2 else { throw .damaged(.jpeg, reason: "a segment is \(length) bytes long") }
            guard length <= bytes.count - position else { throw .truncated(.jpeg) }
            let content = position + 2
            switch marker {
            case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
                try readFrame(bytes, at: content, length: length, marker: marker, into: &header)
            case 0xE1 where length >= 8 && bytes.says("Exif\0\0", at: content) && header.exif == nil:
                header.exif = Array(bytes[content..<position + length])
            case 0xE1 where length >= 2 + xmpName.utf8.count && bytes.says(xmpName, at: content) && header.xmp == nil:
                header.xmp = Array(bytes[content + xmpName.utf8.count..<position + length])
            case 0xE2 where bytes.says("ICC_PROFILE\0", at: content) && length >= 16:
                let part = bytes[(content + 14)..<(position + length)]
                header.profile.append((Int(bytes[content + 12]), Int(bytes[content + 13]), part))
            case 0xED where length >= 2 + photoshopName.utf8.count && bytes.says(photoshopName, at: content):
                header.photoshop = (header.photoshop ?? []) + bytes[content + photoshopName.utf8.count..<position + length]
            case 0xFE:
                header.comment = Array(bytes[content..<position + length])
            case 0xDA:
                guard header.components > 0 else { throw .damaged(.jpeg, reason: "a scan comes before the frame") }
                header.firstScan = position + length
                // A scan of all components leaves nothing of the picture to a later one, where it is not progressive.
                if !header.isProgressive, content < bytes.count, Int(bytes[content]) == header.components { header.coefficients = 0 }
                return header
            default: break
            }
            position += length
        }
    }

    private static func readFrame(
        _ bytes: [UInt8], at start: Int, length: Int, marker: UInt8, into header: inout Header
    ) throws(ImageError) {
        guard length >= 8, let height = bytes.number16(at: start + 1, bigEndian: true),
            let width = bytes.number16(at: start + 3, bigEndian: true)
        else { throw .damaged(.jpeg, reason: "its frame header is too short") }
        // Arithmetic coding decodes on and on after its data end, without a word: nobody could tell a truncated file from a whole one.
        guard [0xC0, 0xC1, 0xC2].contains(marker) else {
            throw .unsupportedFeature(.jpeg, feature: "lossless, hierarchical or arithmetic coding")
        }
        guard bytes[start] == 8 else { throw .unsupportedFeature(.jpeg, feature: "\(bytes[start]) bits a sample") }
        header.size = PixelSize(width: width, height: height)
        try header.size.check(.jpeg)
        header.components = Int(bytes[start + 5])
        guard [1, 3, 4].contains(header.components) else {
            throw .unsupportedFeature(.jpeg, feature: "\(header.components) colour components")
        }
        header.isProgressive = marker == 0xC2
        // A number of components, then three bytes for each; the second has how often it is sampled across and down.
        let samplings = (0..<header.components).compactMap { component -> (across: Int, down: Int)? in
            let place = start + 6 + component * 3 + 1
            guard place < bytes.count else { return nil }
            return (max(1, Int(bytes[place] >> 4)), max(1, Int(bytes[place] & 15)))
        }
        let most = (samplings.map(\.across).max() ?? 1) * (samplings.map(\.down).max() ?? 1)
        header.coefficients = samplings.reduce(0) { $0 + header.size.pixelCount * $1.across * $1.down / most * 2 }
    }

    /// Decodes at full size, or at a half, a quarter or an eighth where the shorter side then still has `shortSide` pixels.
    ///
    /// - Parameter coefficients: bytes of them that libjpeg may hold of a picture that is made smaller. Where it would hold more and an eighth
    ///   is enough, the means of its blocks are read instead.
    static func decode(
        _ bytes: [UInt8], header: Header, atLeastShortSide shortSide: Int?, coefficientsUpTo coefficients: Int = .max
    ) throws(ImageError) -> Image {
        // Huffman coding spends at least a bit on a block of 64 samples: a shorter file cannot hold its picture.
        guard bytes.count >= header.size.pixelCount / (64 * 8) || TruncatedFiles.areAccepted else { throw .truncated(.jpeg) }
        let size = scaled(header.size, atLeastShortSide: shortSide)
        if shortSide != nil, header.coefficients > coefficients {
            // One that was cut off is read by libjpeg, as far as it goes.
            if size.width == (header.size.width + 7) / 8, size.height == (header.size.height + 7) / 8, !TruncatedFiles.areAccepted,
                let means = try JPEGMeans.decode(bytes, header.size)
            {
                return means
            }
            try header.size.check(.jpeg, takingAtOnce: header.coefficients)
        }
        let image = try Image(width: size.width, height: size.height, channels: header.components) { pixels throws(ImageError) in
            try fill(pixels, size: size, header: header, from: bytes)
        }
        guard header.components == 4 else { return image }
        if let profile = ColourProfile.ofJPEG(header.profile), let way = ColourWay(profile, channels: 4),
            let colours = way.converted(image.bytes, pixels: image.width * image.height, hasAlpha: false)
        {
            return Image(width: image.width, height: image.height, channels: 3, bytes: colours)
        }
        return colours(ofInvertedCMYK: image)
    }

    static func scaled(_ size: PixelSize, atLeastShortSide shortSide: Int?) -> PixelSize {
        guard let shortSide else { return size }
        for divisor in [8, 4, 2] {
            let smaller = PixelSize(width: (size.width + divisor - 1) / divisor, height: (size.height + divisor - 1) / divisor)
            if smaller.shortSide >= shortSide { return smaller }
        }
        return size
    }

    /// Behind the end marker that the scans lead to; nil where they lead to none.
    static func end(of bytes: [UInt8], after firstScan: Int) -> Int? {
        var position = firstScan
        while position < bytes.count - 1 {
            let marker = bytes[position + 1]
            if bytes[position] != 0xFF || marker == 0 || marker == 0xFF || (0xD0...0xD7).contains(marker) {
                position += 1
            } else if marker == 0xD9 {
                return position + 2
            } else {
                position += 2 + (bytes.number16(at: position + 2, bigEndian: true) ?? 0)
            }
        }
        return nil
    }

    /// Warnings over something that leaves the picture whole.
    private static func isHarmless(_ warning: String) -> Bool {
        // Some telephones write a scan's parameters wrongly; what is decoded follows the frame.
        ["extraneous bytes", "Adobe color transform", "JFIF revision", "Inconsistent progression", "Invalid SOS parameters"].contains {
            warning.contains($0)
        }
    }

    private static func isEarlyEnd(_ message: String) -> Bool {
        let lowered = message.lowercased()
        return lowered.contains("premature end") || lowered.contains("input file is empty")
    }

    private static func fill(
        _ pixels: UnsafeMutablePointer<UInt8>, size: PixelSize, header: Header, from bytes: [UInt8]
    ) throws(ImageError) {
        var message = [CChar](repeating: 0, count: Int(REDRAW_JPEG_MESSAGE_CAPACITY))
        func decode(stoppingOnWarning: Bool) -> redraw_jpeg_outcome {
            bytes.withUnsafeBufferPointer { buffer in
                redraw_jpeg_decode(
                    buffer.baseAddress, buffer.count, pixels, Int32(size.width), Int32(size.height), Int32(header.components),
                    stoppingOnWarning ? 1 : 0, &message)
            }
        }
        // The first warning ends it; where that was a harmless one, the picture is decoded once more without stopping.
        // libjpeg speaks of its first warning only, so whether the file then ends early is for us to see.
        var outcome = decode(stoppingOnWarning: true)
        if outcome != REDRAW_JPEG_DECODED && isHarmless(spoken(message)) {
            guard end(of: bytes, after: header.firstScan) != nil || TruncatedFiles.areAccepted else { throw .truncated(.jpeg) }
            outcome = decode(stoppingOnWarning: false)
        }
        if outcome != REDRAW_JPEG_DECODED, isEarlyEnd(spoken(message)), TruncatedFiles.areAccepted {
            outcome = decode(stoppingOnWarning: false)
        }
        let reason = spoken(message)
        switch outcome {
        case REDRAW_JPEG_DECODED: return
        // What is missing libjpeg made grey.
        case REDRAW_JPEG_WARNED where TruncatedFiles.areAccepted && isEarlyEnd(reason): return
        case REDRAW_JPEG_WARNED where isHarmless(reason): return
        default:
            if isEarlyEnd(reason) { throw .truncated(.jpeg) }
            throw .damaged(.jpeg, reason: reason)
        }
    }

    /// RGB of the CMYK that Adobe's programs store inverted; every CMYK JPEG is taken to be so, as Pillow does.
    private static func colours(ofInvertedCMYK image: Image) -> Image {
        image.bytes.withUnsafeBufferPointer { source in
            Image(width: image.width, height: image.height, channels: 3) { target in
                for i in 0..<image.width * image.height {
                    let white = source[i * 4 + 3]
                    for c in 0..<3 {
                        target[i * 3 + c] = white &- min(white, multiplyDividing255(255 &- source[i * 4 + c], white))
                    }
                }
            }
        }
    }

    /// JPEG's own limit on a side.
    private static let longestSide = 65_500

    static func encode(_ image: Image, quality: Int, fullChroma: Bool) throws(ImageError) -> [UInt8] {
        guard image.width <= longestSide && image.height <= longestSide else {
            throw .cannotEncode(.jpeg, width: image.width, height: image.height, limit: "at most \(longestSide) pixels a side; save as PNG")
        }
        let opaque = image.channels == 4 ? image.rgb() : image
        var count = 0
        var message = [CChar](repeating: 0, count: Int(REDRAW_JPEG_MESSAGE_CAPACITY))
        let encoded = opaque.bytes.withUnsafeBufferPointer { pixels in
            redraw_jpeg_encode(
                pixels.baseAddress, Int32(opaque.width), Int32(opaque.height), Int32(opaque.channels), Int32(max(1, min(100, quality))),
                fullChroma ? 1 : 0, &count, &message)
        }
        guard let encoded else {
            throw .damaged(.jpeg, reason: spoken(message))
        }
        defer { redraw_jpeg_free(encoded) }
        return Array(UnsafeBufferPointer(start: encoded, count: count))
    }
}
