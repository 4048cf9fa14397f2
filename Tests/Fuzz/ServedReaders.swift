import Diffusion
import Engines
import Foundation
import Studio
import StudioWeb
import TestSupport

/// What comes over a connection: what is asked of the server, and what others' servers answer. Both go through real sockets of this machine.
extension Reader {
    static func served(_ made: URL) throws -> [Reader] {
        let (page, other) = (ServedLibrary(made), OtherServer())
        return [
            Reader("requests", try SampleMessages.requests(made), isText: true) { input in
                let isPicture = input.sample.pathExtension == "png"
                let answer = try page.ask(input.bytes, type: isPicture ? "image/png" : "application/json", in: input.scratch)
                let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                // A damaged request may be cut off; what is answered is a refusal, and no fault of the server's.
                precondition(status != 500 || answer.contains("damaged"), "the server answers: \(answer.suffix(400))")
            },
            Reader("answers", try SampleMessages.answers(made), isText: true) { input in
                let address = try other.address(SampleMessages.sound, input)
                let engine = HTTPEngine([try EngineAddress(address)])
                let order = Self.order(engine.name, in: input.scratch)
                try waited {
                    _ = try? await engine.usualModel()
                    for try await _ in engine.run(try await engine.plan(order)) {}
                }
            },
            Reader("downloads", try SampleMessages.downloads(made), isText: true) { input in
                let address = try other.address([:], input)
                guard let source = URL(string: address + "/" + SampleMessages.name(of: input.sample)) else { return }
                let place = input.scratch.appendingPathComponent("downloaded/model.safetensors")
                let folder = place.deletingLastPathComponent()
                try? FileManager.default.removeItem(at: folder)
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                // Half of them go on where another try ended.
                if input.bytes.count % 2 == 0 {
                    try Data("begun".utf8).write(to: place.appendingPathExtension("partial"))
                    try Data("\"mark\"".utf8).write(to: place.appendingPathExtension("partial-tag"))
                }
                let download = FileDownload(from: source, to: place, patience: .init(tries: 1, pause: .zero, longestWait: 0))
                do {
                    try waited { try await download.run(digest: { _ in "" }) }
                } catch let error as DownloadError {
                    precondition(!"\(error)".isEmpty)
                }
            },
        ]
    }

    private static func order(_ engine: String, in folder: URL) -> GenerationOrder {
        var request = GenerationRequest(mode: .paint, prompt: "a hat", negative: "grey", steps: 10, seed: 770, width: 64, height: 48)
        (request.profile, request.sampler, request.model) = (.a1111, .dpmpp2MKarras, "first-model")
        return GenerationOrder(
            request: request, model: .init(name: "first-model", path: nil), engine: engine, place: .folder(folder))
    }
}

/// The page's server over a small library, with the models that are known and none that is installed: whatever is asked for is read, and
/// nothing is made.
private final class ServedLibrary {
    private let made: URL
    private var port: Int?
    private var mask = ""
    private var asked: UInt32 = 0

    init(_ made: URL) { self.made = made }

    /// - Parameter request: the method and the address on a line, the body behind it.
    /// - Returns: the answer, head and body.
    func ask(_ request: [UInt8], type: String, in scratch: URL) throws -> String {
        let port = try self.port ?? started(in: scratch)
        let end = request.firstIndex(of: 10) ?? request.count
        var body = Data(request[min(end + 1, request.count)...])
        if let place = body.range(of: Data("MASK".utf8)) { body.replaceSubrange(place, with: Data(mask.utf8)) }
        let head =
            " HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        // Everybody may ask so often, so each comes from an address of its own.
        asked += 1
        let whole = Array(request[..<end]) + Array(head.utf8) + Array(body)
        return String(decoding: try Loopback.ask(port: port, whole, from: asked), as: UTF8.self)
    }

    private func started(in scratch: URL) throws -> Int {
        let data = try SampleMessages.installation(made)
        let library = scratch.appendingPathComponent("served")
        try FileManager.default.createDirectory(at: library, withIntermediateDirectories: true)
        let (database, _) = try SampleLibrary.made(in: made.appendingPathComponent("library"))
        try FileManager.default.copyItem(at: database, to: library.appendingPathComponent(database.lastPathComponent))
        let studio = Studio(
            installation: Installation(
                data: data, personalModels: made.appendingPathComponent("models"), cache: scratch.appendingPathComponent("cache"),
                defaultLibrary: library), library: library)
        var options = ServeOptions()
        options.port = 0
        let server = WebServer(studio, options)
        let (told, telling) = AsyncThrowingStream<String, any Error>.makeStream()
        Task.detached {
            do {
                try await server.run { telling.yield($0) }
                telling.finish()
            } catch {
                telling.finish(throwing: error)
            }
        }
        let address = try waited { try await told.first { _ in true } }
        guard let port = address.flatMap({ URL(string: $0)?.port }) else { throw FuzzError.usage("the server does not begin") }
        self.port = port
        // Something to be repainted, and where: the fourth picture of the library.
        let (picture, mask) = try SampleMessages.picture()
        _ = try ask(Array("POST /api/v1/pictures\n".utf8) + picture, type: "image/png", in: scratch)
        let kept = try ask(Array("POST /api/v1/masks\n".utf8) + mask, type: "image/png", in: scratch)
        guard let id = kept.range(of: #""id":""#) else { throw FuzzError.usage("the server does not take a mask: \(kept)") }
        self.mask = String(kept[id.upperBound...].prefix { $0 != "\"" })
        return port
    }
}

/// A server of somebody else's that is sound but for one answer.
private final class OtherServer {
    private var server: LoopbackServer?

    /// - Parameter sound: what it answers otherwise.
    /// - Returns: its address.
    func address(_ sound: [String: [UInt8]], _ input: Reader.Input) throws -> String {
        let server = try self.server ?? LoopbackServer()
        self.server = server
        server.answer(sound.merging([SampleMessages.name(of: input.sample): input.bytes]) { $1 })
        return "http://127.0.0.1:\(server.port)"
    }
}
