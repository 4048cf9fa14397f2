import Foundation
import TestSupport
import Testing

/// What each room may import: the rooms below it and, by name, the libraries it is the keeper of. What `system` names is free to all.
private let allowed: [String: Set<String>] = [
    "Threads": ["CProcessors"],
    "Digests": ["CCrypto"],
    "JSONReading": [],
    "Tensors": ["Threads", "CKernels", "COpenBLAS"],
    "Pixels": ["Threads", "CPNG", "CTurboJPEG", "CWebP", "CZlib", "CLCMS", "CHEIF", "CTIFF"],
    "Checkpoints": ["JSONReading", "Tensors"],
    "Layers": ["Checkpoints", "Tensors"],
    "Encoders": ["Layers", "Checkpoints", "JSONReading", "Tensors", "Pixels"],
    "Vocabulary": ["Digests"],
    "Catalog": ["Digests"],
    "Analysis": ["Encoders", "Vocabulary", "Catalog", "JSONReading", "Tensors", "Pixels"],
    "Screening": ["Vocabulary", "JSONReading", "GRDB"],
    "Diffusion": ["Encoders", "Layers", "Checkpoints", "Tensors", "Pixels"],
    "Engines": ["Diffusion", "Encoders", "Pixels", "AsyncHTTPClient", "NIOCore", "NIOHTTP1"],
    "Studio": [
        "Engines", "Analysis", "Screening", "Diffusion", "Catalog", "Vocabulary", "Encoders", "Checkpoints", "Tensors", "JSONReading",
        "Pixels", "Threads", "Digests",
    ],
    "StudioWeb": ["Studio", "Hummingbird"],
    "Commands": ["Studio", "StudioWeb", "ArgumentParser"],
    "redraw": ["Commands"],
    "analyze": ["Commands"],
]

private let system: Set<String> = [
    "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Synchronization",
]

/// Libraries and C targets that exactly one room may know.
private let onlyOneImporter = [
    "GRDB", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "ArgumentParser", "Hummingbird", "CKernels", "CProcessors", "COpenBLAS", "CPNG",
    "CTurboJPEG", "CWebP", "CZlib", "CLCMS", "CHEIF", "CTIFF", "CCrypto",
]

nonisolated(unsafe) private let importLine = try! Regex(
    #"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public |internal |package |private |fileprivate )?import\s+(?:(?:struct|class|enum|func|protocol|typealias|let|var)\s+)?(\w+)"#
).anchorsMatchLineEndings()

/// Asked of lines that speak of an import and of those behind them alone: a regular expression takes its time over every place of a text.
private func imports(of source: String) -> [String] {
    let lines = source.split(separator: "\n")
    let near = zip(lines, [""] + lines).filter { line, before in line.contains("import") || before.contains("import") }
    return near.map(\.0).joined(separator: "\n").matches(of: importLine).compactMap { match in match.output[1].substring.map(String.init) }
}

/// Read once for all tests.
private func importsByRoom() throws -> [String: [(file: String, module: String)]] { try everyImport.get() }

private let everyImport = Result<[String: [(file: String, module: String)]], any Error> {
    let sources = checkout.appendingPathComponent("Sources")
    var result: [String: [(file: String, module: String)]] = [:]
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
        let path = String(file.path.dropFirst(sources.path.count + 1))
        let room = String(path.prefix { $0 != "/" })
        for module in imports(of: try String(contentsOf: file, encoding: .utf8)) {
            result[room, default: []].append((path, module))
        }
    }
    return result
}

@Test func everyImportIsOneTheDesignAllows() throws {
    for (room, imported) in try importsByRoom() {
        let permitted = try #require(allowed[room], "Sources/\(room) is not in the table of rooms")
        for (file, module) in imported {
            #expect(
                permitted.contains(module) || system.contains(module),
                "Sources/\(file) imports \(module); \(room) may import \(permitted.sorted().joined(separator: ", "))")
        }
    }
}

