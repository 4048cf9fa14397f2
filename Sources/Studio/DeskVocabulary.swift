import Analysis
import Synchronization
import Vocabulary

/// What a vocabulary tells of the tags that a person decides on. It is read once it is asked, and once: most decisions need none.
package final class DeskVocabulary: Sendable {
    private enum State {
        case unread
        case read(TagVocabulary?)
    }

    private let read: @Sendable () -> TagVocabulary?
    private let state = Mutex(State.unread)

    /// - Parameter read: nil where there is none, or none that can be read: nothing is known then, which keeps nobody from deciding.
    package init(_ read: @escaping @Sendable () -> TagVocabulary?) { self.read = read }

    package static let none = DeskVocabulary { nil }

    private var vocabulary: TagVocabulary? {
        state.withLock { state in
            if case .read(let vocabulary) = state { return vocabulary }
            let vocabulary = read()
            state = .read(vocabulary)
            return vocabulary
        }
    }

    /// The facet that it knows a tag under.
    func facet(of tag: String) -> Facet? { vocabulary?.tag(named: tag)?.facet }

    /// The tags that cannot be there where one is not: what an analysis would hold back.
    func kinds(of rejected: String) -> (String) -> Bool {
        guard let vocabulary else { return { _ in false } }
        let rejected = RejectedTags([rejected], in: vocabulary)
        return { rejected.reason(against: $0) != nil }
    }
}
