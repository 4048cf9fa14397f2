/// Where the steps of a run lie among those of the training: spread by a rule, or named one by one, as models of one step want it.
///
/// In words `trailing`, or `999,749,499,249`.
package enum StepSpacing: Sendable, Equatable, Codable {
    case rule(SchedulerConfiguration.Spacing)
    /// Training steps, falling; at least one.
    case at([Int])

    package static let leading = StepSpacing.rule(.leading)
    package static let trailing = StepSpacing.rule(.trailing)
    package static let linspace = StepSpacing.rule(.linspace)

    /// Nil where it is told step by step.
    var rule: SchedulerConfiguration.Spacing? {
        if case .rule(let rule) = self { rule } else { nil }
    }

    /// Nil where a rule spreads the steps.
    package var timesteps: [Int]? {
        if case .at(let timesteps) = self { timesteps } else { nil }
    }
}

extension StepSpacing: RawRepresentable {
    package init?(rawValue: String) {
        if let rule = SchedulerConfiguration.Spacing(rawValue: rawValue) {
            self = .rule(rule)
            return
        }
        let parts = rawValue.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in Int(part.drop(while: \.isWhitespace)) }
        let falls = zip(numbers, numbers.dropFirst()).allSatisfy { $0 > $1 }
        guard numbers.count == parts.count, falls, numbers.allSatisfy({ (0..<Self.mostTrained).contains($0) }) else { return nil }
        self = .at(numbers)
    }

    package var rawValue: String {
        switch self {
        case .rule(let rule): rule.rawValue
        case .at(let timesteps): timesteps.map(String.init).joined(separator: ",")
        }
    }

    /// As many training steps as a schedule may have.
    static let mostTrained = 100_000
}

extension SamplerName {
    /// Whether its steps can be told one by one: what says the clean latent at each of them does not mind how far apart they are.
    package var takesTimesteps: Bool { isConsistency }

    /// Those, in words.
    package static var takingTimesteps: String { allCases.filter(\.takesTimesteps).map(\.rawValue).joined(separator: " or ") }

    /// Whether it is made for models distilled to consistency, along the steps of their distillation.
    var isConsistency: Bool { self == .lcm || self == .tcd }
}
