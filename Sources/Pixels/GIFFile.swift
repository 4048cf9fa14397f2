/// Reading GIF (https://www.w3.org/Graphics/GIF/spec-gif89a.txt): the first picture of the file, on its whole canvas.
enum GIFFile {
    /// The canvas, checked against the limits: what the file says, and as much more as its first picture needs (Pillow does the same).
    static func size(of bytes: [UInt8]) throws(ImageError) -> PixelSize {
        guard let width = bytes.number16(at: 6, bigEndian: false), let height = bytes.number16(at: 8, bigEndian: false), bytes.count >= 13
        else { throw .truncated(.gif) }
        let frame = try? firstFrame(of: bytes)
        let size = PixelSize(
            width: max(width, frame.map { $0.left + $0.width } ?? 0), height: max(height, frame.map { $0.top + $0.height } ?? 0))
        try size.check(.gif)
        return size
    }

    /// A code of 12 bits stands for at most 4,094 pixels.
    private static let largestExpansion = 2_730
    /// Pixels of a canvas that may hold however small a picture.
    private static let largestEmptyCanvas = 4_000_000

    /// RGB where every pixel of the canvas is painted, else RGBA.
    ///
    /// - Parameter divisor: by how much the picture is made smaller while it is read.
    static func decode(_ bytes: [UInt8], shrinkingBy divisor: Int = 1) throws(ImageError) -> Image {
        let canvas = try size(of: bytes)
        let frame = try firstFrame(of: bytes)
        // Both before the memory is taken: what the file's codes can fill, and a canvas that its picture leaves nearly all empty.
        guard frame.width * frame.height / largestExpansion <= bytes.count else { throw .truncated(.gif) }
        guard canvas.pixelCount <= max(largestEmptyCanvas, 64 * frame.width * frame.height) else {
            throw .tooLarge(width: canvas.width, height: canvas.height)
        }
        // What each number looks like: four bytes, or none where nothing is seen.
        let looks = (0..<256).map { number in
            let colour = number * 3
            let isSeen = number != frame.transparent && colour + 2 < frame.palette.count
            return isSeen ? (0..<3).map { bytes[frame.palette.lowerBound + colour + $0] } + [255] : [0, 0, 0, 0]
        }
        var shrinking = divisor > 1 ? BoxShrinking(canvas, channels: 4, divisor: divisor) : nil
        var pixels = [UInt8](repeating: 0, count: divisor > 1 ? 0 : canvas.pixelCount * 4)
        let (table, line) = (looks.flatMap { $0 }, UnsafeMutablePointer<UInt8>.allocate(capacity: frame.width * 4))
        defer { line.deallocate() }
        let rows = frame.rows
        try forEachRow(of: bytes, frame) { number, numbers in
            table.withUnsafeBufferPointer { table in
                for column in 0..<frame.width {
                    let look = Int(numbers[column]) &* 4
                    for channel in 0..<4 { line[column &* 4 &+ channel] = table[look &+ channel] }
                }
            }
            let row = frame.top + rows[number]
            if shrinking != nil {
                shrinking!.add(row: row, line, count: frame.width, from: frame.left)
            } else {
                let place = (row * canvas.width + frame.left) * 4
                pixels.replaceSubrange(place..<place + frame.width * 4, with: UnsafeBufferPointer(start: line, count: frame.width * 4))
            }
        }
        let image = shrinking?.image() ?? Image(width: canvas.width, height: canvas.height, channels: 4, bytes: pixels)
        return stride(from: 3, to: image.bytes.count, by: 4).allSatisfy { image.bytes[$0] == 255 } ? image.droppingAlpha() : image
    }

    /// How many pictures there are, as far as the file can be read.
    static func pictures(in bytes: [UInt8]) -> Int {
        var count = 0
        try? walk(bytes) { block in
            if case .picture = block { count += 1 }
            return true
        }
        return count
    }

    private struct Frame {
        var left = 0
        var top = 0
        var width = 0
        var height = 0
        var isInterlaced = false
        /// Where the colours stand in the file, three bytes each.
        var palette = 0..<0
        var transparent = -1
        /// Where the size of the first code stands.
        var data = 0

        /// The rows in the file's order; an interlaced one has every eighth first, then what lies between.
        var rows: [Int] {
            guard isInterlaced else { return Array(0..<height) }
            return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { start, step in stride(from: start, to: height, by: step) }
        }
    }

    private enum Block {
        case control(Int)
        case picture(Int)
    }

    /// Calls `visit` with where each control block's and each picture's description begins, until it returns false.
    private static func walk(_ bytes: [UInt8], _ visit: (Block) throws(ImageError) -> Bool) throws(ImageError) {
        guard bytes.count >= 13 else { throw .truncated(.gif) }
        var position = 13 + (bytes[10] & 0x80 != 0 ? 3 << (Int(bytes[10] & 7) + 1) : 0)
        while position < bytes.count {
            switch bytes[position] {
            case 0x21:
                guard position + 2 < bytes.count else { throw .truncated(.gif) }
                if bytes[position + 1] == 0xF9, try !visit(.control(position + 3)) { return }
                position = try end(of: bytes, blocksAt: position + 2)
            case 0x2C:
                guard position + 10 < bytes.count else { throw .truncated(.gif) }
                if try !visit(.picture(position + 1)) { return }
                let own = bytes[position + 9]
                position = try end(of: bytes, blocksAt: position + 11 + (own & 0x80 != 0 ? 3 << (Int(own & 7) + 1) : 0))
            case 0x3B: return
            default: throw .damaged(.gif, reason: "it has a block of no known kind")
            }
        }
    }

