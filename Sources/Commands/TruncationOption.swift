import ArgumentParser
import Studio

/// What is done about pictures that were not copied to their end, for commands that read them.
struct TruncationOption: ParsableArguments {
    @Flag(
        name: .long,
        help: "Take PNG and JPEG files that end early as far as they go; the rest is black or grey (default: they are refused).")
    var acceptTruncated = false

    func apply() {
        if acceptTruncated { Studio.acceptTruncatedFiles() }
    }
}
