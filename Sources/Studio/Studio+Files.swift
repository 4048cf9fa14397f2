import Engines
import Foundation
import Pixels
import Screening

extension Studio {
    /// What a picture file says of itself, and whether the library knows how it was made. No library is made where there is none.
    package func info(_ file: PictureFile) throws -> FileReport {
        var generation: Int64?
        var failure: String?
        var captions: (String) -> Bool = { _ in false }
        if FileManager.default.fileExists(atPath: premises.libraryFolder.appendingPathComponent(Library.fileName).path) {
            do {
                let library = try Library(folder: premises.libraryFolder)
                generation = try library.generation(ofOutput: file.sha256)?.id
                if let known = try library.picture(sha256: file.sha256) {
                    captions = { (try? library.wrote(caption: $0, of: known.id)) ?? false }
                }
            } catch {
                failure = "\(error)"
            }
        }
        let recovery = file.recovery(captions: captions)
        let notes = recovery.notes + (failure.map { [$0] } ?? [])
        return FileReport(
            path: file.path, sha256: file.sha256, width: file.width, height: file.height, format: file.format.description,
            orientation: file.orientation.rawValue, bytes: file.bytes.count, text: try ImageFile.text(of: file.bytes),
            recovered: recovery.prompts.first.map(RecoveredEntry.init),
            alsoRecovered: recovery.prompts.dropFirst().map(RecoveredEntry.init), notes: notes,
            generation: generation)
    }

    /// As ``info(_:)``, of every picture that a listing gives, in its order. One that cannot be read is told, and the next one follows.
    package func info(_ listing: PictureListing) -> AsyncThrowingStream<Result<FileReport, UnreadFile>, any Error> {
        each(of: listing) { try self.info(try PictureFile(path: $0)) }
    }

    /// Captions of every picture that a listing gives, in its order.
    package func captions(
        _ listing: PictureListing, _ writer: CaptionWriter
    ) -> AsyncThrowingStream<Result<CaptionReport, UnreadFile>, any Error> {
        each(of: listing) { try writer.write(beside: $0) }
    }

    /// What comes of every picture that a listing gives, one after the other. What fails for one is told, and the next one follows.
    func each<Report: Sendable>(
        of listing: PictureListing, _ body: @escaping @Sendable (String) throws -> Report
    ) -> AsyncThrowingStream<Result<Report, UnreadFile>, any Error> {
        AsyncThrowingStream(unfolding: {
            guard let entry = await listing.next() else {
                listing.abandon()
                try Task.checkCancellation()
                return nil
            }
            switch entry {
            case .problem(let reason): return .failure(UnreadFile(description: reason))
            case .picture(let path):
                do {
                    return .success(try await NumericQueue.shared.run { try body(path) })
                } catch {
                    return .failure(UnreadFile(description: "\(error)"))
                }
            }
        })
    }
}

/// A file that could not be read, in one line: which, why, and what to do.
package struct UnreadFile: Error, CustomStringConvertible, Sendable {
    package let description: String
}
