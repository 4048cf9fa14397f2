import Catalog
import Engines
import Foundation
import Screening
import Synchronization

/// The whole flow: look at a picture, keep what was said and decided, redraw it.
///
/// These are the use cases, and no number is computed here: the analyst looks, an engine makes, each on its own queue, so that whatever is
/// asked of the studio meanwhile is answered at once.
package final class Studio: Sendable {
    let premises: Premises
    /// What the person set for good.
    let settings: Settings
    /// Looks at pictures.
    package let analyst: Analyst
    /// By name.
    let engines: [String: any Engine]
    /// The picture that is being analysed for whoever wanted that, and how many were before it.
    let underWay = Mutex(AnalysisUnderWay())
    /// Those that look with something else than this studio's own.
    let otherAnalysts = Mutex<[AnalysisWish: Analyst]>([:])

    /// - Parameters:
    ///   - library: the library's folder; nil: the person's own.
    ///   - encoder: a name out of `Models/` or a folder; nil: the default encoder.
    ///   - tagger: the folder of a WD tagger that is asked besides; nil: none.
    ///   - vocabulary: a name out of `Vocab/`, a folder or a file; nil: the default vocabulary.
    ///   - precision: in which numbers the encoder and the tagger multiply: auto, f32, bf16 or int8; nil: auto.
    ///   - engines: servers of the person's own that make pictures, too.
    ///   - settings: what stands for all that is nil or empty here, and in wishes.
    ///   - updating: called before a large library of an earlier version is brought up to date, which takes seconds.
    package convenience init(
        installation: Installation, library: URL? = nil, encoder: String? = nil, vocabulary: String? = nil, tagger: String? = nil,
        precision: String? = nil, engines: OutsideEngines = .none, settings: Settings? = nil, updating: @escaping @Sendable () -> Void = {}
    ) {
        let settings = settings ?? .none
        let premises = Premises(
            installation, libraryFolder: library ?? settings.text("library").map { URL(asTyped: $0) } ?? installation.defaultLibrary,
            updating: updating)
        let builtin = BuiltinEngine(
            .init(adapters: installation.personalModels, merges: premises.merges, encoder: { try premises.defaultEncoder() }))
        let unsaid = [("encoder", encoder), ("vocabulary", vocabulary), ("tagger", tagger)].filter { $0.1 == nil }.map(\.0)
        let settled = Dictionary(
            uniqueKeysWithValues: unsaid.compactMap { name in settings.held(name).map { (name, $0.remedy(for: name)) } })
        let pool = engines.addresses.isEmpty ? settings.engines : engines
        self.init(
            premises,
            analyst: Analyst(
                premises, encoder: encoder ?? settings.text("encoder"), vocabulary: vocabulary ?? settings.text("vocabulary"),
                tagger: tagger ?? settings.text("tagger"), precision: precision ?? settings.text("encoder-precision"),
                insistsOnPrecision: precision != nil, settled: settled),
            engines: [builtin] + (pool.addresses.isEmpty ? [] : [HTTPEngine(pool.addresses)]), settings: settings)
    }

    init(_ premises: Premises, analyst: Analyst, engines: [any Engine], settings: Settings = .none) {
        (self.premises, self.analyst, self.settings) = (premises, analyst, settings)
        self.engines = Dictionary(uniqueKeysWithValues: engines.map { ($0.name, $0) })
    }

    /// What orders call the engine that comes with Redraw.
    package static let builtinEngine = BuiltinEngine.name

    /// What orders call the engines there are, the built-in one first.
    package var engineNames: [String] {
        engines.keys.sorted { ($0 == BuiltinEngine.name ? 0 : 1, $0) < ($1 == BuiltinEngine.name ? 0 : 1, $1) }
    }

    var installation: Installation { premises.installation }

    /// Of the program.
    package static let version = "0.1.0"

    /// The generator that comes with Redraw for pictures that are redrawn.
    package static let defaultGenerator = "redraw-small"
    /// The one that comes along for what is composed anew: paintings, what fills a mask.
    package static let defaultPainter = "redraw-painter"
}
