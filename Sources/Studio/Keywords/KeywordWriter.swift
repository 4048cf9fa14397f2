import Foundation
import Glibc
import Pixels
import Screening

/// Why keywords were not written.
package enum KeywordError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case notEmbeddable(path: String, format: String)
    case tooLong(path: String, bytes: Int)
    case sharedName(picture: String, file: String, with: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): \(reason); it was left as it is"
        case .tooLong(let path, let bytes):
            "\(path): its XMP would be \(bytes) bytes long, and a JPEG takes \(ImageFile.longestPacketOfJPEG); write a sidecar, without --embed"
        case .sharedName(let picture, let file, let other):
            "\(picture): its sidecar \(file) is that of \(other), too; leave --stem out, or rename one of the two pictures"
        case .notEmbeddable(let path, let format):
            "\(path): keywords are embedded in JPEG, PNG and WebP, not in \(format); write a sidecar, without --embed"
        }
    }
}

extension Studio {
    /// Longest sidecar that is read, in bytes; real ones have some tens of thousands.
    private static let longestSidecar = 16 << 20

    /// Brings the keywords of a picture, in its sidecar or in the file itself, to its approved tags.
    ///
    /// A picture that was changed so stays the same one for the library: its pixels are.
    ///
    /// - Parameters:
    ///   - path: the picture's file.
    ///   - owners: which pictures the sidecars of this call are of.
    /// - Throws: ``KeywordError``, `ImageError`; ``StudioError/neverAnalysed(path:)``.
    package func writeKeywords(of path: String, _ form: KeywordForm, owners: SidecarOwners = SidecarOwners()) throws -> KeywordReport {
        // A link stays one: the file it leads to is what is written.
        let place = ScreeningDesk.storedPath(path)
        let url = URL(fileURLWithPath: SystemPath.resolved(place) ?? place)
        let file = try PictureFile(path: url.path)
        let library = try premises.library()
        guard let picture = try library.picture(of: file) else { throw StudioError.neverAnalysed(path: path) }
        let lists = form.lists(try library.suggestions(of: picture.id))
        func sidecar(_ place: URL) throws -> KeywordReport {
            if let other = owners.other(than: url.path, of: place.path) {
                throw KeywordError.sharedName(picture: path, file: place.lastPathComponent, with: other)
            }
            return try self.sidecar(place, path, lists)
        }
        switch form.place {
        case .beside: return try sidecar(url.appendingPathExtension("xmp"))
        case .stem: return try sidecar(url.deletingPathExtension().appendingPathExtension("xmp"))
        case .embedded: return try embed(lists, in: file, at: url, path, picture, library)
        }
    }

    /// Keywords of every picture that a listing gives, in its order.
    package func keywords(
        _ listing: PictureListing, _ form: KeywordForm
    ) -> AsyncThrowingStream<Result<KeywordReport, UnreadFile>, any Error> {
        let owners = SidecarOwners()
        return each(of: listing) { try self.writeKeywords(of: $0, form, owners: owners) }
    }

    private typealias Lists = [(list: KeywordPacket.Property, ours: KeywordPacket.Property, wanted: [String])]

    private func packet(_ text: String?, path: String) throws(KeywordError) -> KeywordPacket {
        guard let text else { return KeywordPacket() }
        do {
            return try KeywordPacket(text)
        } catch {
            let reason =
                switch error {
                case .cutOff: "its XMP is cut off"
                case .strayEnd(let name): "its XMP makes no sense at \"\(name.prefix(40))\""
                case .ownEntities: "its XMP has entities of its own, which are not read"
                case .tooDeep: "its XMP is nested too deep"
                case .noText: "it holds no XMP"
                }
            throw .unreadable(path: path, reason: reason)
        }
    }

