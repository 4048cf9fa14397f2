extension GenerationPlan {
    /// Strengths that are named beside each other and come to the same steps, as 0.3 and 0.35 do of ten, together: every profile takes whole steps
    /// alone. Those that have steps of their own are left out.
    package static func sameSteps(_ runs: [Run]) -> [[Double]] {
        var alike: [[Run]] = []
        for run in runs where run.steps.run > 0 {
            guard let place = alike.firstIndex(where: { $0[0].runsAs(run) }) else {
                alike.append([run])
                continue
            }
            if alike[place].allSatisfy({ $0.strength != run.strength }) { alike[place].append(run) }
        }
        return alike.filter { $0.count > 1 }.map { $0.map(\.strength) }
    }
}

extension GenerationPlan.Run {
    fileprivate func runsAs(_ other: Self) -> Bool { steps == other.steps && stages == other.stages && drafts == other.drafts }
}
