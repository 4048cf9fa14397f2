public import Foundation
import Pixels
public import Screening

public typealias LibraryExtent = Screening.LibraryExtent

// What a surface that stays open asks besides.
extension Studio {
    /// The files of the page.
    public var pageFolder: URL { installation.page }

    /// Bytes as one gzip stream; nil where that is not possible.
    public static func packed(_ bytes: [UInt8]) -> [UInt8]? { Deflation.gzip(bytes) }

    /// A number that is another one once some other program changed the library.
    public func foreignChanges() throws -> Int { try premises.library().foreignChanges() }

    /// It differs where anything but the progress of jobs has changed.
    public func extent() throws -> LibraryExtent { try premises.library().extent() }

    /// How much there is.
    public func status() throws -> StatusReport {
        let library = try premises.library()
        var pending = PictureQuery()
        (pending.state, pending.limit) = (.pending, 0)
        var all = PictureQuery()
        all.limit = 0
        return StatusReport(
            pictures: try library.pictures(all).total, pending: try library.pictures(pending).total, bin: try library.binCount(),
            jobs: try library.jobsUnderWay().count)
    }

    /// What orders call the engines there are.
    public var engineChoices: [String] { engines.keys.sorted() }
}

/// How much there is in a library.
public struct StatusReport: Codable, Sendable {
    public let pictures: Int
    /// Those with suggestions that nobody decided on.
    public let pending: Int
    public let bin: Int
    /// That wait or run.
    public let jobs: Int
}
