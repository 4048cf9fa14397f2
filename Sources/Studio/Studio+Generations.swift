import Diffusion
import Engines
import Foundation
import Pixels
import Screening

/// What a generation was made from: a picture, a part of one, or words alone.
package enum GenerationKind: String, Sendable, CaseIterable {
    case generate, repaint, paint
}

extension Studio {
    /// Generations that are not in the bin, the latest first.
    ///
    /// - Parameters:
    ///   - picture: of this one only.
    ///   - kind: of this one only.
    ///   - words: that all stand in its prompt; the last one may be the beginning of a word.
    ///   - stars: with at least so many.
    package func generations(
        of picture: Int64? = nil, kind: GenerationKind? = nil, words: String = "", stars: Int = 0, isBinned: Bool = false, offset: Int = 0,
        limit: Int = 50
    ) async throws -> (total: Int, generations: [GenerationDetail]) {
        try await NumericQueue.shared.run { [self] in
            let (total, found) = try premises.library().generations(
                of: picture, kind: kind.flatMap { Generation.Kind(rawValue: $0.rawValue) }, words: words, stars: stars,
                isBinned: isBinned, offset: offset, limit: limit)
            return (total, try details(found))
        }
    }

    /// - Throws: `LibraryError.noSuchGeneration`.
    package func generation(_ id: Int64) async throws -> GenerationDetail {
        try await NumericQueue.shared.run { [self] in try details([premises.library().generation(id: id)])[0] }
    }

    private func details(_ generations: [Generation]) throws -> [GenerationDetail] {
        let library = try premises.library()
        let marks = try library.marks(of: generations.map(\.id))
        let numbers = try library.numbers(ofPictures: generations.flatMap { $0.outputs.map(\.sha256) })
        return generations.map { generation in
            let mark = marks[generation.id] ?? GenerationMark()
            let asked = generation.request.listed(as: KeptRequest?.self)
            let kept = asked.value ?? nil
            let request = kept?.request
            let words = asked.damaged == nil ? nil : generation.request.listed(as: KeptWords.self).value
            let seeds = request?.seeds(from: generation.seed) ?? []
            let seconds = generation.seconds?.listed(as: [String: Double].self)
            let outputs = generation.outputs.enumerated().map { index, output in
                let size = try? ImageFile.size(of: URL(fileURLWithPath: output.path)).size
                return GenerationDetail.Output(
                    number: index + 1, width: size?.width, height: size?.height, sha256: output.sha256, picture: numbers[output.sha256],
                    seed: output.seed
                        ?? (request?.drafts == 1 && seeds.indices.contains(index) ? seeds[index] : index == 0 ? generation.seed : nil))
            }
            return GenerationDetail(
                id: generation.id, kind: generation.kind.rawValue, status: generation.status.rawValue,
                message: generation.message.map(discreetText().plain),
                outputs: outputs, seed: generation.seed,
                steps: .init(
                    requested: generation.stepsRequested, run: generation.stepsRun, firstTimestep: generation.firstTimestep),
                model: generation.model, profile: generation.profile, precision: generation.precision,
                seconds: seconds?.value,
                untouched: generation.untouched.map { .init(pixels: $0.pixels, identical: $0.identical) }, picture: generation.pictureID,
                promptVersion: generation.promptNumber, prompt: request?.prompt ?? words?.prompt ?? "",
                negative: request?.negative ?? words?.negative ?? "",
                strength: request?.mode == .paint || kept?.strengths != nil ? nil : request?.strength, mask: mark.mask, stars: mark.stars,
                kept: mark.isKept,
                wish: kept.map { LibraryWish($0.request, strengths: $0.strengths, picture: generation.pictureID, mask: mark.mask) },
                damaged: (generation.damaged ?? asked.damaged ?? seconds?.damaged).map(discreetText().plain),
                created: generation.createdAt, finished: generation.finishedAt)
        }
    }

