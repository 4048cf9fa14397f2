// What the commands and the page call by name without importing the rooms below.
public import Analysis
public import Screening

public typealias RecoveredPrompt = Analysis.RecoveredPrompt
public typealias AnalysisRecord = Screening.AnalysisRecord
public typealias CompositionMode = Analysis.CompositionMode
