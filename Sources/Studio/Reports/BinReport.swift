/// What emptying the bin removed.
package struct BinReport: Codable, Sendable {
    package let pictures: Int
    package let generations: Int
}
