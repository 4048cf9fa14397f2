import Diffusion
import Foundation
import Pixels
import Screening

/// What a generation gave, in the shape that scripts read.
public struct GenerationReport: Codable, Sendable {
    public struct Steps: Codable, Sendable {
        public let requested: Int
        public let run: Int
        @OrNull public internal(set) var firstTimestep: Double?

        enum CodingKeys: String, CodingKey {
            case requested, run
            case firstTimestep = "first_timestep"
        }
    }
    public struct Seconds: Codable, Sendable {
        public let load: Double
        public let encode: Double
        public let denoise: Double
        public let decode: Double
        public let total: Double
    }
    /// A picture of a sheet.
    public struct Part: Codable, Sendable {
        public let strength: Double
        public let run: Int
        @OrNull public internal(set) var firstTimestep: Double?

        enum CodingKeys: String, CodingKey {
            case strength, run
            case firstTimestep = "first_timestep"
        }
    }
    /// A picture that another grew through.
    public struct Stage: Codable, Sendable {
        public let width: Int
        public let height: Int
        public let run: Int
    }
    /// Repainting only: how many pixels lie outside the mask, and that they are the original's.
    public struct Untouched: Codable, Sendable {
        public let pixels: Int
        public let identical: Bool
        /// SHA-256 over their bytes, row by row.
        public let sha256: String
    }

    public let id: Int64
    public let outputs: [String]
    /// Of the first picture, and of each.
    public let seed: UInt64
    public let seeds: [UInt64]
    public let steps: Steps
    /// Sheets of several strengths only: each picture's own, from left to right.
    @OrNull public internal(set) var strengths: [Part]?
    /// Single pictures that grew only: those they grew through, the last of the working size.
    @OrNull public internal(set) var stages: [Stage]?
    public let model: String
    public let profile: String
    /// How the weights were held: `f32`, or `bf16` for two bytes a number.
    public let precision: String
    public let seconds: Seconds
    @OrNull public internal(set) var untouched: Untouched?
    /// SHA-256 of each output file.
    let digests: [String]

    enum CodingKeys: String, CodingKey {
        case id, outputs, seed, seeds, steps, strengths, stages, model, profile, precision, seconds, untouched, digests
    }

    var outcome: GenerationOutcome {
        GenerationOutcome(
            status: .done, seed: seed, stepsRun: steps.run, firstTimestep: steps.firstTimestep, seconds: try? JSON.text(seconds),
            outputs: zip(outputs, digests).map { GenerationOutput(path: $0, sha256: $1) },
            untouched: untouched.map { UntouchedProof(pixels: $0.pixels, identical: $0.identical, sha256: $0.sha256) })
    }
}

/// Values as JSON text: keys sorted, so that equal values give equal texts.
enum JSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// What a JSON text of the library holds; nil where there is none, or where it is of another shape.
    static func value<Value: Decodable>(_ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }
}