    /// Behind the blocks of data at a place, the empty one included.
    private static func end(of bytes: [UInt8], blocksAt start: Int) throws(ImageError) -> Int {
        var position = start
        while position < bytes.count {
            let length = Int(bytes[position])
            position += 1 + length
            if length == 0 { return position }
        }
        throw .truncated(.gif)
    }

    private static func firstFrame(of bytes: [UInt8]) throws(ImageError) -> Frame {
        var frame = Frame()
        var isFound = false
        if bytes.count > 13, bytes[10] & 0x80 != 0 { frame.palette = 13..<13 + 3 << (Int(bytes[10] & 7) + 1) }
        try walk(bytes) { block throws(ImageError) in
            switch block {
            case .control(let start):
                guard start + 3 < bytes.count else { throw .truncated(.gif) }
                frame.transparent = bytes[start] & 1 != 0 ? Int(bytes[start + 3]) : -1
                return true
            case .picture(let start):
                func number(_ offset: Int) -> Int { bytes.number16(at: start + offset, bigEndian: false) ?? 0 }
                (frame.left, frame.top, frame.width, frame.height) = (number(0), number(2), number(4), number(6))
                let packed = bytes[start + 8]
                frame.isInterlaced = packed & 0x40 != 0
                frame.data = start + 9
                if packed & 0x80 != 0 {
                    let colours = 3 << (Int(packed & 7) + 1)
                    frame.palette = frame.data..<frame.data + colours
                    frame.data += colours
                }
                isFound = true
                return false
            }
        }
        guard isFound, frame.data < bytes.count else { throw .truncated(.gif) }
        guard frame.palette.upperBound <= bytes.count else { throw .truncated(.gif) }
        guard frame.width > 0, frame.height > 0, !frame.palette.isEmpty else {
            throw .damaged(.gif, reason: "its first picture has no pixels or no colours")
        }
        return frame
    }

    /// Calls `visit` with the pixels' numbers in the palette, row by row in the file's order, unpacked (Welch 1984) from codes of three to
    /// twelve bits.
    private static func forEachRow(
        of bytes: [UInt8], _ frame: Frame, _ visit: (_ number: Int, _ numbers: UnsafePointer<UInt8>) -> Void
    ) throws(ImageError) {
        let smallest = Int(bytes[frame.data])
        guard (1...11).contains(smallest) else { throw .damaged(.gif, reason: "its codes have \(smallest) bits") }
        let (clear, end) = (1 << smallest, 1 << smallest + 1)
        var codes = Codes(clear)
        // Whole rows are taken from its front; a code stands for fewer pixels than there are codes.
        let output = UnsafeMutablePointer<UInt8>.allocate(capacity: frame.width + 2 * Codes.most)
        defer { output.deallocate() }
        var (count, row) = (0, 0)
        var (next, width, previous) = (end + 1, smallest + 1, -1)
        var (bits, bitCount) = (0, 0)
        var position = frame.data + 1
        var left = 0
        while row < frame.height {
            while bitCount < width {
                if left == 0 {
                    guard position < bytes.count else { throw .truncated(.gif) }
                    left = Int(bytes[position])
                    position += 1
                    if left == 0 { throw .truncated(.gif) }
                }
                guard position < bytes.count else { throw .truncated(.gif) }
                bits |= Int(bytes[position]) << bitCount
                bitCount += 8
                position += 1
                left -= 1
            }
            let code = bits & (1 << width - 1)
            bits >>= width
            bitCount -= width
            if code == clear {
                (next, width, previous) = (end + 1, smallest + 1, -1)
                continue
            }
            if code == end { throw .truncated(.gif) }
            guard code < next || code == next && previous >= 0 else { throw .damaged(.gif, reason: "it has a code before its meaning") }
            let first: UInt8
            if code == next {
                first = codes.write(previous, to: output + count)
                count += codes.length(previous) + 1
                output[count - 1] = first
            } else {
                first = codes.write(code, to: output + count)
                count += codes.length(code)
            }
            if previous >= 0, next < Codes.most {
                codes.set(next, previous, first)
                next += 1
                if next == 1 << width, width < 12 { width += 1 }
            }
            previous = code
            var start = 0
            while count - start >= frame.width, row < frame.height {
                visit(row, output + start)
                (row, start) = (row + 1, start + frame.width)
            }
            if start > 0 {
                output.update(from: output + start, count: count - start)
                count -= start
            }
        }
    }

    /// What codes stand for: each is the one before it and one number more.
    private struct Codes {
        static let most = 4096
        private var prefixes = [Int16](repeating: -1, count: most)
        private var lasts = [UInt8](repeating: 0, count: most)
        private var lengths = [Int16](repeating: 1, count: most)

        init(_ clear: Int) {
            for number in 0..<clear { lasts[number] = UInt8(truncatingIfNeeded: number) }
        }

        func length(_ code: Int) -> Int { Int(lengths[code]) }

        mutating func set(_ code: Int, _ prefix: Int, _ last: UInt8) {
            (prefixes[code], lasts[code]) = (Int16(prefix), last)
            lengths[code] = lengths[prefix] + 1
        }

        /// - Returns: the first of the numbers.
        func write(_ code: Int, to output: UnsafeMutablePointer<UInt8>) -> UInt8 {
            var (walk, place) = (code, length(code) - 1)
            while place > 0 {
                output[place] = lasts[walk]
                (walk, place) = (Int(prefixes[walk]), place - 1)
            }
            output[0] = lasts[walk]
            return lasts[walk]
        }
    }
}