    /// Stars and whether it is kept; nil leaves that as it is.
    package func mark(generation id: Int64, stars: Int?, isKept: Bool?) throws {
        try premises.library().mark(generation: id, stars: stars, isKept: isKept)
    }

    /// The file of a picture that a generation made: still that very one.
    ///
    /// - Parameter number: from 1.
    func file(ofGeneration id: Int64, output number: Int) throws -> (file: PictureFile, generation: Generation) {
        let generation = try premises.library().generation(id: id)
        guard generation.outputs.indices.contains(number - 1),
            let file = try? PictureFile(path: generation.outputs[number - 1].path), file.sha256 == generation.outputs[number - 1].sha256
        else { throw StudioError.noSuchOutput(generation: id, number: number) }
        return (file, generation)
    }

    /// SHA-256 of a picture that a generation made.
    ///
    /// - Throws: ``StudioError/noSuchOutput(generation:number:)``.
    package func digest(ofOutput number: Int, of id: Int64) throws -> String {
        let outputs = try premises.library().generation(id: id).outputs
        guard outputs.indices.contains(number - 1) else { throw StudioError.noSuchOutput(generation: id, number: number) }
        return outputs[number - 1].sha256
    }

    /// A picture that a generation made, its file as it was written.
    package func output(_ number: Int, of generation: Int64) async throws -> ShownFile {
        try await Studio.showing(generation).run { [self] in try shown(file(ofGeneration: generation, output: number).file, side: nil) }
    }

    /// The same in small, made once and kept.
    package func thumbnail(ofOutput number: Int, of id: Int64) async throws -> ShownFile {
        let sha256 = try digest(ofOutput: number, of: id)
        if let known = await Studio.thumbnail(at: files.file(.thumbnails, sha256, "jpg")) { return known }
        return try await Studio.showing(id).run { [self] in
            ShownFile(bytes: try keepThumbnail(file(ofGeneration: id, output: number).file), mediaType: "image/jpeg")
        }
    }

    /// What changed against the picture that was redrawn, framed as it was for that: black where nothing did.
    ///
    /// - Throws: ``StudioError/nothingToCompare(generation:)`` for what was painted from nothing.
    package func difference(ofOutput number: Int, of id: Int64) async throws -> ShownFile {
        try await Studio.showing(id).run { [self] in
            let (file, generation) = try file(ofGeneration: id, output: number)
            guard let picture = generation.pictureID else { throw StudioError.nothingToCompare(generation: id) }
            let made = try file.decoded().image
            guard let request = try generation.request.decoded(as: KeptRequest?.self)?.request else {
                throw StudioError.nothingKnownOf(generation: id)
            }
            let source = request.framed(try self.file(of: premises.library().picture(id: picture)).decoded().image, to: made.size)
            return ShownFile(bytes: try ImageFile.encodePNG(made.difference(from: source)), mediaType: "image/png")
        }
    }

    /// Takes a picture that was made in among the pictures of the library, where its file stands, and has it analysed.
    ///
    /// - Returns: its number.
    package func takeIn(output number: Int, of id: Int64) async throws -> Int64 {
        try await Studio.takingIn.run { [self] in
            let (file, generation) = try file(ofGeneration: id, output: number)
            let library = try premises.library()
            let parent = try generation.pictureID.map { try library.listedPicture(id: $0).name }
            var record = file.record
            record.name = Studio.resultName(parent, generation, number)
            let picture = try library.record(record)
            try library.restore(picture: picture.id)
            if try library.latestAnalysis(of: picture.id) == nil { try library.want(analysis: JSON.text(AnalysisWish()), of: picture.id) }
            return picture.id
        }
    }

    /// What a picture that was made is called where it leaves the library: after the picture it was made from.
    private static func resultName(_ parent: String?, _ generation: Generation, _ number: Int) -> String {
        let stem = parent.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
        let seed = generation.outputs.count > 1 ? "\(generation.seed)-\(number)" : "\(generation.seed)"
        return [stem, generation.kind.rawValue == "paint" ? "painted" : "redrawn", seed].compactMap { $0 }.joined(separator: "-") + ".png"
    }

