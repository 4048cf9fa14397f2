/// What became of a picture's caption.
package struct CaptionReport: Codable, Sendable {
    package enum State: String, Codable, Sendable {
        case written
        /// It stood there already, to the letter.
        case same
        /// Another text stands there, and nobody said that it may be written over.
        case kept
        /// There is no tag to write.
        case empty
    }

    package let picture: String
    package let file: String
    package let caption: String
    package let state: State
}
