import Catalog
import Diffusion

extension Manifest {
    /// The model of few steps that it is by its name; nil where it is none, or is run with another sampler.
    var fewSteps: FewStepModel? {
        guard let found = FewStepModel(named: name), found.sampler.rawValue == defaults?.sampler else { return nil }
        return found
    }
}

extension OrderKnowledge.Usage {
    /// What a manifest says; nothing where it says nothing.
    ///
    /// - Parameter fewSteps: what the model is by its name.
    init(_ defaults: Manifest.Defaults?, _ fewSteps: FewStepModel?) {
        (spacing, eta) = (fewSteps?.spacing, fewSteps?.eta)
        guard let defaults else { return }
        (steps, guidance, sampler, strength) = (defaults.steps, defaults.guidance, defaults.sampler, defaults.strength)
        repaintStrength = defaults.repaintStrength
        (firstSide, refine, drafts) = (defaults.firstSide, defaults.refine, defaults.drafts)
    }

    /// What a model's own files tell, where no manifest describes it.
    init(_ habits: ModelHabits?) {
        guard let habits else { return }
        (steps, guidance, sampler) = (habits.steps, habits.guidance, habits.sampler?.rawValue)
        (spacing, eta) = (habits.spacing, habits.eta)
    }

    /// Takes over how a LoRA has the model run.
    mutating func take(_ found: FewStepModel) {
        (steps, guidance, sampler) = (found.steps, found.guidance, found.sampler.rawValue)
        (spacing, eta) = (found.spacing, found.eta)
    }
}
