import Tensors

/// How near an encoder's embeddings come to those in single precision, as it was measured once: what `auto` may take.
struct EncoderNearness: Sendable {
    let encoder: String
    /// Trained networks have a few activations far larger than the rest, those with random weights have none.
    let isTrained: Bool
    /// The least cosine between a picture's two embeddings; nil: never measured.
    let bf16: Double?
    let int8: Double?

    init(_ encoder: String, isTrained: Bool, bf16: Double? = nil, int8: Double? = nil) {
        (self.encoder, self.isTrained, self.bf16, self.int8) = (encoder, isTrained, bf16, int8)
    }
}

extension EncoderNearness {
    /// `Benchmarks/precision_table.py --only encoders --encoder FOLDER --write` measures them and writes them between the marks.
    static let rows = [
        // Rows from here on
        // 2026-11, 65 embeddings, Zen 4
        EncoderNearness("clip-vit-b-32, random weights", isTrained: false, bf16: 0.99999, int8: 0.9997)
        // Rows up to here
    ]

    /// The cosine from which on an embedding is near enough.
    static let enough = 0.999

    /// What may be taken without being named: the encoder that fares worst counts for all of them.
    ///
    /// Random weights speak for bfloat16, which rounds each number by a share of its own. In int8 a row's largest number sets the step of all
    /// the others, so only trained weights can speak for it; as long as there are none among the rows, it is taken only where it is named.
    static func nearEnough(of rows: [EncoderNearness] = EncoderNearness.rows) -> [Arithmetic] {
        func isNear(_ cosines: [Double?]) -> Bool { cosines.compactMap(\.self).min().map { $0 >= enough } ?? false }
        let hasTrained = rows.contains { $0.isTrained && $0.int8 != nil }
        return [.f32] + (isNear(rows.map(\.bf16)) ? [.bf16] : []) + (hasTrained && isNear(rows.map(\.int8)) ? [.int8] : [])
    }

    /// What `auto` is on a kind of processor.
    static func automatic(on kind: ProcessorKind = .here) -> Arithmetic {
        ProcessorRates.quickest(of: nearEnough(), on: kind)
    }
}
