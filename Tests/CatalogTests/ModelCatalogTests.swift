import Catalog
import Foundation
import TestSupport
import Testing

private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

private func manifest(_ name: String, files: [Manifest.File], title: String = "T") -> Manifest {
    Manifest(
        name: name, title: title, kind: .generator, family: "sd15", license: "MIT", source: "here", description: "d",
        defaults: Manifest.Defaults(steps: 20, guidance: 7, sampler: "ddim"), files: files)
}

private func write(_ manifest: Manifest, into directory: URL, folder: String? = nil) throws -> URL {
    let home = directory.appendingPathComponent(folder ?? manifest.name)
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    try JSONEncoder().encode(manifest).write(to: home.appendingPathComponent("manifest.json"))
    return home
}

@Test func aModelIsInstalledWhenItsFilesAreThereAndFit() throws {
    let folder = try TemporaryFolder()
    let home = try write(manifest("tiny", files: [.init(path: "a.bin", bytes: 3, sha256: abc)]), into: folder.url)
    let file = home.appendingPathComponent("a.bin")
    func catalog() -> ModelCatalog { ModelCatalog(directories: [folder.url]) }
    let tiny = try #require(catalog().model(named: "tiny"))

    #expect(!catalog().isInstalled(tiny))
    #expect(catalog().verify(tiny) == [.missing(path: "a.bin")])
    try Data("abcd".utf8).write(to: file)
    #expect(!catalog().isInstalled(tiny))
    #expect(catalog().verify(tiny) == [.wrongSize(path: "a.bin", expected: 3, found: 4)])
    try Data("abd".utf8).write(to: file)
    #expect(catalog().isInstalled(tiny))
    guard case .wrongDigest(path: "a.bin", expected: abc, found: _) = catalog().verify(tiny).first else {
        Issue.record("an altered file passed")
        return
    }
    try Data("abc".utf8).write(to: file)
    #expect(catalog().verify(tiny).isEmpty)
    #expect(catalog().directory(of: tiny)?.path == home.path)
}

@Test func theFirstManifestCountsAndFilesMayLieElsewhere() throws {
    let own = try TemporaryFolder()
    let shared = try TemporaryFolder()
    let files = [Manifest.File(path: "a.bin")]
    _ = try write(manifest("tiny", files: files, title: "Mine"), into: own.url)
    let home = try write(manifest("tiny", files: files, title: "Theirs"), into: shared.url)
    _ = try write(manifest("other", files: []), into: shared.url)
    try Data("abc".utf8).write(to: home.appendingPathComponent("a.bin"))
    let catalog = ModelCatalog(directories: [own.url, shared.url, own.url.appendingPathComponent("missing")])
    #expect(catalog.all.map(\.title) == ["Mine", "T"])
    #expect(catalog.generators.count == 2 && catalog.encoders.isEmpty && catalog.problems.isEmpty)
    let tiny = try #require(catalog.model(named: "tiny"))
    #expect(catalog.directory(of: tiny)?.path == home.path)
    #expect(catalog.verify(tiny) == [.unknownDigest(path: "a.bin")])
    let other = try #require(catalog.model(named: "other"))
    #expect(!catalog.isInstalled(other))
    #expect(catalog.verify(other) == [.noFiles("other")])
}

@Test func aModelThatIsOneFileMayLieWhereverAPersonKeepsIt() throws {
    let (shared, own) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try write(manifest("tiny", files: [.init(path: "tiny.safetensors", bytes: 3)]), into: shared.url)
    _ = try write(manifest("parts", files: [.init(path: "tiny.safetensors"), .init(path: "b")]), into: shared.url)
    try Data("abc".utf8).write(to: own.url.appendingPathComponent("tiny.safetensors"))
    try Data("abc".utf8).write(to: own.url.appendingPathComponent("b"))
    let folder = own.url
    let catalog = ModelCatalog(directories: [shared.url]) { [folder] }
    let tiny = try #require(catalog.model(named: "tiny"))
    #expect(tiny.singleFile == "tiny.safetensors" && catalog.isInstalled(tiny))
    #expect(catalog.directory(of: tiny)?.path == folder.path)
    // Parts of one name lie in many folders.
    #expect(try !catalog.isInstalled(#require(catalog.model(named: "parts"))))
    try Data("abcd".utf8).write(to: own.url.appendingPathComponent("tiny.safetensors"))
    #expect(!catalog.isInstalled(tiny))
}