/// A right that nobody uses would let in what the documentation does not tell, and what the package declares in vain is built in vain.
@Test func whatIsAllowedDeclaredAndDocumentedIsWhatIsImported() throws {
    let imported = try importsByRoom().mapValues { Set($0.map(\.module)).subtracting(system) }
    let package = try String(contentsOf: checkout.appendingPathComponent("Package.swift"), encoding: .utf8)
    let document = try String(contentsOf: checkout.appendingPathComponent("Documentation/ARCHITECTURE.md"), encoding: .utf8)
    for (room, permitted) in allowed {
        #expect((imported[room] ?? []) == permitted, "\(room) of the test's table")
        #expect(try declared(room, in: package) == permitted, "\(room) of Package.swift")
        #expect(try documented(room, in: document) == permitted, "\(room) of ARCHITECTURE.md")
    }
}

/// A target's dependencies, the packages of products apart.
private func declared(_ room: String, in package: String) throws -> Set<String> {
    let start = try #require(
        try package.firstMatch(of: Regex(#"(?:room\(\s*"\#(room)",|name: "\#(room)", dependencies:)\s*"#)), "\(room) is no target"
    ).range.upperBound
    var depth = 0
    let list = package[start...].prefix { sign in
        depth += sign == "[" ? 1 : sign == "]" ? -1 : 0
        return depth > 0
    }
    let names = try list.replacing(Regex(#"package: "[^"]+""#), with: "").matches(of: Regex(#""([^"]+)""#))
    return Set(names.compactMap { $0.output[1].substring.map(String.init) })
}

/// The second column of a room's row.
private func documented(_ room: String, in document: String) throws -> Set<String> {
    let row = try #require(document.split(separator: "\n").first { $0.hasPrefix("| `\(room)` |") }, "no row for \(room)")
    return Set(try row.dropFirst(room.count + 5).matches(of: Regex(#"`(\w+)`"#)).compactMap { $0.output[1].substring.map(String.init) })
}

@Test func everyLibraryHasOneImporter() throws {
    let byRoom = try importsByRoom()
    for library in onlyOneImporter {
        let rooms = byRoom.filter { $0.value.contains { $0.module == library } }.keys.sorted()
        #expect(rooms.count <= 1, "\(library) is imported by \(rooms.joined(separator: " and "))")
    }
}

/// Through such a name a surface would reach into a room that it does not import.
@Test func noRoomGivesAnothersTypeANameOfItsOwn() throws {
    let alias = try Regex(#"typealias\s+\w+\s*=\s*(?:\#(allowed.keys.sorted().joined(separator: "|")))\."#)
    let sources = checkout.appendingPathComponent("Sources")
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.contains("typealias") {
            #expect(line.firstMatch(of: alias) == nil, "\(file.lastPathComponent): \(line)")
        }
    }
}

/// What scripts and the page are told has one place, where it is found and held to one style of keys.
@Test func reportsLieInOnePlace() throws {
    let strays = [
        ("Studio", try Regex(#"^ *package struct \w*(?:Report|Entry|Summary)\b.*(?:Encodable|Codable)"#)),
        ("Commands", try Regex(#"struct \w+:.*(?:Encodable|Codable)"#)),
    ]
    for (room, stray) in strays {
        let folder = checkout.appendingPathComponent("Sources/\(room)")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" && !file.path.contains("/Studio/Reports/") {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.contains("struct ") {
                #expect(line.firstMatch(of: stray) == nil, "\(file.lastPathComponent): \(line)")
            }
        }
    }
}

/// Whoever follows a walk of the documentation finds each file that it names by its room.
@Test func everyFileThatTheArchitectureNamesIsThere() throws {
    let text = try String(contentsOf: checkout.appendingPathComponent("Documentation/ARCHITECTURE.md"), encoding: .utf8)
    let named = text.matches(of: try Regex(#"`((?:\#(allowed.keys.sorted().joined(separator: "|")))/[\w/+-]+)`"#)).compactMap {
        $0.output[1].substring.map(String.init)
    }
    #expect(named.count > 40)
    for name in Set(named).sorted() {
        let place = checkout.appendingPathComponent("Sources/\(name)").path
        #expect(["", ".swift"].contains { FileManager.default.fileExists(atPath: place + $0) }, "\(name)")
    }
}

@Test func theImportReaderSeesEveryForm() {
    let source = """
        import Foundation
        @testable import Tensors
        package import Pixels
        import struct Vocabulary.Tag
        @preconcurrency import GRDB
        // import Commented
        let text = "import Quoted"
        """
    #expect(imports(of: source) == ["Foundation", "Tensors", "Pixels", "Vocabulary", "GRDB"])
}
