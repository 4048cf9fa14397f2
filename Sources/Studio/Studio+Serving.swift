import Engines
import Foundation
import Pixels
import Screening

// What a surface that stays open asks besides.
extension Studio {
    /// The files of the page.
    package var pageFolder: URL { installation.page }

    /// Bytes as one gzip stream; nil where that is not possible.
    package static func packed(_ bytes: [UInt8]) -> [UInt8]? { Deflation.gzip(bytes) }

    /// Gives memory that nothing uses any more back to the system; takes some milliseconds.
    package static func giveMemoryBack() { Memory.giveBack() }

    /// A number that is another one once some other program changed the library.
    package func foreignChanges() throws -> Int { try premises.library().foreignChanges() }

    /// Numbers of the jobs that wait or run, and of all that came after the one of that number.
    package func jobNumbers(after last: Int64) throws -> (underWay: Set<Int64>, later: [Int64]) {
        try premises.library().jobNumbers(after: last)
    }

    /// It differs where anything but the progress of jobs has changed.
    package func extent() throws -> some Equatable & Sendable { try premises.library().extent() }

    /// How much there is.
    package func status() throws -> StatusReport {
        let library = try premises.library()
        var pending = PictureQuery()
        (pending.state, pending.limit) = (.pending, 0)
        var all = PictureQuery()
        all.limit = 0
        return StatusReport(
            pictures: try library.pictures(all).total, pending: try library.pictures(pending).total, bin: try library.binCount(),
            jobs: try library.jobsUnderWay().count)
    }
}
