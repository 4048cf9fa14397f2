import Foundation
import Studio

/// A generation as the page sees it: the keys of `GenerationDetail`, each output with its addresses.
struct GenerationAnswer: Encodable, Sendable {
    let generation: GenerationDetail

    init(_ generation: GenerationDetail) { self.generation = generation }

    private enum CodingKeys: String, CodingKey { case outputs }

    struct Output: Encodable {
        let output: GenerationDetail.Output
        let url: String

        private enum CodingKeys: String, CodingKey { case url, thumbnail, difference }

        func encode(to encoder: any Encoder) throws {
            try output.encode(to: encoder)
            var values = encoder.container(keyedBy: CodingKeys.self)
            let version = Address.version(output.sha256)
            try values.encode(url + version, forKey: .url)
            try values.encode(url + "/thumbnail" + version, forKey: .thumbnail)
            try values.encode(url + "/difference" + version, forKey: .difference)
        }
    }

    func encode(to encoder: any Encoder) throws {
        try generation.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        let outputs = generation.outputs.map { Output(output: $0, url: Address.output($0.number, of: generation.id)) }
        try values.encode(outputs, forKey: .outputs)
    }
}
