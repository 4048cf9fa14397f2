import Screening
import Vocabulary

/// Which keywords are written for a picture's approved tags, and where.
package struct KeywordForm: Sendable, Equatable {
    /// Which file they go into.
    package enum Place: String, Sendable, CaseIterable {
        /// `photo.jpg.xmp`, where darktable and digiKam look.
        case beside
        /// `photo.xmp`, where Lightroom and Bridge look for raw files.
        case stem
        /// Within the picture's own file.
        case embedded
    }

    package var place = Place.beside
    /// Lightroom's list too: `subject|tabby cat`.
    package var lightroom = false
    /// digiKam's list too: `subject/tabby cat`.
    package var digiKam = false
    /// Tags of these facets only; empty: of all.
    package var facets: [String] = []
    /// Takes out what was put in, and puts nothing in.
    package var removes = false

    package init() {}

    /// The entries of each list.
    func lists(_ suggestions: [Suggestion]) -> [(list: KeywordPacket.Property, ours: KeywordPacket.Property, wanted: [String])] {
        var seen: Set<String> = []
        // Who sorts pictures by keywords looks for the thing, whatever its colour.
        let approved = suggestions.filter { $0.state == .approved && (facets.isEmpty || facets.contains($0.facet)) }
            .map { (facet: $0.facet, word: $0.editedText ?? $0.tag) }.filter { seen.insert($0.word.lowercased()).inserted }
        let tags = removes ? [] : approved
        return [
            (.subject, .ours("keywords"), tags.map(\.word)),
            (.lightroom, .ours("lightroomKeywords"), lightroom ? tags.map { "\($0.facet)|\($0.word.replacing("|", with: "/"))" } : []),
            (.digiKam, .ours("digiKamTags"), digiKam ? tags.map { "\($0.facet)/\($0.word.replacing("/", with: "|"))" } : []),
        ]
    }
}

extension KeywordPacket {
    /// Brings the lists to what is wanted: whatever somebody else put there stays, whatever Redraw put there and is not wanted any more goes.
    ///
    /// - Returns: the plain keywords that are Redraw's now, and how many are others'.
    func bring(_ lists: [(list: Property, ours: Property, wanted: [String])]) -> (ours: [String], others: Int) {
        var told: (ours: [String], others: Int) = ([], 0)
        for (list, mark, wanted) in lists {
            let marked = Set(items(mark))
            let others = items(list).filter { !marked.contains($0) }
            let known = Set(others.map { $0.lowercased() })
            let ours = wanted.filter { !known.contains($0.lowercased()) }
            set(list, to: others + ours)
            set(mark, to: ours)
            if list.name == Property.subject.name { told = (ours, others.count) }
        }
        return told
    }
}
