import Testing

@testable import Commands

@Suite struct ProgressLineTests {
    @Test(
        arguments: [
            (0, "0 s"), (7.2, "8 s"), (125, "2 min 5 s"), (3780, "1 h 3 min"), (-5, "0 s"), (1e30, "more than 100 days"),
            (.infinity, "more than 100 days"), (.nan, "more than 100 days"),
        ] as [(Double, String)])
    func aTimeIsToldWhateverItIs(_ seconds: Double, _ told: String) {
        #expect(ProgressLine.duration(seconds) == told)
    }

    @Test(arguments: [(0.5, "50 %"), (-1, "0 %"), (1e30, "100 %"), (.nan, "0 %")] as [(Double, String)])
    func aShareIsToldWhateverItIs(_ share: Double, _ told: String) {
        let line = ProgressLine.line("step", share: share, secondsLeft: 1e30, width: 80)
        #expect(line.contains(told) && line.count < 80, "\(line)")
    }
}
