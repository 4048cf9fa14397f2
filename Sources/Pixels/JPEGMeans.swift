/// A progressive JPEG in an eighth of its size, out of the means of its blocks of 64 samples.
///
/// libjpeg holds every coefficient of such a picture, three bytes a pixel and more, before it hands out the first row. Who only looks at a picture
/// of hundreds of megapixels needs no more than each block's first coefficient, and these stand in scans of their own (ITU-T T.81, annex G).
struct JPEGMeans {
    private struct Component {
        let id: UInt8
        let across: Int
        let down: Int
        let table: Int
        /// Blocks in a row and in a column, those included that fill up the last unit of an interleaved scan.
        let blocksAcross: Int
        let blocksDown: Int
        /// Blocks that hold some of the picture.
        let usedAcross: Int
        let usedDown: Int
        var means: [Int32]
        /// What a mean is multiplied with; the table that counts is the one that stands when the component's first scan begins.
        var step: Int32?
        /// How often its means were told, the last time up to which bit; nil before the first.
        var scans = 0
        var bit: Int?
    }

    /// A component's means are told once, and then a bit at a time.
    private static let mostScans = 16

    private let size: PixelSize
    private var components: [Component] = []
    private var steps = [Int32](repeating: 1, count: 4)
    /// Code lengths' counts and symbols of the tables for means.
    private var codes = [HuffmanCodes?](repeating: nil, count: 4)
    private var restartInterval = 0
    private var isRGB = false

    /// - Returns: nil for a JPEG that is not progressive, or has other components than grey or three colours.
    /// - Throws: `ImageError` for one that is damaged in what is read of it, or ends early.
    static func decode(_ bytes: [UInt8], _ size: PixelSize) throws(ImageError) -> Image? {
        var reading = JPEGMeans(size: size)
        return try reading.read(bytes) ? reading.image() : nil
    }

    private init(size: PixelSize) { self.size = size }

    /// Walks all segments. What a coding asks for beyond the means is passed over.
    private mutating func read(_ bytes: [UInt8]) throws(ImageError) -> Bool {
        var (position, adobe, isJFIF) = (2, nil as UInt8?, false)
        while let marker = Self.marker(in: bytes, from: &position) {
            if marker == 0xD9 {
                guard components.allSatisfy({ $0.bit != nil }), !components.isEmpty else { throw Self.damage("a component is never told") }
                let ids = components.map(\.id)
                isRGB = components.count == 3 && (adobe.map { $0 == 0 } ?? (!isJFIF && ids == Array("RGB".utf8)))
                return true
            }
            guard let length = bytes.number16(at: position, bigEndian: true) else { throw .truncated(.jpeg) }
            guard length >= 2 else { throw Self.damage("a segment is \(length) bytes long") }
            guard length <= bytes.count - position else { throw .truncated(.jpeg) }
            let content = Array(bytes[(position + 2)..<(position + length)])
            position += length
            switch marker {
            case 0xC2: guard try takeFrame(content) else { return false }
            case 0xC0, 0xC1, 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF: return false
            case 0xC4: try takeCodes(content)
            case 0xDB: try takeSteps(content)
            case 0xDD: restartInterval = content.number16(at: 0, bigEndian: true) ?? 0
            case 0xE0 where content.says("JFIF\0", at: 0): isJFIF = true
            case 0xEE where content.says("Adobe", at: 0) && content.count >= 12: adobe = content[11]
            case 0xDA: position = try takeScan(content, bytes, from: position)
            default: break
            }
        }
        throw .truncated(.jpeg)
    }

    /// The next marker that begins a segment or ends the picture, and behind it `position`; nil where there is none.
    private static func marker(in bytes: [UInt8], from position: inout Int) -> UInt8? {
        while position + 1 < bytes.count {
            let marker = bytes[position + 1]
            guard bytes[position] == 0xFF, marker != 0, marker != 0xFF, marker != 0x01, !(0xD0...0xD8).contains(marker) else {
                position += 1
                continue
            }
            position += 2
            return marker
        }
        return nil
    }

    private static func damage(_ reason: String) -> ImageError { .damaged(.jpeg, reason: reason) }

