// What the commands and the page call by name without importing the rooms below.
public import Analysis
public import Diffusion
import Foundation
import Pixels
public import Screening
import Tensors

public typealias RecoveredPrompt = Analysis.RecoveredPrompt
public typealias AnalysisRecord = Screening.AnalysisRecord
public typealias CompositionMode = Analysis.CompositionMode
public typealias GenerationRequest = Diffusion.GenerationRequest
public typealias SamplerName = Diffusion.SamplerName
public typealias ModelHabits = Diffusion.ModelHabits
public typealias PromptLength = Diffusion.PromptLength
public typealias StepPlan = Diffusion.StepPlan
public typealias StepReport = Diffusion.StepReport

extension Studio {
    /// How many processor cores the arithmetic of this process may use.
    public static func useThreads(_ count: Int) {
        Parallel.setThreadCount(count)
    }

    /// Whether a file's name ends like that of a picture that can be written.
    public static func canWritePicture(named name: String) -> Bool {
        ImageFormat(fileExtension: (name as NSString).pathExtension) != nil
    }
}
