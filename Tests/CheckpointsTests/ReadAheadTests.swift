import Foundation
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

/// What the kernel is asked for before it is touched.
@Suite struct ReadAheadTests {
    private let folder: TemporaryFolder
    private let words: Weights
    private let network: Weights

    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        func weights(_ name: String, _ tensors: [(String, Int)]) throws -> Weights {
            let url = folder.url.appendingPathComponent(name)
            try SafetensorsFile.write(tensors: tensors.map { ($0, .zeros([$1, 1000])) }, to: url)
            return try Weights(url: url)
        }
        // Names in another order than that of their use: the network's file would come first.
        words = try weights("words.safetensors", [("first", 90), ("table", 200), ("last", 40)])
        network = try weights("network.safetensors", [("one", 70), ("other", 170)])
    }

    /// What was asked for, in its order.
    private final class Asked: Sendable {
        private let ranges = Mutex<[(file: String, range: Range<Int>)]>([])
        private let ahead = Mutex<ReadAhead?>(nil)

        var all: [(file: String, range: Range<Int>)] { ranges.withLock { $0 } }

        func note(_ file: SafetensorsFile, _ range: Range<Int>) -> Int {
            ranges.withLock { ranges in
                ranges.append((URL(fileURLWithPath: file.path).lastPathComponent, range))
                return ranges.count
            }
        }
        func watch(_ ahead: ReadAhead?) { self.ahead.withLock { $0 = ahead } }
        func end() { ahead.withLock { $0?.end() } }
        func bytes(of file: String) -> Int { all.filter { $0.file == file }.reduce(0) { $0 + $1.range.count } }
    }

    private func parts() throws -> [FilePart] { try words.fileParts { $0 == "table" } + network.fileParts() }

    @Test func allOfItIsAskedForOnceAndInTheOrderOfItsUse() throws {
        let asked = Asked()
        ReadAhead(try parts(), atMost: .max) { asked.note($0, $1) > 0 }.run()
        let files = asked.all.map(\.file)
        let first = try #require(files.firstIndex(of: "network.safetensors"))
        #expect(Set(files[..<first]) == ["words.safetensors"] && Set(files[first...]) == ["network.safetensors"])
        // Rows of a thousand floats, those of the table left out.
        #expect(asked.bytes(of: "words.safetensors") == 130 * 4000 && asked.bytes(of: "network.safetensors") == 240 * 4000)
        for file in ["words.safetensors", "network.safetensors"] {
            let ranges = asked.all.filter { $0.file == file }.map(\.range)
            #expect(ranges.allSatisfy { !$0.isEmpty && $0.count <= ReadAhead.piece })
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }, "nothing twice")
        }
        let place = try SafetensorsFile(folder.url.appendingPathComponent("words.safetensors")).place(of: "table")
        #expect(!asked.all.contains { $0.file == "words.safetensors" && $0.range.overlaps(place) })
    }

    @Test func aKernelThatTakesNoAdviceIsLeftInPeace() throws {
        let asked = Asked()
        ReadAhead(try parts(), atMost: .max) { asked.note($0, $1) < 2 }.run()
        #expect(asked.all.count == 2)
        #expect(try words.tensor("first", [90, 1000]) == .zeros([90, 1000]))
    }

    @Test func noMoreIsAskedForThanThereIsRoom() throws {
        let asked = Asked()
        ReadAhead(try parts(), atMost: 600_000) { asked.note($0, $1) > 0 }.run()
        let bytes = asked.all.reduce(0) { $0 + $1.range.count }
        #expect(bytes <= 600_000 && bytes > 600_000 - ReadAhead.piece)
    }

    /// Whoever reads faster than the advice comes goes on with what is next.
    @Test func whatWasReadMeanwhileIsNotAskedFor() throws {
        let asked = Asked()
        ReadAhead(try parts(), atMost: .max) { [words] file, range in
            if asked.note(file, range) == 1 { words.letGoOfPages() }
            return true
        }.run()
        #expect(asked.all.map(\.file).filter { $0 == "words.safetensors" }.count == 1)
        #expect(asked.bytes(of: "network.safetensors") == 240 * 4000)
    }

    @Test func itEndsWithWhatItWasFor() throws {
        let asked = Asked()
        let ahead = ReadAhead(try parts(), atMost: .max) { file, range in
            if asked.note(file, range) == 3 { asked.end() }
            return true
        }
        asked.watch(ahead)
        ahead.run()
        asked.watch(nil)
        #expect(asked.all.count == 3)
    }

    /// With the kernel itself.
    @Test func whatItIsForIsDoneWhateverComesOfIt() throws {
        struct Failure: Error {}
        for room in [Int.min, 0, 1, .max] {
            let parts = try parts()
            let count = try ReadAhead.during(parts, atMost: room) { try network.tensor("one", [70, 1000]).count }
            #expect(count == 70_000)
            #expect(throws: Failure.self) { _ = try ReadAhead.during(parts, atMost: room) { () -> Int in throw Failure() } }
        }
        let file = try SafetensorsFile(folder.url.appendingPathComponent("network.safetensors"))
        let place = try file.place(of: "other")
        #expect(file.willNeed(place))
    }
}
