/// A picture on a wider canvas, and the mask over all that is new.
package struct EnlargedReport: Codable, Sendable {
    package let picture: PictureSummary
    package let mask: MaskReport
}
