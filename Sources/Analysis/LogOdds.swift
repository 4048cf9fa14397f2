import Foundation

/// Probabilities as log-odds, on which what is known adds up.
extension Float {
    /// Of a probability, which is taken to lie a millionth off 0 and 1 at least.
    package var logOdds: Float {
        let share = min(max(self, 1e-6), 1 - 1e-6)
        return log(share / (1 - share))
    }

    /// The probability of log-odds.
    package init(logOdds: Float) { self = 1 / (1 + exp(-logOdds)) }
}

extension Double {
    /// Of a probability, which is taken to lie a millionth off 0 and 1 at least.
    package var logOdds: Double {
        let share = min(max(self, 1e-6), 1 - 1e-6)
        return log(share / (1 - share))
    }

    /// The probability of log-odds.
    package init(logOdds: Double) { self = 1 / (1 + exp(-logOdds)) }
}
