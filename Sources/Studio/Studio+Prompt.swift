import Catalog
import Diffusion
import Vocabulary

extension Studio {
    /// The desk of this studio's library; it knows the facets of the vocabulary's tags.
    public nonisolated func desk() throws -> ScreeningDesk {
        let installation = installation
        return try ScreeningDesk(libraryFolder: libraryFolder) { tag in
            // Read when a tag is added, not before: most decisions need no vocabulary.
            let vocabulary = try? TagVocabulary(contentsOf: installation.vocabulary(named: "redraw"))
            return vocabulary?.tag(named: tag)?.facet.rawValue
        }
    }

    /// Fills what the person left open in a request: the prompt from what was approved, the size from the picture's aspect.
    ///
    /// - Parameter keepsNegative: the request's negative prompt stands, empty or not.
    /// - Throws: `ScreeningDeskError.nothingApproved` where there is no prompt.
    public func fill(
        _ request: GenerationRequest, for file: PictureFile, keepsNegative: Bool
    ) throws -> (request: GenerationRequest, promptNumber: Int?) {
        var request = request
        var number: Int?
        let picture = try library().picture(sha256: file.sha256)
        if request.prompt.isEmpty {
            guard let picture else { throw StudioError.neverAnalysed(path: file.path) }
            let version = try ScreeningDesk(library: library(), compose: ScreeningDesk.composition).prompt(of: picture)
            request.prompt = version.positive
            if !keepsNegative { request.negative = version.negative }
            number = version.number
        } else if !keepsNegative, let picture {
            request.negative =
                try library().latestPrompt(of: picture.id)?.negative ?? library().latestAnalysis(of: picture.id)?.negative ?? ""
        }
        if request.width == nil, request.mode == .generate {
            if let size = manifest(of: request.model)?.sizeRule?.nearest(toWidth: file.width, height: file.height) {
                request.width = size.width
                request.height = size.height
            }
        }
        return (request, number)
    }
}
