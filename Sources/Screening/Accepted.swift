import GRDB

/// What numbers and texts of an export may be. Wider than anything Redraw writes.
enum Accepted {
    static let sides = 1...1_000_000
    static let counts = 0...1_000_000_000
    static let steps = 0...1_000_000
    static let numbers = 1...1_000_000_000
    static let bytes = 0...(1 << 53)
    /// Of a log that goes on being counted.
    static let batches: ClosedRange<Int64> = 0...(1 << 53)
    static let pixels = 0...1_000_000_000_000
    static let seconds = 0...1e9
    static let timesteps = -1e6...1e6
    /// Characters.
    static let name = 1000
    static let path = 16_384
    static let message = 100_000
}

// MARK: - The same of the library's own columns: what is exported can be imported

extension Accepted {
    /// What a column's value may be.
    enum Bound {
        case number(ClosedRange<Double>)
        /// Characters.
        case length(Int)
        case digest

        fileprivate static func whole<Number: BinaryInteger>(_ range: ClosedRange<Number>) -> Bound {
            .number(Double(range.lowerBound)...Double(range.upperBound))
        }

        /// An expression that is true where a value of the right kind is beyond it.
        func isPassed(by column: String) -> String {
            switch self {
            case .number(let range):
                "typeof(\(column)) IN ('real', 'integer') AND \(column) NOT BETWEEN \(range.lowerBound) AND \(range.upperBound)"
            case .length(let most):
                // SQLite counts what characters are made of, which are as many or more.
                "CASE typeof(\(column)) WHEN 'text' THEN length(\(column)) > \(most) AND \(lengthName)(\(column)) > \(most) ELSE 0 END"
            case .digest: "typeof(\(column)) = 'text' AND (length(\(column)) <> 64 OR lower(\(column)) GLOB '*[^0-9a-f]*')"
            }
        }

        var rule: String {
            switch self {
            case .number(let range): "a number that is not from \(range.lowerBound) to \(range.upperBound)"
            case .length(let most): "longer than \(most) characters"
            case .digest: "no SHA-256"
            }
        }
    }

    /// By table and column; what the tables' own rules demand is not said again.
    static let ofColumns: [String: Bound] = [
        "picture.width": .whole(sides), "picture.height": .whole(sides),
        "picturePath.path": .length(path), "picturePath.bytes": .whole(bytes),
        "analysis.encoderName": .length(name), "analysis.encoderSha256": .digest,
        "analysis.vocabularyName": .length(name), "analysis.vocabularySha256": .digest, "analysis.vocabularyCount": .whole(counts),
        "analysis.seconds": .number(seconds), "analysis.wording": .length(name),
        "suggestion.facet": .length(name), "suggestion.rank": .whole(numbers), "suggestion.decidedBy": .length(name),
        "suggestionName.name": .length(path),
        "decision.tag": .length(name), "decision.batch": .whole(batches), "decision.decidedBy": .length(name),
        "prompt.number": .whole(numbers), "prompt.positive": .length(Text.longestPrompt), "prompt.negative": .length(Text.longestPrompt),
        "prompt.model": .length(name), "prompt.width": .whole(sides), "prompt.height": .whole(sides),
        "generation.model": .length(path), "generation.profile": .length(path), "generation.precision": .length(path),
        "generation.stepsRequested": .whole(steps), "generation.stepsRun": .whole(steps), "generation.firstTimestep": .number(timesteps),
        "generation.promptNumber": .whole(numbers), "generation.untouchedPixels": .whole(pixels), "generation.untouchedSha256": .digest,
        "generation.message": .length(message),
        "generationOutput.path": .length(path), "generationOutput.sha256": .digest,
    ]

    private static let lengthName = "redrawLength"

    /// A text's characters, as an import counts them.
    static let lengthFunction = DatabaseFunction(lengthName, argumentCount: 1, pure: true) { values in
        String.fromDatabaseValue(values[0])?.count
    }
}
