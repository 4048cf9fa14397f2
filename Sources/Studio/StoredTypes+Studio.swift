import Engines
import Screening
import Tensors

extension StoredTypes {
    /// What the library's JSON is read as: by the same types wherever it is read, so that what ends a reading is what a look through the library
    /// finds, and what does not come in.
    static let studio = StoredTypes(
        [
            .model: reading(AnalysisReport.ModelEntry.self),
            .size: reading(AnalysisReport.SizeEntry.self),
            .recovered: reading(RecoveredEntry.self),
            .dropped: reading([AnalysisReport.DroppedEntry].self),
            .composition: reading(CompositionEntry.self),
            .calibration: reading(ConfidenceEntry.self),
            .things: reading([AnalysisReport.ThingEntry].self),
            .request: reading(KeptRequest?.self),
            .order: reading(GenerationOrder.self) { try $0.checkNumbers() },
            .wantedAnalysis: reading(AnalysisWish.self),
            .wish: reading(LibraryWish.self),
            .axes: reading(SheetAxes.self),
        ], spreading: { count, body in Parallel.forEach(count: count, body: body) })
}

extension StoredJSON {
    /// The value, or, for a list that goes on without it, what is to be told of it.
    func listed<Value: Decodable>(as type: Value.Type = Value.self) -> (value: Value?, damaged: String?) {
        do {
            return (try decoded(as: type), nil)
        } catch {
            return (nil, "\(error)")
        }
    }
}
