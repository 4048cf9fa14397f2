import Foundation
import JSONReading

// What an export says is checked before anything of it is taken in: what a table would take and a later reading would not end the commands
// that come by it.

/// Says where in an export a value stands that is not accepted.
struct ImportCheck {
    /// `pictures[3].analyses[0]` and the like; empty for the whole.
    private let place: String

    init(_ place: String = "") { self.place = place }

    func at(_ name: String, _ index: Int? = nil) -> ImportCheck {
        ImportCheck((place.isEmpty ? "" : place + ".") + name + (index.map { "[\($0)]" } ?? ""))
    }

    func refuse(_ field: String, _ value: String, _ rule: String) -> LibraryError {
        .notAnExport("\(place.isEmpty ? "" : place + ".")\(field) is \(value.prefix(80)); \(rule)")
    }

    func number(_ field: String, _ value: Double?, within range: ClosedRange<Double>) throws(LibraryError) {
        guard let value, !range.contains(value) else { return }
        throw refuse(field, "\(value)", "it must be from \(range.lowerBound) to \(range.upperBound)")
    }

    func number<Number: FixedWidthInteger>(_ field: String, _ value: Number?, within range: ClosedRange<Number>) throws(LibraryError) {
        guard let value, !range.contains(value) else { return }
        throw refuse(field, "\(value)", "it must be from \(range.lowerBound) to \(range.upperBound)")
    }

    /// - Parameter longest: characters.
    func text(_ field: String, _ value: String?, longest: Int, isNeeded: Bool = false) throws(LibraryError) {
        guard let value else { return }
        guard !isNeeded || !value.isEmpty else { throw refuse(field, "empty", "it must say something") }
        guard value.count <= longest else { throw refuse(field, "\(value.count) characters long", "it may have \(longest)") }
    }

    /// What goes into a prompt in a tag's place.
    func words(_ field: String, _ value: String?) throws(LibraryError) {
        try text(field, value, longest: Text.longestTag, isNeeded: true)
        // A character may be made of many code points, and those are what the tables count.
        guard let value, value.unicodeScalars.count > Text.longestTag else { return }
        throw refuse(field, "\(value.unicodeScalars.count) code points long", "it may have \(Text.longestTag)")
    }

    /// - Parameters:
    ///   - column: where it comes to stand.
    ///   - types: what is read there; nil where the value came out of a column that was read so.
    func json(_ field: String, _ value: String?, _ column: JSONColumn, _ types: StoredTypes?) throws(LibraryError) {
        guard let value, let types else { return }
        // Gone through without becoming a tree: there is much of it.
        var cursor = JSONCursor(Array(value.utf8)) { _, _ in refuse(field, "\"\(value.prefix(40))\"", "it must be JSON") }
        try cursor.check()
        try cursor.expectEnd()
        if let reason = types.fault(of: value, in: column) {
            throw .notAnExport("\(place.isEmpty ? "" : place + ".")\(field) cannot be read: \(reason)")
        }
    }

    func digest(_ field: String, _ value: String?) throws(LibraryError) {
        guard let value else { return }
        do { _ = try Text.sha256(value, field: field) } catch {
            throw refuse(field, "\"\(value.prefix(70))\"", "a SHA-256 is 64 hexadecimal digits")
        }
    }
}

extension ExportedPicture {
    /// - Parameter types: what its JSON is read as; nil where that is known to be so.
    /// - Throws: `LibraryError.notAnExport`, naming the value that is not accepted.
    func check(_ place: ImportCheck, _ types: StoredTypes?) throws(LibraryError) {
        try place.digest("sha256", sha256)
        try place.digest("pixels", pixels)
        for alias in aliases ?? [] { try place.digest("aliases", alias) }
        try place.number("width", width, within: Accepted.sides)
        try place.number("height", height, within: Accepted.sides)
        for (index, path) in paths.enumerated() {
            let place = place.at("paths", index)
            try place.text("path", path.path, longest: Accepted.path, isNeeded: true)
            try place.number("bytes", path.bytes, within: Accepted.bytes)
        }
        for (index, analysis) in analyses.enumerated() { try analysis.check(place.at("analyses", index), types) }
        for (index, suggestion) in suggestions.enumerated() { try suggestion.check(place.at("suggestions", index)) }
        for (index, decision) in decisions.enumerated() { try decision.check(place.at("decisions", index)) }
        for (index, prompt) in prompts.enumerated() { try prompt.check(place.at("prompts", index)) }
        for (index, generation) in generations.enumerated() { try generation.check(place.at("generations", index), types) }
    }
}

