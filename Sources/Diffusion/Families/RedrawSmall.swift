/// Redraw's own small generators: no text encoder of their own. Prompts are read with the default encoder's text tower.
package struct RedrawSmall: LatentUNetFamily {
    package let outline: PipelineOutline
}
