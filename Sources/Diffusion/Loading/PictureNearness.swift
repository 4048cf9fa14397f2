import Tensors

/// How near a generator's pictures come to those in single precision, as it was measured once: what `auto` may take.
struct PictureNearness: Sendable {
    let model: String
    /// The least of its pictures' signal-to-noise ratios, in decibels; nil: never measured.
    let bf16: Double?
    let int8: Double?

    init(_ model: String, bf16: Double? = nil, int8: Double? = nil) {
        (self.model, self.bf16, self.int8) = (model, bf16, int8)
    }
}

extension PictureNearness {
    /// `Benchmarks/precision_table.py --only pictures --write` measures them and writes them between the marks.
    static let rows = [
        // Rows from here on
        // 2026-11, 4 photographs, 10 of 20 steps, Zen 4
        PictureNearness("redraw-small", bf16: 49),
        // 2026-11, 2 pictures, 2 steps, Zen 4
        PictureNearness("sd15, random weights", bf16: 43.7, int8: 32.2),
        // 2026-11, 2 pictures, 2 steps, Zen 4
        PictureNearness("sdxl, random weights", bf16: 42.1, int8: 29.7),
        // Rows up to here
    ]

    /// Decibels from which on a picture is near enough.
    static let enough = 35.0

    /// What may be taken without being named. The model that fares worst counts for all of them: nobody measured those that people bring.
    static func nearEnough(of rows: [PictureNearness] = PictureNearness.rows) -> [Arithmetic] {
        func isNear(_ decibels: [Double?]) -> Bool { decibels.compactMap(\.self).min().map { $0 >= enough } ?? false }
        return [.f32] + (isNear(rows.map(\.bf16)) ? [.bf16] : []) + (isNear(rows.map(\.int8)) ? [.int8] : [])
    }

    /// What `auto` is on a kind of processor.
    static func automatic(on kind: ProcessorKind = .here) -> Arithmetic {
        ProcessorRates.quickest(of: nearEnough(), on: kind)
    }
}
