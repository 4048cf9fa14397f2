/// How many steps a request comes to, told before anything is computed.
public struct StepPlan: Sendable, Equatable, Codable {
    /// Steps asked for.
    public let requested: Int
    /// Steps that will run.
    public let run: Int
    /// Training timestep of the first step that runs; nil where none does.
    public let firstTimestep: Double?

    /// Index into the step schedule where the run begins.
    public var start: Int { requested - run }

    /// - Parameter strength: nil for a run from nothing.
    /// - Throws: `strengthLeavesNoStep` under the profile `diffusers`, which has no answer to that; under `redraw` at least one step runs
    ///   wherever the strength is above 0.
    public init(_ schedule: StepSchedule, strength: Double?, profile: GenerationRequest.Profile) throws(DiffusionError) {
        let total = schedule.timesteps.count
        requested = total
        if let strength {
            let whole = min(Int(Double(total) * strength), total)
            switch profile {
            case .redraw, .a1111: run = strength > 0 ? max(whole, 1) : 0
            case .diffusers:
                guard whole > 0 else { throw .strengthLeavesNoStep(strength: strength, steps: total) }
                run = whole
            }
        } else {
            run = total
        }
        firstTimestep = run > 0 ? Double(schedule.timesteps[total - run]) : nil
    }
}
