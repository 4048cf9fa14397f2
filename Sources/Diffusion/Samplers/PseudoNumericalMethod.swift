import Tensors

/// Pseudo numerical methods (Liu et al. 2022). Source: diffusers' `PNDMScheduler`, with and without `skip_prk_steps`.
///
/// The reference counts its calls and not its timesteps: a run that begins within the schedule still warms up as if at its beginning, and
/// so does this.
struct PseudoNumericalMethod: SamplingMethod {
    /// Passes of the Runge-Kutta start: three steps of four.
    static let rungeKuttaPasses = 12
    let rungeKutta: Bool
    private var passes = 0
    /// The last answers, the latest behind.
    private var answers: [Tensor] = []
    /// The latent that a step of several passes started from.
    private var start: Tensor?
    /// Weighted answers of the passes of a Runge-Kutta step so far.
    private var gathered: Tensor?

    init(rungeKutta: Bool) {
        self.rungeKutta = rungeKutta
    }

    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        defer { passes += 1 }
        let timestep = Int(schedule.timesteps[index])
        return rungeKutta && passes < Self.rungeKuttaPasses
            ? rungeKuttaPass(output, latent, timestep, schedule) : multistepPass(output, latent, timestep, schedule)
    }

    private mutating func rungeKuttaPass(_ output: Tensor, _ latent: Tensor, _ timestep: Int, _ schedule: StepSchedule) -> Tensor {
        let next = passes % 2 == 1 ? timestep : timestep - schedule.ratio / 2
        let base = Int(schedule.timesteps[passes / 4 * 4])
        var slope = output
        switch passes % 4 {
        case 0:
            gathered = output * (1 / 6)
            answers.append(output)
            start = latent
        case 3:
            if let sum = gathered { slope = sum.scaled(by: 1, adding: output, scaledBy: 1 / 6) }
            gathered = nil
        default:
            gathered = gathered.map { $0.scaled(by: 1, adding: output, scaledBy: 1 / 3) }
        }
        return Self.moved(start ?? latent, by: slope, from: base, to: next, schedule)
    }

    private mutating func multistepPass(_ output: Tensor, _ latent: Tensor, _ timestep: Int, _ schedule: StepSchedule) -> Tensor {
        // The second pass takes the first step again, from where that started, with the mean of the slopes at both its ends.
        if passes == 1, let first = answers.last, let start {
            self.start = nil
            let mean = output.scaled(by: 0.5, adding: first, scaledBy: 0.5)
            return Self.moved(start, by: mean, from: timestep + schedule.ratio, to: timestep, schedule)
        }
        if passes == 0 { start = latent }
        answers = answers.suffix(3) + [output]
        let weights: [Float]
        switch answers.count {
        case 1: weights = [1]
        case 2: weights = [-0.5, 1.5]
        case 3: weights = [5 / 12, -16 / 12, 23 / 12]
        default: weights = [-9 / 24, 37 / 24, -59 / 24, 55 / 24]
        }
        var slope = answers[0] * weights[0]
        for (answer, weight) in zip(answers, weights).dropFirst() { slope = slope.scaled(by: 1, adding: answer, scaledBy: weight) }
        return Self.moved(latent, by: slope, from: timestep, to: timestep - schedule.ratio, schedule)
    }

    /// Formula 9 of the paper.
    private static func moved(_ latent: Tensor, by output: Tensor, from timestep: Int, to next: Int, _ schedule: StepSchedule) -> Tensor {
        let here = timestep == -1 ? schedule.noise.remaining(at: -1) : schedule.remaining(at: timestep, noiselessEnd: false)
        let there = schedule.remaining(at: next, noiselessEnd: false)
        let slope = schedule.noise.configuration.prediction.noise(output, latent, NoiseSplit(remaining: here))
        let divisor = here * (1 - there).squareRoot() + (here * (1 - here) * there).squareRoot()
        return latent.scaled(by: (there / here).squareRoot(), adding: slope, scaledBy: -(there - here) / divisor)
    }
}
