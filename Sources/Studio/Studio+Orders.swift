import Analysis
import Catalog
import Diffusion
import Engines
import Foundation
import Pixels
import Screening

extension Studio {
    /// The order that a person's wish comes to. Reads the pictures it names and what is known of the model; where no prompt was given, the
    /// approved one is composed and kept as a version.
    ///
    /// - Throws: `OrderError` where the wish is wrong in itself; `StudioError`, `ScreeningDeskError` or a room's own error where a file, a
    ///   model or an approved prompt is missing.
    package func order(_ wish: GenerationWish) async throws -> GenerationOrder {
        let (said, styles) = try styled(wish)
        var wish = said
        // Servers that were named for this run stand instead of those that were set for good.
        if wish.engine == nil, let usual = settings.engines.name, engines[usual] != nil { wish.engine = usual }
        let own = wish
        settings.fill(&wish)
        if own.model == nil, let held = settings.held("model") {
            let isVariable = held.source == "REDRAW_MODEL"
            try refuseMissing(
                wish, namedBy: isVariable ? "REDRAW_MODEL of the environment" : "your configuration",
                remedy: isVariable ? "unset REDRAW_MODEL" : "redraw config unset model")
        }
        return try await order(wish, styles)
    }

    /// What a wish says, and the styles that it calls: what the person said goes before what a style of theirs says, and that before what is
    /// set for good.
    func styled(_ wish: GenerationWish) throws -> (wish: GenerationWish, styles: [NamedStyle]) {
        let styles = try styles(wish.styles ?? [])
        var wish = wish
        for style in styles { wish.fill(from: style.settings) }
        return (wish, styles)
    }

    private func order(_ wish: GenerationWish, _ styles: [NamedStyle]) async throws -> GenerationOrder {
        var outside: OutsideModel?
        if let name = wish.engine, let engine = engines[name] as? any OutsideEngine {
            outside = OutsideModel(name: wish.model)
            if wish.model == nil { outside?.name = try await engine.usualModel() }
        }
        return try await NumericQueue.shared.run { [outside] in try self.ordered(wish, outside, styles) }
    }

    /// A model that lies with an engine elsewhere.
    private struct OutsideModel: Sendable {
        var name: String?
    }

