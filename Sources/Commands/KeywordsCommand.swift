import ArgumentParser
import Foundation
import Studio

/// `redraw keywords`: the approved tags where other programs look for keywords.
struct KeywordsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keywords",
        abstract: "Write approved tags as keywords that digiKam, darktable, Lightroom and exiftool read.",
        discussion: """
            The tags you approved go into the XMP sidecar photo.jpg.xmp (dc:subject), or with --embed into the picture's own file, whose \
            pixels do not change. Keywords that are there already stay, and so does everything else in the file. What Redraw put there is \
            marked: when you decide otherwise and run the command again, its own keywords follow, and --remove takes them out.

              redraw keywords photos/
              redraw keywords photo.jpg --embed --digikam --lightroom
              redraw keywords photos/ --facet subject --facet setting
              redraw keywords photos/ --remove
            """)

    @Argument(help: "Pictures, folders, or - for a list of paths on standard input, one a line.", completion: .file())
    var pictures: [String]

    @Flag(name: .long, help: "Write into the pictures themselves instead of sidecars: XMP in JPEG, PNG and WebP, and in JPEG IPTC too.")
    var embed = false

    @Flag(name: .long, help: "Name the sidecar photo.xmp, as Lightroom and Bridge do, instead of photo.jpg.xmp.")
    var stem = false

    @Flag(name: .long, help: "Write Lightroom's tree of keywords too, the facet above the tag (subject|tabby cat).")
    var lightroom = false

    @Flag(name: .long, help: "Write digiKam's tree of tags too, the facet above the tag (subject/tabby cat).")
    var digikam = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only tags of this facet, the kind of tag they are: \(ScreeningDesk.facets.joined(separator: ", ")); give it several times for several (default: all).",
            valueName: "facet"),
        completion: .list(ScreeningDesk.facets))
    var facet: [String] = []

    @Flag(name: .long, help: "Take out the keywords that Redraw put there, and put none in.")
    var remove = false

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard !pictures.isEmpty else { throw ValidationError("Name a picture or a folder: redraw keywords photos/") }
        guard !embed || !stem else { throw ValidationError("--stem names a sidecar, and --embed writes none; give one of them.") }
        for name in facet where !ScreeningDesk.facets.contains(name) {
            throw ValidationError("There is no facet \(name)" + ScreeningDesk.hint(forFacet: name))
        }
    }

    func run() async throws {
        let studio = try library.studio()
        var form = KeywordForm()
        form.place = embed ? .embedded : stem ? .stem : .beside
        (form.lightroom, form.digiKam, form.facets, form.removes) = (lightroom, digikam, facet, remove)
        var (reports, failures) = ([KeywordReport](), [String]())
        for try await outcome in studio.keywords(PictureListing(pictures.map { $0 == "-" ? .standardInput : .path($0) }), form) {
            switch outcome {
            case .success(let report):
                reports.append(report)
                if !library.json, report.state == .written || report.state == .removed {
                    Terminal.standardOutput.write(DisplayText.harmless(report.file) + "\n")
                }
            case .failure(let failure): failures.append(failure.description)
            }
        }
        if library.json { try JSONOutput.print(reports) }
        library.notice(summary(reports))
        try Task.checkCancellation()
        try CommandLineTool.end(with: failures)
    }

    private func summary(_ reports: [KeywordReport]) -> String {
        func count(_ state: KeywordReport.State) -> Int { reports.count { $0.state == state } }
        var parts = ["\(CommandText.count(count(.written), "file")) written"]
        if count(.removed) > 0 { parts.append("\(CommandText.count(count(.removed), "sidecar")) removed, as nothing was left in it") }
        if count(.same) > 0 { parts.append("\(count(.same)) said so already") }
        if count(.empty) > 0 { parts.append("\(CommandText.count(count(.empty), "picture")) without \(missing)") }
        return parts.joined(separator: ", ") + "."
    }

    /// What a picture of which nothing was to be written lacks.
    private var missing: String {
        guard remove else { return "an approved tag" }
        return embed ? "a keyword of Redraw's" : "a keyword of Redraw's beside it (--embed takes them out of the pictures themselves)"
    }
}
