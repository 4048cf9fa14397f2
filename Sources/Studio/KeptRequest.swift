import Diffusion

/// The words of a request, which can be told even where its numbers cannot be used.
struct KeptWords: Decodable {
    let prompt: String?
    let negative: String?
}

/// What was asked for, as a generation keeps it. `null` stands where nobody knows it any more: a repair set it aside.
struct KeptRequest: Decodable {
    let request: GenerationRequest
    /// Where several were asked for at once.
    let strengths: [Double]?

    private enum CodingKeys: String, CodingKey { case strengths }

    init(from decoder: any Decoder) throws {
        var request = try GenerationRequest(from: decoder)
        strengths = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent([Double].self, forKey: .strengths)
        self.request = request
        // Whoever lists generations may not be ready for every number.
        for strength in strengths ?? [request.strength] {
            request.strength = strength
            try request.checkNumbers()
        }
    }
}
