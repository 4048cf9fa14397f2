import Analysis
import Foundation
import Pixels
import Screening
import Vocabulary

/// What can go wrong at the desk itself; the library's own errors pass through.
package enum ScreeningDeskError: Error, Equatable, CustomStringConvertible {
    /// There is nothing to compose a prompt from.
    case nothingApproved(picture: String)
    case noSuchFacet(String)

    package var description: String {
        switch self {
        case .nothingApproved(let picture):
            "nothing is approved for \(picture) yet; approve some with `redraw review \(ShellWord.path(picture))`, "
                + "all that are likely with `redraw tag \(ShellWord.path(picture)) --approve-above 0.5`, or give a prompt of your own"
        case .noSuchFacet(let name):
            "there is no facet \"\(name)\"" + ScreeningDesk.hint(forFacet: name)
        }
    }
}

/// An approved suggestion, as a composer of prompts sees it.
package struct ApprovedText: Sendable, Hashable {
    /// The edited text, else the tag.
    package let text: String
    package let facet: String
    /// 1 is none.
    package let weight: Double
    /// As the analysis has it, and how what it names stands to what another tag names.
    package let tag: String
    package let relations: [ThingRelation]

    /// - Parameter relations: those of the picture's things, whichever tags they are of.
    package init(text: String, facet: String, weight: Double, tag: String? = nil, relations: [ThingRelation] = []) {
        (self.text, self.facet, self.weight, self.tag, self.relations) = (text, facet, weight, tag ?? text, relations)
    }
}

/// Where a person screens what was suggested: finds the picture that is meant, takes decisions, and turns approved tags into a prompt.
package struct ScreeningDesk: Sendable {
    /// Approved tags, best first, to the text of a prompt.
    package typealias Composition = @Sendable ([ApprovedText]) -> String

    let library: Library
    private let compose: Composition
    let vocabulary: DeskVocabulary

    /// - Parameters:
    ///   - compose: a pure function; the same approval always gives the same prompt.
    ///   - vocabulary: knows the facets of tags that a person adds, and the kinds of tags that a person rejects.
    package init(libraryFolder: URL, compose: @escaping Composition, vocabulary: DeskVocabulary) throws {
        try self.init(library: Library.opened(in: libraryFolder), compose: compose, vocabulary: vocabulary)
    }

    package init(library: Library, compose: @escaping Composition, vocabulary: DeskVocabulary = .none) {
        (self.library, self.compose, self.vocabulary) = (library, compose, vocabulary)
    }

    /// Names of the facets, in the order in which people expect to see them.
    package static let facets = Facet.allCases.map(\.rawValue)

    /// What follows a message that there is no such facet.
    package static func hint(forFacet name: String) -> String {
        NearestName.of(name, among: facets).map { "; did you mean \($0)?" } ?? "; the facets are \(facets.joined(separator: ", "))"
    }

    /// Where a facet stands in that order; one that this version does not know stands last.
    package static func position(ofFacet facet: String) -> Int {
        facets.firstIndex(of: facet) ?? facets.count
    }
}

// MARK: - Finding a picture

extension ScreeningDesk {
    /// The picture that a person means: by its file (whatever its name now), by a path it was seen at, by its number, or by the start
    /// of its SHA-256 (at least four digits).
    /// - Throws: `LibraryError.noSuchPicture` or `LibraryError.ambiguousPicture`.
    package func picture(_ reference: String) throws -> KnownPicture { KnownPicture(try library.picture(meant: reference)) }

    /// How paths are kept: absolute, so that they mean the same from every working directory.
    package static func storedPath(_ path: String) -> String {
        URL(asTyped: path).standardizedFileURL.path
    }

    /// How many pictures have something left to decide.
    package func countOfPicturesToScreen() throws -> Int { try library.pendingPictureCount() }

