import Tensors

/// A run of steps, each made when it is asked for: whoever iterates has progress and may stop at any step.
///
/// The elements are results because a step can fail: where `checkCancelled` throws, within a step too, that error is the last element.
public struct Denoising: Sequence {
    /// A step that was taken.
    public struct Step: Sendable {
        /// The latent after it, [1, height, width, channels], in the UNet's scale.
        public let latent: Tensor
        /// Counted from 0 among the steps that run.
        public let index: Int
        /// Steps that run.
        public let total: Int
        /// Training timestep that the UNet was told.
        public let timestep: Double
    }

    /// Keeps what is not to be repainted: after each step it is put back, with the noise that belongs there.
    struct Keeping {
        /// Latent of the picture without noise, [1, height, width, channels].
        let clean: Tensor
        /// The noise the run began with, same shape.
        let noise: Tensor
        /// 1 where it is repainted, 0 where it is kept, same shape.
        let mask: Tensor
    }

    let unet: UNet
    let sampler: Sampler
    let plan: StepPlan
    let guidance: Guidance
    /// The noisy latent that the first step is given.
    let start: Tensor
    let keeping: Keeping?
    let checkCancelled: CancellationCheck

    public func makeIterator() -> Iterator {
        Iterator(denoising: self, sampler: sampler, latent: start, index: plan.start)
    }

    public struct Iterator: IteratorProtocol {
        let denoising: Denoising
        var sampler: Sampler
        var latent: Tensor
        var index: Int
        var failed = false

        public mutating func next() -> Result<Step, any Error>? {
            guard !failed, index < sampler.schedule.timesteps.count else { return nil }
            do {
                return .success(try step())
            } catch {
                failed = true
                return .failure(error)
            }
        }

        private mutating func step() throws -> Step {
            let timestep = sampler.schedule.timesteps[index]
            let guidance = denoising.guidance
            let output = try denoising.unet(
                guidance.input(sampler.modelInput(latent, at: index)), timestep: timestep, guidance.context,
                checkCancelled: denoising.checkCancelled)
            latent = sampler.step(guidance.combined(output), latent, at: index)
            if let keeping = denoising.keeping {
                let kept = sampler.addNoise(keeping.noise, to: keeping.clean, at: index + 1)
                latent = kept + keeping.mask * (latent - kept)
            }
            defer { index += 1 }
            return Step(
                latent: latent, index: index - denoising.plan.start, total: denoising.plan.run, timestep: Double(timestep))
        }
    }
}
