import CZlib

/// Data packed with zlib.
package enum Deflation {
    /// The bytes as one gzip stream (RFC 1952), as small as zlib makes it.
    ///
    /// - Returns: nil where memory is lacking, or where there are 4 GiB and more.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        let bound = redraw_gzip_bound(bytes.count)
        let packed = [UInt8](unsafeUninitializedCapacity: bound) { target, written in
            written = bytes.withUnsafeBufferPointer { redraw_gzip($0.baseAddress, $0.count, target.baseAddress, bound) }
        }
        return packed.isEmpty ? nil : packed
    }
}
