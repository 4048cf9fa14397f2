import Foundation
import Hummingbird
import Studio

/// `txt2img` and `img2img`: a job of the one queue, waited for.
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
        let order: OrderReport
        let job: Int64
    }

    private func ordered(_ request: Request, redraws: Bool) async throws -> Ordered {
        var body = try await request.webUIBody()
        var asked = try PictureOrder(body, redraws: redraws, settings: settings.values, studio: site.studio)
        try site.checkRoom()
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
        let order = try await site.studio.order(asked.wish)
        if let model = asked.lastingModel { settings.change { $0.model = model } }
        return Ordered(asked: asked, parameters: body, order: OrderReport(order), job: try site.studio.enqueue(order))
    }

    private func made(_ request: Request, redraws: Bool) async throws -> Response {
        let ordered = try await site.admit(request) { try await self.ordered(request, redraws: redraws) }
        let (asked, job) = (ordered.asked, ordered.job)
        jobs.begin(job)
        defer { jobs.end(job) }
        site.tell(job: job)
        let report = try await over(job)
        let isInterrupted = jobs.isInterrupted(job)
        guard report.state == "done", let generation = report.generation else {
            if report.state == "cancelled", isInterrupted {
                return Response.json(try answer(to: asked, ordered.parameters, [], nil, order: ordered.order, isInterrupted: true))
            }
            throw Refusal(.internalServerError, site.errors.text.plain(report.message ?? "the job was cancelled"))
        }
        let detail = try await site.studio.generation(generation)
        var pictures: [(bytes: [UInt8], text: String)] = []
        for output in detail.outputs {
            let bytes = try await site.studio.output(output.number, of: generation).bytes
            pictures.append((bytes, try await site.studio.textInfo(bytes).parameters))
        }
        return Response.json(
            try answer(to: asked, ordered.parameters, pictures, detail, order: ordered.order, isInterrupted: false))
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
        to asked: PictureOrder, _ parameters: [String: JSONValue], _ pictures: [(bytes: [UInt8], text: String)],
        _ generation: GenerationDetail?, order: OrderReport, isInterrupted: Bool
    ) throws -> Answer {
        let seeds = generation.map { detail in detail.outputs.map { $0.seed ?? order.seed } } ?? [order.seed]
        let info = Info(
            asked, order, seeds: seeds, infotexts: pictures.map(\.text), generation: generation, isInterrupted: isInterrupted)
        return Answer(
            images: asked.sendsPictures ? pictures.map { Base64Picture.text($0.bytes) } : [], parameters: parameters,
            info: JSONText.text(info))
    }

    /// What the web UI tells of a picture, as far as there is such a thing here, and what it does not know under `redraw`.
    private struct Info: Encodable {
        struct Own: Encodable {
            /// Number of the generation in the library.
            @OrNull var generation: Int64?
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
        let subseed = -1
        let subseedStrength = 0
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

        init(
            _ asked: PictureOrder, _ order: OrderReport, seeds: [UInt64], infotexts: [String], generation: GenerationDetail?,
            isInterrupted: Bool
        ) {
            let count = max(seeds.count, 1)
            (prompt, negativePrompt) = (order.prompt, order.negative)
            allPrompts = Array(repeating: order.prompt, count: count)
            allNegativePrompts = Array(repeating: order.negative, count: count)
            (seed, allSeeds) = (seeds.first ?? order.seed, seeds)
            (width, height) = (generation?.outputs.first?.width ?? order.width ?? 0, generation?.outputs.first?.height ?? order.height ?? 0)
            samplerName = Studio.samplerChoices.first { $0.name == order.sampler || $0.karras == order.sampler }?.title ?? order.sampler
            (cfgScale, steps, batchSize) = (order.guidance, order.steps, count)
            (sdModelName, denoisingStrength, clipSkip) = (order.model, order.strength ?? 0, order.clipSkip ?? 1)
            (self.infotexts, interrupted) = (infotexts, isInterrupted)
            var notes: [String] = []
            let made = "\(width)x\(height)"
            if generation != nil, let size = asked.wish.settings.size, size != made {
                notes.append("what is repainted keeps the picture's own size, \(made)")
            }
            redraw = Own(
                generation: generation?.id, unheeded: asked.unheeded, stepsRun: generation?.steps.run, untouched: generation?.untouched,
                notes: notes)
        }
    }
}
