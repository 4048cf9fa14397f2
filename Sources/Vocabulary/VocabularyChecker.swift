import Digests
import Foundation

/// Finds what is wrong with a list of tags; each finding names its file and line.
enum VocabularyChecker {
    /// `style` asks for what our own lists keep to besides: lower case, plain characters, no forbidden words.
    static func problems(of entries: [PlacedTag], style: Bool = true) -> [VocabularyProblem] {
        var problems: [VocabularyProblem] = []
        func report(_ entry: PlacedTag, _ kind: VocabularyProblem.Kind) {
            problems.append(VocabularyProblem(file: entry.file, line: entry.line, kind: kind))
        }

        var byKey: [String: PlacedTag] = [:]
        for entry in entries {
            let key = Tag.key(entry.tag.name)
            if let first = byKey[key] {
                report(entry, .duplicate(entry.tag.name, firstAt: first.place))
            } else {
                byKey[key] = entry
            }
        }

        var aliasOwner: [String: String] = [:]
        var groupFacet: [String: Facet] = [:]
        for entry in entries {
            let tag = entry.tag
            for alias in tag.aliases {
                let key = Tag.key(alias)
                if let owner = byKey[key] {
                    let kind: VocabularyProblem.Kind =
                        owner.tag.name == tag.name ? .aliasClash(alias, with: tag.name) : .nameIsAlias(owner.tag.name, of: tag.name)
                    report(entry, kind)
                } else if let owner = aliasOwner[key] {
                    report(entry, .aliasClash(alias, with: owner))
                } else {
                    aliasOwner[key] = tag.name
                }
            }
            for implied in tag.implies where byKey[Tag.key(implied)] == nil {
                report(entry, .unknownImplied(implied, by: tag.name))
            }
            if let group = tag.exclusiveGroup {
                if let facet = groupFacet[group], facet != tag.facet {
                    report(entry, .groupAcrossFacets(group, facet, tag.facet))
                } else {
                    groupFacet[group] = tag.facet
                }
            }
            if tag.measured, tag.phrase != tag.name { report(entry, .measuredWithPhrase(tag.name)) }
            if style {
                for kind in ForbiddenWords.styleProblems(of: tag) { report(entry, kind) }
            }
        }

        for entry in entries {
            let path = circle(from: entry.tag, in: byKey)
            if let path { report(entry, .impliesItself(path)) }
            if path == nil, impliedTags(by: entry.tag, in: byKey).count > mostImplied {
                report(entry, .impliesTooMany(entry.tag.name, limit: mostImplied))
            }
            guard path == nil, let group = entry.tag.exclusiveGroup else { continue }
            for implied in impliedTags(by: entry.tag, in: byKey) where implied.exclusiveGroup == group {
                report(entry, .groupHoldsImplied(group, entry.tag.name, implied.name))
            }
        }
        return problems
    }

    /// Tags that one tag may imply. Real lists have a dozen; without an end a chain of thousands would be walked for each of its links.
    static let mostImplied = 256

    /// The names along a chain of implications that comes back to its start; nil where there is none within the tags that are followed.
    private static func circle(from start: Tag, in byKey: [String: PlacedTag]) -> [String]? {
        let target = Tag.key(start.name)
        var seen: Set<String> = []
        // Each name with where the one that implies it stands.
        var names: [(name: String, by: Int)] = [(start.name, -1)]
        var stack: [Int] = []
        func follow(_ tag: Tag, at place: Int) {
            for implied in tag.implies {
                names.append((implied, place))
                stack.append(names.count - 1)
            }
        }
        follow(start, at: 0)
        while let place = stack.popLast(), seen.count <= mostImplied {
            let key = Tag.key(names[place].name)
            if key == target {
                var path: [String] = []
                var next = place
                while next >= 0 {
                    path.append(names[next].name)
                    next = names[next].by
                }
                return path.reversed()
            }
            guard seen.insert(key).inserted, let next = byKey[key] else { continue }
            follow(next.tag, at: place)
        }
        return nil
    }

    /// No more than one beyond the most that are allowed.
    private static func impliedTags(by tag: Tag, in byKey: [String: PlacedTag]) -> [Tag] {
        var seen: Set<String> = []
        var found: [Tag] = []
        var next = tag.implies.map(Tag.key)
        while let key = next.popLast(), found.count <= mostImplied {
            guard seen.insert(key).inserted, let entry = byKey[key] else { continue }
            found.append(entry.tag)
            next += entry.tag.implies.map(Tag.key)
        }
        return found
    }
}

