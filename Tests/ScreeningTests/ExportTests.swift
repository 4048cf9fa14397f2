import Foundation
import Screening
import TestSupport
import Testing

@Suite struct ExportTests {
    private func busy() throws -> (library: Library, picture: Int64) {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("cat", aliases: ["feline"]), .sample("dog", rank: 2), .sample("sofa", rank: 3)]), of: picture)
        try library.decide([.edit("cat", to: "tabby"), .reject("dog")], on: picture, by: "Ada")
        try library.decide([.add(tag: "bow", facet: "subject"), .weigh("cat", 1.4)], on: picture, by: "Ada")
        try library.undo(on: picture, by: "Ada")
        try library.decide([.reset("dog")], on: picture, by: "Bob")
        try library.record(NewPrompt(positive: "tabby", model: "m", width: 64, height: 64), of: picture)
        try library.record(NewPrompt(positive: "tabby!", source: .written), of: picture)
        try library.record(.sample(status: .done, picture: picture, prompt: 2))
        try library.record(.sample(.max, status: .failed))
        return (library, picture)
    }

    @Test func anExportRoundTripsThroughJSON() throws {
        let (library, picture) = try busy()
        let export = try library.export()
        #expect(try LibraryExport(json: export.json()) == export)
        let copy = try Library.inMemory()
        let report = try copy.import(LibraryExport(json: export.json()), by: "import")
        #expect(report.picturesAdded == 1 && report.promptsAdded == 2 && report.generationsAdded == 2)
        #expect(try copy.export() == export)
        #expect(try copy.check() == [])
        // What is undone over there is undone here, too, and so on to the beginning.
        for one in [library, copy] {
            while try one.canUndo(on: picture) { try one.undo(on: picture, by: "Ada", at: Date(timeIntervalSince1970: 2_000_000_000)) }
        }
        #expect(try copy.export().pictures == library.export().pictures)
    }

    @Test func importingAgainChangesNothing() throws {
        let (library, _) = try busy()
        let export = try library.export()
        let report = try library.import(export, by: "import")
        var nothing = ImportReport()
        nothing.picturesMerged = 1
        #expect(report == nothing)
        #expect(try library.export() == export)
    }

    @Test func aMergeKeepsWhatIsDecidedHere() throws {
        let (theirs, theirPicture) = try Library.withPicture()
        try theirs.record(
            .sample([.sample("cat"), .sample("dog", rank: 2), .sample("sofa", rank: 3), .sample("rug", rank: 4)]), of: theirPicture)
        try theirs.decide([.reject("cat"), .edit("dog", to: "puppy"), .add(tag: "bow", facet: "subject")], on: theirPicture, by: "Bob")
        let (mine, picture) = try Library.withPicture()
        try mine.record(.sample([.sample("Cat"), .sample("dog", rank: 2)], version: 2), of: picture)
        try mine.decide([.approve("cat"), .add(tag: "carpet", facet: "subject")], on: picture, by: "Ada")
        let cat = try mine.suggestions(of: picture).first { $0.tag == "Cat" }
        let report = try mine.import(theirs.export(), by: "import of Bob's")
        #expect(
            try mine.states(picture) == [
                "Cat": .approved, "carpet": .approved, "dog": .approved, "bow": .approved, "sofa": .pending, "rug": .pending,
            ])
        let suggestions = try mine.suggestions(of: picture)
        #expect(suggestions.first { $0.tag == "Cat" } == cat)
        #expect(suggestions.first { $0.tag == "dog" }?.text == "puppy")
        #expect(report.decisionsKept == 1 && report.decisionsTaken == 2 && report.suggestionsAdded == 3 && report.analysesAdded == 1)
        try mine.undo(on: picture, by: "Ada")
        #expect(try mine.states(picture)["dog"] == .pending)
    }

    @Test func onePictureCanBeExported() throws {
        let (library, picture) = try busy()
        try library.record(NewPicture(sha256: digest(2), width: 5, height: 5))
        let export = try library.export(pictures: [picture])
        #expect(export.pictures.map(\.sha256) == [digest(1)])
        #expect(export.generations.isEmpty)
        #expect(throws: LibraryError.noSuchPicture("77")) { try library.export(pictures: [77]) }
    }

    @Test(arguments: [
        "", "{}", "[1]", #"{"format": "other", "version": 1}"#, #"{"format": "redraw-library", "version": 99}"#,
        #"{"format": "redraw-library", "version": 1, "pictures": [{"sha256": 5}], "generations": []}"#,
    ])
    func otherTextsAreRefused(_ text: String) throws {
        #expect {
            _ = try LibraryExport(json: Data(text.utf8))
        } throws: { error in
            "\(error)".contains("not an export") && !"\(error)".contains("\n")
        }
    }

    @Test func aForgedExportChangesNothing() throws {
        let (library, _) = try busy()
        var forged = try library.export()
        forged.pictures[0].sha256 = digest(9)
        forged.pictures[0].decisions = []
        let copy = try Library.inMemory()
        #expect(throws: LibraryError.self) { try copy.import(forged, by: "import") }
        #expect(try copy.pictures().isEmpty)
        forged.pictures[0].suggestions = []
        forged.pictures[0].analyses[0].model = "{"
        #expect(throws: LibraryError.self) { try copy.import(forged, by: "import") }
    }

    /// A text given out in pieces of random length.
    private func pieces(_ text: Data, _ generator: SeededGenerator) -> ExportText {
        var (rest, generator) = (text[...], generator)
        return ExportText {
            guard !rest.isEmpty else { return nil }
            let piece = rest.prefix(.random(in: 1...40, using: &generator))
            rest = rest.dropFirst(piece.count)
            return Data(piece)
        }
    }

    private func streamed(_ library: Library, _ pictures: [Int64]? = nil) throws -> Data {
        var text = Data()
        try library.export(pictures: pictures) { text += $0 }
        return text
    }

    /// What is written piece by piece says what the whole says, and is taken in however it comes.
    @Test func anExportRoundTripsPieceByPiece() throws {
        let generator = SeededGenerator.announced()
        let (library, picture) = try busy()
        for number in 2..<250 { try library.record(NewPicture(sha256: digest(number), width: number, height: 5)) }
        let text = try streamed(library)
        let export = try library.export()
        #expect(try LibraryExport(json: text) == export)
        #expect(try LibraryExport(json: streamed(library, [picture])) == library.export(pictures: [picture]))
        #expect(try LibraryExport(json: streamed(Library.inMemory())).pictures.isEmpty)
        #expect(throws: LibraryError.noSuchPicture("777")) { try streamed(library, [777]) }
        // The older text, whose version stands behind its pictures, and the newer one.
        for text in [text, try export.json()] {
            let copy = try Library.inMemory()
            var told: [Int] = []
            let report = try copy.import({ pieces(text, generator) }, by: "import", atOnce: 100) { told.append($0) }
            #expect(report.picturesAdded == 249 && report.promptsAdded == 2 && report.generationsAdded == 2)
            #expect(try copy.export() == export)
            // The older text has the generation in front, which is the first of the hundred.
            #expect((99...100).contains(told.first ?? 0) && told.last == 249)
            let again = try copy.import({ pieces(text, generator) }, by: "import")
            #expect(again.picturesMerged == 249 && again.picturesAdded == 0 && again.generationsAdded == 0)
        }
    }

    @Test(arguments: [
        "", "{}", "[1]", "{", #"{"format": "other", "version": 1}"#, #"{"format": "redraw-library", "version": 99}"#,
        #"{"format": "redraw-library", "version": 1, "pictures": ["#, #"{"format": "redraw-library", "version": 1} {"#,
        #"{"format": "redraw-library", "version": 1, "pictures": [{"sha256": 5}], "generations": []}"#,
        #"{"format": "redraw-library", "version": 1, "pictures": [1 2]}"#, #"{"format": "redraw-library" "version": 1}"#,
    ])
    func otherTextsArePieceByPieceRefused(_ text: String) throws {
        let generator = SeededGenerator.announced()
        let library = try Library.inMemory()
        #expect {
            _ = try library.import({ pieces(Data(text.utf8), generator) }, by: "import")
        } throws: { error in
            "\(error)".contains("not an export") && !"\(error)".contains("\n")
        }
        #expect(try library.pictures().isEmpty)
    }

    /// Cut off anywhere it changes nothing.
    @Test func aTextThatIsCutOffChangesNothing() throws {
        var generator = SeededGenerator.announced()
        let (library, _) = try busy()
        let text = try streamed(library)
        for _ in 0..<60 {
            let copy = try Library.inMemory()
            let cut = text.prefix(.random(in: 0..<text.count - 2, using: &generator))
            #expect(throws: LibraryError.self) { try copy.import({ [generator] in pieces(cut, generator) }, by: "import") }
            #expect(try copy.pictures().isEmpty)
        }
    }

    /// Every number and every moment of an export, made extreme one by one: what is not refused at the door is no harm to what reads it later.
    @Test func whatIsTakenInCanBeRead() throws {
        let (library, _) = try busy()
        let text = try #require(String(data: library.export().json(), encoding: .utf8))
        let values = try NSRegularExpression(pattern: #"(?<=" : )(-?[0-9][0-9.e+-]*|"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*")(?=[,\n])"#)
        let places = values.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap { Range($0.range, in: text) }
        #expect(places.count > 60)
        let numbers = ["1e300", "-1e300", "-1", "0", "9223372036854775807", "-9223372036854775808", "0.5", "18446744073709551615"]
        let moments = [
            "10000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.9999Z", "0000-01-01T00:00:00.000Z", "-0001-01-01T00:00:00.000Z",
            "292277026596-12-04T15:30:08.000Z", "2026-02-30T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
        ]
        var (taken, refused) = (0, 0)
        for place in places {
            let isMoment = text[place].hasPrefix("\"")
            for value in isMoment ? moments.map({ "\"\($0)\"" }) : numbers {
                let changed = text.replacingCharacters(in: place, with: value)
                let copy = try Library.inMemory()
                do {
                    _ = try copy.import({ ExportText(once: Data(changed.utf8)) }, by: "import")
                    taken += 1
                } catch {
                    #expect(error is LibraryError && !"\(error)".contains("\n"), "\(value): \(error)")
                    #expect(try copy.pictures().isEmpty || copy.check() == [])
                    refused += 1
                    continue
                }
                #expect(try copy.check() == [], "\(value) at \(text[..<place.lowerBound].suffix(40))")
                #expect(try copy.history(of: nil, limit: 100).count > 3)
                let again = try Library.inMemory()
                #expect(try again.import(LibraryExport(json: copy.export().json()), by: "import").picturesAdded == 1)
                if let picture = try copy.pictures().first {
                    _ = try copy.record(.sample([.sample("later")], version: 3), of: picture.id)
                    _ = try copy.decide([.approve("later")], on: picture.id, by: "somebody")
                }
            }
        }
        #expect(taken > 50 && refused > 200, "\(taken) taken, \(refused) refused")
    }

    @Test func whatIsRefusedIsNamed() throws {
        func refusal(_ change: (inout LibraryExport) -> Void) throws -> String {
            var export = try busy().library.export()
            change(&export)
            let error = #expect(throws: LibraryError.self) { try Library.inMemory().import(export, by: "import") }
            return "\(try #require(error))"
        }
        #expect(
            try refusal { $0.pictures[0].generations[0].firstTimestep = 1e300 }.contains(
                "pictures[0].generations[0].firstTimestep is 1e+300"))
        #expect(try refusal { $0.generations[0].seconds = "[1]" }.contains("generations[0].seconds"))
        #expect(try refusal { $0.pictures[0].decisions[0].batch = .max }.contains("pictures[0].decisions[0].batch is 9223372036854775807"))
        #expect(try refusal { $0.pictures[0].analyses[0].seconds = -1 }.contains("pictures[0].analyses[0].seconds is -1"))
        #expect(try refusal { $0.pictures[0].width = 0 }.contains("pictures[0].width is 0"))
        // The same in a text's later parts, by their place in it.
        let library = try Library.inMemory()
        for number in 1..<150 { try library.record(NewPicture(sha256: digest(number), width: 4, height: 5)) }
        let text = try String(decoding: streamed(library), as: UTF8.self).replacingOccurrences(
            of: digest(149) + #"","suggestions":[],"width":4"#, with: digest(149) + #"","suggestions":[],"width":0"#)
        let copy = try Library.inMemory()
        let error = #expect(throws: LibraryError.self) { try copy.import({ ExportText(once: Data(text.utf8)) }, by: "import") }
        #expect("\(try #require(error))".contains("pictures[148].width is 0"), "\(text.suffix(200))")
    }

    /// One that is damaged is named; what stands before it is taken in, what comes after it is not.
    @Test func aDamagedPictureEndsAnImport() throws {
        var generator = SeededGenerator.announced()
        let library = try Library.inMemory()
        for number in 1...30 { try library.record(NewPicture(sha256: digest(number), width: number, height: 5)) }
        var lines = String(decoding: try streamed(library), as: UTF8.self).split(separator: "\n").map(String.init)
        let damaged = Int.random(in: 0..<30, using: &generator)
        let line = try #require(lines.firstIndex { $0.contains(digest(damaged + 1)) })
        lines[line] = lines[line].replacingOccurrences(of: #""width":\#(damaged + 1)"#, with: #""width":"wide""#)
        let text = Data(lines.joined(separator: "\n").utf8)
        let (copy, atOnce, seed) = (try Library.inMemory(), Int.random(in: 1...40, using: &generator), generator)
        #expect {
            try copy.import({ pieces(text, seed) }, by: "import", atOnce: atOnce)
        } throws: { error in
            "\(error)".contains("pictures[\(damaged)]: at width")
        }
        #expect(try copy.pictures().count == damaged)
    }

    @Test func whatLiesInTheBinIsLeftOut() throws {
        let (library, picture) = try busy()
        let binned = try library.record(NewPicture(sha256: digest(7), width: 4, height: 5)).id
        try library.bin(picture: binned)
        let (kept, thrown) = (
            try library.record(.sample(7, status: .done, picture: picture)), try library.record(.sample(8, status: .done, picture: picture))
        )
        let free = try library.record(.sample(9, status: .done))
        for result in [thrown, free] { try library.bin(generation: result.id) }
        let export = try library.export()
        #expect(try LibraryExport(json: streamed(library)) == export)
        #expect(!export.pictures.contains { $0.sha256 == digest(7) } && !export.generations.contains { $0.seed == 9 })
        let seeds = export.pictures.flatMap(\.generations).map(\.seed)
        #expect(seeds.contains(kept.seed) && !seeds.contains(thrown.seed))
        #expect(try LibraryExport(json: streamed(library, [binned])).pictures.map(\.sha256) == [digest(7)])
        // What lies in the bin of the library that takes it in stays there.
        let mine = try Library.inMemory()
        let there = try mine.record(NewPicture(sha256: digest(1), width: 640, height: 480)).id
        try mine.bin(picture: there)
        try mine.import(export, by: "me")
        var query = PictureQuery()
        query.isBinned = true
        #expect(try mine.pictures(query).pictures.map(\.sha256) == [digest(1)])
    }
}

extension ExportText {
    /// A text that is there at once.
    fileprivate init(once text: Data) {
        var rest: Data? = text
        self.init {
            defer { rest = nil }
            return rest
        }
    }
}