extension ExportedAnalysis {
    fileprivate func check(_ place: ImportCheck, _ types: StoredTypes?) throws(LibraryError) {
        for (field, name, sha256) in [
            ("encoder", encoder.name, encoder.sha256), ("vocabulary", vocabulary.name, vocabulary.sha256),
        ] {
            try place.text("\(field).name", name, longest: Accepted.name, isNeeded: true)
            try place.digest("\(field).sha256", sha256)
        }
        try place.number("vocabulary.count", vocabulary.count, within: Accepted.counts)
        try place.number("seconds", seconds, within: Accepted.seconds)
        try place.text("wording", wording, longest: Accepted.name)
        for (field, text, column) in [
            ("model", model, JSONColumn.model), ("size", size, .size), ("recovered", recovered, .recovered), ("dropped", dropped, .dropped),
            ("composition", composition, .composition), ("calibration", calibration, .calibration), ("things", things, .things),
        ] { try place.json(field, text, column, types) }
    }
}

extension Suggestion {
    /// - Throws: `LibraryError.notAnExport`, naming the value that is not accepted.
    func check(_ place: ImportCheck) throws(LibraryError) {
        do { _ = try Text.tag(tag, field: "tag") } catch {
            throw place.refuse("tag", tag.debugDescription, "a tag has 1 to \(Text.longestTag) characters, one of them a letter or a digit")
        }
        for alias in aliases { try place.text("aliases", alias, longest: Accepted.path) }
        try place.text("facet", facet, longest: Accepted.name, isNeeded: true)
        try place.number("cosine", cosine, within: -1.001...1.001)
        try place.number("confidence", confidence, within: 0...1)
        try place.number("rank", rank, within: Accepted.numbers)
        try place.number("weight", weight, within: Suggestion.weights)
        try place.words("described", described)
        try place.words("editedText", editedText)
        try place.text("decidedBy", decidedBy, longest: Accepted.name)
        guard (state == .pending) == (decidedAt == nil), (state == .pending) == (decidedBy == nil) else {
            throw place.refuse("state", state.rawValue, "who decided and when is said of what is decided, and of that alone")
        }
        guard state != .pending || (editedText == nil && weight == 1) else {
            throw place.refuse("state", state.rawValue, "what is pending has no text and no weight of its own")
        }
    }
}

extension ExportedDecision {
    fileprivate func check(_ place: ImportCheck) throws(LibraryError) {
        try place.text("tag", tag, longest: Accepted.name, isNeeded: true)
        try place.number("batch", batch, within: Accepted.batches)
        try place.text("decidedBy", decidedBy, longest: Accepted.name, isNeeded: true)
        guard (action == .undo) == (undoes != nil) else {
            throw place.refuse("action", action.rawValue, "an undo names what it takes back, and nothing else does")
        }
        try before?.check(place.at("before"))
        try after?.check(place.at("after"))
    }
}

extension ExportedPrompt {
    fileprivate func check(_ place: ImportCheck) throws(LibraryError) {
        try place.number("number", number, within: Accepted.numbers)
        try place.number("parent", parent, within: Accepted.numbers)
        try place.text("positive", positive, longest: Text.longestPrompt)
        try place.text("negative", negative, longest: Text.longestPrompt)
        try place.text("model", model, longest: Accepted.name)
        guard (width == nil) == (height == nil) else { throw place.refuse("width", "\(width ?? 0)", "width and height go together") }
        try place.number("width", width, within: Accepted.sides)
        try place.number("height", height, within: Accepted.sides)
    }
}

extension ExportedGeneration {
    /// - Parameter types: what its JSON is read as; nil where that is known to be so.
    /// - Throws: `LibraryError.notAnExport`, naming the value that is not accepted.
    func check(_ place: ImportCheck, _ types: StoredTypes?) throws(LibraryError) {
        try place.json("request", request, .request, types)
        try place.text("model", model, longest: Accepted.path)
        try place.text("profile", profile, longest: Accepted.path)
        try place.text("precision", precision, longest: Accepted.path)
        try place.number("stepsRequested", stepsRequested, within: Accepted.steps)
        try place.number("stepsRun", stepsRun, within: Accepted.steps)
        try place.number("firstTimestep", firstTimestep, within: Accepted.timesteps)
        try place.json("seconds", seconds, .seconds, types)
        try place.number("promptNumber", promptNumber, within: Accepted.numbers)
        try place.number("untouched.pixels", untouched?.pixels, within: Accepted.pixels)
        try place.digest("untouched.sha256", untouched?.sha256)
        try place.text("message", message, longest: Accepted.message)
        for (index, output) in outputs.enumerated() {
            let place = place.at("outputs", index)
            try place.text("path", output.path, longest: Accepted.path, isNeeded: true)
            try place.digest("sha256", output.sha256)
        }
        guard status == .running || finishedAt != nil else { throw place.refuse("finishedAt", "missing", "what is over has ended") }
    }
}