    private mutating func takeFrame(_ content: [UInt8]) throws(ImageError) -> Bool {
        guard components.isEmpty else { throw Self.damage("there are two frames") }
        guard content.count >= 6, content[0] == 8, content.number16(at: 1, bigEndian: true) == size.height,
            content.number16(at: 3, bigEndian: true) == size.width
        else { throw Self.damage("its frame header is not as it was") }
        let count = Int(content[5])
        guard [1, 3].contains(count) else { return false }
        guard content.count >= 6 + 3 * count else { throw Self.damage("its frame header is too short") }
        let parts = (0..<count).map { content[(6 + $0 * 3)..<(9 + $0 * 3)].map { $0 } }
        let samplings = parts.map { (across: Int($0[1] >> 4), down: Int($0[1] & 15)) }
        guard samplings.allSatisfy({ (1...4).contains($0.across) && (1...4).contains($0.down) }), parts.allSatisfy({ $0[2] < 4 }) else {
            throw Self.damage("its components are sampled in no way that there is")
        }
        let (most, deepest) = (samplings.map(\.across).max() ?? 1, samplings.map(\.down).max() ?? 1)
        func units(_ length: Int, _ sampling: Int) -> Int { (length + 8 * sampling - 1) / (8 * sampling) }
        func blocks(_ length: Int, _ sampling: Int, of most: Int) -> Int { ((length * sampling + most - 1) / most + 7) / 8 }
        components = zip(parts, samplings).map { part, sampling in
            let (across, down) = (units(size.width, most) * sampling.across, units(size.height, deepest) * sampling.down)
            return Component(
                id: part[0], across: sampling.across, down: sampling.down, table: Int(part[2]), blocksAcross: across, blocksDown: down,
                usedAcross: blocks(size.width, sampling.across, of: most), usedDown: blocks(size.height, sampling.down, of: deepest),
                means: [Int32](repeating: 0, count: across * down))
        }
        return true
    }

    private mutating func takeCodes(_ content: [UInt8]) throws(ImageError) {
        var position = 0
        while position < content.count {
            guard position + 17 <= content.count else { throw Self.damage("a table of codes is too short") }
            let (kind, number) = (content[position] >> 4, Int(content[position] & 15))
            let counts = Array(content[(position + 1)..<(position + 17)])
            let symbols = counts.reduce(0) { $0 + Int($1) }
            guard number < 4, position + 17 + symbols <= content.count else { throw Self.damage("a table of codes is too short") }
            if kind == 0 {
                codes[number] = HuffmanCodes(counts: counts, symbols: Array(content[(position + 17)..<(position + 17 + symbols)]))
            }
            position += 17 + symbols
        }
    }

    private mutating func takeSteps(_ content: [UInt8]) throws(ImageError) {
        var position = 0
        while position < content.count {
            let (isWide, number) = (content[position] >> 4 != 0, Int(content[position] & 15))
            let length = isWide ? 128 : 64
            guard number < 4, position + 1 + length <= content.count else { throw Self.damage("a quantisation table is too short") }
            // Zigzag order begins with the mean.
            steps[number] = Int32(isWide ? content.number16(at: position + 1, bigEndian: true) ?? 1 : Int(content[position + 1]))
            position += 1 + length
        }
    }

