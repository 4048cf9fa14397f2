import Glibc

/// A whole file mapped for reading; unmapped when the last tensor over it goes.
final class MappedFile: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    let path: String

    init(path: String) throws(CheckpointError) {
        self.path = path
        // Without waiting: a pipe would not open before somebody writes into it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file: path, reason: systemMessage()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: path, reason: systemMessage()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(file: path, reason: "it is no file but a folder, a pipe or a device")
        }
        let size = Int(status.st_size)
        guard size > 0 else { throw .unreadable(file: path, reason: "it is empty; download it again") }
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw .unreadable(file: path, reason: systemMessage())
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
    }
}

extension MappedFile {
    /// What the kernel maps around a page that is touched, where it has it (`fault_around_bytes`).
    private static let around: UInt = 1 << 16

    /// Lets go of a part's pages, and of those that came along with them: they come back from the file when they are touched again. What was
    /// packed elsewhere would otherwise stand in memory twice.
    func release(_ part: UnsafeRawBufferPointer) {
        guard part.count >= Self.around, let start = part.baseAddress, let base = bytes.baseAddress else { return }
        let page = UInt(getpagesize())
        let (low, high) = (UInt(bitPattern: base), (UInt(bitPattern: base) + UInt(bytes.count) + page - 1) / page * page)
        let first = max(low, UInt(bitPattern: start) / Self.around * Self.around)
        let last = min(high, (UInt(bitPattern: start) + UInt(part.count) + Self.around - 1) / Self.around * Self.around)
        madvise(UnsafeMutableRawPointer(bitPattern: first), Int(last - first), MADV_DONTNEED)
    }

    /// Asks the kernel to read a part that will be touched soon, without waiting for it.
    ///
    /// - Returns: whether it took the advice.
    func willNeed(_ range: Range<Int>) -> Bool {
        let first = range.lowerBound / Int(getpagesize()) * Int(getpagesize())
        return madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress! + first), range.upperBound - first, MADV_WILLNEED) == 0
    }

    /// Lets go of all pages.
    func release() {
        madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
    }
}

/// A part of a mapped file that a tensor lies in; its pages are let go with the tensor.
final class MappedPart: Sendable {
    private let file: MappedFile
    private let range: Range<Int>

    init(_ file: MappedFile, _ range: Range<Int>) {
        (self.file, self.range) = (file, range)
    }

    /// Its first byte.
    var start: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: file.bytes[range]).baseAddress }

    deinit {
        file.release(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
    }
}

/// The system's words for the last error.
func systemMessage() -> String {
    String(cString: strerror(errno))
}
