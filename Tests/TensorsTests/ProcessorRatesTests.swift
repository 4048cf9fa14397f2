import CKernels
import Testing

@testable import Tensors

/// Which arithmetic is taken by the table of what processors multiply in a second.
@Suite struct ProcessorRatesTests {
    @Test func theQuickestIsTakenOfThoseThatMayBe() {
        let (zen, xeon) = (ProcessorKind(.amd, .bf16), ProcessorKind(.intel, .bf16))
        #expect(ProcessorRates.quickest(of: [.f32, .bf16], on: zen) == .bf16)
        #expect(ProcessorRates.quickest(of: [.bf16], on: zen) == .bf16)
        #expect(ProcessorRates.quickest(of: [.f32], on: zen) == .f32)
        #expect(ProcessorRates.quickest(of: [], on: zen) == .f32)
        #expect(ProcessorRates.quickest(of: [.f32, .bf16], on: .init(.amd, .avx2)) == .f32)
        #expect(ProcessorRates.quickest(of: [.f32, .int8], on: .init(.amd, .avx2)) == .int8)
        // Instructions of Intel's for bfloat16 are slower than those for floats, its matrix unit is not.
        #expect(ProcessorRates.quickest(of: [.f32, .bf16], on: xeon) == .f32)
        #expect(ProcessorRates.quickest(of: [.f32, .bf16], on: .init(.intel, .amx)) == .bf16)
    }

    @Test func onAnUnknownProcessorSinglePrecisionIsTaken() {
        for level in ProcessorKind.Level.allCases {
            let kind = ProcessorKind(.other, level)
            #expect(ProcessorRates.measured(on: kind) == nil && ProcessorRates.quickest(of: Arithmetic.allCases, on: kind) == .f32)
        }
    }

    /// What is named all the same is multiplied by the instructions for it, but where those were found to be slower.
    @Test func bfloatsAreTakenUnlessTheyAreSlower() {
        #expect(ProcessorRates.takesBfloats(on: .init(.amd, .bf16)) && ProcessorRates.takesBfloats(on: .init(.intel, .amx)))
        #expect(ProcessorRates.takesBfloats(on: .init(.other, .bf16)))
        #expect(!ProcessorRates.takesBfloats(on: .init(.intel, .bf16)))
        for maker in ProcessorKind.Maker.allCases {
            for level in [ProcessorKind.Level.plain, .avx2, .avxVNNI, .avx512, .vnni] {
                #expect(!ProcessorRates.takesBfloats(on: .init(maker, level)), "\(maker) \(level)")
            }
        }
    }

    /// A row a kind, and no rate of instructions that its level has not.
    @Test func theTableIsSound() {
        #expect(Set(ProcessorRates.rows.map(\.kind)).count == ProcessorRates.rows.count)
        for row in ProcessorRates.rows {
            #expect(row.f32 > 0 && (row.bf16 == nil || row.kind.hasBfloats) && (row.int8 == nil || row.kind.level != .plain), "\(row.kind)")
        }
    }

    /// The names are in the kernels' order.
    @Test func thisProcessorIsOfAKind() {
        let levels: [(ProcessorKind.Level, Int)] = [
            (.plain, rd_level_plain), (.avx2, rd_level_avx2), (.avxVNNI, rd_level_avx_vnni), (.avx512, rd_level_avx512),
            (.vnni, rd_level_vnni), (.bf16, rd_level_bf16), (.amx, rd_level_amx),
        ]
        #expect(levels.map(\.0) == ProcessorKind.Level.allCases)
        #expect(levels.map(\.1) == Array(levels.indices))
        #expect(levels.contains { $0.0 == ProcessorKind.here.level && $0.1 == Int(Processor.level) })
        #expect(Arithmetic.bf16.isNative == ProcessorRates.takesBfloats(on: .here))
    }
}
