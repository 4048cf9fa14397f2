/// What became of the pictures of a folder.
package struct FolderReport: Codable, Sendable {
    /// A file that was not taken in, and why.
    package struct PassedOver: Codable, Sendable {
        /// Without its folder.
        package let name: String
        package let reason: String
    }
    package internal(set) var added = 0
    package internal(set) var passedOver: [PassedOver] = []
}
