import Digests
import Foundation

/// A list of tags to rank pictures against, with the digest that identifies its contents.
///
/// A folder of `.tags` files (the format of `Vocab/README.md`), one such file, or a person's plain list of phrases.
package struct TagVocabulary: Sendable {
    /// The folder's or file's name without its extension.
    package let name: String
    /// In the order written; of tags with one name the first counts.
    package let tags: [Tag]
    /// SHA-256 in hexadecimal over the names, lengths and bytes of the files, or over the tags where there are no files.
    package let digest: String
    /// The sentences in which its tags are embedded.
    package let templates: PromptTemplates

    let entries: [PlacedTag]
    private let positions: [String: Int]
    /// For each tag the positions of all that it implies, the nearest first.
    private let closures: [[Int]]

    /// Reads every `.tags` file of a folder.
    package init(directory: URL) throws(VocabularyError) {
        let (read, digest) = try Self.readDirectory(directory)
        try self.init(
            name: directory.deletingPathExtension().lastPathComponent, read: read, digest: digest, path: directory.path,
            templates: try Self.readTemplates(directory))
    }

    /// Reads one file: our list format where it ends in `.tags`, else a phrase a line, `facet: phrase` where it is no subject.
    package init(file: URL) throws(VocabularyError) {
        let (read, digest) = try Self.readFile(file)
        try self.init(name: file.deletingPathExtension().lastPathComponent, read: read, digest: digest, path: file.path)
    }

    /// Reads a folder or a file, whichever stands there.
    package init(contentsOf url: URL) throws(VocabularyError) {
        if Self.isDirectory(url) {
            try self.init(directory: url)
        } else {
            try self.init(file: url)
        }
    }

    /// A vocabulary made in memory.
    package init(name: String, tags: [Tag], templates: PromptTemplates = .plain) {
        var hash = DigestInProgress.sha256()
        for tag in tags {
            let parts =
                [tag.name, tag.facet.rawValue, tag.exclusiveGroup ?? "", tag.phrase, tag.measured ? "*" : ""] + tag.implies + ["="]
                + tag.aliases
            hash.add(parts.joined(separator: "\u{1F}") + "\n")
        }
        let entries = tags.enumerated().map { PlacedTag(tag: $1, file: name, line: $0 + 1) }
        self.init(name: name, entries: entries, digest: hash.finish().hexadecimal, templates: templates)
    }

    private init(
        name: String, read: ReadTags, digest: String, path: String, templates: PromptTemplates = .plain
    ) throws(VocabularyError) {
        if let first = read.problems.first { throw .malformed(first, more: read.problems.count - 1) }
        guard !read.entries.isEmpty else { throw .empty(path: path) }
        guard read.entries.count <= VocabularyLimit.tags else { throw .tooManyTags(path: path, limit: VocabularyLimit.tags) }
        self.init(name: name, entries: read.entries, digest: digest, templates: templates)
    }

    private init(name: String, entries: [PlacedTag], digest: String, templates: PromptTemplates) {
        self.name = name
        self.digest = digest
        self.templates = templates
        self.entries = entries
        var positions: [String: Int] = [:]
        var tags: [Tag] = []
        for entry in entries where positions[Tag.key(entry.tag.name)] == nil {
            positions[Tag.key(entry.tag.name)] = tags.count
            tags.append(entry.tag)
        }
        for (position, tag) in tags.enumerated() {
            for alias in tag.aliases where positions[Tag.key(alias)] == nil { positions[Tag.key(alias)] = position }
        }
        self.tags = tags
        self.positions = positions
        let direct = tags.map { tag in tag.implies.compactMap { positions[Tag.key($0)] } }
        closures = tags.indices.map { start in
            var found: [Int] = []
            var next = direct[start]
            while !next.isEmpty, found.count <= VocabularyChecker.mostImplied {
                let level = next.filter { position in
                    guard position != start, !found.contains(position) else { return false }
                    found.append(position)
                    return true
                }
                next = level.flatMap { direct[$0] }
            }
            return found
        }
    }

    /// The tag of that name, or that a person means by it: aliases, plurals, hyphens and capitals are seen through.
    package func tag(named text: String) -> Tag? {
        position(of: text).map { tags[$0] }
    }

    /// Where in `tags` the tag of that name or alias stands.
    package func position(of text: String) -> Int? {
        let key = Tag.key(text)
        if let exact = positions[key] { return exact }
        return Tag.singularKeys(key).lazy.compactMap { positions[$0] }.first
    }

    /// Every tag that holds whenever `tag` does, the nearest first.
    package func implied(by tag: Tag) -> [Tag] {
        positions[Tag.key(tag.name)].map { closures[$0].map { tags[$0] } } ?? []
    }

    /// Everything wrong with the list; nothing for a sound one.
    package func check() -> [VocabularyProblem] {
        VocabularyChecker.problems(of: entries)
    }

    /// Everything wrong with a folder or file, the lines that could not be read included.
    package static func problems(at url: URL) throws(VocabularyError) -> [VocabularyProblem] {
        let (read, _) = isDirectory(url) ? try readDirectory(url) : try readFile(url)
        guard !read.entries.isEmpty || !read.problems.isEmpty else { throw .empty(path: url.path) }
        let isOurs = isDirectory(url) || url.pathExtension == "tags"
        let templates = isDirectory(url) ? try templateLists(url).flatMap(\.problems) : []
        return read.problems + templates + VocabularyChecker.problems(of: read.entries, style: isOurs)
    }
}

