import Catalog
import Foundation
import TestSupport
import Testing

@testable import Engines
@testable import Studio

/// Models from a hub and from addresses: what is believed, who is told the token, and that nothing a person has is written over.
@Suite struct PullingTests {
    private let folder: TemporaryFolder
    private let servers = ServingProcesses()

    init() throws {
        folder = try TemporaryFolder()
    }

    private func studio() throws -> Studio {
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        return Studio(installation: installation, library: folder.url.appendingPathComponent("library"))
    }

    /// A hub with one file, a LoRA of so many zeros.
    private func hub(_ name: String, _ path: String, width: Int = 4) throws -> ServingProcess {
        let root = folder.url.appendingPathComponent(name)
        let file = root.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Self.lora(width).write(to: file)
        return try servers.start(python: [fixture("hub_server.py", room: "Engines").path, root.path])
    }

    private static func lora(_ width: Int) -> Data {
        let name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
        let bytes = width * 768 * 2
        let header = Data(#"{"\#(name)": {"dtype": "F16", "shape": [\#(width), 768], "data_offsets": [0, \#(bytes)]}}"#.utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + Data(count: bytes)
    }

    private struct Logged: Decodable {
        let path: String
        let token: Bool
    }

    private func log(_ hub: ServingProcess) async throws -> [Logged] {
        try await HTTPExchange(address: try EngineAddress(hub.address)).get("/log", within: 10)
    }

    @Test func theTokenIsForTheHubAlone() async throws {
        let own = try hub("own", "owner/hats/hat.safetensors")
        let other = try hub("other", "owner/coats/coat.safetensors")
        let options = PullOptions(environment: ["HF_ENDPOINT": own.address, "HF_TOKEN": "secret"])
        _ = try await studio().pull("owner/hats", options)
        _ = try await studio().pull(other.address + "/owner/coats/resolve/main/coat.safetensors", options)
        let (known, strange) = (try await log(own), try await log(other))
        #expect(known.count == 2 && known.allSatisfy(\.token), "\(known)")
        #expect(strange.count == 1 && strange.allSatisfy { !$0.token }, "\(strange)")
    }

    private func files(_ below: String = "pulled") -> [String] {
        let root = folder.url.appendingPathComponent(".local/share/redraw/models/" + below).path
        let all = FileManager.default.subpaths(atPath: root) ?? []
        return all.filter { $0.hasSuffix(".safetensors") }.sorted()
    }

    @Test func filesOfOneNameLieApart() async throws {
        let (one, two) = (try hub("one", "owner/hats/hat.safetensors"), try hub("two", "other/hats/hat.safetensors", width: 8))
        _ = try await studio().pull("owner/hats", PullOptions(environment: ["HF_ENDPOINT": one.address]))
        let second = try await studio().pull("other/hats", PullOptions(environment: ["HF_ENDPOINT": two.address]))
        // Its name is taken, which is told; both files are whole.
        #expect(second.use.contains("--name"), "\(second.use)")
        #expect(files() == ["other--hats/hat.safetensors", "owner--hats/hat.safetensors"])
        var named = PullOptions(environment: ["HF_ENDPOINT": two.address])
        named.name = "other-hat"
        #expect(try await studio().pull("other/hats", named).name == "other-hat")
        #expect(try await log(two).count { $0.path.contains("/resolve/") } == 1, "what is here is not fetched again")
    }

    @Test func nothingIsReplacedUnasked() async throws {
        let hub = try hub("hub", "owner/hats/hat.safetensors")
        let options = PullOptions(environment: ["HF_ENDPOINT": hub.address])
        let address = hub.address + "/owner/hats/resolve/main/hat.safetensors"
        _ = try await studio().pull("owner/hats", options)
        _ = try await studio().pull(address, options)
        let host = "127.0.0.1-\(hub.port)/owner/hats/resolve/main/hat.safetensors"
        #expect(files() == [host, "owner--hats/hat.safetensors"])
        let pulled = folder.url.appendingPathComponent(".local/share/redraw/models/pulled")
        for (what, file) in [("owner/hats", "owner--hats/hat.safetensors"), (address, host)] {
            let place = pulled.appendingPathComponent(file)
            try Data("mine".utf8).write(to: place)
            await #expect(throws: PullError.isThere(path: place.path)) { _ = try await studio().pull(what, options) }
            #expect(try Data(contentsOf: place) == Data("mine".utf8))
            var asked = options
            asked.overwrites = true
            _ = try await studio().pull(what, asked)
            #expect(try Data(contentsOf: place) == Self.lora(4))
        }
    }

    @Test(arguments: ["-1", "2000000000000000000", "1e30"]) func aListThatTellsSizesThatCannotBeIsNotRead(_ size: String) {
        func list(_ sizes: [String]) -> Data {
            let entries = sizes.enumerated().map { #"{"type": "file", "path": "\#($0.offset).bin", "size": \#($0.element)}"# }
            return Data("[\(entries.joined(separator: ", "))]".utf8)
        }
        #expect(throws: (any Error).self) { try HubListing(json: list(["5", size])) }
        #expect(throws: Never.self) { try HubListing(json: list(["5", "6"])) }
    }

    @Test func sizesThatNoRepositoryHasTogetherAreNotRead() {
        let entry = #"{"type": "file", "path": "x.bin", "size": 1000000000000000}"#
        #expect(throws: (any Error).self) { try HubListing(json: Data("[\(entry), \(entry)]".utf8)) }
    }

    /// A manifest of the person's own, for a file that the hub has.
    private func describe(_ name: String, kind: String, repository: String, path: String, asks: Bool = false) throws {
        let place = folder.url.appendingPathComponent(".local/share/redraw/models/\(name)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let manifest = Manifest(
            name: name, title: "Hats", kind: try #require(Manifest.Kind(rawValue: kind)), family: "sd15", license: "Strict", source: "here",
            repository: repository, description: "d", defaults: .init(steps: 20, guidance: 7, sampler: "ddim"),
            files: [.init(path: path)], terms: "https://example.org/terms", acceptLicense: asks)
        try JSONEncoder().encode(manifest).write(to: place.appendingPathComponent("manifest.json"))
    }

    @Test func aLicenceThatAsksIsAgreedToBeforeAnythingIsFetched() async throws {
        let hub = try hub("own", "owner/hats/hat.safetensors")
        try describe("hats", kind: "adapter", repository: "owner/hats", path: "hat.safetensors", asks: true)
        var options = PullOptions(environment: ["HF_ENDPOINT": hub.address])
        await #expect(throws: PullError.licenseNotAccepted(name: "hats", license: "Strict", terms: "https://example.org/terms")) {
            try await studio().pull("hats", options)
        }
        options.acceptsLicense = { _ in false }
        await #expect(throws: PullError.licenseDeclined(name: "hats")) { try await studio().pull("hats", options) }
        #expect(!"\(PullError.licenseDeclined(name: "hats"))".contains("--accept"))
        #expect(try await log(hub).isEmpty)
        options.acceptsLicense = { $0.license == "Strict" && $0.model == "Hats" }
        let report = try await studio().pull("hats", options)
        #expect(report.name == "hats" && report.use.contains("<lora:hats:"), "\(report)")
        #expect(try studio().registeredModels().map(\.name) == ["hats"])
    }

    @Test func whatAnotherProgramRunsIsNotFetched() async throws {
        await #expect(throws: PullError.self) { try await studio().pull("z-image-turbo", PullOptions(environment: [:])) }
        #expect(throws: StudioError.self) { try studio().premises.generator("z-image-turbo") }
        #expect(try studio().howToGet("z-image-turbo")?.contains("--engine") == true)
        #expect(try studio().howToGet("realvisxl-v5") == "redraw models pull realvisxl-v5")
    }
}
