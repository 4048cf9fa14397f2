import Foundation

extension Library {
    /// Takes an export's text in, some pictures at a time, so that others may use the library meanwhile. What is decided here stays as it is;
    /// what is not takes over the export's decisions. Importing the same text again changes nothing.
    ///
    /// The text is read twice: once for what it is, so that one of another kind, of a newer version or cut off changes nothing, and once to
    /// be taken in.
    ///
    /// - Parameters:
    ///   - text: the text, from its beginning each time it is asked for.
    ///   - isChecked: whether ``check(_:)`` has read it already.
    ///   - onPictures: told how many pictures have been taken in; what it throws ends the import between two pictures.
    ///   - reading: throws where a picture holds JSON that whoever knows its types cannot read.
    /// - Throws: `LibraryError.notAnExport` that names the picture which is not as it should be; those before it are taken in then.
    @discardableResult
    package func `import`(
        _ text: () throws -> ExportText, isChecked: Bool = false, by person: String, at moment: Date = Date(),
        onPictures: (Int) throws -> Void = { _ in }, reading: (ExportedPicture) throws -> Void = { _ in }
    ) throws -> ImportReport {
        if !isChecked { try Self.check(try text()) }
        var report = ImportReport()
        var parts = try text()
        var (pictures, generations): ([ExportedPicture], [ExportedGeneration]) = ([], [])
        var first = (picture: 0, generation: 0)
        func take() throws {
            guard !pictures.isEmpty || !generations.isEmpty else { return }
            let some = LibraryExport(pictures: pictures, generations: generations)
            report.add(try self.import(some, by: person, at: moment, first: first))
            first = (first.picture + pictures.count, first.generation + generations.count)
            (pictures, generations) = ([], [])
            try onPictures(report.picturesAdded + report.picturesMerged)
        }
        while let part = try parts.nextPart() {
            guard case .element(let list, let index, let data) = part else { continue }
            do {
                if list == "pictures" {
                    let picture = try JSONCoding.decoder().decode(ExportedPicture.self, from: data)
                    try reading(picture)
                    pictures.append(picture)
                } else {
                    generations.append(try JSONCoding.decoder().decode(ExportedGeneration.self, from: data))
                }
            } catch {
                let reason = (error as? DecodingError).map(LibraryExport.reason) ?? "\(error)"
                throw LibraryError.notAnExport("\(list)[\(index)]: \(reason)")
            }
            if pictures.count + generations.count >= Self.picturesAtOnce { try take() }
        }
        try take()
        return report
    }

    /// That the text is an export of a version that is read, and whole.
    ///
    /// - Throws: `LibraryError.notAnExport`.
    package static func check(_ text: ExportText) throws {
        var text = text
        var (format, version): (String?, Int?)
        while let part = try text.nextPart() {
            guard case .value(let key, let data) = part else { continue }
            switch key {
            case "format": format = try? JSONDecoder().decode(String.self, from: data)
            case "version": version = try? JSONDecoder().decode(Int.self, from: data)
            default: break
            }
        }
        guard format == LibraryExport.format, let version else {
            throw LibraryError.notAnExport("it lacks \"format\": \"\(LibraryExport.format)\" or its version")
        }
        guard version == LibraryExport.version else {
            throw LibraryError.notAnExport("its version is \(version), this version of Redraw reads \(LibraryExport.version)")
        }
    }
}

extension ImportReport {
    /// Counts in what another import brought.
    package mutating func add(_ other: ImportReport) {
        picturesAdded += other.picturesAdded
        picturesMerged += other.picturesMerged
        pathsAdded += other.pathsAdded
        analysesAdded += other.analysesAdded
        suggestionsAdded += other.suggestionsAdded
        decisionsTaken += other.decisionsTaken
        decisionsKept += other.decisionsKept
        promptsAdded += other.promptsAdded
        generationsAdded += other.generationsAdded
        embeddingsAdded += other.embeddingsAdded
    }
}
