import Foundation
import Hummingbird
import Studio

/// `txt2img` and `img2img`: jobs of the one queue, one for each batch, waited for.
struct WebUIGeneration {
    let site: Site
    let settings: WebUISettings
    let jobs: WebUIJobs

    func add(to router: RouterGroup<Context>) {
        router.post("txt2img") { request, _ in try await made(request, redraws: false) }
        router.post("img2img") { request, _ in try await made(request, redraws: true) }
    }

    /// What a request comes to. The pictures that came with it are taken in, and not kept in memory while the job waits.
    private struct Ordered {
        let asked: PictureOrder
        /// The request's fields, for the answer.
        let parameters: [String: JSONValue]
        /// Of the first batch.
        let order: OrderReport
        let jobs: [Int64]
    }

    private func ordered(_ request: Request, redraws: Bool) async throws -> Ordered {
        var body = try await request.webUIBody()
        var asked = try PictureOrder(body, redraws: redraws, settings: settings.values, studio: site.studio)
        try site.checkRoom(for: asked.batches)
        if let picture = asked.picture {
            let bytes = try Base64Picture.bytes(picture, field: "init_images")
            let taken = try await site.studio.takeIn(bytes, named: "init_image", isAnalysed: false, isWanted: false)
            asked.wish.picture = taken.picture
            if taken.isNew { site.tell(picture: taken.picture) }
        }
        if let mask = asked.mask {
            asked.wish.mask = try await site.studio.keepMask(Base64Picture.bytes(mask, field: "mask")).id
        }
        (asked.picture, asked.mask) = (nil, nil)
        if !asked.returnsSource { (body["init_images"], body["mask"]) = (.null, .null) }
        var orders = [try await site.studio.order(asked.wish(ofBatch: 0))]
        for batch in 1..<max(1, asked.batches) { orders.append(try await site.studio.order(asked.wish(ofBatch: batch))) }
        if let model = asked.lastingModel { settings.change { $0.model = model } }
        return Ordered(
            asked: asked, parameters: body, order: OrderReport(orders[0]), jobs: try orders.map { try site.studio.enqueue($0) })
    }

    private func made(_ request: Request, redraws: Bool) async throws -> Response {
        let ordered = try await site.admit(request) { try await self.ordered(request, redraws: redraws) }
        let request = jobs.begin(ordered.jobs)
        defer { jobs.end(request) }
        for job in ordered.jobs { site.tell(job: job) }
        var generations: [GenerationDetail] = []
        for job in ordered.jobs {
            let report = try await over(job)
            if report.state == "done", let generation = report.generation {
                generations.append(try await site.studio.generation(generation))
            } else if report.state == "failed" {
                // What the other batches would make goes the same way.
                for other in ordered.jobs { _ = try? site.studio.cancelJob(other) }
                throw Refusal(.internalServerError, site.errors.text.plain(report.message ?? "it failed"))
            }
        }
        let stopped = jobs.stopped(request)
        guard !generations.isEmpty || stopped != nil else { throw Refusal(.internalServerError, "the job was cancelled") }
        var pictures: [(bytes: [UInt8], text: String)] = []
        for generation in generations {
            for output in generation.outputs {
                let bytes = try await site.studio.output(output.number, of: generation.id).bytes
                pictures.append((bytes, try await site.studio.textInfo(bytes).parameters))
            }
        }
        return Response.json(try answer(to: ordered, pictures, generations, stopped: stopped))
    }

