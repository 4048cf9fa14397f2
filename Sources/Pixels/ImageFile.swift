#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A picture as read from a file, upright.
package struct DecodedImage: Sendable {
    /// The pixels, upright; smaller than `sourceSize` where decoding was scaled.
    package let image: Image
    /// What the content is, whatever the file is called.
    package let format: ImageFormat
    /// The picture's full size, upright.
    package let sourceSize: PixelSize
    /// PNG's text entries by keyword. For JPEG and WebP the EXIF comment under "UserComment" and a JPEG comment under "Comment":
    /// tools that write their parameters as "parameters" into PNG write them as UserComment there; ComfyUI its graphs as "Make" and "Model".
    package let text: [String: String]
    /// The EXIF block as stored. Its orientation has been applied to `image` already.
    package let exif: Data?
}

/// Pictures in files: PNG, JPEG, WebP, HEIC, AVIF, GIF, BMP and TIFF, recognised by content.
package enum ImageFile {
    /// What a file says about its picture without decoding it.
    package struct Header: Sendable, Equatable {
        package let format: ImageFormat
        /// Upright.
        package let size: PixelSize
        /// How the file's pixels lie; `upright` where it does not tell.
        package internal(set) var orientation = Orientation.upright
        package var width: Int { size.width }
        package var height: Int { size.height }
    }

    /// Reads and decodes a file.
    ///
    /// - Parameter targetShortSide: the shorter side that the caller will shrink the picture to. A JPEG may then be decoded at a half,
    ///   a quarter or an eighth of its size, and another picture of more than `ImageLimits.wholePixels` made smaller while it is read, never
    ///   below twice this; the full picture is not held in memory.
    /// - Throws: `ImageError.tooLargeAtOnce` where a target is named, and the picture can only be decoded whole and is too large for that.
    package static func decode(contentsOf url: URL, targetShortSide: Int? = nil) throws(ImageError) -> DecodedImage {
        try named(url) { () throws(ImageError) in try decode(FileBytes.read(url), targetShortSide: targetShortSide) }
    }

    /// Decodes a file's bytes.
    package static func decode(_ bytes: [UInt8], targetShortSide: Int? = nil) throws(ImageError) -> DecodedImage {
        try decode(bytes, targetShortSide: targetShortSide, wholeUpTo: ImageLimits.wholePixels)
    }

    /// Decodes a file's bytes, and makes a picture smaller on the way that has more pixels than `whole`.
    package static func decode(_ bytes: [UInt8], targetShortSide: Int?, wholeUpTo whole: Int) throws(ImageError) -> DecodedImage {
        func divisor(_ size: PixelSize) -> Int { BoxShrinking.divisor(of: size, shortSide: targetShortSide, wholeUpTo: whole) }
        guard bytes.count <= ImageLimits.fileBytes else { throw .fileTooLarge(bytes: bytes.count) }
        switch try Signature.format(of: bytes) {
        case .png:
            let size = try PNGFile.header(of: bytes).size
            let image = try PNGFile.decode(bytes, shrinkingBy: divisor(size)).inStandardColours(colours(of: bytes, .png)).image
            let text = pngText(of: bytes)
            return decoded(image, .png, sourceSize: size, text: text, exif: PNGFile.exif(of: bytes, text: text))
        case .jpeg:
            let header = try JPEGFile.header(of: bytes)
            let shortSide = targetShortSide.map { min($0, ImageLimits.longestSide) * 2 }
            let decoded = try JPEGFile.decode(bytes, header: header, atLeastShortSide: shortSide, coefficientsUpTo: whole * 3)
            // Inks were brought to sRGB with the decoding.
            let image = header.components == 4 ? decoded : decoded.inStandardColours(ColourProfile.ofJPEG(header.profile)).image
            return Self.decoded(image, .jpeg, sourceSize: header.size, text: text(of: header), exif: header.exif)
        case .webp:
            let size = try WebPFile.header(of: bytes).size
            let image = try WebPFile.decode(bytes, shrinkingBy: divisor(size)).inStandardColours(colours(of: bytes, .webp)).image
            let exif = WebPFile.chunk("EXIF", of: bytes)
            return decoded(image, .webp, sourceSize: size, text: webpText(of: bytes), exif: exif)
        case .heic, .avif:
            let format = try Signature.format(of: bytes)
            let header = try HEIFFile.header(of: bytes, format)
            let image = try HEIFFile.decode(bytes, format, shrinkingBy: divisor(header.size)).inStandardColours(header.profile).image
            return DecodedImage(
                image: image, format: format, sourceSize: header.size, text: heifText(header), exif: header.exif.map { Data($0) })
        case .gif:
            let size = try GIFFile.size(of: bytes)
            return decoded(try GIFFile.decode(bytes, shrinkingBy: divisor(size)), .gif, sourceSize: size, text: [:], exif: nil)
        case .bmp:
            let size = try BMPFile.size(of: bytes)
            return decoded(try BMPFile.decode(bytes, shrinkingBy: divisor(size)), .bmp, sourceSize: size, text: [:], exif: nil)
        case .tiff:
            let header = try TIFFFile.header(of: bytes)
            let image = try TIFFFile.decode(bytes, shrinkingBy: divisor(header.size)).inStandardColours(header.profile).image
            let orientation = Exif(bytes).orientation ?? .upright
            return DecodedImage(
                image: image.upright(from: orientation), format: .tiff, sourceSize: header.size.upright(from: orientation),
                text: tiffText(header, bytes), exif: nil)
        }
    }

    private static func colours(of bytes: [UInt8], _ format: ImageFormat) -> ColourProfile? {
        switch format {
        case .png: ColourProfile.ofPNG(bytes)
        case .webp: WebPFile.chunk("ICCP", of: bytes).map { .icc($0) }
        case .jpeg: (try? JPEGFile.header(of: bytes)).flatMap { ColourProfile.ofJPEG($0.profile) }
        case .heic, .avif: (try? HEIFFile.header(of: bytes, format))?.profile
        case .tiff: (try? TIFFFile.header(of: bytes))?.profile
        case .gif, .bmp: nil
        }
    }

    /// Why a file's colour profile is not heeded; nil where it is, or where there is none.
    static func unreadColours(of bytes: [UInt8]) -> String? {
        guard let format = try? Signature.format(of: bytes), let profile = colours(of: bytes, format) else { return nil }
        let channels = format == .jpeg ? (try? JPEGFile.header(of: bytes))?.components ?? 3 : 3
        if case .unreadable(let reason) = profile { return reason }
        if ColourWay(profile, channels: channels) != nil || channels == 3 && ColourWay(profile, channels: 1) != nil { return nil }
        return "it is damaged or of other colours"
    }

    private static func tiffText(_ header: TIFFFile.Header, _ bytes: [UInt8]) -> [String: String] {
        var result = text(exif: bytes)
        if let xmp = header.xmp { result[xmpKey] = String(decoding: xmp, as: UTF8.self) }
        return result
    }

    private static func heifText(_ header: HEIFFile.Header) -> [String: String] {
        var result = text(exif: header.exif)
        if let xmp = header.xmp { result[xmpKey] = String(decoding: xmp, as: UTF8.self) }
        return result
    }

    /// Format and upright size from a file's header.
    package static func size(of url: URL) throws(ImageError) -> Header {
        try named(url) { () throws(ImageError) in try size(of: FileBytes.read(url)) }
    }

    /// Format and upright size from a file's bytes.
    package static func size(of bytes: [UInt8]) throws(ImageError) -> Header {
        func upright(_ format: ImageFormat, _ size: PixelSize, _ exif: [UInt8]?) -> Header {
            let orientation = exif.flatMap { Exif($0).orientation } ?? .upright
            return Header(format: format, size: size.upright(from: orientation), orientation: orientation)
        }
        switch try Signature.format(of: bytes) {
        case .png:
            let size = try PNGFile.header(of: bytes).size
            let exif = PNGFile.exif(of: bytes, text: [:]) ?? PNGFile.exif(of: bytes, text: PNGTexts(of: bytes).entries)
            return upright(.png, size, exif)
        case .jpeg:
            let header = try JPEGFile.header(of: bytes)
            return upright(.jpeg, header.size, header.exif)
        case .webp:
            return upright(.webp, try WebPFile.header(of: bytes).size, WebPFile.chunk("EXIF", of: bytes))
        case .heic, .avif:
            // libheif turns the picture itself.
            let format = try Signature.format(of: bytes)
            return Header(format: format, size: try HEIFFile.header(of: bytes, format).size)
        case .gif: return Header(format: .gif, size: try GIFFile.size(of: bytes))
        case .bmp: return Header(format: .bmp, size: try BMPFile.size(of: bytes))
        // A TIFF file is built as an EXIF block is.
        case .tiff: return upright(.tiff, try TIFFFile.header(of: bytes).size, bytes)
        }
    }

    /// The text a file carries, as in `DecodedImage.text`, without decoding its pixels.
    package static func text(of url: URL) throws(ImageError) -> [String: String] {
        try named(url) { () throws(ImageError) in try text(of: FileBytes.read(url)) }
    }

    /// The text a file's bytes carry.
    package static func text(of bytes: [UInt8]) throws(ImageError) -> [String: String] {
        switch try Signature.format(of: bytes) {
        case .png: pngText(of: bytes)
        case .jpeg: text(of: try JPEGFile.header(of: bytes))
        case .webp: webpText(of: bytes)
        case .heic, .avif: heifText(try HEIFFile.header(of: bytes, try Signature.format(of: bytes)))
        case .tiff: tiffText(try TIFFFile.header(of: bytes), bytes)
        case .gif, .bmp: [:]
        }
    }

    /// What an XMP packet is called among the texts, whatever the file is; PNG's own keyword for it.
    package static let xmpKey = "XML:com.adobe.xmp"

    private static func webpText(of bytes: [UInt8]) -> [String: String] {
        var result = text(exif: WebPFile.chunk("EXIF", of: bytes))
        if let xmp = WebPFile.chunk("XMP ", of: bytes) { result[xmpKey] = String(decoding: xmp, as: UTF8.self) }
        return result
    }

    /// Texts that a file carries and that are not read, in words; nearly always none.
    package static func unreadTexts(of bytes: [UInt8]) throws(ImageError) -> [String] {
        var notes: [String] = []
        let exif: [UInt8]?
        switch try Signature.format(of: bytes) {
        case .png:
            notes = PNGTexts(of: bytes).notes
            if PNGFile.isAnimated(bytes) { notes.append("an animation's pictures but for the first") }
            if let lack = PNGFile.lack(bytes) { notes.append(lack) }
            exif = PNGFile.exif(of: bytes, text: [:])
        case .jpeg:
            let header = try JPEGFile.header(of: bytes)
            if JPEGFile.end(of: bytes, after: header.firstScan) == nil { notes.append("what it lacks: the file ends early") }
            exif = header.exif
        case .webp:
            exif = WebPFile.chunk("EXIF", of: bytes)
            if try WebPFile.isAnimated(bytes) { notes.append("an animation's pictures but for the first") }
        case .heic, .avif:
            let header = try HEIFFile.header(of: bytes, try Signature.format(of: bytes))
            exif = header.exif
            if header.pictures > 1 { notes.append("\(header.pictures - 1) more pictures") }
        case .gif:
            exif = nil
            if GIFFile.pictures(in: bytes) > 1 { notes.append("an animation's pictures but for the first") }
        case .bmp: exif = nil
        case .tiff:
            exif = bytes
            let pictures = try TIFFFile.header(of: bytes).pictures
            if pictures > 1 { notes.append("\(pictures - 1) more \(pictures == 2 ? "page" : "pages")") }
        }
        if let reason = unreadColours(of: bytes) { notes.append("its colour profile (\(reason)): its colours are taken as sRGB") }
        if let characters = exif.flatMap({ Exif($0).unreadCommentCharacters }) {
            notes.append("its EXIF comment is in \(characters), which is not read")
        }
        return notes
    }

    /// A text in the lowest bits of a file's pixels (`StealthText`); nil for none, for formats that do not keep bits, and for pictures of
    /// more than `ImageLimits.wholePixels`, which no tool that writes such texts makes.
    package static func stealthText(of bytes: [UInt8]) -> String? {
        guard let header = try? size(of: bytes), header.size.pixelCount <= ImageLimits.wholePixels else { return nil }
        switch header.format {
        case .png:
            // Whether there is a text its first columns tell.
            guard let stored = try? PNGFile.header(of: bytes).size,
                let begin = try? PNGFile.firstColumns(StealthText.columns(ofHeight: stored.height), of: bytes),
                StealthText.mayBegin(in: begin)
            else { return nil }
            return (try? PNGFile.decode(bytes)).flatMap { StealthText.find(in: $0) }
        case .webp:
            return bytes.says("VP8L", at: 12) || WebPFile.chunk("VP8L", of: bytes) != nil
                ? (try? WebPFile.decode(bytes)).flatMap { StealthText.find(in: $0) } : nil
        case .jpeg, .heic, .avif, .gif, .bmp, .tiff: return nil
        }
    }

    /// A PNG's entries, and the comment of its EXIF block, where newer tools leave theirs.
    private static func pngText(of bytes: [UInt8]) -> [String: String] {
        let entries = PNGTexts(of: bytes).entries
        guard let exif = PNGFile.exif(of: bytes, text: entries) else { return entries }
        return entries.merging(text(exif: exif)) { entry, _ in entry }
    }

    private static func decoded(
        _ image: Image, _ format: ImageFormat, sourceSize: PixelSize, text: [String: String], exif: [UInt8]?
    ) -> DecodedImage {
        let orientation = exif.flatMap { Exif($0).orientation } ?? .upright
        return DecodedImage(
            image: image.upright(from: orientation), format: format, sourceSize: sourceSize.upright(from: orientation), text: text,
            exif: exif.map { Data($0) })
    }

    private static func text(of header: JPEGFile.Header) -> [String: String] {
        var result = text(exif: header.exif)
        if let xmp = header.xmp { result[xmpKey] = String(decoding: xmp, as: UTF8.self) }
        if let comment = header.comment { result["Comment"] = String(decoding: comment, as: UTF8.self) }
        return result
    }

    private static func text(exif: [UInt8]?) -> [String: String] {
        var result: [String: String] = [:]
        if let exif {
            let entries = Exif(exif)
            result["UserComment"] = entries.userComment
            result["ImageDescription"] = entries.imageDescription
            result["Software"] = entries.software
            // What a camera is called is no text about the picture; a graph that stands there is.
            for (key, text) in [("Make", entries.make), ("Model", entries.model)] {
                if let text, ["prompt:", "workflow:"].contains(where: { text.lowercased().hasPrefix($0) }) { result[key] = text }
            }
        }
        return result
    }

    /// Adds the file's path to an error.
    private static func named<R>(_ url: URL, _ body: () throws(ImageError) -> R) throws(ImageError) -> R {
        do throws(ImageError) {
            return try body()
        } catch {
            throw .inFile(path: url.path, error)
        }
    }
}

