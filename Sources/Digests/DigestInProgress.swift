import CCrypto
import Foundation

/// A digest of bytes that come in pieces, as OpenSSL makes it.
package struct DigestInProgress: ~Copyable {
    private let state: OpaquePointer

    private init?(_ kind: redraw_digest_kind) {
        guard let state = redraw_digest_begin(kind) else { return nil }
        self.state = state
    }

    deinit { redraw_digest_free(state) }

    /// SHA-256 (FIPS 180-4), 32 bytes.
    package static func sha256() -> DigestInProgress {
        guard let digest = DigestInProgress(REDRAW_SHA256) else { fatalError("OpenSSL makes no SHA-256 here, or no memory is left") }
        return digest
    }

    /// MD5 (RFC 1321), 16 bytes: for formats that ask for it. Nil where OpenSSL was built without it.
    package static func md5() -> DigestInProgress? { DigestInProgress(REDRAW_MD5) }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard redraw_digest_add(state, bytes.baseAddress, bytes.count) != 0 else { fatalError("no memory is left for a digest") }
    }

    package mutating func add(_ bytes: some ContiguousBytes) { bytes.withUnsafeBytes { add($0) } }

    /// A text's UTF-8.
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// Of all that was added.
    package consuming func finish() -> Digest {
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(REDRAW_DIGEST_CAPACITY)) { target, count in
            count = redraw_digest_finish(state, target.baseAddress)
        }
        guard !bytes.isEmpty else { fatalError("no memory is left for a digest") }
        return Digest(bytes: bytes)
    }
}

extension Digest {
    /// SHA-256 of bytes that are all here.
    package static func sha256(_ bytes: some ContiguousBytes) -> Digest {
        var digest = DigestInProgress.sha256()
        digest.add(bytes)
        return digest.finish()
    }

    /// MD5 of bytes that are all here; nil where OpenSSL was built without it.
    package static func md5(_ bytes: some ContiguousBytes) -> Digest? {
        guard var digest = DigestInProgress.md5() else { return nil }
        digest.add(bytes)
        return digest.finish()
    }
}
