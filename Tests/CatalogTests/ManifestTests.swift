import Catalog
import Foundation
import TestSupport
import Testing

private func sound() -> [String: Any] {
    [
        "name": "tiny", "title": "Tiny", "kind": "generator", "family": "sd15", "license": "MIT", "source": "here",
        "description": "A test.",
        "styles": ["photo": 0.5], "defaults": ["steps": 20, "guidance": 7.5, "sampler": "ddim", "strength": 0.6],
        "files": [["path": "unet/a.bin", "bytes": 3, "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]],
    ]
}

private func message(_ change: (inout [String: Any]) -> Void) throws -> String {
    var object = sound()
    change(&object)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("manifest.json")
    try JSONSerialization.data(withJSONObject: object).write(to: file)
    do {
        _ = try Manifest(contentsOf: file)
        return "it was read"
    } catch {
        return "\(error)"
    }
}

@Test func aSoundManifestIsReadAndComesBack() throws {
    #expect(try message { _ in } == "it was read")
    let manifest = try JSONDecoder().decode(Manifest.self, from: JSONSerialization.data(withJSONObject: sound()))
    #expect(manifest.defaults == Manifest.Defaults(steps: 20, guidance: 7.5, sampler: "ddim"))
    #expect(manifest.sizeRule == ModelFamily.named("sd15")?.sizes)
    #expect(try JSONDecoder().decode(Manifest.self, from: JSONEncoder().encode(manifest)) == manifest)
}

@Test func everyFaultIsNamed() throws {
    #expect(try message { $0["titel"] = "x" }.contains("\"titel\" is no key"))
    #expect(try message { $0["license"] = nil }.contains("\"license\" is missing"))
    #expect(try message { $0["title"] = 3 }.contains("\"title\" must be String"))
    #expect(try message { $0["kind"] = "painter" }.contains("\"kind\" must be"))
    #expect(try message { $0["name"] = "../up" }.contains("\"name\" must be lower-case letters"))
    #expect(try message { $0["family"] = "sd99" }.contains("not \"sd99\""))
    #expect(try message { $0["styles"] = ["photo": 2] }.contains("within 0 and 1"))
    #expect(try message { $0["defaults"] = nil }.contains("\"defaults\" must be"))
    #expect(try message { $0["defaults"] = ["steps": 0, "guidance": 1, "sampler": "ddim", "strength": 0.5] }.contains("1 to 1000, not 0"))
    #expect(try message { $0["defaults"] = ["steps": 9, "guidance": 1, "sampler": "ddim", "strength": 0] }.contains("above 0"))
    for advised in [[0.4, 0.8], [0.3], [0.5, 0.3], [0.3, 1.2]] {
        let defaults: [String: Any] = ["steps": 9, "guidance": 1, "sampler": "ddim", "strength": 0.35, "advisedStrength": advised]
        #expect(try message { $0["defaults"] = defaults }.contains("defaults.advisedStrength"), "\(advised)")
    }
    let drafts: [String: Any] = ["steps": 9, "guidance": 1, "sampler": "ddim", "strength": 1, "drafts": 4]
    #expect(try message { $0["defaults"] = drafts }.contains("\"defaults.drafts\" must be 1, for there is no firstSide"))
    #expect(try message { $0["defaults"] = drafts.merging(["firstSide": 32, "drafts": 0]) { $1 } }.contains("1 to 100, not 0"))
    #expect(try message { $0["defaults"] = ["steps": 9, "guidance": 1, "strength": 1] }.contains("\"defaults.sampler\" is missing"))
    #expect(try message { $0["sizes"] = ["base": 256, "minimum": 512, "maximum": 1024, "multiple": 64] }.contains("\"sizes\" must be"))
    for path in ["../escape", "/etc/passwd", "a//b", "a/./b", ""] {
        #expect(try message { $0["files"] = [["path": path]] }.contains("inside the model's folder"), "\(path)")
    }
    #expect(try message { $0["files"] = [["path": "a", "sha256": "ABC"]] }.contains("64 lower-case"))
    #expect(try message { $0["files"] = [["path": "a", "bytes": -1]] }.contains("negative"))
}

@Test func whatAPersonChoosesByIsRead() throws {
    var object = sound()
    object["prompt"] = ["form": "tags", "before": "score_9", "negative": ""]
    object["acceptLicense"] = true
    object["terms"] = "https://example.org/terms"
    object["gigabytes"] = 6.9
    let manifest = try JSONDecoder().decode(Manifest.self, from: JSONSerialization.data(withJSONObject: object))
    #expect(manifest.prompt == Manifest.Prompt(form: .tags, before: "score_9", negative: ""))
    #expect(manifest.acceptLicense && manifest.terms == "https://example.org/terms" && manifest.gigabytes == 6.9)
    #expect(manifest.howToGet == "it is made with here" && manifest.engine == nil)
    #expect(try JSONDecoder().decode(Manifest.self, from: JSONEncoder().encode(manifest)) == manifest)
    // What another program runs may be of any family, and nothing need be known of how.
    object["engine"] = "another program"
    (object["family"], object["defaults"]) = ("flux2", nil)
    let elsewhere = try JSONDecoder().decode(Manifest.self, from: JSONSerialization.data(withJSONObject: object))
    #expect(elsewhere.howToGet.contains("--engine") && elsewhere.sizeRule == nil)
    #expect(try message { $0["prompt"] = ["form": "poem"] }.contains("\"prompt.form\" must be"))
    #expect(try message { $0["gigabytes"] = 0 }.contains("\"gigabytes\" must be above 0"))
    #expect(
        try message {
            $0["kind"] = "encoder"
            $0["engine"] = "x"
        }.contains("\"engine\" must be left out"))
}

@Test func whatIsNoManifestIsRefused() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("manifest.json")
    #expect(throws: ManifestError.unreadable(path: file.path)) { try Manifest(contentsOf: file) }
    try Data("{ no".utf8).write(to: file)
    #expect(throws: ManifestError.notJSON(path: file.path, reason: "not valid JSON")) { try Manifest(contentsOf: file) }
    try Data(count: Manifest.fileLimit + 1).write(to: file)
    #expect(throws: ManifestError.self) { try Manifest(contentsOf: file) }
}
