/// What processors of a kind multiply in a second, measured once and kept: the same order has to give the same picture whatever else the
/// machine is doing, so nothing is timed when a model is opened.
package struct ProcessorRates: Sendable {
    package let kind: ProcessorKind
    /// Thousands of millions of operations a second in single precision, of a product as large models are made of.
    package let f32: Double
    /// nil here and below: there are no instructions for it, or they were never measured.
    package let bf16: Double?
    package let int8: Double?

    init(_ kind: ProcessorKind, f32: Double, bf16: Double? = nil, int8: Double? = nil) {
        (self.kind, self.f32, self.bf16, self.int8) = (kind, f32, bf16, int8)
    }

    package subscript(arithmetic: Arithmetic) -> Double? {
        switch arithmetic {
        case .f32: f32
        case .bf16: bf16
        case .int8: int8
        }
    }
}

extension ProcessorRates {
    /// A row a kind. `Benchmarks/precision_table.py --only rates --write` measures the machine that it runs on and writes its row between
    /// the marks. Both of Intel are the instructions' own peaks on a Xeon of the fourth generation, not products of Redraw's.
    static let rows = [
        // Rows from here on
        // 2026-11-27, AMD EPYC (Zen 3), 2 threads, medians of 5
        ProcessorRates(.init(.amd, .avx2), f32: 129, int8: 236),
        // 2026-11-27, Zen 4, 2 threads, middles of 204 to 225 and of 400 to 440
        ProcessorRates(.init(.amd, .bf16), f32: 214, bf16: 420),
        // 2026-11, Sapphire Rapids, peaks of the instructions
        ProcessorRates(.init(.intel, .amx), f32: 304, bf16: 1044),
        // 2026-11, Sapphire Rapids without its matrix unit, peaks of the instructions
        ProcessorRates(.init(.intel, .bf16), f32: 304, bf16: 148),
        // Rows up to here
    ]

    /// Those of a kind of processor; nil for one that was never measured. A row of a narrower level is not taken for it: that the wider
    /// instructions are the quicker ones is what would have to be measured.
    package static func measured(on kind: ProcessorKind = .here) -> ProcessorRates? {
        rows.first { $0.kind == kind }
    }

    /// The quickest of these on a kind of processor, single precision where none is quicker or nothing is known of it.
    package static func quickest(of arithmetics: [Arithmetic], on kind: ProcessorKind = .here) -> Arithmetic {
        guard let rates = measured(on: kind) else { return .f32 }
        return arithmetics.reduce(.f32) { best, next in (rates[next] ?? 0) > (rates[best] ?? 0) ? next : best }
    }

    /// Whether what is to be multiplied in bfloat16 is multiplied with the instructions for it: where there are some, unless they were found to
    /// be slower than those for floats.
    static func takesBfloats(on kind: ProcessorKind) -> Bool {
        guard kind.hasBfloats else { return false }
        guard let rates = measured(on: kind), let bf16 = rates.bf16 else { return true }
        return bf16 > rates.f32
    }
}
