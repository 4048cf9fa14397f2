import Diffusion
import Foundation
import Pixels
import Screening

/// What became of one picture of many that are redrawn or repainted.
package enum ManyOutcome: Sendable {
    case made(GenerationReport)
    case queued(job: Int64)
    /// Its result was there already.
    case stood(file: String)
    /// In one line: what, where, and what to do.
    case failed(String)
}

/// Why many pictures cannot be made from what was said.
package enum ManyError: Error, Equatable, CustomStringConvertible {
    case noFolder(String?)
    case isSource(folder: String)
    case sharedName(picture: String, file: String, with: String)
    case resultIsSource(picture: String, file: String)
    case noMask(picture: String, folder: String)

    package var description: String {
        switch self {
        case .noFolder(let output):
            "many pictures go into a folder\(output.map { ", and \($0) is a file" } ?? ""); name one with --output results/"
        case .isSource(let folder): "the results would stand among the pictures in \(folder); name another folder with --output"
        case .sharedName(let picture, let file, let other):
            "\(picture): its result \(file) would be that of \(other), too; rename one of the two pictures"
        case .resultIsSource(let picture, let file):
            "\(picture): its result would replace \(file), which is one of the pictures; name another folder with --output"
        case .noMask(let picture, let folder): "\(picture): there is no mask of that name in \(folder)"
        }
    }
}

extension Studio {
    /// Redraws or repaints every picture that is listed, one after the other, each as the wish says.
    ///
    /// The result of `holiday/a/cat.jpg`, listed by the folder `holiday`, is `a/cat.png` in the output's folder. One that is there is passed over,
    /// so that the same call goes on where another one stopped, unless the wish says that files are written over. What fails for one picture is
    /// told, and the next one follows; what is wrong with the wish ends the work.
    ///
    /// - Parameters:
    ///   - wish: its output is a folder.
    ///   - masks: a folder with a mask for each picture under the picture's name, or one file for all; nil where nothing is masked.
    ///   - isLater: whether they are only queued.
    ///   - onOutcome: told what became of each picture, in the order of the listing.
    package func makeMany(
        of sources: [PictureListing.Source], _ wish: GenerationWish, masks: String? = nil, atOnce most: Int = 1, isLater: Bool = false,
        onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }, onOutcome: (_ picture: String, ManyOutcome) throws -> Void
    ) async throws {
        guard let output = wish.output,
            output.hasSuffix("/") || !OutputPlaces.isTaken(URL(asTyped: output)) || PictureListing.isFolder(output)
        else { throw ManyError.noFolder(wish.output) }
        let results = ManyResults(sources, folder: URL(asTyped: output).standardizedFileURL, masks: masks)
        try results.check()
        // With what is set for good, and by styles.
        var whole = try styled(wish).wish
        settings.fill(&whole)
        let counts = GenerationRequest.Bounded.count.range
        let count = Int(min(max(Double(whole.count ?? 1), counts.lowerBound), counts.upperBound))
        var owners: [String: String] = [:]
        let listing = PictureListing(sources)
        defer { listing.abandon() }
        while let entry = await listing.next() {
            guard case .picture(let path) = entry else {
                if case .problem(let reason) = entry { try onOutcome("", .failed(reason)) }
                continue
            }
            guard !results.isResult(path) else { continue }
            do {
                let file = results.file(for: path)
                let files = (0..<count).map { $0 == 0 ? file : file.numbered($0 + 1) }
                if results.holds(path) { throw ManyError.isSource(folder: results.folder.path) }
                for file in files {
                    if let other = owners[file.path] {
                        throw ManyError.sharedName(picture: path, file: file.lastPathComponent, with: other)
                    }
                    if results.isSource(file) { throw ManyError.resultIsSource(picture: path, file: file.path) }
                }
                for file in files { owners[file.path] = path }
                guard wish.overwrite == true || !files.allSatisfy(OutputPlaces.isTaken) else {
                    try onOutcome(path, .stood(file: file.path))
                    continue
                }
                var single = wish
                (single.picture, single.output) = (path, file.path)
                if masks != nil { single.mask = try results.mask(for: path) }
                let place = file.deletingLastPathComponent().path
                if let reason = SystemPath.makeFolder(place) { throw StudioError.unwritableOutput(path: place, reason: reason) }
                let orders = try await orders(single)
                for order in orders {
                    // Where each seed says other words an earlier call may have made some of them.
                    if orders.count > 1, wish.overwrite != true, case .file(let file) = order.place, OutputPlaces.isTaken(file) { continue }
                    let outcome: ManyOutcome =
                        try isLater
                        ? .queued(job: enqueue(order)) : .made(await generate(order, atOnce: most, onEvent: onEvent))
                    try onOutcome(path, outcome)
                }
            } catch {
                guard !Studio.concernsAll(error, whole) else { throw error }
                let reason = "\(error)"
                try onOutcome(path, .failed(reason.contains(path) ? reason : "\(path): \(reason)"))
            }
        }
        try Task.checkCancellation()
    }

    /// Whether what went wrong with one picture goes wrong with every other.
    private static func concernsAll(_ error: any Error, _ wish: GenerationWish) -> Bool {
        switch error {
        case LibraryError.damagedValue, OrderError.nothingSelected: false
        case OrderError.request(.outOfRange): wish.size?.lowercased() != GenerationWish.sizeOfPicture
        case is CancellationError, is OrderError, is WildcardError, is LibraryError: true
        case let error as StudioError:
            switch error {
            case .unknownModel, .modelNotInstalled, .namedElsewhere, .notAGenerator, .noModel, .damagedModel, .noSuchPreset, .jobCancelled:
                true
            default: false
            }
        default: false
        }
    }
}

