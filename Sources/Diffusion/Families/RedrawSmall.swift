/// Redraw's own small generators: no text encoder of their own. Prompts are read with the default encoder's text tower.
struct RedrawSmall: LatentUNetFamily {
    let outline: PipelineOutline

    static func has(_ signs: FamilySigns) -> Bool { signs.readsSentences }
    static let title: String? = "Redraw small"
    /// That of the default encoder's text tower.
    static let textWidth: Int? = 384
    static let ownLatentChannels: Int? = 6
    static let textEncoders: [String] = []
}
