import Catalog
import Diffusion
import Engines
import Foundation

extension Studio {
    /// The order that a person's wish comes to. Reads the pictures it names and what is known of the model; where no prompt was given, the
    /// approved one is composed and kept as a version.
    ///
    /// - Throws: `OrderError` where the wish is wrong in itself; `StudioError`, `ScreeningDeskError` or a room's own error where a file, a
    ///   model or an approved prompt is missing.
    package func order(_ wish: GenerationWish) async throws -> GenerationOrder {
        var wish = wish
        // Servers that were named for this run stand instead of those that were set for good.
        let usual = settings.engines.isEmpty ? nil : Studio.engineName(of: settings.engines)
        if wish.engine == nil, let usual, engines[usual] != nil { wish.engine = usual }
        settings.fill(&wish)
        var outside: OutsideModel?
        if let name = wish.engine, let engine = engines[name] as? any OutsideEngine {
            outside = OutsideModel(name: wish.model)
            if wish.model == nil { outside?.name = try await engine.usualModel() }
        }
        return try await NumericQueue.shared.run { [outside, wish] in try self.ordered(wish, outside) }
    }

    /// A model that lies with an engine elsewhere.
    private struct OutsideModel: Sendable {
        var name: String?
    }

    private func ordered(_ wish: GenerationWish, _ outside: OutsideModel?) throws -> GenerationOrder {
        let file = try wish.picture.map { try PictureFile(path: $0) }
        let mask = try wish.mask.map { try PictureFile(path: $0) }
        let name = outside?.name ?? wish.model ?? usualGenerator(for: wish)
        // No file of this machine tells how a model elsewhere is run, but a manifest of its name may.
        let manifest = outside == nil ? premises.manifest(of: name) : premises.catalog().model(named: name)
        let habits = outside == nil ? premises.habits(of: name) : nil
        return try GenerationOrder(
            wish,
            OrderKnowledge(
                usage: manifest == nil ? .init(habits) : .init(manifest?.defaults), sizes: manifest?.sizeRule,
                recognised: habits.flatMap { habits in habits.kind.map { .init(kind: $0.rawValue, sign: habits.sign) } },
                picture: file?.ordered, mask: mask?.ordered, engines: engineNames, isOutside: outside != nil,
                workingDirectory: URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true),
                isFolder: { url in
                    var isFolder: ObjCBool = false
                    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
                },
                model: {
                    guard outside == nil else { return .init(name: name, path: nil) }
                    let (name, place) = try self.premises.generator(name)
                    return .init(name: name, path: place.path)
                },
                approved: { try self.approvedPrompt(for: file, as: manifest?.prompt) },
                standingNegative: { try self.standingNegative(for: file) }))
    }

    /// The generator that comes along for a wish that names none: the painter for what is composed anew, where it is installed.
    private func usualGenerator(for wish: GenerationWish) -> String {
        guard wish.composesAnew, (try? premises.generator(Studio.defaultPainter)) != nil else { return Studio.defaultGenerator }
        return Studio.defaultPainter
    }

    private func approvedPrompt(for file: PictureFile?, as habit: Manifest.Prompt?) throws -> OrderKnowledge.Approved {
        guard let file, let picture = try premises.library().picture(sha256: file.sha256) else {
            throw StudioError.neverAnalysed(path: file?.path ?? "the picture")
        }
        let desk = ScreeningDesk(library: try premises.library(), compose: ScreeningDesk.composition(for: habit))
        let version = try desk.prompt(of: picture)
        return .init(positive: version.positive, negative: version.negative, number: version.number)
    }

    /// The negative prompt of the picture's latest version, else of its latest analysis.
    private func standingNegative(for file: PictureFile?) throws -> String? {
        let library = try premises.library()
        guard let file, let picture = try library.picture(sha256: file.sha256) else { return nil }
        return try library.latestPrompt(of: picture.id)?.negative ?? library.latestAnalysis(of: picture.id)?.negative
    }
}

extension PictureFile {
    var ordered: GenerationOrder.Picture {
        .init(path: ScreeningDesk.storedPath(path), sha256: sha256, width: width, height: height)
    }
}
