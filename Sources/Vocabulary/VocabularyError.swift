/// Why a vocabulary could not be read.
package enum VocabularyError: Error, Equatable, Sendable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case noLists(path: String)
    case notText(path: String, line: Int)
    case tooLarge(path: String, bytes: Int, limit: Int)
    case tooManyTags(path: String, limit: Int)
    case empty(path: String)
    case malformed(VocabularyProblem, more: Int)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read the vocabulary \(path): \(reason)"
        case .noLists(let path):
            "\(path) holds no tag lists: a vocabulary folder has one or more files ending in .tags"
        case .notText(let path, let line):
            "\(path), line \(line): not UTF-8 text; save the list as UTF-8"
        case .tooLarge(let path, let bytes, let limit):
            "\(path) has \(bytes) bytes; a vocabulary file may have \(limit)"
        case .tooManyTags(let path, let limit):
            "\(path) holds more than \(limit) tags; split the list and keep what you need"
        case .empty(let path):
            "\(path) holds no tags; write one phrase a line"
        case .malformed(let problem, let more):
            more == 0 ? "\(problem)" : "\(problem) (and \(more) more)"
        }
    }
}

/// Something wrong with a vocabulary, and where.
package struct VocabularyProblem: Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, with the words that it is wrong of.
    package enum Kind: Equatable, Sendable {
        case syntax(String)
        case tooLong(limit: Int)
        case badCharacter(String, in: String)
        case notLowerCase(String)
        case duplicate(String, firstAt: String)
        case nameIsAlias(String, of: String)
        case aliasClash(String, with: String)
        case unknownImplied(String, by: String)
        case impliesItself([String])
        case impliesTooMany(String, limit: Int)
        case groupAcrossFacets(String, Facet, Facet)
        case groupHoldsImplied(String, String, String)
        case forbidden(String)
        case measuredWithPhrase(String)
    }

    package let file: String
    package let line: Int
    package let kind: Kind

    package init(file: String, line: Int, kind: Kind) {
        self.file = file
        self.line = line
        self.kind = kind
    }

    package var description: String { "\(file), line \(line): \(reason)" }

    /// What is wrong, without the place.
    package var reason: String {
        switch kind {
        case .syntax(let what): what
        case .tooLong(let limit): "longer than \(limit) characters"
        case .badCharacter(let character, let text): "\"\(text)\" holds \(character), which a tag may not"
        case .notLowerCase(let text): "\"\(text)\" is not in lower case"
        case .duplicate(let name, let place): "\"\(name)\" stands already at \(place)"
        case .nameIsAlias(let name, let other): "\"\(name)\" is an alias of \"\(other)\" already"
        case .aliasClash(let alias, let other): "the alias \"\(alias)\" belongs to \"\(other)\" already"
        case .unknownImplied(let implied, let name): "\"\(name)\" implies \"\(implied)\", which is no tag"
        case .impliesItself(let path): "a circle of implications: \(path.joined(separator: " < "))"
        case .impliesTooMany(let name, let limit): "\"\(name)\" implies more than \(limit) tags, one behind the other"
        case .groupAcrossFacets(let group, let one, let other):
            "the exclusive group \"\(group)\" is used in \(one.rawValue) and in \(other.rawValue)"
        case .groupHoldsImplied(let group, let name, let implied):
            "\"\(name)\" implies \"\(implied)\", but both are in the exclusive group \"\(group)\""
        case .forbidden(let word): "\"\(word)\" is a word that our lists keep out"
        case .measuredWithPhrase(let name): "\"\(name)\" is measured, so its phrase would never be used"
        }
    }
}
