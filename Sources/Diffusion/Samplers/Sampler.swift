import Tensors

/// One walk along a step schedule: what the UNet is given, what its answer makes of the latent.
///
/// Reproduces the `scale_model_input`, `add_noise` and `step` of diffusers' schedulers; each method's file names its own.
/// Steps are to be taken in order: most methods remember the ones before.
package struct Sampler: Sendable {
    package let schedule: StepSchedule
    private var method: any SamplingMethod

    /// - Parameter eta: how much of the noise is fresh, for TCD; nil: as much as usual.
    package init(_ schedule: StepSchedule, eta: Double? = nil) {
        self.schedule = schedule
        method = schedule.sampler.method(eta: eta)
    }

    /// The latent as the UNet wants it at this step.
    package func modelInput(_ latent: Tensor, at index: Int) -> Tensor {
        schedule.formulation == .exploding ? latent * schedule.preconditioning(at: index).input : latent
    }

    /// The clean latent with as much noise on it as the pass at `index` starts from; behind the last pass, none.
    package func addNoise(_ noise: Tensor, to clean: Tensor, at index: Int) -> Tensor {
        guard index < schedule.timesteps.count else { return clean }
        let split = schedule.split(at: index)
        return clean.scaled(by: split.signal, adding: noise, scaledBy: split.deviation)
    }

    /// Pure noise as a run from nothing starts with.
    package func start(from noise: Tensor) -> Tensor {
        schedule.initialNoise == 1 ? noise : noise * schedule.initialNoise
    }

    /// The estimate of the clean latent that an answer amounts to.
    package func clean(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        schedule.clean(output, latent, at: index)
    }

    /// The answer that amounts to an estimate of the clean latent.
    package func output(meaning clean: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        guard schedule.formulation == .exploding else {
            return schedule.noise.configuration.prediction.output(meaning: clean, latent, schedule.split(at: index))
        }
        return schedule.preconditioning(at: index).answer(meaning: clean, latent)
    }

    /// Takes the step at `index`.
    /// - Parameters:
    ///   - output: what the UNet said of `modelInput(latent, at: index)`, guidance applied; same shape as the latent.
    ///   - random: where a method that wants noise draws it.
    /// - Returns: the latent after the step.
    package mutating func step(_ output: Tensor, _ latent: Tensor, at index: Int, random: inout TorchRandom) -> Tensor {
        method.step(output, latent, at: index, of: schedule, &random)
    }
}