    /// The latest of the pictures that have something left to decide, or the one that comes after the given one. One of which something cannot be
    /// read is passed over.
    ///
    /// - Parameter onDamaged: told of each that is, in a line that says what to do.
    package func pictureToScreen(
        after picture: KnownPicture? = nil, onDamaged: (String) -> Void = { _ in }
    ) throws -> KnownPicture? {
        var last = picture?.id
        while let id = try library.pendingPicture(before: last) {
            last = id
            do {
                let found = try library.picture(id: id)
                // What is shown of it.
                _ = try preview(suggestions(of: id), of: id)
                return KnownPicture(found)
            } catch let error as LibraryError where error.place != nil {
                onDamaged("picture \(id) is passed over: \(error)")
            }
        }
        return nil
    }
}

extension Library {
    /// As ``ScreeningDesk/picture(_:)``, for those who only look.
    func picture(meant reference: String) throws -> PictureRecord {
        let path = ScreeningDesk.storedPath(reference)
        if SystemPath.kind(of: path) == .file {
            let known =
                if let file = try? PictureFile(path: path) {
                    try picture(of: file)
                } else {
                    // What cannot be read as a picture any more is told by its bytes.
                    try (try? FileBytes.read(URL(fileURLWithPath: path))).flatMap { try picture(sha256: $0.sha256) }
                }
            guard let known else { throw LibraryError.noSuchPicture(reference) }
            return known
        }
        if let picture = try picture(path: path) { return picture }
        if let number = Int64(reference.hasPrefix("p") ? String(reference.dropFirst()) : reference) {
            do {
                return try picture(id: number)
            } catch LibraryError.noSuchPicture {
                // It may be the start of a digest that has no letter in it.
            }
        }
        guard reference.count >= 4 else { throw LibraryError.noSuchPicture(reference) }
        return try picture(sha256Prefix: reference)
    }
}

// MARK: - Deciding

extension ScreeningDesk {
    /// A tag to be added, as a person types it: `watercolour`, or with its facet `style: watercolour`.
    /// Without one, the vocabulary's facet counts, else `subject`.
    package func addition(_ text: String) throws -> ScreeningDecision {
        if let colon = text.firstIndex(of: ":") {
            let name = text[..<colon].trimmingCharacters(in: .whitespaces)
            guard let facet = Facet(spelling: name) else { throw ScreeningDeskError.noSuchFacet(name) }
            return .add(tag: String(text[text.index(after: colon)...]), facet: facet.rawValue)
        }
        return .add(tag: text, facet: (vocabulary.facet(of: text) ?? .subject).rawValue)
    }
}

// MARK: - Prompts

extension ScreeningDesk {
    /// The prompt that would be composed now of a picture's suggestions, whether or not anything is approved.
    package func preview(_ suggestions: [SuggestionReport], of picture: Int64) throws -> String {
        let relations = try library.relations(of: picture)
        return compose(
            suggestions.filter { $0.state == .approved }.map {
                ApprovedText(text: $0.text, facet: $0.facet, weight: $0.weight, tag: $0.tag, relations: relations)
            })
    }

    /// The picture's approved prompt: composed from the approved tags, and kept as a new version where it differs from the latest.
    ///
    /// A version written by hand stands until something is decided after it.
    /// - Parameter recompose: composes all the same.
    /// - Throws: ``ScreeningDeskError/nothingApproved(picture:)``.
    package func prompt(of picture: KnownPicture, recompose: Bool = false) throws -> PromptReport {
        let latest = try library.latestPrompt(of: picture.id)
        if let latest, !recompose, try library.stands(latest, for: picture) { return PromptReport(latest) }
        let suggestions = try suggestions(of: picture.id)
        guard suggestions.contains(where: { $0.state == .approved }) else {
            throw ScreeningDeskError.nothingApproved(picture: picture.label)
        }
        let composed = try preview(suggestions, of: picture.id)
        // Nothing is kept in a library that is only read; what was kept before can be told.
        if library.isReadOnly, let latest, latest.positive == composed { return PromptReport(latest) }
        return try keep(draft(positive: composed, negative: nil, picture, source: .composed), of: picture)
    }

