/// What a sheet would come to.
package struct SheetOutlook: Codable, Sendable, Equatable {
    package let pictures: Int
    /// For all of it; nil where an engine does not tell.
    @OrNull package internal(set) var seconds: Double?
    /// What is to be said before it is made: which strengths come to the same steps.
    package let notes: [String]

    init(pictures: Int, seconds: Double?, notes: [String]) {
        (self.pictures, self.notes) = (pictures, notes)
        _seconds = OrNull(wrappedValue: seconds)
    }
}
