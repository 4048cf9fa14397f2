import Pixels

extension Pipeline {
    /// What a request comes to, before anything is computed.
    package struct Plan: Sendable, Equatable {
        package let steps: StepPlan
        /// Bytes that the run will take at once, those of the weights that its budget names included; an estimate from above.
        package let memory: Int
        /// What the run costs, at its largest stage.
        package let work: Workload
        /// The pictures that one that grows goes through, the last of working size; one for every other run.
        package let stages: [Stage]
        /// Nil where no drafts are tried.
        package let drafts: Drafts?
        /// How the whole picture is brought to its working size, and handed over.
        let frame: Frame

        /// The size the model works at, as it was asked for or chosen.
        package var working: PixelSize { frame.working }
        /// The working size filled up at the right and below to what the model takes; cropped again afterwards.
        package var canvas: PixelSize { frame.canvas }
        /// The size of what is handed over.
        package var output: PixelSize { frame.output }
        /// Part of the picture that the model sees; nil where there is no picture.
        package var region: PixelRectangle? { frame.framing?.region }
        /// Whether the autoencoder will take the picture in tiles, for want of memory.
        package var tiled: Bool { frame.tiled }

        /// A whole picture as it is redrawn: in working size.
        func framed(_ source: Image) -> Image { frame.framed(source) }

        /// What was made on the canvas, as it is handed over; a repainted picture apart.
        func delivered(_ made: Image, as size: GenerationRequest.OutputSize) -> Image {
            guard size == .picture, let framing = frame.framing else { return frame.cropped(made) }
            return framing.toRegion(made)
        }

        /// A picture of the source's size (its transparency) brought to where its parts lie in what is handed over.
        func laidLikeThePicture(_ source: Image, as size: GenerationRequest.OutputSize) -> Image {
            guard let framing = frame.framing else { return frame.framed(source) }
            return delivered(framing.toCanvas(source.rgb()), as: size)
        }

        /// Whether a picture is made in several stages or out of drafts.
        var grows: Bool { stages.count > 1 || drafts != nil }

        /// Floating-point operations of all steps of a picture, its drafts' included.
        var operations: Double {
            stages.indices.reduce(0) { $0 + stages[$1].operations * Double(times(stage: $1)) }
        }

        /// Passes of the UNet for a picture, its drafts' included.
        package var passes: Int {
            stages.indices.reduce(0) { $0 + stages[$1].steps.passes * times(stage: $1) }
        }

        /// Those of them that are told the negative prompt as well.
        package var guidedPasses: Int {
            stages.indices.reduce(0) { $0 + stages[$1].guidedPasses * times(stage: $1) }
        }

        /// Those that run the network's outermost layers alone.
        package var outerPasses: Int {
            stages.indices.reduce(0) { $0 + stages[$1].outerPasses * times(stage: $1) }
        }

        /// How many stages are run for one picture, those of all its drafts included.
        var stageRuns: Int { stages.indices.reduce(0) { $0 + times(stage: $1) } }

        /// How often a stage is run for one picture.
        private func times(stage: Int) -> Int { drafts.map { stage < $0.stages ? $0.count : 1 } ?? 1 }
    }

    /// First, small pictures of which the one nearest to the prompt goes on.
    package struct Drafts: Sendable, Equatable {
        /// How many are made for each picture; at least 2.
        package let count: Int
        /// How many of the plan's stages each of them goes through.
        package let stages: Int
    }

    /// One of the pictures that another grows through.
    package struct Stage: Sendable, Equatable {
        package let size: PixelSize
        let request: GenerationRequest
        package let steps: StepPlan
        /// How many of its passes are told the negative prompt as well; 0 where the prompt alone counts.
        package let guidedPasses: Int
        /// What such a pass costs, and any other.
        let guided: Workload
        let unguided: Workload
        let frame: Frame

        /// Floating-point operations of its steps.
        package var operations: Double { (0..<steps.passes).reduce(0) { $0 + operations(ofPass: $1) } }

        /// Of a pass, counted from 0.
        func operations(ofPass index: Int) -> Double {
            let isGuided = index < guidedPasses
            let work = isGuided ? guided : unguided
            // Where guidance ends, what was kept no longer stands for what is told.
            let since = isGuided ? index : index - guidedPasses
            return DeepFeatures.takesOver(pass: since, every: request.reuseEvery ?? 1) ? work.outerPass : work.pass
        }

        /// How many of its passes run the outermost layers alone.
        var outerPasses: Int {
            let every = request.reuseEvery ?? 1
            func whole(_ passes: Int) -> Int { (passes + every - 1) / every }
            return steps.passes - whole(guidedPasses) - whole(steps.passes - guidedPasses)
        }
    }

    /// Where a picture stands while it is worked on: a stage's own, or a whole run's.
    struct Frame: Sendable, Equatable {
        let working: PixelSize
        /// The working size filled up at the right and below to what the model takes.
        let canvas: PixelSize
        /// The size of what comes of it.
        let output: PixelSize
        /// Whether the autoencoder takes the canvas in tiles, for want of memory.
        var tiled = false
        /// How a picture comes to the canvas and back; nil where there is none.
        let framing: Framing?

        /// A whole picture in working size.
        func framed(_ source: Image) -> Image {
            framing.map { cropped($0.toCanvas(source.rgb())) } ?? source
        }

        /// What was made on the canvas, without what fills it up.
        func cropped(_ made: Image) -> Image {
            made.cropped(to: PixelRectangle(x: 0, y: 0, width: working.width, height: working.height))
        }
    }
}

extension ModelFamily {
    private var workingSizes: WorkingSizes {
        WorkingSizes(usualSide: usualSide, evenMultiple: evenMultiple, sizeMultiple: sizeMultiple)
    }

