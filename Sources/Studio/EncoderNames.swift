import Encoders
import Screening

extension EncoderIdentity {
    /// The library's digests have 64 digits. A shorter fingerprint, as folders of many gigabytes have, is digested once more.
    init(name: String, fingerprint: String) {
        self.init(name: name, sha256: fingerprint.count == 64 ? fingerprint : Array(fingerprint.utf8).sha256)
    }
}

extension PictureTextEncoder {
    /// How the library names the encoder.
    var identity: EncoderIdentity { EncoderIdentity(name: name, fingerprint: digest) }
}
