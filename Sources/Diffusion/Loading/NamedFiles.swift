import Foundation

/// Files that prompts call by name, in folders and those below them. Names are looked up in a list that is made here: whatever a prompt
/// says, nothing outside these folders is opened.
struct NamedFiles {
    /// Of the files, without their ending, in order.
    let names: [String]
    private let files: [(path: String, url: URL)]
    var urls: [URL] { files.map(\.url) }

    /// Files that are looked at, and folders within folders.
    private static let most = 20_000
    private static let deepest = 4

    /// - Parameter folders: the first has the first word.
    init(in folders: [URL], endings: Set<String> = ["safetensors"]) {
        var files: [(path: String, url: URL)] = []
        for folder in folders { Self.list(folder, below: "", depth: 0, endings, into: &files) }
        self.files = files
        var seen: Set<String> = []
        names = files.map { String($0.path.split(separator: "/").last ?? "") }.filter { seen.insert($0).inserted }.sorted()
    }

    private static func list(_ folder: URL, below: String, depth: Int, _ endings: Set<String>, into files: inout [(path: String, url: URL)])
    {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for entry in entries.sorted() where !entry.hasPrefix(".") && files.count < most {
            let url = folder.appendingPathComponent(entry)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { continue }
            if isFolder.boolValue {
                if depth < deepest { list(url, below: below + entry + "/", depth: depth + 1, endings, into: &files) }
            } else if let dot = entry.lastIndex(of: "."), endings.contains(entry[entry.index(after: dot)...].lowercased()) {
                files.append((below + entry[..<dot], url))
            }
        }
    }

    /// Each file with a name that means it and can stand in a prompt: its own, or its path where others have that, too.
    var called: [(name: String, url: URL)] {
        func own(_ file: (path: String, url: URL)) -> String { String(file.path.split(separator: "/").last ?? "") }
        let byPath = Dictionary(files.map { ($0.path, $0.url) }) { first, _ in first }
        let byName = Dictionary(files.map { (own($0), $0.url) }) { first, _ in first }
        return files.compactMap { file in
            [own(file), file.path].first { (byPath[$0] ?? byName[$0]) == file.url && !$0.contains { ":<>".contains($0) } }.map {
                ($0, file.url)
            }
        }
    }

    /// The file a prompt means: by its path below the folder or by its name alone, with or without the ending; in any case where none is
    /// spelled exactly so.
    func file(named name: String) -> URL? {
        var wanted = name.replacingOccurrences(of: "\\", with: "/")
        if wanted.lowercased().hasSuffix(".safetensors") { wanted = String(wanted.dropLast(".safetensors".count)) }
        func last(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }
        let lowered = wanted.lowercased()
        let ways: [(String) -> Bool] = [
            { $0 == wanted }, { last($0) == wanted }, { $0.lowercased() == lowered }, { last($0).lowercased() == lowered },
        ]
        for way in ways {
            if let found = files.first(where: { way($0.path) }) { return found.url }
        }
        return nil
    }
}

/// A prompt's words, for finding the textual inversions it calls.
struct CalledWords {
    private let characters: [Character]

    init(_ prompt: String) {
        characters = Array(prompt.lowercased())
    }

    /// Whether the name stands in the prompt as a whole word, in any case.
    func calls(_ name: String) -> Bool {
        let wanted = Array(name.lowercased())
        guard let first = wanted.first, wanted.count <= characters.count else { return false }
        for index in 0...(characters.count - wanted.count) where characters[index] == first {
            if Self.stands(wanted, in: characters, at: index) { return true }
        }
        return false
    }

    /// Whether a word stands at a place, and not within another.
    static func stands(_ word: [Character], in characters: [Character], at index: Int) -> Bool {
        guard index + word.count <= characters.count, characters[index..<index + word.count].elementsEqual(word) else { return false }
        func isPart(_ index: Int) -> Bool {
            characters.indices.contains(index) && (characters[index].isLetter || characters[index].isNumber || characters[index] == "_")
        }
        func isWord(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber || $0 == "_" } == true }
        return !(isWord(word.first) && isPart(index - 1)) && !(isWord(word.last) && isPart(index + word.count))
    }
}

/// A text cut where it calls textual inversions by name.
enum CalledEmbeddings {
    enum Piece: Equatable {
        case words(String)
        /// Its number among the names.
        case embedding(Int)
    }

    /// Names count as whole words, in any case, the longest first; ComfyUI's `embedding:` before one is no word.
    static func pieces(of text: String, names: [String]) -> [Piece] {
        guard !names.isEmpty else { return text.isEmpty ? [] : [.words(text)] }
        let characters = Array(text)
        // Letter by letter, so that both have the same places.
        let lowered = characters.map { Array($0.lowercased()).first ?? $0 }
        let wanted = names.enumerated().map { (number: $0.offset, word: Array($0.element.lowercased())) }.sorted {
            $0.word.count > $1.word.count
        }
        let mark = Array("embedding:")
        var pieces: [Piece] = []
        var words = ""
        var index = 0
        func found(at place: Int) -> (number: Int, word: [Character])? {
            guard place < lowered.count else { return nil }
            return wanted.first { $0.word.first == lowered[place] && CalledWords.stands($0.word, in: lowered, at: place) }
        }
        while index < characters.count {
            let start = lowered[index...].starts(with: mark) ? index + mark.count : index
            guard let called = found(at: start) else {
                words.append(characters[index])
                index += 1
                continue
            }
            if !words.allSatisfy(\.isWhitespace) { pieces.append(.words(words)) }
            words = ""
            pieces.append(.embedding(called.number))
            index = start + called.word.count
        }
        if !words.allSatisfy(\.isWhitespace) || pieces.isEmpty && !words.isEmpty { pieces.append(.words(words)) }
        return pieces
    }
}
