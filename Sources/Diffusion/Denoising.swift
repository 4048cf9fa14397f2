import Tensors

/// A run of steps, each made when it is asked for: whoever iterates has progress and may stop at any step.
///
/// The elements are results because a step can fail: where `checkCancelled` throws, within a step too, that error is the last element.
package struct Denoising: Sequence {
    /// A pass of the UNet that was taken, with what the sampler made of it.
    package struct Step: Sendable {
        /// The latent after it, [1, height, width, channels], in the UNet's scale.
        package let latent: Tensor
        /// What the latent would be without its noise, as far as this pass can tell.
        package let estimate: Tensor
        /// Counted from 0 among the passes that run.
        package let index: Int
        /// Passes that run.
        package let total: Int
        /// Training timestep that the UNet was told.
        package let timestep: Double
    }

    /// Keeps what is not to be repainted.
    struct Keeping {
        enum Rule {
            /// After each step what is kept is put back with the noise that belongs there, as diffusers does.
            case latent
            /// It is put back into the estimate of the clean latent, as the web UI does.
            case estimate
        }

        /// Latent of the picture without noise, [1, height, width, channels].
        let clean: Tensor
        /// The noise the run began with, same shape.
        let noise: Tensor
        /// How far each value may go, 0 (kept) to 1, same shape. A value between joins the run late, with its share of the steps left
        /// (Levin and Fried 2023, differential diffusion).
        let map: Tensor
        let rule: Rule

        /// 1 where values are free with `left` of all `passes` to go, else 0: the last passes, as many as a value's share of all comes to.
        func free(_ left: Int, of passes: Int) -> Tensor {
            map.mapped { $0 * Float(passes) >= Float(left) + 0.5 ? 1 : 0 }
        }
    }

    let denoiser: any Denoiser
    let sampler: any LatentSampler
    let plan: StepPlan
    let guidance: Guidance
    var extras = Extras.none
    /// The noisy latent that the first step is given.
    let start: Tensor
    let keeping: Keeping?
    /// Every how many passes go through the whole network.
    var reuseEvery = 1
    /// What a UNet made for repainting is given behind the latent's channels: the mask and the latent of the picture without what is under
    /// it, [1, height, width, 1 + channels]. Nil for a UNet that is given the latent alone.
    let conditioning: Tensor?
    /// Where samplers that want noise draw it.
    let random: TorchRandom
    let checkCancelled: CancellationCheck

    package func makeIterator() -> Iterator {
        Iterator(
            denoising: self, sampler: sampler, random: random, latent: start, index: plan.start, deep: DeepFeatures(every: reuseEvery))
    }

    /// Takes a pass each time it is asked.
    package struct Iterator: IteratorProtocol {
        let denoising: Denoising
        var sampler: any LatentSampler
        var random: TorchRandom
        var latent: Tensor
        var index: Int
        var deep: DeepFeatures
        /// Which of the guidance's stretches the last pass was in.
        var stretch = 0
        var failed = false

        package mutating func next() -> Result<Step, any Error>? {
            guard !failed, index < sampler.timesteps.count else { return nil }
            do {
                return .success(try step())
            } catch {
                failed = true
                return .failure(error)
            }
        }

        private mutating func step() throws -> Step {
            let timestep = sampler.timesteps[index]
            let number = (index - denoising.plan.start) / sampler.passesPerStep
            let guidance = denoising.guidance.at(step: number)
            let stretch = denoising.guidance.stretch(at: number)
            if stretch != self.stretch { deep.forget() }
            self.stretch = stretch
            var input = sampler.modelInput(latent, at: index)
            if let conditioning = denoising.conditioning { input = Tensor.concatenated([input, conditioning], axis: -1) }
            var output = guidance.combined(
                try denoising.denoiser.predict(
                    guidance.input(input), at: Double(timestep), guidance.context, denoising.extras, reusing: &deep,
                    checkCancelled: denoising.checkCancelled))
            var estimate = sampler.clean(output, latent, at: index)
            if let keeping = denoising.keeping, keeping.rule == .estimate {
                estimate = keeping.clean.replaced(by: estimate, as: keeping.map)
                output = sampler.output(meaning: estimate, latent, at: index)
            }
            latent = sampler.step(output, latent, at: index, random: &random)
            if let keeping = denoising.keeping, keeping.rule == .latent {
                let kept = sampler.addNoise(keeping.noise, to: keeping.clean, at: index + 1)
                let left = sampler.timesteps.count - index - 1
                latent = kept.replaced(by: latent, as: keeping.free(left, of: denoising.plan.passes))
            }
            defer { index += 1 }
            return Step(
                latent: latent, estimate: estimate, index: index - denoising.plan.start, total: denoising.plan.passes,
                timestep: Double(timestep))
        }
    }
}