    /// Waits until the job is over; where whoever asked is gone, the job goes on.
    private func over(_ job: Int64) async throws -> JobReport {
        while true {
            let report = try site.studio.job(job)
            if !["queued", "running"].contains(report.state) { return report }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private struct Answer: Encodable {
        let images: [String]
        let parameters: [String: JSONValue]
        /// JSON in a text, as these clients read it.
        let info: String
    }

    private func answer(
        to ordered: Ordered, _ pictures: [(bytes: [UInt8], text: String)], _ generations: [GenerationDetail], stopped: WebUIJobs.Stop?
    ) throws -> Answer {
        let info = Info(ordered, infotexts: pictures.map(\.text), generations: generations, stopped: stopped)
        return Answer(
            images: ordered.asked.sendsPictures ? pictures.map { Base64Picture.text($0.bytes) } : [], parameters: ordered.parameters,
            info: JSONText.text(info))
    }

    /// What the web UI tells of a picture, as far as there is such a thing here, and what it does not know under `redraw`.
    private struct Info: Encodable {
        struct Own: Encodable {
            /// Number of the first generation in the library, and of that of each batch.
            @OrNull var generation: Int64?
            let generations: [Int64]
            /// Fields of the request that were not heeded, and why.
            let unheeded: [String: String]
            @OrNull var stepsRun: Int?
            @OrNull var untouched: GenerationEntry.Untouched?
            let notes: [String]
        }

        let prompt: String
        let allPrompts: [String]
        let negativePrompt: String
        let allNegativePrompts: [String]
        let seed: UInt64
        let allSeeds: [UInt64]
        /// -1: none.
        let subseed: Int64
        let subseedStrength: Double
        let width: Int
        let height: Int
        let samplerName: String
        let cfgScale: Double
        let steps: Int
        let batchSize: Int
        let sdModelName: String
        let denoisingStrength: Double
        let indexOfFirstImage = 0
        let infotexts: [String]
        let styles: [String] = []
        let clipSkip: Int
        let interrupted: Bool
        let redraw: Own

        enum CodingKeys: String, CodingKey {
            case prompt, seed, subseed, width, height, steps, infotexts, styles, interrupted, redraw
            case allPrompts = "all_prompts"
            case negativePrompt = "negative_prompt"
            case allNegativePrompts = "all_negative_prompts"
            case allSeeds = "all_seeds"
            case subseedStrength = "subseed_strength"
            case samplerName = "sampler_name"
            case cfgScale = "cfg_scale"
            case batchSize = "batch_size"
            case sdModelName = "sd_model_name"
            case denoisingStrength = "denoising_strength"
            case indexOfFirstImage = "index_of_first_image"
            case clipSkip = "clip_skip"
        }

        init(_ ordered: Ordered, infotexts: [String], generations: [GenerationDetail], stopped: WebUIJobs.Stop?) {
            let (asked, order, generation) = (ordered.asked, ordered.order, generations.first)
            let made = generations.flatMap { generation in generation.outputs.map { $0.seed ?? generation.seed } }
            let seeds = made.isEmpty ? [order.seed] : made
            (prompt, negativePrompt) = (order.prompt, order.negative)
            allPrompts = Array(repeating: order.prompt, count: seeds.count)
            allNegativePrompts = Array(repeating: order.negative, count: seeds.count)
            (seed, allSeeds) = (seeds[0], seeds)
            (subseed, subseedStrength) = (order.variationSeed.map { Int64(clamping: $0) } ?? -1, order.variationStrength ?? 0)
            (width, height) = (generation?.outputs.first?.width ?? order.width ?? 0, generation?.outputs.first?.height ?? order.height ?? 0)
            samplerName = Studio.samplerChoices.first { $0.name == order.sampler || $0.karras == order.sampler }?.title ?? order.sampler
            (cfgScale, steps, batchSize) = (order.guidance, order.steps, order.count)
            (sdModelName, denoisingStrength, clipSkip) = (order.model, order.strength ?? 0, order.clipSkip ?? 1)
            (self.infotexts, interrupted) = (infotexts, stopped == .interrupt)
            var notes: [String] = []
            let size = "\(width)x\(height)"
            if generation != nil, let wanted = asked.wish.settings.size, wanted != size {
                notes.append("what is repainted keeps the picture's own size, \(size)")
            }
            if stopped != nil, generations.count < ordered.jobs.count {
                notes.append("\(generations.count) of \(ordered.jobs.count) batches were made; the others were stopped")
            }
            redraw = Own(
                generation: generation?.id, generations: generations.map(\.id), unheeded: asked.unheeded, stepsRun: generation?.steps.run,
                untouched: generation?.untouched, notes: notes)
        }
    }
}
