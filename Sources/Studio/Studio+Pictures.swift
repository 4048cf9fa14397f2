import Analysis
import Engines
import Foundation
import Pixels
import Screening

/// Bytes for somebody to look at, and what they are.
package struct ShownFile: Sendable {
    package let bytes: [UInt8]
    /// `image/png` and the like.
    package let mediaType: String
    /// What such a file is usually called.
    package var fileExtension: String { mediaType == "image/jpeg" ? "jpg" : mediaType.split(separator: "/").last.map(String.init) ?? "png" }
}

extension Studio {
    var files: LibraryFiles { LibraryFiles(library: premises.libraryFolder) }

    /// Keeps a picture that came as bytes, and has it analysed when its turn comes, unless nobody wants that.
    ///
    /// It is decoded once, with the same care as a file, before anything is kept.
    /// - Parameters:
    ///   - name: what the person calls it.
    ///   - isWanted: whether the person wants it among the pictures: one that lies in the bin comes out of it, with what went along.
    ///   - parent: number of the picture that this one was enlarged from.
    /// - Returns: the picture's number, and whether it is new here.
    /// - Throws: `ImageError` where the bytes are no sound picture, ``StudioError/tooManyPixels(name:width:height:)``.
    package func takeIn(
        _ bytes: [UInt8], named name: String, isAnalysed: Bool = true, isWanted: Bool = true, enlargedFrom parent: Int64? = nil
    ) async throws -> (picture: Int64, isNew: Bool) {
        let name = Studio.plainName(name)
        return try await Studio.takingIn.run { [self] in
            let file = try PictureFile(bytes, path: name, stamp: nil)
            guard file.width * file.height <= UploadLimits.pixels else {
                throw StudioError.tooManyPixels(name: name, width: file.width, height: file.height)
            }
            let library = try premises.library()
            // One whose file was changed beside its pixels is the same picture.
            if let known = try library.picture(of: file), (try? self.file(of: known)) != nil {
                var record = NewPicture(sha256: file.sha256, width: file.width, height: file.height, name: name)
                record.enlargedFrom = parent
                _ = try library.record(record)
                if isWanted { try library.restore(picture: known.id) }
                return (known.id, false)
            }
            try keepThumbnail(file)
            let kept = try files.keep(bytes, .pictures, file.sha256, file.format.fileExtension)
            var record = NewPicture(
                sha256: file.sha256, width: file.width, height: file.height, path: kept.standardizedFileURL.path,
                stamp: FileStamp(path: kept.path), name: name)
            record.enlargedFrom = parent
            record.pixels = file.pixelDigest()
            let picture = try library.record(record)
            if isWanted { try library.restore(picture: picture.id) }
            if isAnalysed, try library.latestAnalysis(of: picture.id) == nil {
                try library.want(analysis: JSON.text(AnalysisWish()), of: picture.id)
            }
            return (picture.id, true)
        }
    }

    /// Large pictures take much memory while they are decoded: one after the other. Nothing that is taken in is removed meanwhile.
    static let takingIn = NumericQueue(label: "redraw.uploads", isSerial: true)

    /// Those who only look have theirs decoded two at a time.
    static func showing(_ id: Int64) -> NumericQueue { id % 2 == 0 ? evenShowing : oddShowing }
    private static let evenShowing = NumericQueue(label: "redraw.showing.0", isSerial: true)
    private static let oddShowing = NumericQueue(label: "redraw.showing.1", isSerial: true)

    /// A file's name without folders, and none that is no name.
    static func plainName(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let plain = String(last.unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(120))
        return plain.isEmpty || plain.hasPrefix(".") ? "picture" : plain
    }

    /// Keeps every picture of a folder where it stands, and has those analysed that nobody looked at yet.
    ///
    /// - Parameter onAdded: told the number of each picture that is new.
    package func takeIn(folder: URL, onAdded: @escaping @Sendable (Int64) -> Void = { _ in }) async throws -> FolderReport {
        var report = FolderReport()
        let text = discreetText(besides: [folder])
        let listing = PictureListing([.path(folder.path)])
        defer { listing.abandon() }
        let library = try premises.library()
        while let entry = await listing.next() {
            try Task.checkCancellation()
            switch entry {
            case .problem(let reason): report.passedOver.append(.init(name: folder.lastPathComponent, reason: text.plain(reason)))
            case .picture(let path):
                do {
                    let picture = try await NumericQueue.shared.run { () -> (Int64, Bool) in
                        let file = try PictureFile(path: path)
                        // What a picture's pixels are its analysis tells, where that takes decoding it.
                        let isNew = try library.picture(of: file) == nil
                        let kept = try library.record(file.record)
                        if isNew { try library.want(analysis: JSON.text(AnalysisWish()), of: kept.id) }
                        return (kept.id, isNew)
                    }
                    if picture.1 {
                        report.added += 1
                        onAdded(picture.0)
                    }
                } catch let error as LibraryError where error.place == nil {
                    throw error
                } catch let error as CancellationError {
                    throw error
                } catch {
                    // Whatever is wrong with one file, or of it in the library, even that it was removed meanwhile, does not end the folder.
                    let reason = (error as? ImageError).map { "\($0.cause)" } ?? text.words(of: error)
                    report.passedOver.append(.init(name: URL(fileURLWithPath: path).lastPathComponent, reason: reason))
                }
            }
        }
        return report
    }

