import Foundation
import Testing

@testable import Studio

/// Prompts of which a person writes one half.
@Suite struct WrittenPromptTests {
    /// Who writes the negative prompt alone has the other composed of what is approved now, unless it was written, too.
    @Test func aNegativePromptBringsNoOldWordsBack() throws {
        let pictures = try ScreenedPictures()
        let record = try pictures.add(
            "cat.png", shade: 1, tags: [("cat", "subject"), ("soft light", "lighting")], decisions: [.approve(.tag("cat"))])
        let desk = try pictures.studio.desk()
        let picture = try desk.picture("p\(record.id)")
        let first = try desk.prompt(of: picture)
        #expect(!first.positive.contains("soft light"))
        _ = try pictures.library.decide([.approve(.tag("soft light"))], on: record.id, by: "a test")
        let second = try desk.write(positive: nil, negative: "blurry", for: picture)
        #expect(second.positive.contains("soft light") && second.negative == "blurry")
        _ = try desk.write(positive: "my own words", negative: nil, for: picture)
        let third = try desk.write(positive: nil, negative: "grey", for: picture)
        #expect(third.positive == "my own words" && third.negative == "grey")
    }
}
