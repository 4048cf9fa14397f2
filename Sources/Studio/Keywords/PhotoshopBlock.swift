import Digests

/// What programs keep in a JPEG's Photoshop segments: numbered resources, one of which holds the IPTC record (Adobe Photoshop File Formats
/// Specification, "Image Resource Blocks"). All of them stay as they are, but for that one and its digest.
package struct PhotoshopBlock: Equatable {
    private struct Resource: Equatable {
        /// `8BIM`, or another program's.
        var signature: [UInt8]
        var id: UInt16
        /// A length, so many characters, and a zero where that makes their number even.
        var name: [UInt8]
        var content: [UInt8]

        init(_ id: UInt16, _ content: [UInt8]) {
            (signature, self.id, name, self.content) = (Array("8BIM".utf8), id, [0, 0], content)
        }
    }

    private static let iptc: UInt16 = 0x0404
    /// MD5 of the IPTC record as it was when the XMP packet said the same: readers that find another digest believe the record rather than the
    /// packet (Metadata Working Group, Guidelines for Handling Image Metadata 2.0).
    private static let iptcDigest: UInt16 = 0x0425
    private static let signatures = ["8BIM", "PHUT", "DCSR", "AgHg", "MeSa"].map { Array($0.utf8) }

    private var resources: [Resource] = []

    init() {}

    /// Nil where the bytes are no such resources, one after the other.
    package init?(_ bytes: [UInt8]) {
        var position = 0
        while bytes.count - position >= 12 {
            let signature = Array(bytes[position..<position + 4])
            guard Self.signatures.contains(signature) else { return nil }
            var resource = Resource(UInt16(bytes[position + 4]) << 8 | UInt16(bytes[position + 5]), [])
            resource.signature = signature
            let nameEnd = position + 6 + (1 + Int(bytes[position + 6]) + 1) / 2 * 2
            guard nameEnd + 4 <= bytes.count else { return nil }
            resource.name = Array(bytes[position + 6..<nameEnd])
            let length = bytes[nameEnd..<nameEnd + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - nameEnd - 4 else { return nil }
            resource.content = Array(bytes[nameEnd + 4..<nameEnd + 4 + length])
            resources.append(resource)
            // The last one's padding may be missing.
            position = min(nameEnd + 4 + length + length % 2, bytes.count)
        }
        guard bytes[position...].allSatisfy({ $0 == 0 }) else { return nil }
    }

    /// Nil where nothing is left in it.
    package var bytes: [UInt8]? {
        guard !resources.isEmpty else { return nil }
        return resources.flatMap { resource -> [UInt8] in
            let length = (0..<4).map { UInt8(truncatingIfNeeded: resource.content.count >> (24 - 8 * $0)) }
            let padding: [UInt8] = resource.content.count % 2 == 0 ? [] : [0]
            return resource.signature + [UInt8(resource.id >> 8), UInt8(resource.id & 255)] + resource.name + length + resource.content
                + padding
        }
    }

    /// Brings Redraw's own keywords of the IPTC record to those that are wanted; everybody else's stay.
    ///
    /// The digest follows where it told before that packet and record say the same, and is made with a block that is new. Where it told
    /// otherwise, somebody changed the record alone, and readers go on to see that.
    ///
    /// - Parameter marked: keywords that Redraw put there.
    /// - Returns: those that are Redraw's now; nil where the record is damaged, and nothing was changed.
    package mutating func bring(_ marked: [String], to wanted: [String]) -> [String]? {
        let isNew = resources.isEmpty
        let place = resources.firstIndex { $0.id == Self.iptc }
        let standing = place.map { resources[$0].content } ?? []
        guard var record = IPTCRecord(standing) else { return nil }
        let before = record
        let ours = record.bring(marked, to: wanted)
        guard record != before else { return ours }
        let digest = resources.firstIndex { $0.id == Self.iptcDigest }
        let isInStep = digest.map { resources[$0].content == Self.md5(standing) } ?? false
        if isInStep, let digest, let made = Self.md5(record.bytes) { resources[digest].content = made }
        if record.isEmpty {
            resources.removeAll { $0.id == Self.iptc }
            if resources.allSatisfy({ $0.id == Self.iptcDigest }) { resources = [] }
        } else if let place {
            resources[place].content = record.bytes
        } else {
            resources.insert(Resource(Self.iptc, record.bytes), at: 0)
            if isNew, let made = Self.md5(record.bytes) { resources.append(Resource(Self.iptcDigest, made)) }
        }
        return ours
    }

    private static func md5(_ bytes: [UInt8]) -> [UInt8]? { Digest.md5(bytes)?.bytes }
}