    private func ordered(_ wish: GenerationWish, _ outside: OutsideModel?, _ styles: [NamedStyle]) throws -> GenerationOrder {
        let file = try wish.picture.map { try PictureFile(path: $0) }
        let mask = try self.mask(of: wish, picture: file)
        let name = outside?.name ?? wish.model ?? usualGenerator(for: wish)
        // No file of this machine tells how a model elsewhere is run, but a manifest of its name may.
        let manifest = outside == nil ? premises.manifest(of: name) : premises.catalog().model(named: name)
        let habits = outside == nil ? premises.habits(of: name) : nil
        // A manifest does not say how steps are spaced; a name like sdxl-lightning does.
        let fewSteps = outside == nil ? manifest?.fewSteps : nil
        let usage: OrderKnowledge.Usage = manifest == nil ? .init(habits) : .init(manifest?.defaults, fewSteps)
        let recognised =
            fewSteps.map { GenerationOrder.Recognition(kind: $0.kind.rawValue, sign: "its name says so") }
            ?? habits.flatMap { habits in habits.kind.map { GenerationOrder.Recognition(kind: $0.rawValue, sign: habits.sign) } }
        return try GenerationOrder(
            wish,
            OrderKnowledge(
                usage: usage, sizes: manifest?.sizeRule, recognised: recognised,
                distilled: { prompt in
                    guard outside == nil, let found = self.distillation(in: prompt, model: name) else { return nil }
                    var distilled = usage
                    distilled.take(found.model)
                    return (distilled, .init(kind: found.model.kind.rawValue, sign: found.sign))
                },
                picture: file?.ordered, mask: mask?.ordered, engines: engineNames, isOutside: outside != nil,
                workingDirectory: URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true),
                isFolder: { SystemPath.kind(of: $0.path) == .folder },
                model: {
                    guard outside == nil else { return .init(name: name, path: nil) }
                    let (name, place) = try self.premises.generator(name)
                    let parts = try self.premises.parts(of: place, wish)
                    return .init(name: name, path: place.path, vae: parts.vae, textEncoders: parts.textEncoders)
                },
                approved: { try self.approvedPrompt(for: file, as: manifest?.prompt) },
                style: { name in
                    guard let found = zip(wish.styles ?? [], styles).first(where: { $0.0 == name }) else {
                        throw StudioError.noSuchPreset(name, known: styles.map(\.style.name), isStyle: true)
                    }
                    return found.1.style
                },
                wildcardLines: WildcardFolder(folder: wish.wildcards.map { URL(asTyped: $0) } ?? self.installation.wildcards).lines,
                standingNegative: { try self.standingNegative(for: file, besides: $0) }))
    }

    /// The mask that was named, or one around the things that were.
    private func mask(of wish: GenerationWish, picture: PictureFile?) throws -> PictureFile? {
        guard let names = wish.select, !names.isEmpty else { return try wish.mask.map { try PictureFile(path: $0) } }
        guard wish.mask == nil else { throw OrderError.maskAndSelection }
        guard let picture else { throw OrderError.noPicture(mode: GenerationRequest.Mode.repaint.rawValue) }
        return try ThingSelection(of: names, in: picture, premises).maskFile()
    }

    /// What a LoRA that a prompt calls makes of the model: one that was distilled to few steps, added by half of its weight or more.
    private func distillation(in prompt: String, model: String) -> (model: FewStepModel, sign: String)? {
        let called = PromptTags(prompt).adaptations.filter { $0.unet >= 0.5 }
        guard !called.isEmpty, let place = try? premises.generator(model).place else { return nil }
        let folders = [place, place.deletingLastPathComponent(), installation.personalModels]
        for tag in called {
            if let file = CalledFiles.lora(named: tag.name, in: folders), let found = FewStepModel.adapter(file) { return found }
        }
        return nil
    }

    /// The generator that comes along for a wish that names none: the painter for what is composed anew, where it is installed.
    private func usualGenerator(for wish: GenerationWish) -> String {
        guard wish.composesAnew, (try? premises.generator(Studio.defaultPainter)) != nil else { return Studio.defaultGenerator }
        return Studio.defaultPainter
    }

    private func approvedPrompt(for file: PictureFile?, as habit: Manifest.Prompt?) throws -> OrderKnowledge.Approved {
        guard let file, let picture = try premises.library().picture(of: file) else {
            throw StudioError.neverAnalysed(path: file?.path ?? "the picture")
        }
        let desk = ScreeningDesk(library: try premises.library(), compose: ScreeningDesk.composition(for: habit))
        let version = try desk.prompt(of: KnownPicture(picture))
        return .init(positive: version.positive, negative: version.negative, number: version.number)
    }

    /// The negative prompt of the picture's latest version, else of its latest analysis. What the prompt asks for is not kept out, unless a person
    /// wrote so.
    private func standingNegative(for file: PictureFile?, besides prompt: String) throws -> String? {
        guard let file, let picture = try premises.library().picture(of: file) else { return nil }
        return try standingNegative(of: picture, besides: prompt)
    }

    func standingNegative(of picture: PictureRecord, besides prompt: String) throws -> String? {
        let library = try premises.library()
        let version = try library.latestPrompt(of: picture.id)
        if let version, version.source == .written { return version.negative }
        let standing = try version?.negative ?? library.latestAnalysis(of: picture.id)?.negative
        return standing.map { NegativePrompt.left(of: $0, besides: prompt) }
    }
}

extension PictureFile {
    var ordered: GenerationOrder.Picture {
        .init(path: ScreeningDesk.storedPath(path), sha256: sha256, width: width, height: height)
    }
}