    /// Takes what a scan tells of means.
    ///
    /// - Returns: where its data end, or, of other scans, where they begin.
    private mutating func takeScan(_ content: [UInt8], _ bytes: [UInt8], from start: Int) throws(ImageError) -> Int {
        let count = content.first.map { Int($0) } ?? 0
        guard (1...4).contains(count), content.count >= 4 + 2 * count else { throw Self.damage("a scan's header is too short") }
        let (first, last) = (content[1 + 2 * count], content[2 + 2 * count])
        guard first == 0 else { return start }
        let (high, low) = (Int(content[3 + 2 * count] >> 4), Int(content[3 + 2 * count] & 15))
        guard last == 0, low <= 13 else { throw Self.damage("a scan of a progressive picture tells means and more") }
        var parts: [Part] = []
        for number in 0..<count {
            let id = content[1 + 2 * number]
            guard let index = components.firstIndex(where: { $0.id == id }), !parts.contains(where: { $0.component == index }) else {
                throw Self.damage("a scan names a component that is not there")
            }
            guard components[index].bit == (high == 0 ? nil : high), high == 0 || low == high - 1, components[index].scans < Self.mostScans
            else { throw Self.damage("its scans are not in order") }
            if components[index].step == nil { components[index].step = steps[components[index].table] }
            components[index].scans += 1
            components[index].bit = low
            let table = Int(content[2 + 2 * number] >> 4)
            var lookup: [UInt16] = []
            if high == 0 {
                guard table < 4, let found = codes[table]?.lookup() else {
                    throw Self.damage("a scan's table of codes is missing or wrong")
                }
                lookup = found
            }
            parts.append(Part(component: index, lookup: lookup))
        }
        let scan = Scan(parts: parts, isFirst: high == 0, bit: Int32(low), restartInterval: restartInterval)
        var outcome = Outcome.ended(at: start)
        // The means stand in the value while they are changed: no copy of them is made.
        bytes.withUnsafeBufferPointer { buffer in outcome = fill(scan, buffer, from: start) }
        switch outcome {
        case .ended(let position): return position
        case .truncated: throw .truncated(.jpeg)
        case .damaged(let reason): throw Self.damage(reason)
        }
    }

    private struct Part {
        let component: Int
        let lookup: [UInt16]
    }

    private struct Scan {
        let parts: [Part]
        let isFirst: Bool
        let bit: Int32
        let restartInterval: Int
    }

    private enum Outcome {
        case ended(at: Int)
        case truncated
        case damaged(String)
    }

    private mutating func fill(_ scan: Scan, _ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Outcome {
        var bits = EntropyBits(bytes, from: start)
        var predictions = [Int32](repeating: 0, count: scan.parts.count)
        // A scan of one component goes through its blocks, one of several through units of some of each.
        let isAlone = scan.parts.count == 1
        let one = components[scan.parts[0].component]
        let across = isAlone ? one.usedAcross : one.blocksAcross / one.across
        let down = isAlone ? one.usedDown : one.blocksDown / one.down
        var unit = 0
        for row in 0..<down {
            for column in 0..<across {
                if scan.restartInterval > 0, unit > 0, unit % scan.restartInterval == 0 {
                    guard bits.restart() else { return .damaged("a restart marker is missing") }
                    for index in predictions.indices { predictions[index] = 0 }
                }
                unit += 1
                for (index, part) in scan.parts.enumerated() {
                    let number = part.component
                    let (wide, high) = isAlone ? (1, 1) : (components[number].across, components[number].down)
                    for y in 0..<high {
                        let line = (row * high + y) * components[number].blocksAcross
                        for x in 0..<wide {
                            let place = line + column * wide + x
                            if scan.isFirst {
                                guard let length = bits.symbol(part.lookup), length <= 15 else {
                                    return bits.isPastEnd ? .truncated : .damaged("a code is none of its table")
                                }
                                predictions[index] &+= bits.number(ofLength: Int(length))
                                components[number].means[place] = predictions[index] &<< scan.bit
                            } else if bits.take(1) == 1 {
                                components[number].means[place] |= 1 &<< scan.bit
                            }
                        }
                    }
                }
            }
            if bits.isPastEnd { return .truncated }
        }
        return bits.isPastEnd ? .truncated : .ended(at: bits.position)
    }

    /// The picture: a pixel for each block of the component that has the most.
    private func image() -> Image {
        let target = PixelSize(width: (size.width + 7) / 8, height: (size.height + 7) / 8)
        let (most, deepest) = (components.map(\.across).max() ?? 1, components.map(\.down).max() ?? 1)
        return Image(width: target.width, height: target.height, channels: components.count) { pixels in
            for (channel, component) in components.enumerated() {
                let step = component.step ?? 1
                for y in 0..<target.height {
                    let line = min(component.blocksDown - 1, y * component.down / deepest) * component.blocksAcross
                    for x in 0..<target.width {
                        let mean = component.means[line + min(component.blocksAcross - 1, x * component.across / most)]
                        // A block's first coefficient is eight times its mean, and 128 is taken off every sample.
                        let value = (Int(mean) * Int(step) + 4) >> 3 + 128
                        pixels[(y * target.width + x) * components.count + channel] = UInt8(min(max(value, 0), 255))
                    }
                }
            }
            guard components.count == 3, !isRGB else { return }
            for place in 0..<target.pixelCount {
                let pixel = pixels + place * 3
                let (light, blue, red) = (Float(pixel[0]), Float(pixel[1]) - 128, Float(pixel[2]) - 128)
                for (channel, value) in [light + 1.402 * red, light - 0.344136 * blue - 0.714136 * red, light + 1.772 * blue].enumerated() {
                    pixel[channel] = UInt8(min(max(value.rounded(), 0), 255))
                }
            }
        }
    }
}

/// A table of codes as a file has it (ITU-T T.81, annex C).
private struct HuffmanCodes {
    let counts: [UInt8]
    let symbols: [UInt8]

