/// How many steps a request comes to, told before anything is computed.
package struct StepPlan: Sendable, Equatable {
    /// Steps asked for.
    package let requested: Int
    /// Steps that will run.
    package let run: Int
    /// Passes of the UNet these take, two a step for Heun.
    package let passes: Int
    /// Training timestep of the first step that runs; nil where none does, and where the model has none.
    package let firstTimestep: Double?
    /// How many training steps there are, which that one is of; nil where the model has none.
    package let trainingSteps: Int?
    /// Index into the step schedule where the run begins.
    let start: Int

    init(requested: Int, run: Int, passes: Int, firstTimestep: Double?, trainingSteps: Int? = nil, start: Int) {
        (self.requested, self.run, self.passes) = (requested, run, passes)
        (self.firstTimestep, self.trainingSteps, self.start) = (firstTimestep, trainingSteps, start)
    }

    /// What the web UI's rule makes of the steps and the strength where the schedule is another program's, and not known.
    ///
    /// - Parameter strength: nil for a run from nothing.
    package init(outside steps: Int, strength: Double?) {
        let run = strength.map { min(Int(min($0, 0.999) * Double(steps)) + 1, steps) } ?? steps
        self.init(requested: steps, run: run, passes: run, firstTimestep: nil, start: steps - run)
    }

    /// Runs one after the other, told as one; there is at least one.
    init(together plans: [StepPlan]) {
        self.init(
            requested: plans[0].requested, run: plans.reduce(0) { $0 + $1.run }, passes: plans.reduce(0) { $0 + $1.passes },
            firstTimestep: plans[0].firstTimestep, trainingSteps: plans[0].trainingSteps, start: plans[0].start)
    }

    /// - Parameter strength: nil for a run from nothing.
    /// - Throws: `strengthLeavesNoStep` under the profile `diffusers`, which has no answer to that; under `redraw` at least one step runs
    ///   wherever the strength is above 0, under `a1111` always one more than the strength's share.
    package init(_ schedule: StepSchedule, strength: Double?, profile: GenerationRequest.Profile) throws(DiffusionError) {
        let total = schedule.count
        requested = total
        if schedule.heedsStrength {
            run = schedule.timesteps.count
        } else if let strength {
            let whole = min(Int(Double(total) * strength), total)
            switch profile {
            case .redraw: run = strength > 0 ? max(whole, 1) : 0
            case .a1111: run = min(Int(min(strength, 0.999) * Double(total)) + 1, total)
            case .diffusers:
                guard whole > 0 else { throw .strengthLeavesNoStep(strength: strength, steps: total) }
                run = whole
            }
        } else {
            run = total
        }
        let all = schedule.timesteps.count
        start = schedule.heedsStrength ? 0 : run == 0 ? all : min((total - run) * schedule.sampler.passesPerStep, all)
        passes = all - start
        let configuration = schedule.noise.configuration
        trainingSteps = configuration.continuous == nil ? configuration.trainingSteps : nil
        firstTimestep = passes > 0 && trainingSteps != nil ? Double(schedule.timesteps[start]) : nil
    }
}
