/// What became of a picture's caption.
package struct CaptionReport: Codable, Sendable {
    package enum State: String, Codable, Sendable {
        case written
        /// What stood there was written by Redraw, and says what the tags are now.
        case renewed
        /// It stood there already, to the letter.
        case same
        /// Another text stands there, and nobody said that it may be written over.
        case kept
        /// There is no tag to write.
        case empty
        /// Every tag was rejected, and the caption that Redraw wrote went.
        case removed
    }

    package let picture: String
    package let file: String
    package let caption: String
    package let state: State
}
