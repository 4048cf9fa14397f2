import Catalog
import Engines
public import Foundation
import Screening

/// The whole flow: look at a picture, keep what was said and decided, redraw it.
///
/// These are the use cases, and no number is computed here: the analyst looks, an engine makes, each on its own queue, so that whatever is
/// asked of the studio meanwhile is answered at once.
public final class Studio: Sendable {
    let premises: Premises
    /// Looks at pictures.
    public let analyst: Analyst
    /// By name.
    let engines: [String: any Engine]

    /// - Parameters:
    ///   - library: the library's folder; nil: the person's own.
    ///   - encoder: a name out of `Models/` or a folder; nil: the default encoder.
    ///   - tagger: the folder of a WD tagger that is asked besides; nil: none.
    ///   - vocabulary: a name out of `Vocab/`, a folder or a file; nil: the default vocabulary.
    ///   - precision: in which numbers the encoder and the tagger multiply: auto, f32, bf16 or int8; nil: auto.
    public convenience init(
        installation: Installation, library: URL? = nil, encoder: String? = nil, vocabulary: String? = nil, tagger: String? = nil,
        precision: String? = nil
    ) {
        let premises = Premises(installation, libraryFolder: library ?? installation.defaultLibrary)
        let builtin = BuiltinEngine(
            .init(adapters: installation.personalModels, merges: premises.merges, encoder: { try premises.defaultEncoder() }))
        self.init(
            premises, analyst: Analyst(premises, encoder: encoder, vocabulary: vocabulary, tagger: tagger, precision: precision),
            engines: [builtin])
    }

    init(_ premises: Premises, analyst: Analyst, engines: [any Engine]) {
        (self.premises, self.analyst) = (premises, analyst)
        self.engines = Dictionary(uniqueKeysWithValues: engines.map { ($0.name, $0) })
    }

    var installation: Installation { premises.installation }

    /// The generator that comes with Redraw for pictures that are redrawn.
    public static let defaultGenerator = "redraw-small"
    /// The one that comes along for what is composed anew: paintings, what fills a mask.
    public static let defaultPainter = "redraw-painter"
}
