// What the commands and the page call by name without importing the rooms below.
public import Analysis
public import Diffusion
public import Screening
import Tensors

public typealias RecoveredPrompt = Analysis.RecoveredPrompt
public typealias AnalysisRecord = Screening.AnalysisRecord
public typealias CompositionMode = Analysis.CompositionMode
public typealias GenerationRequest = Diffusion.GenerationRequest
public typealias SamplerName = Diffusion.SamplerName
public typealias PromptLength = Diffusion.PromptLength
public typealias StepPlan = Diffusion.StepPlan
public typealias StepReport = Diffusion.StepReport

extension Studio {
    /// How many processor cores the arithmetic of this process may use.
    public static func useThreads(_ count: Int) {
        Parallel.setThreadCount(count)
    }
}
