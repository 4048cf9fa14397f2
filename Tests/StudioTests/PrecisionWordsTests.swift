import Tensors
import Testing

@testable import Studio

/// What is said of a precision, whatever the processor is that the tests run on.
@Suite struct PrecisionWordsTests {
    /// A processor that multiplies floats and these besides.
    private func processor(_ others: Arithmetic...) -> (Arithmetic) -> Bool {
        { $0 == .f32 || others.contains($0) }
    }

    @Test func whatIsMultipliedAsItSaysNeedsNoWords() {
        for arithmetic in Arithmetic.allCases {
            #expect(PrecisionWords.departure(of: arithmetic, isNative: processor(.bf16, .int8)) == nil)
        }
        #expect(PrecisionWords.departure(of: .f32, isNative: processor()) == nil)
        #expect(PrecisionWords.departure(of: "elsewhere", isNative: processor()) == nil)
    }

    @Test func whatIsOnlyHeldSoIsTold() throws {
        for (arithmetic, isNative) in [(Arithmetic.bf16, processor(.int8)), (Arithmetic.bf16, processor()), (Arithmetic.int8, processor())]
        {
            let words = try #require(PrecisionWords.departure(of: arithmetic.rawValue, isNative: isNative))
            #expect(words.contains("multiplied as floats") && words.hasSuffix("for \(arithmetic.rawValue)"), "\(words)")
        }
    }

    /// The reason speaks of what was taken, and of a processor whose instructions are slow otherwise than of one that nobody measured.
    @Test func whatAutoTakesHasAReason() {
        let reasons = [
            PrecisionWords.reason(for: .f32, on: .init(.intel, .bf16)), PrecisionWords.reason(for: .bf16, on: .init(.amd, .bf16)),
            PrecisionWords.reason(for: .f32, on: .init(.other, .bf16)), PrecisionWords.reason(for: .f32, on: .init(.amd, .avx2)),
        ]
        #expect(Set(reasons).count == 4 && reasons[2].contains("never measured"), "\(reasons)")
    }

    /// Of int8, a processor may have the linear layers' products alone.
    @Test func whatOfBytesIsTakenIsTold() throws {
        let words = try #require(PrecisionWords.departure(of: .int8, isNative: processor(.int8)))
        #expect(words.contains("linear layers alone") && words.contains("floats"), "\(words)")
    }
}
