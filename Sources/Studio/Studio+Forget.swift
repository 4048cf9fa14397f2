import Foundation
import Pixels
import Screening

extension Studio {
    /// What ``forget(picture:)`` would do; nothing is changed.
    ///
    /// - Throws: `LibraryError.noSuchPicture`; `LibraryError.invalid` where a job is about the picture.
    package func forgetting(picture id: Int64) throws -> ForgottenReport {
        let library = try premises.library()
        let extent = try library.extent(ofPicture: id)
        return report(id, extent, extent.files.filter { files.isKept($0.path) }.map(\.path))
    }

    /// Takes a picture out of the library for good, with everything that was said and decided of it and with the records of what was made of
    /// it. Files of the person's own stay where they are.
    ///
    /// - Throws: `LibraryError.noSuchPicture`; `LibraryError.invalid` where a job is about the picture.
    package func forget(picture id: Int64) async throws -> ForgottenReport {
        try await Studio.takingIn.run { [self] in
            let library = try premises.library()
            let extent = try library.extent(ofPicture: id)
            let removed = try remove(try library.forget(picture: id), library)
            return report(id, extent, removed)
        }
    }

    private func report(_ id: Int64, _ extent: PictureExtent, _ removed: [String]) -> ForgottenReport {
        let gone = Set(removed)
        let stays = extent.files.map(\.path).filter { !gone.contains($0) && SystemPath.kind(of: $0) != nil }
        return ForgottenReport(
            picture: id, sha256: extent.sha256, analyses: extent.analyses, decisions: extent.decisions, prompts: extent.prompts,
            generations: extent.generations, removed: removed, stays: Array(Set(stays)).sorted())
    }
}
