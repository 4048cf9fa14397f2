import Foundation
import Hummingbird
import Studio

/// What there is, and what can be chosen.
struct StatusRoutes {
    let site: Site

    func add(to router: RouterGroup<Context>) {
        router.get("status") { _, _ in try status() }
        router.get("choices") { _, _ in choices() }
        router.get("models") { _, _ in Response.json(models()) }
    }

    private struct Status: Encodable {
        struct Folder: Encodable {
            let id: Int
            let name: String
        }
        let version: String
        let pictures: Int
        let pending: Int
        let bin: Int
        let jobs: Int
        let encoder: String
        let vocabulary: String
        let folders: [Folder]
        let token: Bool
        let analysis: AnalysisProgress
    }

    private func status() throws -> Response {
        let counts = try site.studio.status()
        return .json(
            Status(
                version: Studio.version, pictures: counts.pictures, pending: counts.pending, bin: counts.bin, jobs: counts.jobs,
                encoder: site.studio.analyst.encoderLabel, vocabulary: site.studio.analyst.vocabularyLabel,
                folders: site.options.folders.enumerated().map { .init(id: $0 + 1, name: $1.lastPathComponent) },
                token: site.options.token != nil, analysis: try site.studio.analysisProgress()))
    }

    private struct Choices: Encodable {
        let modes = GenerationWish.modes
        let samplers = GenerationWish.samplers
        let spacings = GenerationWish.spacings
        let profiles = GenerationWish.profiles
        let precisions = GenerationWish.precisions
        let resizes = GenerationWish.resizes
        let outputSizes = GenerationWish.outputSizes
        let fills = GenerationWish.fills
        let areas = GenerationWish.areas
        let facets = ScreeningDesk.facets
        let states = PictureFilter.State.allCases.map(\.rawValue)
        let orders = PictureFilter.Order.allCases.map(\.rawValue)
        let engines: [String]
        let autoencoders: [String]
        let advisedStrength = [GenerationWish.advisedStrength.lowerBound, GenerationWish.advisedStrength.upperBound]
        let defaultStrength = GenerationWish.defaultStrength
        let maxPixels = UploadLimits.pixels
        let maxBytes = UploadLimits.bytes
        let maxCount = GenerationWish.mostPictures
        let maxStrengths = OrderError.mostStrengths
        let maxCells = OrderError.mostCells
        let sheetAxes = Studio.sheetAxes
        let maxJobs = Limits.jobs
        /// The least and the most.
        let ranges = GenerationWish.ranges.mapValues { [$0.lowerBound, $0.upperBound] }
    }

    private func choices() -> Response { .json(Choices(engines: site.studio.engineNames, autoencoders: site.studio.autoencoders())) }

    private struct Model: Encodable {
        let model: ModelEntry
        let sizes: SizesReport?
        let advisedStrength: [Double]?
        let howToGet: String?

        private enum CodingKeys: String, CodingKey {
            case name, title, kind, family, license, source, description, installed, bytes, sizes, advisedStrength, howToGet
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(model.name, forKey: .name)
            try values.encode(model.title, forKey: .title)
            try values.encode(model.kind, forKey: .kind)
            try values.encode(model.family, forKey: .family)
            try values.encode(model.license, forKey: .license)
            try values.encode(model.source, forKey: .source)
            try values.encode(model.description, forKey: .description)
            try values.encode(model.installed, forKey: .installed)
            try values.encode(model.bytes, forKey: .bytes)
            try values.encode(sizes, forKey: .sizes)
            try values.encode(advisedStrength, forKey: .advisedStrength)
            try values.encode(howToGet, forKey: .howToGet)
        }
    }

    private func models() -> [Model] {
        site.studio.models().models.map {
            Model(
                model: $0, sizes: site.studio.sizes(ofModel: $0.name), advisedStrength: site.studio.advisedStrength(ofModel: $0.name),
                howToGet: site.studio.howToGet($0.name))
        }
    }
}
