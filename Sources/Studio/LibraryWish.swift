import Diffusion
import Engines
import Foundation
import Screening

/// A wish as those say it who know the library and not the machine: the picture is its number, the mask its digest, and the pictures that are
/// made go into the library's own folder. A key that it does not have is refused by its name.
package struct LibraryWish: Codable, Sendable, Equatable {
    /// Number of the picture to redraw or repaint.
    package var picture: Int64?
    /// What keeping the mask told: the SHA-256 of its file.
    package var mask: String?
    /// All else. Its names of files are nil.
    package var settings = GenerationWish()

    package init() {}

    /// Keys of a wish that name files of the machine.
    private static let files: Set<String> = ["output", "overwrite", "preview", "latent", "vae", "textEncoders", "wildcards"]

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        let known = Set(GenerationWish.CodingKeys.allCases.map(\.rawValue))
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted() {
            if Self.files.contains(key) { throw WishError.namesFile(key) }
            guard known.contains(key) else { throw WishError.unknownKey(key) }
        }
        let values = try decoder.container(keyedBy: GenerationWish.CodingKeys.self)
        picture = try values.decodeIfPresent(Int64.self, forKey: .picture)
        mask = try values.decodeIfPresent(String.self, forKey: .mask)
        settings = try GenerationWish(settingsOf: values)
    }

    package func encode(to encoder: any Encoder) throws {
        try settings.encode(to: encoder)
        var values = encoder.container(keyedBy: GenerationWish.CodingKeys.self)
        try values.encodeIfPresent(picture, forKey: .picture)
        try values.encodeIfPresent(mask, forKey: .mask)
    }
}

/// What a wish says that it may not.
package enum WishError: Error, Equatable, CustomStringConvertible {
    case unknownKey(String)
    case namesFile(String)
    case namesPath(String)

    package var field: String {
        switch self {
        case .unknownKey(let key), .namesFile(let key), .namesPath(let key): key
        }
    }

    package var description: String {
        switch self {
        case .unknownKey(let key): "there is no setting \(key)"
        case .namesPath(let key): "\(key) takes a name here, not a path"
        case .namesFile(let key): "\(key) is not taken here: what is made goes into the library"
        }
    }
}

extension Studio {
    /// The wish with the files that the library has for it.
    ///
    /// - Throws: where the picture or the mask is not there, or a name would be a path.
    func located(_ wish: LibraryWish) throws -> GenerationWish {
        var located = wish.settings
        let isHere = located.engine == nil || located.engine == BuiltinEngine.name
        if isHere, let model = located.model, premises.catalog().model(named: model) == nil,
            premises.registered.generator(named: model) == nil
        {
            throw StudioError.unknownModel(name: model, known: premises.catalog().generators.map(\.name))
        }
        if let autoencoder = located.autoencoder, autoencoder.contains(where: { "/.~".contains($0) }) {
            throw WishError.namesPath("autoencoder")
        }
        if let id = wish.picture { located.picture = try file(of: premises.library().picture(id: id)).path }
        if let mask = wish.mask { located.mask = try file(ofMask: mask).path }
        located.output = files.folder(.results).path + "/"
        return located
    }

    /// The order that a wish comes to.
    ///
    /// - Throws: as ``order(_:)-(GenerationWish)``; ``StudioError/fileIsGone(picture:)``, ``StudioError/noSuchMask(_:)``.
    package func order(_ wish: LibraryWish) async throws -> GenerationOrder {
        // Hashing the picture's file takes a moment.
        try await order(NumericQueue.shared.run { [self] in try located(wish) })
    }

    /// What an order of a wish will do, and what it costs; nothing is loaded.
    package func plan(_ wish: LibraryWish) async throws -> PlannedOrder {
        let order = try await order(wish)
        let engine = try engine(named: order.engine)
        let plan = try await engine.plan(order)
        let length = engine is any OutsideEngine ? nil : try length(of: order.request.prompt, model: order.model.name)
        var report = PlanReport(plan, length, notes: subjectNotes(on: order))
        report.notes = report.notes.map(discreetText().plain)
        return PlannedOrder(order: OrderReport(order), plan: report, crop: plan.region.map(CropEntry.init))
    }
}
