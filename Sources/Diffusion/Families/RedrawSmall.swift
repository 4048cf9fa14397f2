/// Redraw's own small generators: no text encoder of their own. Prompts are read with the default encoder's text tower.
struct RedrawSmall: LatentUNetFamily {
    let outline: PipelineOutline

    static func has(_ signs: FamilySigns) -> Bool { signs.readsSentences }
    static let textEncoders: [String] = []
}
