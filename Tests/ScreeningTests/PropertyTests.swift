import Foundation
import Screening
import TestSupport
import Testing

/// Random analyses and decisions on one picture, with what must hold checked after every step.
@Suite struct PropertyTests {
    /// Tags with names in common, in several spellings, so that collisions are frequent.
    static let tags: [(name: String, aliases: [String])] = [
        ("cat", ["feline", "house cat"]), ("Feline", []), ("house-cat", ["kitty"]), ("dog", ["hound"]), ("Hound", ["dog"]),
        ("car", ["automobile"]), ("automobile", ["motor car"]), ("black and white", ["monochrome"]), ("Black-And_White", []),
        ("monochrome", []), ("street", []), ("STREET", ["road"]), ("road", []), ("sea", ["ocean"]),
    ]

    static func proposal(_ generator: inout SeededGenerator) -> Suggestion {
        let tag = tags.randomElement(using: &generator)!
        return Suggestion(
            tag: tag.name, aliases: tag.aliases, facet: "subject", cosine: .random(in: -1...1, using: &generator),
            confidence: .random(in: 0...1, using: &generator), rank: .random(in: 1...40, using: &generator),
            source: [.ranked, .measured, .head, .recovered].randomElement(using: &generator)!)
    }

    static func change(_ suggestions: [Suggestion], _ generator: inout SeededGenerator) -> Change {
        let name = tags.randomElement(using: &generator)!.name
        let target: SuggestionTarget = suggestions.randomElement(using: &generator).map { .id($0.id) } ?? .tag(name)
        switch Int.random(in: 0..<9, using: &generator) {
        case 0, 1: return .approve(target)
        case 2, 3: return .reject(target)
        case 4: return .edit(target, to: Bool.random(using: &generator) ? name : "a \(name) in the rain")
        case 5: return .weigh(target, .random(in: 0.1...3, using: &generator))
        case 6: return .add(tag: name, facet: "subject")
        case 7: return .reset(target)
        default: return .approveAbove(.random(in: 0...1, using: &generator))
        }
    }