extension ImageFile {
    /// A PNG's bytes. Latin-1 text becomes tEXt, other text iTXt.
    ///
    /// - Parameter compression: zlib's level, 0 (none) to 9 (slowest).
    package static func encodePNG(_ image: Image, text: [(String, String)] = [], compression: Int = 3) throws(ImageError) -> [UInt8] {
        try PNGFile.encode(image, text: text, compression: compression)
    }

    /// A JPEG's bytes; alpha is laid over white.
    ///
    /// - Parameters:
    ///   - quality: 1 to 100.
    ///   - fullChroma: colour at full resolution (4:4:4) instead of half (4:2:0).
    ///   - text: goes into the EXIF comment; beyond 32,000 characters, which EXIF cannot hold, it is left out.
    package static func encodeJPEG(
        _ image: Image, quality: Int = 92, fullChroma: Bool = false, text: [(String, String)] = []
    ) throws(ImageError) -> [UInt8] {
        let encoded = try JPEGFile.encode(image, quality: quality, fullChroma: fullChroma)
        return text.isEmpty ? encoded : JPEGFile.adding(exif: Exif.block(userComment: comment(of: text)), to: encoded)
    }

    /// A WebP's bytes.
    ///
    /// - Parameter quality: 0 to 100; lossless output ignores it.
    package static func encodeWebP(
        _ image: Image, lossless: Bool = false, quality: Int = 90, text: [(String, String)] = []
    ) throws(ImageError) -> [UInt8] {
        let encoded = try WebPFile.encode(image, lossless: lossless, quality: quality)
        return text.isEmpty ? encoded : WebPFile.adding(exif: Exif.block(userComment: comment(of: text)), to: encoded, size: image.size)
    }

