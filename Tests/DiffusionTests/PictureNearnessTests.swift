import Foundation
import TestSupport
import Testing

@testable import Diffusion
@testable import Tensors

/// What `auto` takes for pictures.
@Suite struct PictureNearnessTests {
    @Test func theWorstModelCounts() {
        let near = PictureNearness("near", bf16: 50, int8: 40)
        #expect(PictureNearness.nearEnough(of: [near]) == [.f32, .bf16, .int8])
        #expect(PictureNearness.nearEnough(of: [near, .init("far", bf16: 36, int8: 34.9)]) == [.f32, .bf16])
        #expect(PictureNearness.nearEnough(of: [near, .init("farther", bf16: 34.9, int8: 35)]) == [.f32, .int8])
    }

    @Test func whatWasNeverMeasuredIsNotTaken() {
        #expect(PictureNearness.nearEnough(of: []) == [.f32])
        #expect(PictureNearness.nearEnough(of: [.init("one", bf16: 50), .init("other", bf16: 45)]) == [.f32, .bf16])
    }

    @Test func autoIsTheQuickestThatIsNear() {
        #expect(PictureNearness.automatic(on: .init(.amd, .bf16)) == .bf16)
        #expect(PictureNearness.automatic(on: .init(.intel, .bf16)) == .f32)
        #expect(PictureNearness.automatic(on: .init(.other, .amx)) == .f32)
    }

    /// An opened model multiplies in what the tables say of this processor.
    @Test func aModelIsOpenedInIt() throws {
        let folder = try TemporaryFolder()
        try FamilyPipelineTests.folder(try #require(FamilyPipelineTests.cases.first { $0.name == "sd1" }), in: folder.url)
        var options = PipelineOptions(merges: FamilyPipelineTests.merges)
        options.precision = .auto
        #expect(try PipelineSource(model: folder.url, options: options).outline.arithmetic == PictureNearness.automatic())
    }
}