@Test func aBrokenManifestDoesNotHideTheOthers() throws {
    let folder = try TemporaryFolder()
    _ = try write(manifest("tiny", files: []), into: folder.url)
    _ = try write(manifest("named", files: []), into: folder.url, folder: "otherwise")
    let broken = folder.url.appendingPathComponent("broken")
    try FileManager.default.createDirectory(at: broken, withIntermediateDirectories: true)
    try Data("{".utf8).write(to: broken.appendingPathComponent("manifest.json"))
    let catalog = ModelCatalog(directories: [folder.url])
    #expect(catalog.all.map(\.name) == ["tiny"])
    #expect(catalog.problems.count == 2)
    #expect(catalog.problems.contains { "\($0)".contains("its folder is \"otherwise\"") })
}

@Test func longFilesAreReadInPiecesAndReported() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("zeros.bin")
    try Data(count: 3 << 20).write(to: file)
    var reports: [Int] = []
    let digest = ModelCatalog.digest(of: file) { reports.append($0) }
    #expect(reports == [1 << 20, 2 << 20, 3 << 20])
    #expect(digest == "bbd05cf6097ac9b1f89ea29d2542c1b7b67ee46848393895f5a9e43fa1f621e5")
    struct Stop: Error {}
    #expect(throws: Stop.self) { try ModelCatalog.digest(of: file) { _ in throw Stop() } }
    #expect(ModelCatalog.digest(of: folder.url.appendingPathComponent("none")) == nil)
}

@Test func theShippedManifestsAreSound() throws {
    let catalog = ModelCatalog(directories: [checkout.appendingPathComponent("Models")])
    for problem in catalog.problems { Issue.record("\(problem)") }
    #expect(catalog.generators.count >= 25)
    for manifest in catalog.all where manifest.engine == nil {
        let isOwn = ["redraw-small", "redraw-painter", "redraw-encoder"].contains(manifest.name)
        #expect(isOwn || manifest.repository?.split(separator: "/").count == 2 && !manifest.files.isEmpty, "\(manifest.name)")
    }
    for manifest in catalog.generators {
        let rule = try #require(manifest.sizeRule, "\(manifest.name)")
        // All that other programs run were trained at a megapixel.
        #expect(manifest.engine == nil || rule.base == CanvasSize(width: 1024, height: 1024), "\(manifest.name)")
        #expect(!manifest.styles.isEmpty && !manifest.descriptors.isEmpty && !manifest.license.isEmpty, "\(manifest.name)")
        // What is not run here is not fetched either.
        #expect(manifest.engine == nil || manifest.repository == nil && manifest.files.isEmpty, "\(manifest.name)")
    }
    for name in ["clip-vit-b-32", "clip-vit-l-14", "siglip2-base"] { #expect(catalog.model(named: name)?.kind == .encoder, "\(name)") }
    #expect(catalog.model(named: "wd-vit-tagger-v3")?.kind == .tagger)
    #expect(catalog.model(named: "dmd2-sdxl-4steps")?.kind == .adapter)
    #expect(catalog.model(named: "pony-diffusion-v6-xl")?.prompt?.before?.hasPrefix("score_9, ") == true)
    #expect(catalog.model(named: "redraw-small")?.family == "redraw-small")
    #expect(catalog.model(named: "redraw-painter")?.family == "redraw-painter")
}