    private func sidecar(_ place: URL, _ path: String, _ lists: Lists) throws -> KeywordReport {
        var standing: String?
        if OutputPlaces.isTaken(place) {
            let bytes: [UInt8]
            do {
                bytes = try FileBytes.read(place)
            } catch {
                throw ImageError.inFile(path: place.path, error)
            }
            guard bytes.count <= Self.longestSidecar else {
                throw KeywordError.unreadable(path: place.path, reason: "it is too long for a sidecar")
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw KeywordError.unreadable(path: place.path, reason: "it is not in UTF-8")
            }
            standing = text
        }
        let packet = try packet(standing, path: place.path)
        let before = packet.text
        let (ours, others) = packet.bring(lists)
        func report(_ state: KeywordReport.State) -> KeywordReport {
            KeywordReport(picture: path, file: place.path, keywords: ours, others: others, state: state)
        }
        if packet.text == before { return report(ours.isEmpty ? .empty : .same) }
        if packet.isEmpty {
            guard place.path.withSystemPath({ unlink($0) }) == 0 else {
                throw KeywordError.unreadable(path: place.path, reason: String(cString: strerror(errno)))
            }
            return report(.removed)
        }
        try write(Array(packet.text.utf8), to: place, replacing: standing != nil)
        return report(.written)
    }

    private func embed(
        _ lists: Lists, in file: PictureFile, at place: URL, _ path: String, _ picture: PictureRecord, _ library: Library
    ) throws -> KeywordReport {
        guard ImageFile.packetFormats.contains(file.format) else {
            throw KeywordError.notEmbeddable(path: path, format: file.format.description)
        }
        let packet = try packet(try ImageFile.xmp(of: file.bytes), path: path)
        let before = packet.text
        let (ours, others) = packet.bring(lists)
        func report(_ state: KeywordReport.State) -> KeywordReport {
            KeywordReport(picture: path, file: place.path, keywords: ours, others: others, state: state)
        }
        var bytes = file.bytes
        if file.format == .jpeg { bytes = try bringIPTC(to: lists[0].wanted, packet, bytes, path) }
        if packet.text == before, bytes == file.bytes { return report(ours.isEmpty ? .empty : .same) }
        guard file.format != .jpeg || packet.text.utf8.count <= ImageFile.longestPacketOfJPEG else {
            throw KeywordError.tooLong(path: path, bytes: packet.text.utf8.count)
        }
        if packet.text != before {
            bytes = try ImageFile.replacing(xmp: packet.isEmpty ? nil : Array(packet.text.utf8), in: bytes)
        }
        // The library knows the picture by its file's digest: told before, so that no moment knows neither.
        try library.note(alias: bytes.sha256, of: picture.id)
        try write(bytes, to: place, replacing: true)
        return report(.written)
    }

    /// The JPEG with the keywords in its IPTC record, too, which older programs read; the packet notes which of them are Redraw's.
    private func bringIPTC(to wanted: [String], _ packet: KeywordPacket, _ bytes: [UInt8], _ path: String) throws -> [UInt8] {
        let standing = try ImageFile.photoshopBlock(of: bytes)
        let mark = KeywordPacket.Property.ours("iptcKeywords")
        guard let before = standing.map({ PhotoshopBlock($0) }) ?? PhotoshopBlock() else {
            throw KeywordError.unreadable(path: path, reason: "its Photoshop block is damaged (a sidecar, without --embed, needs none)")
        }
        var block = before
        guard let ours = block.bring(packet.items(mark), to: wanted) else {
            throw KeywordError.unreadable(path: path, reason: "its IPTC record is damaged (a sidecar, without --embed, needs none)")
        }
        packet.set(mark, to: ours)
        return block == before ? bytes : try ImageFile.replacing(photoshopBlock: block.bytes, in: bytes)
    }

    /// Writes beside and renames; the file keeps its permissions.
    private func write(_ bytes: [UInt8], to place: URL, replacing: Bool) throws {
        var status = stat()
        let mode = place.path.withSystemPath({ stat($0, &status) }) == 0 ? status.st_mode & 0o7777 : nil
        do {
            try FileBytes.write(bytes, to: place, replacing: replacing)
        } catch {
            throw ImageError.inFile(path: place.path, error)
        }
        if let mode { _ = place.path.withSystemPath { chmod($0, mode) } }
    }
}
