import Diffusion
import Engines
import Foundation
import Glibc
import Pixels

extension Studio {
    /// The files of an order's pictures, its own and those beside them looked at: whether they may be written. Asked before anything is
    /// computed.
    func freeOutputs(of order: GenerationOrder) throws -> [URL] {
        let files = try outputs(of: order, seeds: order.request.seeds(from: order.seed))
        try OutputPlaces(order: order, library: premises.libraryFolder).check(pictures: files)
        return files
    }

    /// The files of an order's pictures.
    ///
    /// - Parameter seeds: of the pictures; a sheet of several strengths has the first.
    func outputs(of order: GenerationOrder, seeds: [UInt64]) throws -> [URL] {
        let count = order.strengths.isEmpty ? seeds.count : 1
        switch order.place {
        case .file(let url):
            guard let format = ImageFormat(fileExtension: url.pathExtension) else {
                throw ImageError.inFile(path: url.path, .unknownExtension(url.pathExtension))
            }
            if order.request.mode == .repaint, format == .jpeg { throw StudioError.notLossless(path: url.path) }
            if order.request.background.flatMap({ Background($0) }) == .kept, format == .jpeg {
                throw StudioError.notTransparent(path: url.path)
            }
            let folder = url.deletingLastPathComponent().path
            guard folder.withSystemPath({ access($0, W_OK) }) == 0 else { throw StudioError.noFolder(path: folder) }
            return (0..<count).map { $0 == 0 ? url : url.numbered($0 + 1) }
        case .folder(let folder):
            let stem = try order.picture.map(stem)
            let verb = order.strengths.isEmpty ? order.request.mode.participle : "strengths"
            return (0..<count).map { number in
                let name = [stem, verb, String(seeds[number])].compactMap { $0 }.joined(separator: "-")
                return order.overwrites ? folder.appendingPathComponent(name + ".png") : folder.freeFile(name, "png")
            }
        }
    }

    /// Bytes of a picture's name that go into its results' names.
    private static let longestStem = 120

    /// What a result is called after: its picture's file, or the name that the person gave it where the library keeps the file under its digest.
    private func stem(of picture: GenerationOrder.Picture) throws -> String {
        let file = URL(fileURLWithPath: picture.path)
        guard KnownPicture.isDigest(picture.path, of: picture.sha256), let known = try premises.library().picture(sha256: picture.sha256)
        else { return file.deletingPathExtension().lastPathComponent }
        var stem = URL(fileURLWithPath: KnownPicture(known).name).deletingPathExtension().lastPathComponent
        while stem.utf8.count > Studio.longestStem { stem.removeLast() }
        return stem
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
    /// Where they do not take the place of files of those names, a picture whose name was taken while it was computed gets the next free one,
    /// and the report says which: minutes of work are not thrown away.
    ///
    /// - Parameters:
    ///   - id: the generation's number.
    ///   - load: seconds it took to have the model loaded.
    func deliver(
        _ results: [GenerationResult], of plan: GenerationPlan, to files: [URL], id: Int64, load: Double
    ) throws -> GenerationReport {
        let order = plan.order
        let (request, strengths) = (order.request, order.strengths)
        let last = results[results.count - 1]
        let untouched = last.untouched.map {
            GenerationReport.Untouched(pixels: $0.pixels, identical: $0.identical, sha256: $0.bytes.sha256)
        }
        var images = last.pictures.map { (image: $0.image, seed: $0.seed) }
        if !strengths.isEmpty {
            let row = results.compactMap { $0.pictures.first?.image }
            let values = strengths.map { Int(exactly: $0).map(String.init) ?? "\($0)" }
            images = [(Image.sideBySide(row, name: "strength", values: values, gap: 8), last.pictures[0].seed)]
        }
        let hashes = request.infotext == .a1111 ? calledHashes(of: order) : .init()
        var digests: [String] = []
        var delivered: [URL] = []
        var written: [URL] = []
        do {
            for (image, file) in zip(images, files) {
                try Task.checkCancellation()
                var text = GenerationText(
                    request: request, seed: image.seed, model: order.model.name, steps: last.run.steps,
                    sheet: strengths.isEmpty ? [] : zip(strengths, results).map { .init(strength: $0, run: $1.run.steps.run) },
                    width: last.run.working.width, height: last.run.working.height, untouchedPixels: untouched?.pixels,
                    untouchedDigest: untouched?.sha256)
                text.hashes = hashes
                let entries = text.entries().map { ($0.key, $0.text) }
                let isNew = !order.overwrites || SystemPath.kind(of: file.path) == nil
                let place = try Studio.write(
                    image.image, to: file, text: entries, lossless: request.mode == .repaint, replacing: order.overwrites)
                delivered.append(place)
                if isNew { written.append(place) }
                digests.append(try FileBytes.read(place).sha256)
            }
        } catch {
            // A full disk is no reason to throw away pictures that are there already.
            guard error is CancellationError || delivered.isEmpty else {
                throw StudioError.partlyWritten(paths: delivered.map(\.path), of: files.count, reason: "\(error)")
            }
            for file in written { _ = file.path.withSystemPath { unlink($0) } }
            throw error
        }
        let sum = { (part: KeyPath<PipelineResult.Seconds, Double>) in results.reduce(0) { $0 + $1.seconds[keyPath: part] } }
        let (steps, stages) = (last.run.steps, last.run.stages)
        return GenerationReport(
            id: id, outputs: delivered.map(\.path), seed: images[0].seed, seeds: images.map(\.seed),
            steps: .init(requested: steps.requested, run: steps.run, firstTimestep: steps.firstTimestep),
            strengths: strengths.isEmpty
                ? nil
                : zip(strengths, results).map { strength, result in
                    .init(strength: strength, run: result.run.steps.run, firstTimestep: result.run.steps.firstTimestep)
                },
            stages: stages.count < 2 || !strengths.isEmpty
                ? nil : stages.map { .init(width: $0.size.width, height: $0.size.height, run: $0.steps.run) },
            model: order.model.name, profile: request.profile.rawValue, precision: plan.precision,
            seconds: .init(
                load: load + sum(\.load), encode: sum(\.encode), denoise: sum(\.denoise), decode: sum(\.decode), total: load + sum(\.total)),
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
    func numbered(_ number: Int) -> URL {
        deletingLastPathComponent().appendingPathComponent(
            deletingPathExtension().lastPathComponent + "-\(number)." + pathExtension)
    }

    /// A file of this name in the folder, or of the first numbered one that is not taken.
    func freeFile(_ name: String, _ pathExtension: String) -> URL {
        let first = appendingPathComponent("\(name).\(pathExtension)")
        guard OutputPlaces.isTaken(first) else { return first }
        var number = 2
        while OutputPlaces.isTaken(first.numbered(number)) { number += 1 }
        return first.numbered(number)
    }
}
