import Diffusion

/// Why no order can be made of a wish: something that was said is wrong in itself, before any file of a model is looked at.
package enum OrderError: Error, Equatable, CustomStringConvertible {
    /// A word that is none of the choices.
    case unknown(what: String, value: String, known: [String])
    /// Neither `512x384` nor `picture`.
    case noSize(String)
    case sizeOfNoPicture
    case noPicture(mode: String)
    case noMask
    case maskAndSelection
    case nothingSelected(name: String, picture: String, seen: [String])
    case nothingToPaint
    case notAPictureName(what: String, name: String)
    /// A text that was typed in another encoding.
    case notUTF8(what: String)
    /// A sheet is one picture with one seed.
    case sheetOf(count: Int, drafts: Int)
    case noStrengths([Double])
    /// A value that the setting it runs over cannot have.
    case noValue(axis: String, value: String)
    case axisTwice(String)
    /// What is to run over a sheet is no setting. `field`: `x` or `y`.
    case noAxis(field: String, name: String, known: [String])
    case sheetCells(Int)
    case draftsOfWhatDoesNotGrow(Int)
    /// An engine elsewhere has no such thing.
    case onlyBuiltin(what: String)
    case request(GenerationRequestError)

    /// The setting that is wrong, as a wish calls it; nil where none is alone.
    package var field: String? {
        switch self {
        case .unknown(let what, _, _): Self.key(what)
        case .noSize, .sizeOfNoPicture: "size"
        case .noPicture: "picture"
        case .noMask: "mask"
        case .maskAndSelection, .nothingSelected: "select"
        case .nothingToPaint: "prompt"
        case .notAPictureName(let what, _), .notUTF8(let what): Self.key(what)
        case .sheetOf, .noStrengths: "strengths"
        case .noValue(let axis, _): axis
        case .axisTwice: "y"
        case .noAxis(let field, _, _): field
        case .sheetCells: "columns"
        case .draftsOfWhatDoesNotGrow: "drafts"
        case .onlyBuiltin(let what): Self.setting(named: what)
        case .request(let error):
            switch error {
            case .outOfRange(let name, _, _): name.contains("prompt") ? (name.contains("negative") ? "negative" : "prompt") : Self.key(name)
            case .incompleteSize: "size"
            case .onlyRedraw(let name, _): Self.setting(named: name)
            case .variations: "count"
            case .etaOfSampler: "eta"
            case .timesteps: "spacing"
            case .draftsWithoutFirstSide: "drafts"
            case .noBackground: "background"
            }
        }
    }

    /// Words of what is somebody's alone, and the keys of the settings they are said of.
    private static let settings = [
        ("guidance until", "guidanceUntil"), ("reusing", "reuseEvery"), ("merging", "mergeTokens"), ("variation", "variationStrength"),
        ("spacing", "spacing"), ("an eta", "eta"), ("autoencoder", "autoencoder"), ("text encoder", "textEncoders"), ("profile", "profile"),
        ("precision", "precision"), ("prediction", "prediction"), ("latent", "latent"), ("drafts", "drafts"), ("vae", "vae"),
    ]

    private static func setting(named words: String) -> String {
        settings.first { words.contains($0.0) }?.1 ?? "firstSide"
    }

    /// `output size` → `outputSize`.
    private static func key(_ words: String) -> String {
        let parts = words.split(separator: " ")
        return parts.prefix(1).joined() + parts.dropFirst().map(\.capitalized).joined()
    }

    /// As many strengths as a sheet may show.
    package static let mostStrengths = 12
    /// As many pictures as a sheet of two settings may have.
    package static let mostCells = 64

    package var description: String {
        switch self {
        case .unknown(let what, let value, let known):
            "the \(what) \(value) is not known" + NearestName.hint(for: value, among: known, listing: "redraw generate --help")
        case .noSize(let text): "\(text) is no size; give one such as 512x384, or picture for the picture's own"
        case .sizeOfNoPicture: "the size picture needs a picture; give a size such as 512x384"
        case .noPicture(let mode): "there is no picture to \(mode); name one"
        case .noMask: "there is no mask to repaint under; name a picture that is white where it is to be repainted"
        case .maskAndSelection: "a mask and things to select say the same twice; leave one of them out"
        case .nothingSelected(let name, let picture, let seen):
            "no \(name) was found in \(picture)"
                + (seen.isEmpty ? ", nor any other thing that can be selected" : "; found were \(seen.joined(separator: ", "))")
                + ". Name another, or a mask."
        case .nothingToPaint: "Say what to paint: redraw paint \"a photo of a cat\"."
        case .notUTF8(let what): "the \(what) is not in UTF-8; set the terminal to UTF-8, or convert the text"
        case .notAPictureName(let what, let name): "the \(what) \(name) must end in .png, .jpg or .webp"
        case .sheetOf(let count, let drafts):
            "several strengths make one sheet with one seed; leave \(count > 1 ? "the count \(count)" : "the drafts \(drafts)") out"
        case .noStrengths(let strengths):
            "\(strengths.isEmpty ? "no strengths" : strengths.map { "\($0)" }.joined(separator: ", ")): a sheet takes 1 to \(Self.mostStrengths), each from 0 to 1"
        case .noValue(let axis, let value): "\(value) is no value of \(axis)"
        case .axisTwice(let axis): "a sheet runs over \(axis) one way only; choose another setting for the other"
        case .noAxis(_, let name, let known):
            "\(name) is no setting that a sheet can run over" + NearestName.hint(for: name, among: known, listing: "redraw sheet --help")
        case .sheetCells(let count): "a sheet has 1 to \(Self.mostCells) pictures, not \(count)"
        case .draftsOfWhatDoesNotGrow(let drafts):
            "\(drafts) drafts: only what grows has drafts: painting, repainting from strength 0.9 on, redrawing from 0.75 on with a first side (--first-side)"
        case .onlyBuiltin(let what): "\(what) is the built-in engine's alone; leave it out, or leave out the other engine"
        case .request(let error): "\(error)"
        }
    }
}
