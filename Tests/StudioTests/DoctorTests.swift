import Foundation
import TestSupport
import Testing

@testable import Screening
@testable import Studio

/// What is told of a library that is damaged, and what a repair says it did.
@Suite struct DoctorTests {
    private let pictures: ScreenedPictures

    init() throws { pictures = try ScreenedPictures() }

    @Test func aDamagedLibraryIsToldWithItsRemedy() async throws {
        try pictures.add("dog.png", shade: 1, tags: [("dog", "subject")], decisions: [.approve(.tag("dog"))])
        let sound = try #require(try await pictures.studio.examine().first { $0.subject == "library" })
        #expect(sound.isSound, "\(sound.text)")
        try pictures.library.onWriter { db in try db.execute(sql: "UPDATE picture SET analysisFailure = X'00ff'") }
        let bad = try #require(try await pictures.studio.examine().first { $0.subject == "library" })
        #expect(!bad.isSound && bad.text.contains("column analysisFailure") && bad.text.contains("redraw doctor --repair"), "\(bad.text)")
        let told = try pictures.studio.repair()
        #expect(told.contains("1 value of picture.analysisFailure") && told.contains("redraw-set-aside-"), "\(told)")
        let mended = try #require(try await pictures.studio.examine().first { $0.subject == "library" })
        #expect(mended.isSound && mended.text.contains("1 picture"), "\(mended.text)")
        #expect(try pictures.studio.repair() == "No row of the library is damaged.")
    }
}