extension Studio {
    /// The files that an order writes, none of which may exist unless it is to be written over. Checked before anything is computed.
    ///
    /// - Parameter seeds: of the pictures; a sheet of several strengths has the first.
    func outputs(of order: GenerationOrder, seeds: [UInt64]) throws -> [URL] {
        let count = order.strengths.isEmpty ? seeds.count : 1
        let files: [URL]
        switch order.place {
        case .file(let url):
            guard let format = ImageFormat(fileExtension: url.pathExtension) else {
                throw ImageError.inFile(path: url.path, .unknownExtension(url.pathExtension))
            }
            if order.request.mode == .repaint, format == .jpeg { throw StudioError.notLossless(path: url.path) }
            let folder = url.deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: folder) else { throw StudioError.noFolder(path: folder) }
            files = (0..<count).map { $0 == 0 ? url : url.numbered($0 + 1) }
        case .folder(let folder):
            let stem = order.picture.map { URL(fileURLWithPath: $0.path).deletingPathExtension().lastPathComponent }
            let verb = order.strengths.isEmpty ? order.request.mode.participle : "strengths"
            files = (0..<count).map { number in
                let name = [stem, verb, String(seeds[number])].compactMap { $0 }.joined(separator: "-")
                return order.overwrites ? folder.appendingPathComponent(name + ".png") : folder.freeFile(name, "png")
            }
        }
        return files
    }

    /// Writes under the name or, where it was taken while the picture was computed, under the next free one.
    ///
    /// - Returns: the file.
    private static func write(
        _ image: Image, to file: URL, text: [(String, String)], lossless: Bool, replacing: Bool
    ) throws(ImageError) -> URL {
        var place = file
        while true {
            do throws(ImageError) {
                try ImageFile.write(image, to: place, text: text, lossless: lossless, replacing: replacing)
                return place
            } catch {
                guard error.cause == .exists else { throw error }
            }
            place = file.deletingLastPathComponent().freeFile(file.deletingPathExtension().lastPathComponent, file.pathExtension)
        }
    }

    /// Writes the pictures, each with its parameters in it.
    ///
    /// - Parameter overwrites: whether they take the place of files of those names. Where not, a picture whose name was taken while it was
    ///   computed gets the next free one, and the report says which: minutes of work are not thrown away.
    func deliver(
        _ results: [PipelineResult], request: GenerationRequest, strengths: [Double], source: Image?, to files: [URL], overwrites: Bool,
        id: Int64, precision: String, load: Duration
    ) throws -> GenerationReport {
        let last = results[results.count - 1]
        let untouched = last.untouched.flatMap { proof in
            source.map {
                GenerationReport.Untouched(pixels: proof.pixels, identical: proof.identical, sha256: $0.untouchedBytes(proof.mask).sha256)
            }
        }
        var images = last.pictures.map { (image: $0.image, seed: $0.seed) }
        if !strengths.isEmpty {
            let row = results.compactMap { $0.pictures.first?.image }
            images = [(Image.sheet(row), last.pictures[0].seed)]
        }
        var digests: [String] = []
        var delivered: [URL] = []
        var written: [URL] = []
        do {
            for (image, file) in zip(images, files) {
                try Task.checkCancellation()
                let text = GenerationText(
                    request: request, seed: image.seed, model: request.model ?? Studio.defaultGenerator, steps: last.plan.steps,
                    sheet: strengths.isEmpty ? [] : zip(strengths, results).map { .init(strength: $0, run: $1.plan.steps.run) },
                    width: last.plan.working.width, height: last.plan.working.height, untouchedPixels: untouched?.pixels,
                    untouchedDigest: untouched?.sha256)
                let entries = text.entries().map { ($0.key, $0.text) }
                let isNew = !overwrites || !FileManager.default.fileExists(atPath: file.path)
                let place = try Studio.write(
                    image.image, to: file, text: entries, lossless: request.mode == .repaint, replacing: overwrites)
                delivered.append(place)
                if isNew { written.append(place) }
                digests.append(try FileBytes.read(place).sha256)
            }
        } catch {
            for file in written { try? FileManager.default.removeItem(at: file) }
            throw error
        }
        let sum = { (part: KeyPath<PipelineResult.Seconds, Double>) in results.reduce(0) { $0 + $1.seconds[keyPath: part] } }
        let loading = load.inSeconds
        return GenerationReport(
            id: id, outputs: delivered.map(\.path), seed: images[0].seed, seeds: images.map(\.seed),
            steps: .init(requested: last.plan.steps.requested, run: last.plan.steps.run, firstTimestep: last.plan.steps.firstTimestep),
            strengths: strengths.isEmpty
                ? nil
                : zip(strengths, results).map { strength, result in
                    .init(strength: strength, run: result.plan.steps.run, firstTimestep: result.plan.steps.firstTimestep)
                },
            stages: last.plan.stages.count < 2 || !strengths.isEmpty
                ? nil : last.plan.stages.map { .init(width: $0.size.width, height: $0.size.height, run: $0.steps.run) },
            model: request.model ?? Studio.defaultGenerator, profile: request.profile.rawValue, precision: precision,
            seconds: .init(
                load: loading, encode: sum(\.encode), denoise: sum(\.denoise), decode: sum(\.decode), total: loading + sum(\.total)),
            untouched: untouched, digests: digests)
    }
}

extension GenerationRequest.Mode {
    fileprivate var participle: String {
        switch self {
        case .generate: "redrawn"
        case .repaint: "repainted"
        case .paint: "painted"
        }
    }
}

extension URL {
    /// `cat.png` → `cat-2.png`.
    fileprivate func numbered(_ number: Int) -> URL {
        deletingLastPathComponent().appendingPathComponent(
            deletingPathExtension().lastPathComponent + "-\(number)." + pathExtension)
    }

    /// A file of this name in the folder, or of the first numbered one that is not taken.
    fileprivate func freeFile(_ name: String, _ pathExtension: String) -> URL {
        let first = appendingPathComponent("\(name).\(pathExtension)")
        guard OutputPlaces.isTaken(first) else { return first }
        var number = 2
        while OutputPlaces.isTaken(first.numbered(number)) { number += 1 }
        return first.numbered(number)
    }
}

extension Image {
    /// Pictures of one size side by side, a white line between them.
    fileprivate static func sheet(_ pictures: [Image], gap: Int = 8) -> Image {
        let height = pictures.map(\.height).max() ?? 1
        let width = pictures.reduce(0) { $0 + $1.width } + gap * (pictures.count - 1)
        var bytes = [UInt8](repeating: 255, count: width * height * 3)
        var left = 0
        for picture in pictures.map({ $0.rgb() }) {
            for y in 0..<picture.height {
                let row = picture.bytes[y * picture.width * 3..<(y + 1) * picture.width * 3]
                let begin = (y * width + left) * 3
                bytes.replaceSubrange(begin..<begin + row.count, with: row)
            }
            left += picture.width + gap
        }
        return Image(width: width, height: height, channels: 3, bytes: bytes)
    }
}
