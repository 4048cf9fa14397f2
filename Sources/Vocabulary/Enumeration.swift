extension [String] {
    /// The words one after the other as a sentence has them: "a", "a and b", "a, b and c".
    package var enumeration: String { count < 2 ? joined() : dropLast().joined(separator: ", ") + " and " + self[count - 1] }
}
