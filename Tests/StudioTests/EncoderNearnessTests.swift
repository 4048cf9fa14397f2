import Testing

@testable import Studio

/// What `auto` takes for encoders and taggers.
@Suite struct EncoderNearnessTests {
    private func names(_ rows: EncoderNearness...) -> [String] { EncoderNearness.nearEnough(of: rows).map(\.rawValue) }

    @Test func theWorstEncoderCounts() {
        let near = EncoderNearness("near", isTrained: true, bf16: 0.9999, int8: 0.9995)
        #expect(names(near) == ["f32", "bf16", "int8"])
        #expect(names(near, .init("far", isTrained: true, bf16: 0.9991, int8: 0.9989)) == ["f32", "bf16"])
        #expect(names(near, .init("random", isTrained: false, bf16: 0.9989, int8: 0.9991)) == ["f32", "int8"])
    }

    /// Random weights say nothing of the large activations that trained ones have.
    @Test func randomWeightsDoNotSpeakForBytes() {
        let random = EncoderNearness("random", isTrained: false, bf16: 0.99999, int8: 0.9997)
        #expect(names(random) == ["f32", "bf16"])
        #expect(names(random, .init("trained", isTrained: true, bf16: 0.9999)) == ["f32", "bf16"])
        #expect(names(random, .init("trained", isTrained: true, int8: 0.9992)) == ["f32", "bf16", "int8"])
    }

    @Test func whatWasNeverMeasuredIsNotTaken() {
        #expect(names() == ["f32"])
        #expect(names(.init("one", isTrained: true, bf16: 0.9999)) == ["f32", "bf16"])
    }

    @Test func autoIsWhatTheTablesSay() throws {
        #expect(try EncoderPrecision(named: nil).arithmetic.rawValue == EncoderNearness.automatic().rawValue)
        #expect(try EncoderPrecision(named: "auto").arithmetic.rawValue == EncoderNearness.automatic().rawValue)
    }
}
