import Digests
import Foundation
import TestSupport
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4's examples (NIST, Cryptographic Standards and Guidelines, "SHA256.pdf"), and nothing at all.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]) func sha256IsThatOfTheStandard(text: String, expected: String) {
        #expect(Digest.sha256(Data(text.utf8)).hexadecimal == expected)
    }

    /// RFC 1321, section A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ]) func md5IsThatOfTheStandard(text: String, expected: String) throws {
        let digest = try #require(Digest.md5(Array(text.utf8)))
        #expect(digest.hexadecimal == expected && digest.bytes.count == 16)
    }

    @Test func piecesComeToTheWhole() {
        var random = SeededGenerator.announced()
        for _ in 0..<50 {
            let bytes = (0..<Int.random(in: 0...500, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            var digest = DigestInProgress.sha256()
            var place = 0
            while place < bytes.count {
                let end = Int.random(in: place...bytes.count, using: &random)
                digest.add(Array(bytes[place..<end]))
                place = end
            }
            #expect(digest.finish() == Digest.sha256(bytes))
        }
    }

    /// A text counts as its UTF-8, also one that holds more than ASCII.
    @Test func aTextIsItsBytes() {
        var digest = DigestInProgress.sha256()
        digest.add("Überlingen ")
        digest.add("日本 🐈\n")
        #expect(digest.finish() == Digest.sha256(Data("Überlingen 日本 🐈\n".utf8)))
    }
}