    /// Says what will run: steps, first timestep, sizes, memory. Costs nothing, and refuses what cannot be done.
    /// - Parameters:
    ///   - picture: size of the source, nil for painting.
    ///   - box: what the mask covers, for repainting only a masked area.
    ///   - budget: of memory; where the autoencoder would take more, it works in tiles. Nil: as much as there is, the weights apart.
    package func plan(
        _ request: GenerationRequest, picture: PixelSize?, box: PixelRectangle? = nil, budget: MemoryBudget? = nil
    ) throws -> Pipeline.Plan {
        try request.validate()
        let isGuidedThroughout = isGuided(request) && request.guidanceUntil == nil
        for parts in request.composition { try ComposedPrompt.check(parts, isGuided: isGuidedThroughout) }
        if request.mode != .paint, picture == nil { throw DiffusionError.missingSource(mode: request.mode.rawValue) }
        let picture = request.mode == .paint ? nil : picture
        let steps = try sampling(request, strength: picture == nil ? nil : request.strength)
        var frame = try Pipeline.Frame(request, picture: picture, box: box, sizes: workingSizes)
        let needs = workload(frame.canvas, request)
        var painted = frame.working
        if request.mode == .repaint, let box, let region = frame.framing?.region {
            painted = PixelSize(
                width: box.width * frame.working.width / region.width, height: box.height * frame.working.height / region.height)
        }
        let sizes = stages(request, working: frame.working, painted: painted)
        let drafts = drafts(request, working: frame.working, painted: painted, sizes)
        let grows = sizes.count > 1 || drafts != nil
        func isTiled(_ canvas: PixelSize, _ request: GenerationRequest) -> Bool {
            guard let budget else { return false }
            return budget.asksForTiles(workload(canvas, request), encodes: picture != nil, grows: grows) && canTile(canvas)
        }
        frame.tiled = isTiled(frame.canvas, request)
        var stages: [Pipeline.Stage] = []
        if grows {
            // A picture that is redrawn as a whole is brought to the working size first; what each stage makes, the next one takes.
            var given = request.mode == .generate ? frame.working : picture
            for (number, size) in sizes.enumerated() {
                let own = request.stage(number, at: size)
                let steps = try sampling(own, strength: own.mode == .paint ? nil : own.strength)
                var place = try Pipeline.Frame(own, picture: own.mode == .paint ? nil : given, box: box, sizes: workingSizes)
                place.tiled = isTiled(place.canvas, own)
                stages.append(stage(own, size: size, steps: steps, frame: place))
                given = place.output
            }
        } else {
            stages = [stage(request, size: frame.working, steps: steps, frame: frame)]
        }
        return Pipeline.Plan(
            steps: StepPlan(together: stages.map(\.steps)),
            memory: (budget ?? MemoryBudget()).needed(needs, encodes: picture != nil, grows: grows, tiled: frame.tiled),
            work: needs, stages: stages, drafts: drafts, frame: frame)
    }

    /// A stage with what its passes cost: those behind the request's guidance are half as dear.
    private func stage(
        _ request: GenerationRequest, size: PixelSize, steps: Sampling, frame: Pipeline.Frame
    ) -> Pipeline.Stage {
        let plan = steps.plan
        let guided = isGuided(request) ? request.guidedPasses(of: plan, passesPerStep: steps.sampler.passesPerStep) : 0
        var alone = request
        alone.guidance = min(alone.guidance, 1)
        return Pipeline.Stage(
            size: size, request: request, steps: plan, guidedPasses: guided, guided: workload(frame.canvas, request),
            unguided: workload(frame.canvas, isGuided(request) ? alone : request), frame: frame)
    }
}

extension Pipeline.Frame {
    /// - Parameters:
    ///   - picture: size of the source, nil for painting.
    ///   - box: what the mask covers, for repainting only a masked area.
    /// - Throws: ``DiffusionError/size(width:height:multiple:)``.
    init(_ request: GenerationRequest, picture: PixelSize?, box: PixelRectangle?, sizes: WorkingSizes) throws(DiffusionError) {
        var seen = picture
        if request.mode == .repaint, request.area == .masked, let box, let picture {
            let rough = PixelSize(width: sizes.usualSide, height: sizes.usualSide)
            let square = Framing.region(around: box, padding: request.padding, picture: picture, working: rough)
            seen = PixelSize(width: square.width, height: square.height)
        }
        let working =
            if let width = request.width, let height = request.height { PixelSize(width: width, height: height) } else {
                sizes.size(for: seen)
            }
        let canvas = sizes.canvas(for: working)
        // diffusers refuses what is no multiple.
        guard working.width > 0, working.height > 0, canvas == working || request.profile != .diffusers else {
            throw DiffusionError.size(width: working.width, height: working.height, multiple: sizes.sizeMultiple)
        }
        guard let picture else {
            self.init(working: working, canvas: canvas, output: working, framing: nil)
            return
        }
        if request.mode == .repaint {
            var region = PixelRectangle(x: 0, y: 0, width: picture.width, height: picture.height)
            if let box, request.area == .masked {
                region = Framing.region(around: box, padding: request.padding, picture: picture, working: working)
            }
            self.init(
                working: working, canvas: canvas, output: picture, framing: Framing(region: region, working: working, canvas: canvas))
            return
        }
        // A result of the picture's own size shows all of it: what cropping would lose could not be put back.
        let whole = request.outputSize == .picture
        let resize = whole && request.resize == .crop ? .fill : request.resize
        self.init(
            working: working, canvas: canvas, output: whole ? picture : working,
            framing: Framing(picture: picture, working: working, canvas: canvas, resize: resize))
    }
}