    /// What ``prompt(of:recompose:)`` would give, without anything being kept; nil where nothing is approved or written.
    ///
    /// - Parameter desk: composes it; asked for only where there is something to compose.
    static func standingPrompt(of picture: KnownPicture, in library: Library, desk: () throws -> ScreeningDesk) throws -> String? {
        if let latest = try library.latestPrompt(of: picture.id), try library.stands(latest, for: picture) { return latest.positive }
        let suggestions = try library.suggestions(of: picture.id)
        guard suggestions.contains(where: { $0.state == .approved }) else { return nil }
        return try desk().preview(suggestions.map(SuggestionReport.init), of: picture.id)
    }

    /// Keeps a prompt that was written by hand; what is nil stays as it is in the version that stands, or is composed.
    package func write(positive: String?, negative: String?, for picture: KnownPicture) throws -> PromptReport {
        var text = positive
        if text == nil, let latest = try library.latestPrompt(of: picture.id), try library.stands(latest, for: picture) {
            text = latest.positive
        }
        if text == nil { text = try preview(suggestions(of: picture.id), of: picture.id) }
        return try keep(draft(positive: text ?? "", negative: negative, picture, source: .written), of: picture)
    }

    /// What was found in the picture's own file when it was analysed, if anything was.
    package func recovered(for picture: KnownPicture) throws -> RecoveredEntry? {
        try library.latestRecovery(of: picture.id)?.recovered?.decoded()
    }

    /// Makes the prompt that was found in the picture's file the next version, word by word, with the size it was drawn at.
    /// - Throws: ``StudioError/nothingRecovered(picture:)``.
    package func adoptRecovered(for picture: KnownPicture) throws -> PromptReport {
        guard let found = try recovered(for: picture) else {
            throw StudioError.nothingRecovered(picture: picture.label)
        }
        var prompt = try draft(positive: found.positive, negative: found.negative, picture, source: .recovered)
        let sides = AnalysisReport.SizeEntry.sides
        if let width = found.width, let height = found.height, sides.contains(width), sides.contains(height) {
            (prompt.width, prompt.height) = (width, height)
        }
        return try keep(prompt, of: picture)
    }

    private func keep(_ prompt: NewPrompt, of picture: KnownPicture) throws -> PromptReport {
        PromptReport(try library.record(prompt, of: picture.id))
    }

    /// The negative prompt that goes with the medium that a person approved; nil where none was.
    private func ofApprovedMedium(_ picture: KnownPicture) throws -> String? {
        let approved = try library.suggestions(of: picture.id).filter { $0.state == .approved }
        guard let medium = approved.first(where: { $0.facet == Facet.medium.rawValue })?.text else { return nil }
        return ScreeningDesk.negative(medium, Set(approved.map(\.text)))
    }

    /// Fills in what the person did not say: the negative prompt that was last written, else the analysis's; its model and size.
    private func draft(
        positive: String, negative: String?, _ picture: KnownPicture, source: NewPrompt.Source
    ) throws -> NewPrompt {
        let analysis = try library.latestAnalysis(of: picture.id)
        let written = try library.prompts(of: picture.id).last { $0.source == .written }
        let model = try analysis?.model?.decoded(as: AnalysisReport.ModelEntry.self)
        let size = try analysis?.size?.decoded(as: AnalysisReport.SizeEntry.self)
        let usual = try ofApprovedMedium(picture) ?? analysis?.negative ?? ""
        return NewPrompt(
            positive: positive, negative: negative ?? written?.negative ?? NegativePrompt.left(of: usual, besides: positive),
            model: model?.name, width: size?.width, height: size?.height, source: source)
    }
}

extension Library {
    /// Whether a version counts whatever the approved tags are: nothing was decided since somebody wrote it.
    fileprivate func stands(_ latest: PromptVersion, for picture: KnownPicture) throws -> Bool {
        guard latest.source != .composed else { return false }
        return try decisions(of: picture.id).last.map { $0.decidedAt <= latest.createdAt } ?? true
    }
}
