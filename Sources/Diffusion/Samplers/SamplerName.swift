/// The ways this engine walks from noise to a picture. Raw values are the names on the command line.
package enum SamplerName: String, Codable, Sendable, CaseIterable {
    case ddim
    /// PLMS: pseudo linear multistep without the Runge-Kutta steps, as Stable Diffusion ships it.
    case pndm
    /// The same with its first three steps by Runge and Kutta, four passes each.
    case pndmRungeKutta = "pndm-prk"
    case euler
    case eulerKarras = "euler-karras"
    case eulerAncestral = "euler-a"
    case heun
    case heunKarras = "heun-karras"
    case dpmpp2M = "dpmpp-2m"
    case dpmpp2MKarras = "dpmpp-2m-karras"
    case dpmpp2MSDE = "dpmpp-2m-sde"
    case dpmpp2MSDEKarras = "dpmpp-2m-sde-karras"
    case lcm
    case tcd
    case unipc
    case unipcKarras = "unipc-karras"

    /// In what form a sampler holds the noisy latent.
    enum Formulation: Sendable {
        /// sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise, by training timestep.
        case timestep
        /// The same, by noise level: (x_0 + sigma noise) / sqrt(sigma^2 + 1).
        case preserving
        /// x_0 + sigma noise; the UNet is given it divided (`Preconditioning`).
        case exploding
    }

    var formulation: Formulation {
        switch self {
        case .ddim, .pndm, .pndmRungeKutta, .lcm, .tcd: .timestep
        case .dpmpp2M, .dpmpp2MKarras, .dpmpp2MSDE, .dpmpp2MSDEKarras, .unipc, .unipcKarras: .preserving
        case .euler, .eulerKarras, .eulerAncestral, .heun, .heunKarras: .exploding
        }
    }

    /// Whether the noise levels are those of Karras et al. 2022.
    var isKarras: Bool {
        switch self {
        case .eulerKarras, .heunKarras, .dpmpp2MKarras, .dpmpp2MSDEKarras, .unipcKarras: true
        default: false
        }
    }

    /// Entries of the schedule that make one step: what strength is counted in.
    var passesPerStep: Int {
        switch self {
        case .heun, .heunKarras: 2
        default: 1
        }
    }

    /// The spacing diffusers gives the sampler where a model's configuration names none.
    var usualSpacing: SchedulerConfiguration.Spacing {
        formulation == .timestep ? .leading : .linspace
    }

    /// Whether its steps are known as AUTOMATIC1111's web UI makes them with k-diffusion.
    package var isReproducedOfWebUI: Bool {
        switch self {
        case .euler, .eulerKarras, .eulerAncestral, .heun, .heunKarras, .dpmpp2M, .dpmpp2MKarras: true
        case .ddim, .pndm, .pndmRungeKutta, .dpmpp2MSDE, .dpmpp2MSDEKarras, .lcm, .tcd, .unipc, .unipcKarras: false
        }
    }

    /// What other tools call it.
    package var title: String {
        switch self {
        case .ddim: "DDIM"
        case .pndm: "PLMS"
        case .pndmRungeKutta: "PNDM"
        case .euler: "Euler"
        case .eulerKarras: "Euler Karras"
        case .eulerAncestral: "Euler a"
        case .heun: "Heun"
        case .heunKarras: "Heun Karras"
        case .dpmpp2M: "DPM++ 2M"
        case .dpmpp2MKarras: "DPM++ 2M Karras"
        case .dpmpp2MSDE: "DPM++ 2M SDE"
        case .dpmpp2MSDEKarras: "DPM++ 2M SDE Karras"
        case .lcm: "LCM"
        case .tcd: "TCD"
        case .unipc: "UniPC"
        case .unipcKarras: "UniPC Karras"
        }
    }

    /// The method itself, ready for a walk.
    ///
    /// - Parameter eta: how much of what TCD's steps have for noise is fresh; nil: as much as usual.
    func method(eta: Double?) -> any SamplingMethod {
        switch self {
        case .ddim: ImplicitMethod()
        case .pndm: PseudoNumericalMethod(rungeKutta: false)
        case .pndmRungeKutta: PseudoNumericalMethod(rungeKutta: true)
        case .euler, .eulerKarras: EulerMethod()
        case .eulerAncestral: EulerAncestralMethod()
        case .heun, .heunKarras: HeunMethod()
        case .dpmpp2M, .dpmpp2MKarras: DPMMultistepMethod(stochastic: false)
        case .dpmpp2MSDE, .dpmpp2MSDEKarras: DPMMultistepMethod(stochastic: true)
        case .lcm: ConsistencyMethod()
        case .tcd: TrajectoryMethod(stochasticity: eta ?? TrajectoryMethod.usualStochasticity)
        case .unipc, .unipcKarras: UnifiedPredictorCorrectorMethod()
        }
    }
}
