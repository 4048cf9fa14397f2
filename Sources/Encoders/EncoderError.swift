/// What can be wrong with an encoder's directory; tensors that are missing or misshapen are told by `CheckpointError`.
package enum EncoderError: Error, Equatable, CustomStringConvertible {
    /// A file of the directory cannot be read.
    case unreadableFile(path: String, reason: String)
    /// A configuration file is not what the towers need.
    case badConfiguration(path: String, reason: String)
    /// A tokenizer's file cannot be understood, lacks a token, or has not as many as the tower has rows.
    case badVocabulary(path: String, reason: String)
    /// A number of the configuration is none that a tower has.
    case badNumber(name: String, value: Int, allowed: ClosedRange<Int>)
    case unevenHeads(width: Int, heads: Int)
    /// A text has no tokens, or more than the tower has positions.
    case badTokenCount(Int, allowed: Int)
    /// A folder that is none of the known families: what was found in it, and what could be.
    case unknownFamily(path: String, found: String, supported: [String])
    /// A folder that is no tagger's, or of one that is not run: what it has, nil where there is no folder, and what to do.
    case notATagger(path: String, found: String?, instead: String)
    /// A picture that is so much longer than wide that a tower would see nothing of it.
    case tooLongPicture(width: Int, height: Int, allowed: Int)
    /// A picture without pixels.
    case emptyPicture(width: Int, height: Int)

    package var description: String {
        switch self {
        case .unreadableFile(let path, let reason):
            "cannot read the encoder's file \(path): \(reason); install the model again or name another directory"
        case .badConfiguration(let path, let reason): "the encoder's \(path) is of no use: \(reason)"
        case .badVocabulary(let path, let reason): "the tokenizer's \(path) is of no use: \(reason)"
        case .badNumber(let name, let value, let allowed):
            "the encoder's configuration says \(name) is \(value); allowed are \(allowed.lowerBound) to \(allowed.upperBound)"
        case .unevenHeads(let width, let heads):
            "the encoder's configuration says that a width of \(width) is split into \(heads) heads, which leaves a remainder"
        case .badTokenCount(let count, let allowed): "a text of \(count) tokens; the tower takes 1 to \(allowed)"
        case .unknownFamily(let path, let found, let supported):
            "\(path) is no encoder that is known here: it has \(found). Supported are \(supported.joined(separator: ", "))"
        case .notATagger(let path, let found?, let instead): "\(path) is no tagger that is run here: it has \(found); \(instead)"
        case .notATagger(let path, nil, let instead): "there is no folder \(path); \(instead)"
        case .tooLongPicture(let width, let height, let allowed):
            "a picture of \(width)x\(height) pixels is more than \(allowed) times as long as wide; cut it into pieces"
        case .emptyPicture(let width, let height): "a picture of \(width)x\(height) pixels shows nothing"
        }
    }
}