    /// What any sixteen bits begin with: the length of the code and, below, its symbol; 0 where there is none. Nil for a table that cannot be.
    func lookup() -> [UInt16]? {
        var table = [UInt16](repeating: 0, count: 1 << 16)
        var (code, next) = (0, 0)
        for length in 1...16 {
            for _ in 0..<counts[length - 1] {
                let begin = code << (16 - length)
                let end = begin + 1 << (16 - length)
                guard end <= table.count, next < symbols.count else { return nil }
                for place in begin..<end { table[place] = UInt16(length) << 8 | UInt16(symbols[next]) }
                (code, next) = (code + 1, next + 1)
            }
            code <<= 1
        }
        return table
    }
}

/// The bits between two markers.
private struct EntropyBits {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var next: Int
    /// The bits that were read and not taken, at its lower end.
    private var held: UInt64 = 0
    private var count = 0
    /// How many of the held bits stand for data that do not exist.
    private var filled = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) { (self.bytes, next) = (bytes, start) }

    /// Where the reading goes on behind the data: no further than the marker that ends them.
    var position: Int { next }

    /// Whether bits were taken that no data stand for.
    var isPastEnd: Bool { count < filled }

    private mutating func fill() {
        while count <= 48 {
            var byte: UInt8 = 0
            if next < bytes.count, bytes[next] != 0xFF {
                byte = bytes[next]
                next += 1
            } else if next + 1 < bytes.count, bytes[next + 1] == 0 {
                byte = 0xFF
                next += 2
            } else {
                filled += 8
            }
            held = held << 8 | UInt64(byte)
            count += 8
        }
    }

    mutating func take(_ length: Int) -> Int32 {
        guard length > 0 else { return 0 }
        if count < length { fill() }
        count -= length
        return Int32(held >> UInt64(count) & (1 << UInt64(length) - 1))
    }

    /// The symbol whose code comes next; nil where none does.
    mutating func symbol(_ lookup: [UInt16]) -> UInt8? {
        if count < 16 { fill() }
        let found = lookup[Int(held >> UInt64(count - 16) & 0xFFFF)]
        guard found != 0 else { return nil }
        count -= Int(found >> 8)
        return UInt8(found & 0xFF)
    }

    /// A difference of that many bits (ITU-T T.81, F.2.2.1).
    mutating func number(ofLength length: Int) -> Int32 {
        guard length > 0 else { return 0 }
        let value = take(length)
        return value < 1 << Int32(length - 1) ? value - (1 << Int32(length)) + 1 : value
    }

    /// Passes over what is left before the next marker, which has to be one of restart.
    mutating func restart() -> Bool {
        guard !isPastEnd else { return false }
        (held, count, filled) = (0, 0, 0)
        while next + 1 < bytes.count {
            guard bytes[next] == 0xFF, bytes[next + 1] != 0, bytes[next + 1] != 0xFF else {
                next += 1
                continue
            }
            guard (0xD0...0xD7).contains(bytes[next + 1]) else { return false }
            next += 2
            return true
        }
        return false
    }
}
