/// What can go wrong in the flow itself; errors of a room (a damaged picture, a broken checkpoint) pass through as they are.
package enum StudioError: Error, CustomStringConvertible, Sendable {
    case noData(searched: [String])
    case noPicture(path: String)
    case isFolder(path: String)
    case unknownEncoder(name: String, known: [String])
    case unknownVocabulary(name: String, known: [String])
    case unknownModel(name: String, known: [String])
    case modelNotInstalled(name: String, howToGet: String)
    /// A model that the person did not name this time: a configuration or a preset did, which `source` calls so that "…names" may follow.
    case namedElsewhere(model: String, source: String, reason: String, remedy: String)
    /// What is wrong with an encoder, a vocabulary or a tagger that was set for good.
    case settledElsewhere(setting: String, reason: String, remedy: String)
    /// Another program has to make the pictures.
    case runsElsewhere(name: String, engine: String)
    case notAGenerator(name: String)
    case noModel(path: String)
    case damagedLibrary(String)
    case damagedVocabulary(file: String, line: Int, reason: String)
    case damagedModel(name: String, reason: String)
    case outputExists(path: String)
    case unwritableOutput(path: String, reason: String)
    case outputIsSource(path: String, source: String)
    case neverAnalysed(path: String)
    case notLossless(path: String)
    /// Some of several pictures are there; the next could not be written.
    case partlyWritten(paths: [String], of: Int, reason: String)
    /// Pictures that were made and written, and that the library could not be told of.
    case notNoted(paths: [String], reason: String)
    /// A JPEG that was to keep transparency.
    case notTransparent(path: String)
    case nothingEmbedded(encoder: String, others: [String])
    case notEmbedded(picture: String, encoder: String)
    case nothingRecovered(picture: String)
    case noFolder(path: String)
    case noFile(path: String)
    /// A folder where a file of weights was wanted.
    case isModelFolder(path: String)
    case notAModelName(String)
    case modelNameTaken(name: String, by: String)
    case oneNameForMany(name: String, count: Int)
    case notRegistered(name: String, known: [String])
    /// What lies among the registered models is the file itself.
    case isNoLink(path: String)
    /// A picture that is not what it was when it was ordered.
    case pictureChanged(path: String)
    /// Bytes that looking at pictures takes, and that are free or allowed.
    case tooLittleMemory(needed: Int, available: Int)
    /// Bytes of addresses.
    case tooFewAddresses(allowed: Int, needed: Int)
    case jobCancelled(Int64)
    case tooFewPictures(found: Int, needed: Int)
    case unsupported(what: String, instead: String)
    /// A picture of the library whose file is nowhere any more.
    case fileIsGone(picture: String)
    case tooManyPixels(name: String, width: Int, height: Int)
    case noSuchMask(String)
    /// - Parameter isStyle: whether a style was asked for: presets are found by both words.
    case noSuchPreset(String, known: [String] = [], isStyle: Bool = false)
    case presetExists(String)
    /// A preset that the library keeps and that cannot be read.
    case damagedPreset(String, reason: String)
    case noSuchFolder(Int)
    case noSuchSheet(Int64)
    case noSuchOutput(generation: Int64, number: Int)
    /// A name that would be a path.
    case notAName(what: String, value: String)
    case nothingToCompare(generation: Int64)
    /// What was asked for could not be read, and was set aside.
    case nothingKnownOf(generation: Int64)
    /// A picture that no generation of the library made.
    case notMadeHere(path: String)

    package var description: String {
        switch self {
        case .noData(let searched):
            "Redraw's own files (Vocab and Models) were found in none of: \(searched.prefix(3).joined(separator: ", ")). "
                + "Run it from its checkout, install it with make install, or set REDRAW_DATA."
        case .noPicture(let path): "\(path): there is no such file."
        case .isFolder(let path): "\(path) is a folder; name a picture in it."
        case .unknownEncoder(let name, let known):
            "There is no encoder \(name), neither by that name nor as a folder"
                + NearestName.hint(for: name, among: known, listing: "redraw models list")
        case .unknownVocabulary(let name, let known):
            "There is no vocabulary \(name), neither by that name nor as a file or folder"
                + NearestName.hint(for: name, among: known, listing: "redraw vocab list")
        case .unknownModel(let name, let known):
            "There is no model \(name)" + NearestName.hint(for: name, among: known, listing: "redraw models list")
        case .namedElsewhere(let model, let source, let reason, let remedy):
            "the model \(model), which \(source) names, \(reason): \(remedy)"
        case .settledElsewhere(let setting, let reason, let remedy):
            "\(reason) (you set it as the usual \(setting); \(remedy) takes it back)"
        case .modelNotInstalled(let name, let howToGet):
            "The model \(name) is known but not installed (\(howToGet)). Pick an installed one: redraw models list."
        case .runsElsewhere(let name, let engine):
            "Redraw does not run \(name) itself; \(engine) does. Start it there and name its address: --engine URL."
        case .notAGenerator(let name): "The model \(name) looks at pictures; it does not make them. See redraw models list."
        case .noModel(let path):
            "\(path) is no model: name a folder in diffusers' layout (with unet/config.json), or a .safetensors file."
        case .damagedLibrary(let reason):
            "The library is damaged: \(reason). `redraw doctor --repair` sets what is damaged aside; else restore it from a copy."
        case .damagedVocabulary(let file, let line, let reason): "\(file):\(line): \(reason)"
        case .damagedModel(let name, let reason): "The model \(name) is damaged: \(reason). Install it again."
        case .outputExists(let path): "\(path) exists already; name another with --output, or add --overwrite."
        case .unwritableOutput(let path, let reason): "\(path) cannot be written: \(reason); name another place."
        case .outputIsSource(let path, let source):
            "\(path) is \(path == source ? "what the run starts from or keeps its records in" : source), which is never written over; "
                + "name another file."
        case .neverAnalysed(let path):
            "\(path) has no approved prompt: nobody looked at it yet. Run redraw analyze \(ShellWord.path(path)) and approve some tags, or give --prompt."
        case .notLossless(let path):
            "\(path): a JPEG would change the pixels outside the mask; name a .png or .webp file."
        case .tooFewAddresses(let allowed, let needed):
            "\(allowed >> 20) MB of memory are allowed (ulimit -v), and Redraw needs \(needed >> 20) at least; allow more."
        case .partlyWritten(let paths, let all, let reason):
            "\(paths.count) of \(all) pictures were written (\(paths.joined(separator: ", "))); then: \(reason)"
        case .notNoted(let paths, let reason):
            "\(paths.joined(separator: ", ")) \(paths.count == 1 ? "was" : "were") made and written, but the library could not note it: \(reason)."
        case .notTransparent(let path):
            "\(path): a JPEG cannot be transparent; name a .png or .webp file, or leave --background keep out."
        case .nothingEmbedded(let encoder, let others):
            "The library holds no picture that the encoder \(encoder) looked at"
                + (others.isEmpty ? "" : ", only such that were looked at by \(others.joined(separator: ", "))")
                + ". Run redraw analyze on some (--again for those analysed before)."
        case .notEmbedded(let picture, let encoder):
            "The encoder \(encoder) never looked at \(picture), and its file is not there; run redraw analyze on the file."
        case .nothingRecovered(let picture):
            "No prompt was found in the file of \(picture) or beside it when it was analysed; redraw info shows what a file holds."
        case .noFolder(let path): "\(path) is no folder that can be written to; make it first, or name another with --output."
        case .noFile(let path): "\(path): there is no such file or folder."
        case .isModelFolder(let path):
            "\(path) is a folder; name a file of weights in it, or register all that lies there: redraw models add \(ShellWord.path(path))"
        case .notAModelName(let name): "\(name) is no name for a model: 1 to 120 characters, none of / \\ : < >, and no dot at the start."
        case .modelNameTaken(let name, let other): "The name \(name) is taken by \(other); give another one with --name."
        case .oneNameForMany(let name, let count): "\(count) files were found, and --name \(name) is for one; leave it out."
        case .notRegistered(let name, let known):
            "There is no registered model \(name)"
                + (known.isEmpty ? "; none is." : NearestName.hint(for: name, among: known, listing: "redraw models list"))
        case .isNoLink(let path): "\(path) is the model itself, not a link to one; move it away by hand if it is to go."
        case .pictureChanged(let path): "\(path) is not the picture any more that was ordered; order it again."
        case .jobCancelled(let id): "job \(id) was cancelled; nothing half-written is left behind"
        case .tooFewPictures(let found, let needed):
            "A calibration needs at least \(needed) pictures that can be read, and \(found) were found; name a folder with more."
        case .unsupported(let what, let instead): "\(what) is not supported yet: \(instead)."
        case .fileIsGone(let picture): "The file of \(picture) is not there any more, or is another one now; add the picture again."
        case .tooLittleMemory(let needed, let available):
            "looking at pictures takes about \(needed >> 20) MB of memory, and \(available >> 20) MB are free or allowed; "
                + "close other programs, or allow more (ulimit -v)"
        case .tooManyPixels(let name, let width, let height):
            "\(name) is \(width)x\(height) pixels, more than the \(UploadLimits.pixels / 1_000_000) megapixels taken here; scale it down first."
        case .noSuchMask(let id): "There is no mask \(id); send it first."
        case .noSuchPreset(let name, let known, let isStyle):
            known.isEmpty
                ? "There is no \(isStyle ? "style" : "preset") \(name); there are none yet."
                : "There is no \(isStyle ? "style" : "preset") \(name)"
                    + NearestName.hint(for: name, among: known, listing: isStyle ? "redraw styles list" : "redraw config list")
        case .presetExists(let name): "There is a preset \(name) already; give another name, or say that it is to be replaced."
        case .damagedPreset(let name, let reason): "The preset \(name) cannot be read: \(reason)"
        case .noSuchFolder(let number):
            "There is no folder \(number); those named with --folder when the server was started are numbered from 1."
        case .noSuchSheet(let number): "There is no sheet \(number)."
        case .noSuchOutput(let generation, let number):
            "Generation \(generation) has no picture \(number), or its file is not there any more."
        case .notAName(let what, let value): "The \(what) \(value) is none that is installed; give a name, not a path."
        case .notMadeHere(let path): "\(path) is no picture that was made here; name a generation's number (redraw history --generations)."
        case .nothingKnownOf(let generation):
            "What was asked for generation \(generation) is not known any more; it was set aside as damaged."
        case .nothingToCompare(let generation): "Generation \(generation) was painted from nothing; there is no picture to compare it with."
        }
    }
}
