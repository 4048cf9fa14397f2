/// A prompt that somebody wrote into the picture's own file, or beside it: a fact of the file, not a guess about the picture.
///
/// What the file says is taken as it is and checked for nothing; whoever can write a file can write this.
package struct RecoveredPrompt: Sendable, Hashable, Codable {
    /// Whose way of writing it is.
    package enum Tool: String, Sendable, Hashable, Codable, CaseIterable {
        case redraw, a1111, comfyui, novelai, invokeai, fooocus, swarmui
        case drawThings = "drawthings"
        /// Text without settings: a caption in a file beside the picture, or separate entries that say what they are.
        case text
    }

    package var tool: Tool
    /// Where it stands, for people: `PNG entry "parameters"`, `EXIF comment`, `photo.txt`.
    package var place: String
    package var positive: String
    package var negative: String
    /// As the tool names it, without a file's ending where it was a file's name.
    package var model: String?
    /// Pixels that were generated; the picture may have been enlarged since.
    package var width: Int?
    package var height: Int?
    package var seed: UInt64?
    package var steps: Int?
    package var sampler: String?
    package var guidance: Double?
    /// Denoising strength, from 0 to 1, where the picture was made from another.
    package var strength: Double?
    /// Everything else that was stated, as it was written.
    package var settings: [String: String]

    package init(
        tool: Tool, place: String, positive: String, negative: String = "", settings: [String: String] = [:]
    ) {
        (self.tool, self.place) = (tool, place)
        self.positive = positive.trimmedOfBlanks
        self.negative = negative.trimmedOfBlanks
        self.settings = settings
    }

    /// Whether there is anything in it that a person could use.
    var saysSomething: Bool { !positive.isEmpty || !negative.isEmpty || seed != nil || !settings.isEmpty }

    private enum CodingKeys: String, CodingKey {
        case tool, place, positive, negative, model, width, height, seed, steps, sampler, guidance, strength, settings
    }

    /// Scripts find every key, `null` where the file does not tell.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(tool, forKey: .tool)
        try container.encode(place, forKey: .place)
        try container.encode(positive, forKey: .positive)
        try container.encode(negative, forKey: .negative)
        try container.encode(model, forKey: .model)
        try container.encode(width, forKey: .width)
        try container.encode(height, forKey: .height)
        try container.encode(seed, forKey: .seed)
        try container.encode(steps, forKey: .steps)
        try container.encode(sampler, forKey: .sampler)
        try container.encode(guidance, forKey: .guidance)
        try container.encode(strength, forKey: .strength)
        try container.encode(settings, forKey: .settings)
    }
}

extension RecoveredPrompt {
    /// Takes a size where both sides are plausible.
    mutating func take(width: Int?, height: Int?) {
        guard let width, let height, (1...65_536).contains(width), (1...65_536).contains(height) else { return }
        (self.width, self.height) = (width, height)
    }

    /// A checkpoint's name out of a path in any system's spelling: `models\anime.safetensors` → `anime`.
    static func modelName(_ path: String?) -> String? {
        guard let last = path?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last else { return nil }
        for ending in [".safetensors", ".ckpt", ".gguf", ".pt", ".sft"] where last.hasSuffix(ending) {
            return String(last.dropLast(ending.count))
        }
        return String(last)
    }
}

extension StringProtocol {
    /// Without white space at either end.
    var trimmedOfBlanks: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
