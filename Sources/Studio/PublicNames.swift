// What the commands and the page call by name without importing the rooms below.
import Analysis
import Engines
import Pixels
import Screening

package typealias RecoveredPrompt = Analysis.RecoveredPrompt
package typealias AnalysisRecord = Screening.AnalysisRecord
package typealias EngineAddress = Engines.EngineAddress
/// What can be wrong with a picture's file.
package typealias PictureError = Pixels.ImageError
package typealias CompositionMode = Analysis.CompositionMode