    /// The jobs that wait and run in the order in which they will be made, then those that are over, the latest first.
    package func jobSummaries(limit: Int = 100) throws -> [JobSummary] {
        let library = try premises.library()
        let underWay = try library.jobsUnderWay()
        let over = try library.jobs(limit: limit).filter(\.state.isOver)
        var position = 0
        return try (underWay + over).map { job in
            if job.state == .queued { position += 1 }
            return try summary(job, position: job.state == .queued ? position : nil)
        }
    }

    /// - Throws: `LibraryError.noSuchJob`.
    package func jobSummary(_ id: Int64) throws -> JobSummary {
        let library = try premises.library()
        let waiting = try library.jobsUnderWay().filter { $0.state == .queued }
        return try summary(library.job(id: id), position: waiting.firstIndex { $0.id == id }.map { $0 + 1 })
    }

    private func summary(_ job: Job, position: Int?) throws -> JobSummary {
        let library = try premises.library()
        let order = job.order.listed(as: GenerationOrder.self).value
        let picture = try order?.picture.flatMap { try library.number(ofPicture: $0.sha256) }
        // Whoever empties the bin meanwhile takes it away together with the job.
        let generation = job.generationID.flatMap { try? library.generation(id: $0) }
        var report = JobReport(job)
        report.message = report.message.map(discreetText().plain)
        report.damaged = report.damaged.map(discreetText().plain)
        let strength = order.flatMap { $0.request.mode == .paint || !$0.strengths.isEmpty ? nil : $0.request.strength }
        return JobSummary(
            report: report, picture: picture, strength: strength, seed: order?.seed, outputs: generation?.outputs.count ?? 0,
            position: position)
    }

    /// Has a job wait right before another one, or, with nil, as the last.
    package func move(job: Int64, before other: Int64?) throws { try premises.library().move(job: job, before: other) }
}

extension LibraryWish {
    /// What comes to the same request again.
    init(_ request: GenerationRequest, strengths: [Double]?, picture: Int64?, mask: String?) {
        self.init()
        (self.picture, self.mask) = (picture, mask)
        var wish = GenerationWish(settingsOf: request)
        wish.mode = request.mode.rawValue
        wish.strength = request.mode == .paint || strengths != nil ? nil : request.strength
        wish.strengths = strengths
        if request.profile == .redraw { wish.drafts = request.drafts }
        (wish.count, wish.precision) = (request.count, request.precision.rawValue)
        if request.mode != .paint {
            (wish.resize, wish.outputSize, wish.background) = (request.resize.rawValue, request.outputSize.rawValue, request.background)
        }
        settings = wish
    }
}

extension GenerationWish {
    /// The settings of a request that say the same wherever it was kept; how far, how often and in which numbers is the caller's.
    init(settingsOf request: GenerationRequest) {
        self.init()
        (prompt, negative, model) = (request.prompt, request.negative, request.model)
        (steps, guidance, guidanceUntil, seed) = (request.steps, request.guidance, request.guidanceUntil, request.seed)
        (sampler, spacing, eta) = (request.sampler.rawValue, request.spacing?.rawValue, request.eta)
        clipSkip = request.clipSkip
        (profile, autoencoder, prediction) = (request.profile.rawValue, request.autoencoder, request.prediction?.rawValue)
        (readsEmptyNegative, reuseEvery, mergeTokens) = (request.readsEmptyNegative, request.reuseEvery, request.mergeTokens)
        (variationStrength, variationSeed) = (request.variationStrength, request.variationSeed)
        if let width = request.width, let height = request.height { size = "\(width)x\(height)" }
        if request.profile == .redraw { (firstSide, refine) = (request.firstSide ?? 0, request.refine) }
        if request.mode == .repaint {
            (fill, area) = (request.fill.rawValue, request.area.rawValue)
            (padding, feather, grow, invert) = (request.padding, request.feather, request.grow, request.invert)
        }
    }
}
