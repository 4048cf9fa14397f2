import Diffusion
import Foundation
import Pixels
import Screening
import TestSupport
import Testing

@testable import Studio

/// What a result changed, told against the picture as the model saw it.
@Suite struct DifferenceTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The share of pixels that differ between a result and its source, where the result is what the request makes of the source at once.
    private func changed(_ resize: GenerationRequest.Resize, _ made: (Image) -> Image) async throws -> Double {
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        let studio = Studio(installation: installation, library: folder.url.appendingPathComponent("library-\(resize.rawValue)"))
        let bytes = (0..<96 * 64).flatMap { pixel -> [UInt8] in
            let (x, y) = (pixel % 96, pixel / 96)
            return [UInt8(x * 2), UInt8(y * 3), UInt8(x + y)]
        }
        let source = Image(width: 96, height: 64, channels: 3, bytes: bytes)
        let result = made(source)
        let places = ["source", "result"].map { folder.url.appendingPathComponent("\($0)-\(resize.rawValue).png") }
        for (image, place) in zip([source, result], places) { try ImageFile.write(image, to: place) }
        let files = try places.map { try PictureFile(path: $0.path) }
        var request = GenerationRequest(mode: .generate, prompt: "the same", width: result.width, height: result.height)
        request.resize = resize
        let library = try studio.premises.library()
        let picture = try library.record(files[0].record).id
        let generation = try library.record(
            NewGeneration(
                kind: .generate, request: request.json(), seed: 1, model: "m", profile: "redraw", precision: "f32", stepsRequested: 1,
                pictureID: picture, outcome: .init(status: .done, outputs: [.init(path: files[1].path, sha256: files[1].sha256)]))
        ).id
        let shown = try await studio.difference(ofOutput: 1, of: generation)
        let image = try ImageFile.decode(shown.bytes).image
        #expect(image.size == result.size)
        let differences = image.converted(toChannels: 1).bytes
        return Double(differences.count { $0 > 0 }) / Double(differences.count)
    }

    @Test func theSourceIsFramedAsItWasForTheModel() async throws {
        let middle = PixelRectangle(x: 16, y: 0, width: 64, height: 64)
        #expect(try await changed(.crop) { $0.cropped(to: middle) } == 0)
        #expect(try await changed(.stretch) { $0.resized(width: 64, height: 64, filter: .lanczos) } == 0)
        #expect(
            try await changed(.fill) {
                $0.resized(width: 96, height: 64, filter: .lanczos).padded(top: 16, bottom: 16, with: .edge)
            } == 0)
        #expect(try await changed(.crop) { $0.resized(width: 64, height: 64, filter: .lanczos) } > 0.5)
    }
}
