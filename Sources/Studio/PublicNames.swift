// What the commands and the page call by name without importing the rooms below.
public import Analysis
public import Engines
public import Pixels
public import Screening

public typealias RecoveredPrompt = Analysis.RecoveredPrompt
public typealias AnalysisRecord = Screening.AnalysisRecord
public typealias EngineAddress = Engines.EngineAddress
/// What can be wrong with a picture's file.
public typealias PictureError = Pixels.ImageError
public typealias CompositionMode = Analysis.CompositionMode
