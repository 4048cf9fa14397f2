/// What can be wrong with an encoder's directory; tensors that are missing or misshapen are told by `CheckpointError`.
public enum EncoderError: Error, Equatable, CustomStringConvertible {
    /// A file of the directory cannot be read.
    case unreadableFile(path: String, reason: String)
    /// `config.json` is not what the towers need.
    case badConfiguration(path: String, reason: String)
    /// `vocab.txt` has no such token, or not as many as the tower has rows.
    case badVocabulary(path: String, reason: String)
    /// A picture without pixels.
    case emptyPicture(width: Int, height: Int)

    public var description: String {
        switch self {
        case .unreadableFile(let path, let reason):
            "cannot read the encoder's file \(path): \(reason); install the model again or name another directory"
        case .badConfiguration(let path, let reason): "the encoder's \(path) is of no use: \(reason)"
        case .badVocabulary(let path, let reason): "the tokenizer's \(path) is of no use: \(reason)"
        case .emptyPicture(let width, let height): "a picture of \(width)x\(height) pixels shows nothing"
        }
    }
}
