import Diffusion
import Foundation
import Pixels
import Synchronization

/// A server that speaks `/sdapi/v1`: what it has, what it is doing, and one picture at a time from it.
final class WebUIServer: Sendable {
    /// How often is asked how far it is, and how long may nothing be heard.
    struct Patience: Sendable {
        var poll = Duration.milliseconds(500)
        /// Seconds without any sign of life during a run.
        var silence = 60
        /// Seconds for what takes no computing.
        var answer = 30
    }

    /// What it has to offer.
    struct Inventory: Sendable {
        let models: [WebUI.Model]
        let samplers: [WebUI.Sampler]
        /// Nil for servers of a time when a sampler's name held its schedule.
        let schedulers: [WebUI.Scheduler]?
        /// Title of the model it has loaded.
        let current: String?

        func model(called name: String) -> WebUI.Model? {
            models.first { $0.title == name || $0.modelName == name } ?? models.first { $0.isCalled(name) }
        }
    }

    /// How far a picture is.
    struct Moment: Sendable {
        /// From 0 to 1.
        let share: Double
        let preview: Image?
    }

    let exchange: HTTPExchange
    let patience: Patience
    var name: String { exchange.address.description }

    init(_ address: EngineAddress, patience: Patience = Patience()) {
        (exchange, self.patience) = (HTTPExchange(address: address), patience)
    }

    /// - Throws: `HTTPEngineError`.
    func inventory() async throws -> Inventory {
        async let models: [WebUI.Model] = exchange.get("/sdapi/v1/sd-models", within: patience.answer)
        async let samplers: [WebUI.Sampler] = exchange.get("/sdapi/v1/samplers", within: patience.answer)
        async let options: WebUI.Settings = exchange.get("/sdapi/v1/options", within: patience.answer)
        let schedulers: [WebUI.Scheduler]?
        do {
            schedulers = try await exchange.get("/sdapi/v1/schedulers", within: patience.answer)
        } catch HTTPEngineError.speaksOtherwise {
            schedulers = nil
        }
        return try await Inventory(models: models, samplers: samplers, schedulers: schedulers, current: options.checkpoint)
    }

    func progress(withPicture: Bool = false, within seconds: Int? = nil) async throws -> WebUI.Progress {
        try await exchange.get(
            "/sdapi/v1/progress?skip_current_image=\(withPicture ? "false" : "true")", within: seconds ?? patience.answer,
            limit: Self.pictureAnswer)
    }

    /// Has a model loaded, which may take minutes; the model stays loaded.
    func load(_ model: WebUI.Model) async throws {
        try await watched(onMoment: nil) {
            try await self.exchange.tell("/sdapi/v1/options", WebUI.Settings(checkpoint: model.title), within: 3600)
        }
    }

    /// One picture. Where the task is cancelled the server is told to stop, and has stopped, or does not answer, when this returns; unless the
    /// picture was not seen to have begun, for then it is another one that would be stopped.
    ///
    /// - Returns: the picture, whatever its size, and the seed that the server says it is of.
    func picture(
        _ request: WebUI.Request, previews: Bool, onMoment: @escaping @Sendable (Moment) -> Void
    ) async throws -> (image: Image, seed: UInt64?) {
        let path = request.initImages == nil ? "/sdapi/v1/txt2img" : "/sdapi/v1/img2img"
        let beginning = PictureBeginning(before: try? await progress(within: min(patience.answer, 5)))
        try Task.checkCancellation()
        let answer: WebUI.Pictures
        do {
            answer = try await watched(previews: previews, beginning: beginning, onMoment: onMoment) {
                try await self.exchange.post(path, request, within: nil, limit: Self.pictureAnswer)
            }
        } catch {
            // Nobody waits for it any more, and over there it goes on. One that the server itself ended does not.
            if Task.isCancelled || (error as? HTTPEngineError)?.leavesWorkBehind == true { await stop(beginning) }
            try Task.checkCancellation()
            throw error
        }
        guard let encoded = answer.images?.first else { throw HTTPEngineError.noPicture(engine: name) }
        let info = answer.info.flatMap { try? JSONDecoder().decode(WebUI.Info.self, from: Data($0.utf8)) }
        do {
            return (try await NumericQueue.shared.run { try Self.decoded(encoded) }, info?.seed)
        } catch let error as ImageError {
            throw HTTPEngineError.damagedPicture(engine: name, reason: "\(error)")
        }
    }

    /// Base64, with or without what a data URL has before it.
    static func decoded(_ text: String) throws -> Image {
        let encoded = text.hasPrefix("data:") ? String(text.drop { $0 != "," }.dropFirst()) : text
        guard let data = Data(base64Encoded: encoded, options: .ignoreUnknownCharacters) else {
            throw ImageError.unknownFormat(firstBytes: Array(encoded.utf8.prefix(8)))
        }
        return try ImageFile.decode([UInt8](data)).image
    }

    /// A picture of 8192 x 8192 as a PNG that does not compress, and a third for base64.
    private static let pictureAnswer = 360 << 20

    /// Does something that may take long, and looks meanwhile whether the server is alive and how far it is.
    private func watched<Value: Sendable>(
        previews: Bool = false, beginning: PictureBeginning? = nil, onMoment: (@Sendable (Moment) -> Void)?,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await self.watch(previews: previews, beginning: beginning, onMoment: onMoment)
                return nil
            }
            defer { group.cancelAll() }
            // The watch only ends by throwing.
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    private func watch(previews: Bool, beginning: PictureBeginning?, onMoment: (@Sendable (Moment) -> Void)?) async throws {
        var heard = ContinuousClock.now
        while true {
            try await Task.sleep(for: patience.poll)
            do {
                let told = try await progress(withPicture: previews, within: max(1, min(patience.answer, patience.silence)))
                heard = .now
                beginning?.hear(told)
                if told.progress > 0 {
                    onMoment?(
                        Moment(share: min(max(told.progress, 0), 1), preview: told.currentImage.flatMap { try? Self.decoded($0) }))
                }
            } catch {
                try Task.checkCancellation()
                switch error {
                // stable-diffusion.cpp's server never tells how far it is. Its picture is waited for as long as the connection stands.
                case HTTPEngineError.speaksOtherwise: return try await Task.sleep(for: .seconds(1e9))
                // Progress is told in passing: one that is late or garbled costs no picture.
                case HTTPEngineError.unreadable: heard = .now
                default: break
                }
                guard heard.duration(to: .now) < .seconds(patience.silence) else {
                    throw HTTPEngineError.silent(engine: name, seconds: patience.silence)
                }
            }
        }
    }

    /// Ends what it is making, where that is the picture that was asked for, and waits a little until it has ended. Runs to its end though the
    /// task is cancelled.
    private func stop(_ beginning: PictureBeginning) async {
        await Task.detached {
            // It may have begun since it was looked at last, or be over and another one be under way.
            guard let now = try? await self.progress(within: 2), now.isBusy else { return }
            beginning.hear(now)
            guard beginning.isSeen else { return }
            guard (try? await self.exchange.tell("/sdapi/v1/interrupt", WebUI.Nothing(), within: 5)) != nil else { return }
            for _ in 0..<40 {
                guard let told = try? await self.progress(within: 2), told.isBusy else { return }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }.value
    }
}