    /// The pictures that a filter lets through: how many there are, and those of the page it asks for.
    package func pictures(_ filter: PictureFilter) throws -> (total: Int, pictures: [PictureSummary]) {
        let (total, pictures) = try premises.library().pictures(filter.query)
        return (
            total,
            pictures.map { picture in
                var summary = PictureSummary(picture, isAnalysed: analysing == picture.id)
                summary.damaged = summary.damaged.map(discreetText().plain)
                return summary
            }
        )
    }

    /// - Throws: `LibraryError.noSuchPicture`.
    package func picture(_ id: Int64) throws -> PictureSummary {
        PictureSummary(try premises.library().listedPicture(id: id), isAnalysed: analysing == id)
    }

    /// The file of a picture of the library, wherever it was seen: one that still holds that very picture.
    ///
    /// - Throws: ``StudioError/fileIsGone(picture:)``.
    func file(of picture: PictureRecord) throws -> PictureFile {
        let shelf = LibraryFiles.Shelf.allCases.map { files.folder($0).standardizedFileURL.path }
        // Those of the library's own come first: nobody changes them.
        let paths = picture.paths.filter { path in shelf.contains { path.hasPrefix($0 + "/") } }
        for path in paths + picture.paths {
            guard let file = try? PictureFile(path: path) else { continue }
            if try file.sha256 == picture.sha256 || premises.library().picture(sha256: file.sha256)?.id == picture.id { return file }
        }
        throw StudioError.fileIsGone(picture: "picture \(picture.id)")
    }

    /// A picture's file for a browser: its own bytes where every browser shows them upright, else encoded anew.
    ///
    /// - Parameter side: what the longer side may have at most; nil: as it is.
    package func shown(picture id: Int64, side: Int? = nil) async throws -> ShownFile {
        try await Studio.showing(id).run { [self] in
            try shown(file(of: premises.library().picture(id: id)), side: side)
        }
    }

    func shown(_ file: PictureFile, side: Int?) throws -> ShownFile {
        // Browsers turn a JPEG as its Exif says; of other formats they disagree.
        let isPlain = file.format == .jpeg || [.png, .webp].contains(file.format) && file.orientation == .upright
        if isPlain, side.map({ max(file.width, file.height) <= $0 }) ?? true {
            return ShownFile(bytes: file.bytes, mediaType: file.format.mediaType)
        }
        guard let side else {
            return ShownFile(bytes: try ImageFile.encodePNG(try file.decoded().image), mediaType: "image/png")
        }
        return ShownFile(bytes: try Studio.small(file, side: side), mediaType: "image/jpeg")
    }

    /// A JPEG whose longer side has at most so many pixels.
    private static func small(_ file: PictureFile, side: Int) throws -> [UInt8] {
        let shortSide = max(1, side * min(file.width, file.height) / max(file.width, file.height))
        let image = try file.decoded(targetShortSide: shortSide).image
        let longest = max(image.width, image.height)
        guard longest > side else { return try ImageFile.encodeJPEG(image, quality: 88) }
        let scaled = image.resized(
            width: max(1, image.width * side / longest), height: max(1, image.height * side / longest), filter: .lanczos)
        return try ImageFile.encodeJPEG(scaled, quality: 88)
    }

    /// A small JPEG of the picture, made once and kept.
    package func thumbnail(picture id: Int64) async throws -> ShownFile {
        let picture = try premises.library().picture(id: id)
        let kept = files.file(.thumbnails, picture.sha256, "jpg")
        if let known = await Studio.thumbnail(at: kept) { return known }
        return try await Studio.showing(id).run { [self] in
            ShownFile(bytes: try keepThumbnail(file(of: picture)), mediaType: "image/jpeg")
        }
    }

    /// One that was made before: nobody waits for it behind those that are being made.
    static func thumbnail(at place: URL) async -> ShownFile? {
        try? await NumericQueue.shared.run { ShownFile(bytes: try FileBytes.read(place), mediaType: "image/jpeg") }
    }

    /// Pixels of a thumbnail's longer side.
    package static let thumbnailSide = 320

    @discardableResult
    func keepThumbnail(_ file: PictureFile) throws -> [UInt8] {
        let bytes = try Studio.small(file, side: Studio.thumbnailSide)
        try files.keep(bytes, .thumbnails, file.sha256, "jpg")
        return bytes
    }
}
