import CKernels

/// The levels of kernels that this processor can run, the definition first.
let runnableLevels = (0...rd_detected_level()).filter { rd_can_run($0) != 0 }
