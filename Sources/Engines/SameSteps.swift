extension GenerationPlan {
    /// What is to be said where strengths that are named beside each other come to the same steps, as 0.3 and 0.35 do of ten: every profile takes
    /// whole steps alone. Nil where each has its own.
    package static func sameSteps(_ runs: [Run]) -> String? {
        var alike: [[Run]] = []
        for run in runs where run.steps.run > 0 {
            guard let place = alike.firstIndex(where: { $0[0].runsAs(run) }) else {
                alike.append([run])
                continue
            }
            if alike[place].allSatisfy({ $0.strength != run.strength }) { alike[place].append(run) }
        }
        let told = alike.map { $0.map { "\($0.strength)" } }.filter { $0.count > 1 }
            .map { $0.dropLast().joined(separator: ", ") + " and " + $0[$0.count - 1] }
        guard !told.isEmpty else { return nil }
        let strengths = told.joined(separator: ", as well as ")
        return "the strengths \(strengths) come to the same steps, so their pictures are hardly different; more steps tell them apart"
    }
}

extension GenerationPlan.Run {
    fileprivate func runsAs(_ other: Self) -> Bool { steps == other.steps && stages == other.stages && drafts == other.drafts }
}