/// Where the results of many pictures go, and where their masks are.
private struct ManyResults {
    private let roots: [String]
    /// Pictures that were named themselves.
    private let named: Set<String>
    let folder: URL
    private let masks: String?

    init(_ sources: [PictureListing.Source], folder: URL, masks: String?) {
        var (roots, named) = ([String](), Set<String>())
        for case .path(let path) in sources {
            let whole = URL(asTyped: path).standardizedFileURL.path
            if PictureListing.isFolder(path) { roots.append(whole) } else { named.insert(whole) }
        }
        (self.roots, self.named, self.folder, self.masks) = (roots, named, folder, masks)
    }

    func check() throws {
        if roots.contains(folder.path) { throw ManyError.isSource(folder: folder.path) }
    }

    /// Whether a listed picture is what an earlier call made: its folder lies within the one that is gone through.
    func isResult(_ path: String) -> Bool {
        standardized(path).hasPrefix(folder.path + "/") && isBelowRoot(folder.path)
    }

    /// Whether a result would stand where one of the pictures does, or may.
    func isSource(_ file: URL) -> Bool {
        named.contains(file.path) || isBelowRoot(file.path) && !isBelowRoot(folder.path)
    }

    /// Whether a picture of a list on standard input lies in the results' folder itself: what comes later in the list cannot be spared.
    func holds(_ path: String) -> Bool {
        let whole = standardized(path)
        return !named.contains(whole) && !isBelowRoot(whole)
            && URL(fileURLWithPath: whole).deletingLastPathComponent().path == folder.path
    }

    func file(for path: String) -> URL { folder.appendingPathComponent(stem(path) + ".png") }

    /// The mask under the picture's path below its folder, else under its mere name.
    func mask(for path: String) throws -> String {
        guard let masks, PictureListing.isFolder(masks) else { return masks ?? "" }
        let name = stem(path)
        for stem in [name, URL(fileURLWithPath: name).lastPathComponent] {
            for ending in ["png", "webp", "jpg", "jpeg", "bmp", "tif", "tiff", "gif", "PNG", "JPG"] {
                let file = URL(asTyped: masks).appendingPathComponent("\(stem).\(ending)")
                if SystemPath.kind(of: file.path) != nil { return file.path }
            }
        }
        throw ManyError.noMask(picture: path, folder: masks)
    }

    /// A picture's path below the folder that lists it, without its ending.
    private func stem(_ path: String) -> String {
        let whole = standardized(path)
        let root = roots.filter { whole.hasPrefix($0 + "/") }.max { $0.count < $1.count }
        let name = root.map { String(whole.dropFirst($0.count + 1)) } ?? URL(fileURLWithPath: whole).lastPathComponent
        let ending = URL(fileURLWithPath: name).pathExtension
        return ending.isEmpty ? name : String(name.dropLast(ending.count + 1))
    }

    /// Whether a path lies within one of the folders that are gone through.
    private func isBelowRoot(_ path: String) -> Bool { roots.contains { path.hasPrefix($0 + "/") } }

    private func standardized(_ path: String) -> String { URL(asTyped: path).standardizedFileURL.path }
}
