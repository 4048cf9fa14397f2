import Foundation
import Studio

/// A prompt out of a file for a person's eyes: always under its own name, so that nobody takes it for what was seen in the picture.
enum RecoveredText {
    static func lines(_ prompt: RecoveredEntry) -> [(name: String, value: String)] {
        var lines = [("recovered", "from \(prompt.place)\(prompt.tool.map { ", as \($0) writes it" } ?? "")")]
        if !prompt.positive.isEmpty { lines.append(("  prompt", joined(prompt.positive))) }
        if !prompt.negative.isEmpty { lines.append(("  negative", joined(prompt.negative))) }
        let settings = settings(prompt)
        if !settings.isEmpty { lines.append(("  made with", settings.joined(separator: ", "))) }
        return lines
    }

    /// The settings that every tool has; `all` adds the others as they were written.
    static func settings(_ prompt: RecoveredEntry, all: Bool = false) -> [String] {
        var parts: [String] = []
        if let model = prompt.model { parts.append("model \(model)") }
        if let width = prompt.width, let height = prompt.height { parts.append("\(width)x\(height)") }
        if let seed = prompt.seed { parts.append("seed \(seed)") }
        if let steps = prompt.steps { parts.append("\(steps) steps") }
        if let sampler = prompt.sampler { parts.append(sampler) }
        if let guidance = prompt.guidance { parts.append("guidance \(ReviewSession.number(guidance))") }
        if let strength = prompt.strength { parts.append("strength \(ReviewSession.number(strength))") }
        if all { parts += prompt.settings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } }
        return parts
    }

    /// Several lines as one, as they will be read.
    private static func joined(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { String($0).trimming(while: \.isWhitespace) }.filter { !$0.isEmpty }.joined(
            separator: " ")
    }
}
