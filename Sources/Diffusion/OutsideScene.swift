import Pixels

/// A request's picture and mask as another program is given them, and the way back of what it makes: framing, cropping and pasting back are
/// done here, whatever that program would do of its own.
package struct OutsideScene: Sendable {
    package let request: GenerationRequest
    /// Size of what the other program is given and has to hand back: the working size filled up.
    package var canvas: PixelSize { frame.canvas }
    /// The size it works at, as it was asked for or chosen.
    package var working: PixelSize { frame.working }
    /// The picture on the canvas, RGB; nil for painting.
    package let picture: Image?
    /// The mask on the canvas, white where it is to be repainted; nil where all is redrawn.
    package let mask: Mask?
    private let task: RunTask
    private let frame: Pipeline.Frame

    /// - Throws: `DiffusionError` where a size makes no sense.
    package init(_ task: RunTask, sizes: WorkingSizes) throws(DiffusionError) {
        (self.task, request) = (task, task.request)
        frame = try Pipeline.Frame(task.request, picture: task.source?.size, box: task.mask?.boundingBox, sizes: sizes)
        let framing = frame.framing
        picture = task.source.flatMap { source in framing.map { $0.toCanvas(source.rgb()) } }
        mask = task.mask.flatMap { mask in framing.map { $0.toCanvas(mask) } }
    }

    /// What is handed over where not a single step runs; nil where something has to be made.
    package func unchanged(by steps: StepPlan) -> Image? {
        guard steps.run == 0, let source = task.source else { return nil }
        return frame.output == source.size ? source : frame.framed(source)
    }

    /// What was made on the canvas, as it is handed over; of a repainted picture nothing changes outside the mask.
    ///
    /// - Parameters:
    ///   - made: of the canvas' size.
    ///   - steps: that were run.
    package func delivered(_ made: Image, steps: Int) -> Image {
        precondition(made.size == canvas, "a picture of \(made.size) on a canvas of \(canvas)")
        if let source = task.source, let mask = task.mask, let framing = frame.framing {
            return framing.repainted(source, with: made.rgb(), mask, request, runs: steps)
        }
        guard request.outputSize == .picture, let framing = frame.framing else { return frame.cropped(made.rgb()) }
        return framing.toRegion(made.rgb())
    }

    /// What the pictures prove of the mask; nil without one.
    package func untouched(in pictures: [PipelineResult.Picture]) -> PipelineResult.Untouched? { task.untouched(in: pictures) }
}
