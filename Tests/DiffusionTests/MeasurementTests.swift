import Foundation
import Pixels
import Tensors
import Testing

@testable import Diffusion

private let modelToMeasure = ProcessInfo.processInfo.environment["REDRAW_MODEL"]

/// Times a model's folder where the environment variable `REDRAW_MODEL` names one; nothing is asserted about the time.
@Suite(.enabled(if: modelToMeasure != nil)) struct MeasurementTests {
    private struct Noise: PromptEncoder {
        let width: Int

        func states(for prompt: String) -> Tensor {
            var random = TorchRandom(seed: UInt64(prompt.utf8.count))
            let tokens = tokenCount(prompt)
            return Tensor(random.normals(tokens * width).map { $0 * 0.3 }, shape: [1, tokens, width])
        }

        func tokenCount(_ prompt: String) -> Int { prompt.split(separator: " ").count + 2 }
    }

    @Test func redrawingTakes() throws {
        let folder = URL(fileURLWithPath: try #require(modelToMeasure))
        let configuration = try UNetConfiguration(contentsOf: folder.appendingPathComponent("unet/config.json"))
        let clock = ContinuousClock()
        let loading = clock.now
        let pipeline = try Pipeline(directory: folder, text: Noise(width: configuration.textWidths[0]))
        print("load: \(loading.duration(to: .now))")
        let loaded = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        print("loaded:", loaded.split(separator: "\n").filter { $0.hasPrefix("VmHWM") })
        let side = Int(ProcessInfo.processInfo.environment["REDRAW_SIDE"] ?? "") ?? 256
        let source = Image(
            width: side, height: side, channels: 3, bytes: (0..<side * side * 3).map { UInt8(truncatingIfNeeded: $0 / 3 % side + $0 / 700) }
        )
        var request = GenerationRequest(
            mode: .generate, prompt: "a photo of a harbour with many boats in the evening", seed: 1, width: side, height: side)
        for sampler in [SamplerName.ddim, .dpmpp2MKarras] {
            request.sampler = sampler
            request.steps = Int(ProcessInfo.processInfo.environment["REDRAW_STEPS"] ?? "") ?? 20
            var times: [Double] = []
            let result = try pipeline.run(request, source: source) { times.append($0.secondsElapsed) }
            let steps = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            print("estimate: \(result.plan.memory >> 20) MiB;", status.split(separator: "\n").filter { $0.hasPrefix("VmHWM") })
            guard !steps.isEmpty else { continue }
            print("\(sampler.rawValue) at \(side): \(result.plan.steps.run) steps, median \(steps[steps.count / 2]) s, \(result.seconds)")
        }
    }
}