extension TagVocabulary {
    private static func isDirectory(_ url: URL) -> Bool {
        var directory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &directory) && directory.boolValue
    }

    private static func readDirectory(_ directory: URL) throws(VocabularyError) -> (ReadTags, String) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".tags") }.sorted()
        } catch {
            throw .unreadable(path: directory.path, reason: "no such folder, or it may not be read")
        }
        guard !names.isEmpty else { throw .noLists(path: directory.path) }
        var hash = DigestInProgress.sha256()
        var all = ReadTags()
        for name in names {
            let data = try bytes(of: directory.appendingPathComponent(name))
            hash.add("\(name) \(data.count)\n")
            hash.add(data)
            let read = TagListReader.read(try lines(of: data, path: name), file: name)
            all.entries += read.entries
            all.problems += read.problems
        }
        return (all, hash.finish().hexadecimal)
    }

    /// The `.templates` files of a folder.
    private static func templateLists(
        _ directory: URL
    ) throws(VocabularyError) -> [(sentences: [Facet: [String]], problems: [VocabularyProblem])] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        var lists: [(sentences: [Facet: [String]], problems: [VocabularyProblem])] = []
        for name in names.filter({ $0.hasSuffix(".templates") }).sorted() {
            lists.append(
                PromptTemplates.read(try lines(of: try bytes(of: directory.appendingPathComponent(name)), path: name), file: name))
        }
        return lists
    }

    private static func readTemplates(_ directory: URL) throws(VocabularyError) -> PromptTemplates {
        let lists = try templateLists(directory)
        let problems = lists.flatMap(\.problems)
        if let first = problems.first { throw .malformed(first, more: problems.count - 1) }
        return PromptTemplates(lists.reduce(into: [:]) { all, list in all.merge(list.sentences) { $0 + $1 } })
    }

    private static func readFile(_ file: URL) throws(VocabularyError) -> (ReadTags, String) {
        let data = try bytes(of: file)
        let name = file.lastPathComponent
        let lines = try lines(of: data, path: name)
        let isOurs = file.pathExtension == "tags"
        let read = isOurs ? TagListReader.read(lines, file: name) : PhraseListReader.read(lines, file: name)
        var hash = DigestInProgress.sha256()
        hash.add("\(isOurs ? "tags" : "phrases") \(data.count)\n")
        hash.add(data)
        return (read, hash.finish().hexadecimal)
    }

    private static func bytes(of file: URL) throws(VocabularyError) -> Data {
        do {
            let values = try file.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
            // A pipe would not open before somebody writes into it.
            guard values.isRegularFile == true else {
                throw VocabularyError.unreadable(path: file.path, reason: "it is no file but a pipe or a device")
            }
            let size = values.fileSize ?? 0
            guard size <= VocabularyLimit.fileBytes else {
                throw VocabularyError.tooLarge(path: file.path, bytes: size, limit: VocabularyLimit.fileBytes)
            }
            return try Data(contentsOf: file)
        } catch let error as VocabularyError {
            throw error
        } catch {
            throw .unreadable(path: file.path, reason: "no such file, or it may not be read")
        }
    }

    /// The lines of UTF-8 text, with or without a byte order mark, ended as Unix or Windows ends them.
    private static func lines(of data: Data, path: String) throws(VocabularyError) -> [Substring] {
        let bytes = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let raw = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            let bad = raw.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
            throw .notText(path: path, line: bad + 1)
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }
}
