/// What a prompt asks to keep out, by how the picture is made.
package enum NegativePrompt {
    private static let always = "blurry, low quality, distorted, watermark, text"

    /// The standard negative prompt for a medium ("photo", "painting", "cartoon", "sketch", "3d render"), for any other a general one.
    ///
    /// - Parameters:
    ///   - wanted: what the prompt asks for; it is never kept out too.
    ///   - own: what the model's authors keep out, instead of the standard.
    package static func standard(medium: String?, wanted: Set<String> = [], own: String? = nil) -> String {
        func left(_ text: String) -> String {
            text.split(separator: ", ").map(String.init).filter { !wanted.contains($0) }.joined(separator: ", ")
        }
        if let own { return left(own) }
        let forMedium =
            switch medium {
            case "photo": "deformed, bad anatomy, extra limbs, extra fingers, oversaturated, cartoon, painting, drawing"
            case "painting": "photo, 3d render, deformed, bad anatomy, muddy colours, frame, signature"
            case "cartoon": "photo, realistic, 3d render, deformed, bad anatomy, messy lines, signature"
            case "sketch": "photo, colour, 3d render, deformed, smudged, signature"
            case "3d render": "photo, deformed, noise, low polygon count, artefacts"
            default: "deformed, bad anatomy, artefacts, signature"
            }
        return left("\(always), \(forMedium)")
    }
}
