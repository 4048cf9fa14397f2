import Testing

@testable import Diffusion

/// What a run takes of memory, as it is told before.
@Suite struct MemoryBudgetTests {
    private let weights = WeightMemory(text: 200, network: 1_000, encoder: 30, decoder: 70)
    private let work = Workload(
        pass: 0, outerPass: 0, encoding: 0, decoding: 0, transformMemory: 100, passMemory: 300, autoencoderMemory: 900, tileMemory: 400)

    private func needed(
        letsGo: Bool, isForSeveral: Bool = false, encodes: Bool = true, grows: Bool = false, tiled: Bool = false
    ) -> Int {
        MemoryBudget(weights: weights, letsGo: letsGo, isForSeveral: isForSeveral)
            .needed(work, encodes: encodes, grows: grows, tiled: tiled)
    }

    @Test func whatIsKeptStandsTogether() {
        #expect(needed(letsGo: false) == 1_300 + 100 + 900)
        #expect(needed(letsGo: false, tiled: true) == 1_300 + 100 + 400)
        #expect(MemoryBudget().needed(work, encodes: true, grows: false, tiled: false) == 100 + 900)
    }

    @Test func whatIsLetGoDoesNot() {
        // The network with the decoder, while steps are taken.
        #expect(needed(letsGo: true) == 1_000 + 100 + 70 + 300)
        // It stays for the pictures to come, and for the stages.
        #expect(needed(letsGo: true, isForSeveral: true) == 70 + 900 + 1_000 + 100)
        #expect(needed(letsGo: true, grows: true) == 100 + 1_000 + 100 + 900)
        // A large picture on a small network: encoding takes the most, or decoding where nothing is encoded.
        let small = MemoryBudget(weights: WeightMemory(text: 20, network: 10, encoder: 30, decoder: 70), letsGo: true)
        #expect(small.needed(work, encodes: true, grows: false, tiled: false) == 100 + 900)
        #expect(small.needed(work, encodes: false, grows: false, tiled: false) == 70 + 900)
    }

    @Test func tilesAreAskedForByWhatIsLeft() {
        func asks(_ free: Int, letsGo: Bool, isForSeveral: Bool = false, encodes: Bool = true, grows: Bool = false) -> Bool {
            MemoryBudget(free: free, weights: weights, letsGo: letsGo, isForSeveral: isForSeveral)
                .asksForTiles(work, encodes: encodes, grows: grows)
        }
        #expect(asks(2_299, letsGo: false) && !asks(2_300, letsGo: false))
        #expect(asks(999, letsGo: true) && !asks(1_000, letsGo: true))
        #expect(asks(969, letsGo: true, encodes: false) && !asks(970, letsGo: true, encodes: false))
        #expect(asks(2_069, letsGo: true, isForSeveral: true) && !asks(2_070, letsGo: true, isForSeveral: true))
        #expect(!MemoryBudget(weights: weights).asksForTiles(work, encodes: true, grows: true))
        // What grows keeps the network beside the autoencoder.
        #expect(asks(2_099, letsGo: true, grows: true) && !asks(2_100, letsGo: true, grows: true))
    }

    /// Nothing is refused where tiles would do: with less than the whole takes they are asked for, and never where the whole fits.
    @Test(arguments: [false, true], [false, true])
    func tilesComeBeforeARefusal(letsGo: Bool, isForSeveral: Bool) {
        for (encodes, grows) in [(false, false), (false, true), (true, false), (true, true)] {
            // Steps that take little, so that the autoencoder decides.
            let work = Workload(
                pass: 0, outerPass: 0, encoding: 0, decoding: 0, transformMemory: 100, passMemory: 10, autoencoderMemory: 5_000,
                tileMemory: 400)
            func budget(_ free: Int) -> MemoryBudget {
                MemoryBudget(free: free, weights: weights, letsGo: letsGo, isForSeveral: isForSeveral)
            }
            let whole = budget(0).needed(work, encodes: encodes, grows: grows, tiled: false)
            #expect(!budget(whole).asksForTiles(work, encodes: encodes, grows: grows), "\(encodes), \(grows)")
            #expect(budget(whole - 1).asksForTiles(work, encodes: encodes, grows: grows), "\(encodes), \(grows)")
        }
    }
}