/// What our own lists keep out.
enum ForbiddenWords {
    /// Brands, platforms and prompt folklore that say nothing about a picture.
    private static let plain: Set<String> = [
        "artstation", "deviantart", "pixiv", "pinterest", "instagram", "midjourney", "dall-e", "nsfw", "nude", "naked", "porn", "sexy",
        "erotic", "masterpiece", "trending", "disney", "pixar", "marvel", "nintendo", "pokemon", "lego", "barbie", "ipod", "iphone",
        "xerox", "coca-cola", "pepsi", "ghibli", "photoshop", "octane", "unreal",
    ]

    /// The first twelve hexadecimal digits of SHA-256 over slurs and over names of living artists, so that nobody need read them here.
    ///
    /// To add a word: `printf %s 'the word in lower case' | sha256sum`.
    private static let hashed: Set<String> = [
        "07b816fd4d38", "08234c948b5a", "08a841e99678", "0be9b885f4a3", "120f6e5b4ea3", "12e76af8222f", "1418ae81f9bf", "147aba879a5e",
        "158869a97379", "16ea09fc78ca", "1b9ec4b385e4", "22fc75e65a0e", "27dc54c9fc29", "27eb0c4ad707", "2f0651e33087", "2fbc89ea9eb3",
        "333f76180929", "33740da8a87d", "3b1e0d7c5dd4", "4b18aefe826a", "4b7bd5b9e4bb", "566f532d486c", "56dbd81c6055", "5d589fd34cec",
        "619bc82e0d20", "696447e7ddaa", "6a8e813a8756", "6ab3949cc112", "74b07a8126af", "7527e9309038", "75b743943fe5", "7888e94bb8c2",
        "7c4a23e0f78b", "820d00707e2b", "886d51e97ad7", "8d02e616db3b", "8ea939945a2a", "8f5083e3e5c7", "96c91fa84782", "98b52c4b6b7d",
        "9915ba2d8222", "9ae315a94e42", "9fcb137736ac", "9feedb8dc780", "a008b489625e", "a3198b57e1ad", "a425825aaecb", "a4d48c365795",
        "a4d7510f2ea2", "a575d2a28c38", "ad64e56f214e", "ad6cacf3af98", "b0dec238c9bd", "b36947281aa1", "b64398a235a7", "bb87adf8aa78",
        "bd331fb1d242", "be00f1af522e", "c1b4ed05397d", "c2c3b68b4883", "c3de533e9b7f", "cc02032349c8", "d13ef6759c0e", "d3917655702c",
        "d59b65f48fe9", "d75a838dc758", "da85b7426b75", "dc9168649bfc", "e139e521a02b", "e7b98c6aa5b9", "e84dde508a60", "eef3bd091670",
        "f269658637df", "f59e28f8bb64", "f9d0d9b18ae9", "fb97d255bd48", "fc5d49c36b54",
    ]

    static func styleProblems(of tag: Tag) -> [VocabularyProblem.Kind] {
        var problems: [VocabularyProblem.Kind] = []
        for text in [tag.name] + tag.aliases + (tag.exclusiveGroup.map { [$0] } ?? []) {
            if text != text.lowercased() { problems.append(.notLowerCase(text)) }
            if let bad = text.first(where: { !isPlain($0) }) { problems.append(.badCharacter("\"\(bad)\"", in: text)) }
            if text.split(separator: " ").joined(separator: " ") != text { problems.append(.badCharacter("double spaces", in: text)) }
        }
        for text in [tag.name, tag.phrase] + tag.aliases {
            if let word = forbidden(in: text) { problems.append(.forbidden(word)) }
        }
        return problems
    }

    private static func isPlain(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || " -'&".contains(character)
    }

    private static func forbidden(in text: String) -> String? {
        let words = text.lowercased().split { !$0.isLetter && $0 != "-" && $0 != "'" }.map(String.init)
        let pairs = zip(words, words.dropFirst()).map { $0 + " " + $1 }
        return (words + pairs).first { word in
            plain.contains(word) || hashed.contains(String(Digest.sha256(Data(word.utf8)).hexadecimal.prefix(12)))
        }
    }
}
