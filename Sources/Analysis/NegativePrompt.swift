import Vocabulary

/// What a prompt asks to keep out, by how the picture is made.
package enum NegativePrompt {
    private static let always = "blurry, low quality, distorted, watermark, text"

    /// The standard negative prompt for a medium ("photo", "painting", "cartoon", "sketch", "3d render" or a kind of one of them, such as "oil
    /// painting"), for any other a general one.
    ///
    /// - Parameters:
    ///   - wanted: what the prompt asks for; neither it nor what it is a kind of is kept out too.
    ///   - own: what the model's authors keep out, instead of the standard.
    package static func standard(medium: String?, wanted: Set<String> = [], own: String? = nil) -> String {
        let asked = (Array(wanted) + (medium.map { [$0] } ?? [])).map(Tag.key)
        func left(_ text: String) -> String {
            text.split(separator: ", ").map(String.init).filter { word in
                let key = Tag.key(word)
                return !asked.contains { $0 == key || $0.hasSuffix(" " + key) }
            }.joined(separator: ", ")
        }
        if let own { return left(own) }
        let forMedium =
            switch medium.flatMap(mainMedium) {
            case "photo": "deformed, bad anatomy, extra limbs, extra fingers, oversaturated, cartoon, painting, drawing"
            case "painting": "photo, 3d render, deformed, bad anatomy, muddy colours, frame, signature"
            case "cartoon": "photo, realistic, 3d render, deformed, bad anatomy, messy lines, signature"
            case "sketch": "photo, colour, 3d render, deformed, smudged, signature"
            case "3d render": "photo, deformed, noise, low polygon count, artefacts"
            default: "deformed, bad anatomy, artefacts, signature"
            }
        return left("\(always), \(forMedium)")
    }

    /// A negative prompt without what a prompt asks for in so many words: no "painting" beside "an oil painting".
    package static func left(of negative: String, besides prompt: String) -> String {
        func words(_ text: String) -> String { Tag.words(in: text.lowercased()).joined(separator: " ") }
        let asked = " " + words(prompt) + " "
        return negative.split(separator: ",").filter { part in
            let unwanted = words(String(part))
            return unwanted.isEmpty || !asked.contains(" " + unwanted + " ")
        }.joined(separator: ",").trimmingPrefix(while: \.isWhitespace).description
    }

    /// The medium of which this one is a kind, by the last words of its name; nil for those that stand for themselves.
    static func mainMedium(_ medium: String) -> String? {
        let key = Tag.key(medium)
        return kinds.first { kind in kind.endings.contains { key == $0 || key.hasSuffix(" " + $0) } }?.medium
    }

    private static let kinds: [(medium: String, endings: [String])] = [
        ("3d render", ["render", "cgi", "claymation", "clay figure"]),
        (
            "cartoon",
            [
                "cartoon", "comic", "comic strip", "anime", "anime drawing", "manga", "caricature", "vector illustration", "pixel art",
                "sticker",
            ]
        ),
        ("photo", ["photo", "photograph", "photography", "snapshot", "selfie", "polaroid"]),
        ("painting", ["painting", "watercolour", "watercolor", "gouache", "fresco", "mural"]),
        ("sketch", ["sketch", "drawing", "line art", "blueprint"]),
    ]
}
