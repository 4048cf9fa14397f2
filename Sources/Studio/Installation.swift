import Foundation

/// Where Redraw's own files stand (the vocabulary and the models) and where the person's go.
///
/// Own files are looked for, in this order: in the folder `REDRAW_DATA` names, in `share/redraw` beside the folder the program
/// was installed into, and in the checkout it was built in. The working directory plays no part.
package struct Installation: Sendable, Hashable {
    /// Holds `Vocab/` and `Models/`.
    package let data: URL
    /// The person's own models: `$XDG_DATA_HOME/redraw/models`, searched after the shipped ones.
    package let personalModels: URL
    /// The person's own lists of words for prompts: `$XDG_DATA_HOME/redraw/wildcards`.
    package var wildcards: URL { personalModels.deletingLastPathComponent().appendingPathComponent("wildcards") }
    /// Things that can be computed again: `$XDG_CACHE_HOME/redraw`.
    package let cache: URL
    /// The default library: `$XDG_DATA_HOME/redraw`.
    package let defaultLibrary: URL

    package var vocabularies: URL { data.appendingPathComponent("Vocab") }
    /// Names of the vocabularies in `Vocab/`.
    package var vocabularyNames: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: vocabularies.path)) ?? []
        return names.filter { !$0.hasPrefix(".") && !$0.hasSuffix(".md") }.sorted()
    }

    /// The file or folder of a vocabulary.
    ///
    /// - Parameter name: of a shipped one, or a path.
    /// - Throws: ``StudioError/unknownVocabulary(name:known:)``.
    func vocabulary(named name: String) throws -> URL {
        let shipped = vocabularies.appendingPathComponent(name)
        if !name.contains("/"), FileManager.default.fileExists(atPath: shipped.path) { return shipped }
        let place = URL(asTyped: name)
        guard FileManager.default.fileExists(atPath: place.path) else {
            throw StudioError.unknownVocabulary(name: name, known: vocabularyNames)
        }
        return place
    }

    package var models: URL { data.appendingPathComponent("Models") }

    /// The files of the page that `redraw serve` shows: `Page` where Redraw is installed, its source in a checkout.
    package var page: URL {
        let installed = data.appendingPathComponent("Page")
        return FileManager.default.fileExists(atPath: installed.path) ? installed : data.appendingPathComponent("Sources/StudioWeb/Page")
    }

    package init(data: URL, personalModels: URL, cache: URL, defaultLibrary: URL) {
        self.data = data
        self.personalModels = personalModels
        self.cache = cache
        self.defaultLibrary = defaultLibrary
    }

    /// The installation this program runs from.
    ///
    /// - Throws: ``StudioError/noData(searched:)`` where no folder holds both `Vocab` and `Models`.
    package static func current(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Installation {
        let candidates = dataCandidates(environment: environment)
        guard let data = candidates.first(where: holdsData) else {
            throw StudioError.noData(searched: candidates.map(\.path))
        }
        let personal = dataFolder(environment: environment)
        let cache = folder(environment["XDG_CACHE_HOME"], otherwise: ".cache", environment: environment)
        return Installation(
            data: data, personalModels: personal.appendingPathComponent("models"), cache: cache, defaultLibrary: personal)
    }

    /// Where a person's data belongs, and with it the default library.
    package static func dataFolder(environment: [String: String]) -> URL {
        folder(environment["XDG_DATA_HOME"], otherwise: ".local/share", environment: environment)
    }

    private static func dataCandidates(environment: [String: String]) -> [URL] {
        if let named = environment["REDRAW_DATA"], !named.isEmpty {
            return [URL(fileURLWithPath: named)]
        }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var above: [URL] = []
        var folder = program.deletingLastPathComponent()
        while folder.path != "/" {
            above.append(folder)
            folder = folder.deletingLastPathComponent()
        }
        let installed = above.first.map { $0.deletingLastPathComponent().appendingPathComponent("share/redraw") }
        return [installed].compactMap { $0 } + above
    }

    private static func holdsData(_ folder: URL) -> Bool {
        ["Vocab", "Models"].allSatisfy { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path, isDirectory: &isFolder)
                && isFolder.boolValue
        }
    }

    /// The XDG rule: an absolute path in the variable counts, anything else is as if it were not set.
    private static func folder(_ variable: String?, otherwise: String, environment: [String: String]) -> URL {
        if let variable, variable.hasPrefix("/") {
            return URL(fileURLWithPath: variable).appendingPathComponent("redraw")
        }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        return URL(fileURLWithPath: home).appendingPathComponent(otherwise).appendingPathComponent("redraw")
    }
}