    @Test(arguments: 0..<4) func decisionsOutliveWhateverAnalysesSay(_ round: Int) throws {
        var generator = SeededGenerator(seed: SeededGenerator.announced("round \(round)").seedForRound(round))
        let (library, picture) = try Library.withPicture()
        var log: [Decision] = []
        var prompts: [PromptVersion] = []
        for step in 0..<350 {
            let before = try library.suggestions(of: picture)
            let decidedBefore = before.filter { $0.state != .pending }
            switch Int.random(in: 0..<10, using: &generator) {
            case 0...3:
                let count = Int.random(in: 0...8, using: &generator)
                let encoder = ["a", "b"].randomElement(using: &generator)!
                let recorded = try library.record(
                    .sample((0..<count).map { _ in Self.proposal(&generator) }, encoder: encoder, version: step), of: picture)
                #expect(recorded.suggestions.filter { $0.state != .pending } == decidedBefore, "step \(step)")
                for withheld in recorded.withheld { #expect(decidedBefore.contains(withheld.because)) }
                // Nothing pending from an earlier analysis of this encoder is left.
                let older = Set(try library.analyses(of: picture).filter { $0.encoder.name == encoder }.dropFirst().map(\.id))
                #expect(!recorded.suggestions.contains { $0.state == .pending && $0.analysisID.map(older.contains) == true })
            case 4...7:
                let changes = (0..<Int.random(in: 1...3, using: &generator)).map { _ in Self.change(before, &generator) }
                if case .failure(let error) = Result(catching: { try library.decide(changes, on: picture, by: "tester") }) {
                    #expect("\(error)".contains("is not among the suggestions"))
                    #expect(try library.suggestions(of: picture) == before)
                }
            case 8:
                if try library.canUndo(on: picture) { try library.undo(on: picture, by: "tester") }
            default:
                let approved = before.filter { $0.state == .approved }.map(\.text).joined(separator: ", ")
                try library.record(NewPrompt(positive: approved), of: picture)
            }
            let newLog = try library.decisions(of: picture)
            #expect(Array(newLog.prefix(log.count)) == log, "the log is only added to, step \(step)")
            log = newLog
            let newPrompts = try library.prompts(of: picture)
            #expect(Array(newPrompts.prefix(prompts.count)) == prompts, "versions stay, step \(step)")
            #expect(newPrompts.map(\.number) == Array(1..<(newPrompts.count + 1)))
            prompts = newPrompts
            try expectTheInvariants(library, picture, step)
        }
        while try library.canUndo(on: picture) {
            try library.undo(on: picture, by: "tester")
            try expectTheInvariants(library, picture, -1)
        }
        #expect(try library.suggestions(of: picture).allSatisfy { $0.state == .pending && $0.source != .added })
        #expect(try library.check() == [])
    }

    /// What decisions teach stands in a table of its own; it says what the tables that it is made of say, whatever is done.
    @Test(arguments: 0..<3) func whatDecisionsTeachIsInStep(_ round: Int) throws {
        var generator = SeededGenerator(seed: SeededGenerator.announced("teaching, round \(round)").seedForRound(round))
        let library = try Library.inMemory()
        let pictures = try (1...4).map { try library.record(NewPicture(sha256: digest($0), width: 4, height: 3)).id }
        for step in 0..<200 {
            let picture = pictures.randomElement(using: &generator)!
            let encoder = Int.random(in: 1...2, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0...2:
                let tags = (0..<6).map { _ in Self.proposal(&generator) }
                try library.record(.sample(tags, encoder: "\(encoder)", version: encoder), of: picture)
            case 3...7:
                _ = try? library.decide([Self.change(library.suggestions(of: picture), &generator)], on: picture, by: "tester")
            default: if try library.canUndo(on: picture) { try library.undo(on: picture, by: "tester") }
            }
            // The log is spelt once, not again for each suggestion and encoder.
            var (analyses, teaching): ([AnalysisRecord], [Suggestion]) = ([], [])
            for picture in pictures {
                var last: [String: Decision.Action] = [:]
                for decision in try library.decisions(of: picture) { last[spelling(decision.tag)] = decision.action }
                analyses += try library.analyses(of: picture)
                teaching += try library.suggestions(of: picture).filter { one in
                    one.state != .pending && one.source == .ranked && one.editedText == nil && one.decidedBy == "tester"
                        && [.approve, .reject, .weigh, .undo].contains(last[spelling(one.tag)])
                }
            }
            for encoder in 1...2 {
                let taught = try library.decidedConfidences(encoder: digest(100 + encoder))
                let own = Set(analyses.filter { $0.encoder.sha256 == digest(100 + encoder) }.map(\.id))
                let shown = teaching.filter { $0.analysisID.map(own.contains) == true }
                #expect(taught.map(\.confidence).sorted() == shown.map(\.confidence).sorted(), "step \(step)")
                #expect(taught.filter(\.approved).count == shown.filter { $0.state == .approved }.count, "step \(step)")
            }
        }
        #expect(try library.check() == [])
        // Another library that takes it in has the same; a picture that is forgotten teaches nothing any more.
        let copy = try Library.inMemory()
        try copy.import(try library.export(), by: "another")
        #expect(try copy.check() == [])
        #expect(
            try (1...2).map { try copy.decidedConfidences(encoder: digest(100 + $0)).count }
                == (1...2).map { try library.decidedConfidences(encoder: digest(100 + $0)).count })
        for picture in pictures { _ = try library.forget(picture: picture) }
        #expect(try (1...2).allSatisfy { try library.decidedConfidences(encoder: digest(100 + $0)).isEmpty } && library.check() == [])
    }

    private func expectTheInvariants(_ library: Library, _ picture: Int64, _ step: Int) throws {
        let suggestions = try library.suggestions(of: picture)
        let spelt = suggestions.map { (tag: spelling($0.tag), names: Set(([$0.tag] + $0.aliases).map(spelling))) }
        #expect(Set(spelt.map(\.tag)).count == suggestions.count, "one suggestion a tag, step \(step)")
        for (rejected, its) in zip(suggestions, spelt) where rejected.state == .rejected {
            for (pending, others) in zip(suggestions, spelt) where pending.state == .pending {
                #expect(!its.names.contains(others.tag), "\(pending.tag) was rejected as \(rejected.tag), step \(step)")
                #expect(!others.names.contains(its.tag), "step \(step)")
            }
        }
        for suggestion in suggestions {
            let isDecided = suggestion.state != .pending
            #expect((suggestion.decidedAt != nil) == isDecided && (suggestion.decidedBy != nil) == isDecided)
            if suggestion.state != .approved { #expect(suggestion.editedText == nil && suggestion.weight == 1) }
        }
    }

    private func spelling(_ name: String) -> String {
        name.lowercased().replacingOccurrences(of: "-", with: " ").replacingOccurrences(of: "_", with: " ")
    }
}

extension SeededGenerator {
    /// Another seed for each round of one announced one.
    func seedForRound(_ round: Int) -> UInt64 {
        var copy = self
        for _ in 0..<round { _ = copy.next() }
        return copy.next()
    }
}
