import CZlib

/// Data unpacked with zlib, never beyond what was allowed.
enum Inflation {
    enum Outcome: Equatable {
        case whole([UInt8])
        /// There is more than was allowed.
        case longer
        case damaged
    }

    /// - Parameter bytes: a zlib or gzip stream.
    static func unpacked(_ bytes: ArraySlice<UInt8>, atMost limit: Int) -> Outcome {
        var written = 0
        var outcome = REDRAW_INFLATE_DAMAGED
        let unpacked = [UInt8](unsafeUninitializedCapacity: limit) { target, initialised in
            bytes.withUnsafeBufferPointer { source in
                guard let start = source.baseAddress, let target = target.baseAddress else { return }
                outcome = redraw_inflate(start, source.count, target, limit, &written)
            }
            initialised = written
        }
        switch outcome {
        case REDRAW_INFLATE_WHOLE: return .whole(unpacked)
        case REDRAW_INFLATE_LONGER: return .longer
        default: return .damaged
        }
    }
}
