import Encoders
import Tensors

extension Studio {
    /// What an encoder's precision may be called.
    package static let encoderPrecisions = EncoderPrecision.allCases.map(\.rawValue)
}

/// In which numbers encoders and taggers multiply.
enum EncoderPrecision: String, CaseIterable {
    /// The quickest of those that stay near to single precision, by tables of what was measured, for encoders of the person's own.
    case auto
    case f32
    case bf16
    case int8

    init(named name: String?) throws {
        guard let name else {
            self = .auto
            return
        }
        guard let precision = EncoderPrecision(rawValue: name) else {
            throw OrderError.unknown(what: "precision", value: name, known: Self.allCases.map(\.rawValue))
        }
        self = precision
    }

    var arithmetic: Arithmetic {
        switch self {
        case .auto: EncoderNearness.automatic()
        case .f32: .f32
        case .bf16: .bf16
        case .int8: .int8
        }
    }

    /// Whether that is another arithmetic than an encoder has. Redraw's own was measured and its vocabulary read in single precision, and is
    /// small: that is what it stays with.
    func isForeign(to encoder: any PictureTextEncoder) -> Bool {
        (self == .bf16 || self == .int8) && encoder is DefaultEncoder
    }

    /// Refuses what nothing that looks would take.
    func check(_ encoder: any PictureTextEncoder) throws {
        guard isForeign(to: encoder) else { return }
        throw StudioError.unsupported(
            what: "\(encoder.name) in \(rawValue)", instead: "leave --precision out, or name another encoder with --encoder")
    }
}