    /// Writes the picture in the format that the file's extension names: whole or not at all.
    ///
    /// - Parameters:
    ///   - text: PNG's text entries; JPEG and WebP keep them in the EXIF comment.
    ///   - replacing: whether the file takes the place of one of that name; where not, `ImageError.exists` is thrown, even where the
    ///     other one came up while this one was written.
    package static func write(
        _ image: Image, to url: URL, text: [(String, String)] = [], lossless: Bool = false, replacing: Bool = true
    ) throws(ImageError) {
        try named(url) { () throws(ImageError) in
            guard let format = ImageFormat(fileExtension: url.pathExtension) else { throw .unknownExtension(url.pathExtension) }
            let encoded =
                switch format {
                case .png: try encodePNG(image, text: text)
                case .jpeg: try encodeJPEG(image, text: text)
                case .webp: try encodeWebP(image, lossless: lossless, text: text)
                case .heic, .avif, .gif, .bmp, .tiff: throw .unknownExtension(url.pathExtension)
                }
            try FileBytes.write(encoded, to: url, replacing: replacing)
        }
    }

    /// What goes into the one comment that EXIF has: the entry "parameters" where there is one, or else all of them, a line each.
    private static func comment(of text: [(String, String)]) -> String {
        text.first { $0.0 == "parameters" }?.1 ?? text.map { "\($0.0): \($0.1)" }.joined(separator: "\n")
    }
}
