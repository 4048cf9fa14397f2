import Analysis
import Encoders
import Foundation
import Pixels
import Screening
import Vocabulary

extension Analyst {
    /// What the person's decisions say of this studio's encoder. Of many pictures, only the first after a decision learns anew.
    func learnedThresholds() throws -> LearnedThresholds {
        let mark = try library().learningMark()
        if let keptThresholds, keptThresholds.mark == mark { return keptThresholds.learned }
        let learned = LearnedThresholds(
            from: try library().decidedConfidences(encoder: encoder().identity.sha256).compactMap { decided in
                guard let facet = Facet(rawValue: decided.facet) else { return nil }
                // What was learned before is no news; where nobody can read what that was, the decision teaches nothing.
                let kept = decided.calibration?.listed(as: ConfidenceEntry.self)
                guard kept?.damaged == nil else { return nil }
                let entry = kept?.value
                let odds = min(max(decided.confidence, 0.005), 0.995).logOdds - (entry?.learned[decided.facet] ?? 0)
                return DecidedSuggestion(facet: facet, confidence: Double(logOdds: odds), approved: decided.approved)
            })
        keptThresholds = (mark, learned)
        return learned
    }

    /// From where on tags are suggested, facet by facet, and what decisions change of it.
    ///
    /// - Parameter progress: told the share of the vocabulary embedded, from 0 to 1, the first time a vocabulary is used.
    package func thresholds(progress: @Sendable (Double) -> Void = { _ in }) throws -> ThresholdReport {
        let analyzer = try analyzer(progress: progress)
        let learned = try learnedThresholds()
        return ThresholdReport(
            encoder: try encoder().name, vocabulary: try vocabulary().name, confidence: ConfidenceEntry(analyzer.scale, learned),
            minimumDecisions: LearnedThresholds.minimumDecisions, minimumOfEach: LearnedThresholds.minimumOfEach,
            facets: Facet.allCases.map { facet in
                let entry = learned.entries.first { $0.facet == facet.rawValue }
                let (before, now) = analyzer.threshold(of: facet, learned: learned)
                return ThresholdEntry(
                    facet: facet.rawValue, decisions: entry?.decisions ?? 0, approved: entry?.approved ?? 0,
                    learned: entry?.isLearned ?? false, shift: entry?.shift ?? 0, threshold: before, learnedThreshold: now)
            },
            resetAt: try library().learningReset()?.resetAt)
    }

    /// Sets all decisions until now aside for learning. They stand as they are.
    package func resetThresholds(by person: String) throws {
        try library().resetLearning(by: person)
    }

    /// Measures on the person's pictures what a nearness to a tag is worth, and leaves it beside the vocabulary's index.
    ///
    /// - Parameters:
    ///   - paths: of pictures; of more than `BackgroundCalibration.maximumPictures` evenly spread ones are taken.
    ///   - progress: told the share done, from 0 to 1.
    /// - Throws: `StudioError.tooFewPictures`.
    package func calibrate(on paths: [String], progress: @Sendable (Double) -> Void = { _ in }) throws -> CalibrationReport {
        guard paths.count >= BackgroundCalibration.minimumPictures else {
            throw StudioError.tooFewPictures(found: paths.count, needed: BackgroundCalibration.minimumPictures)
        }
        let (encoder, vocabulary) = (try encoder(), try vocabulary())
        let index = try openIndex(progress: progress)
        let count = min(paths.count, BackgroundCalibration.maximumPictures)
        var embeddings: [Embedding] = []
        var failures: [String] = []
        for number in 0..<count {
            try Task.checkCancellation()
            do {
                let image = try PictureFile(path: paths[number * paths.count / count]).decoded(targetShortSide: encoder.decodeShortSide)
                    .image
                embeddings.append(try encoder.embed(image))
            } catch {
                failures.append("\(error)")
            }
            progress(Double(number + 1) / Double(count))
        }
        let asked = encoder.forAnalysis
        guard let calibration = BackgroundCalibration(index: index, pictures: embeddings, fitted: asked.fittedCalibration) else {
            throw StudioError.tooFewPictures(found: embeddings.count, needed: BackgroundCalibration.minimumPictures)
        }
        try calibration.write(for: index, named: VocabularyIndex.fileName(encoder: asked, vocabulary: vocabulary), in: indexFolder)
        closeAnalyzer()
        return CalibrationReport(
            encoder: encoder.name, vocabulary: vocabulary.name, tags: index.positions.count, pictures: embeddings.count,
            confidence: ConfidenceEntry(calibration.scale, .none), failures: failures)
    }

    // MARK: - What was made with a model

    /// Keeps where the encoder places what was made: with some of it, models are suggested by their own pictures. Whatever fails here fails
    /// no generation.
    func rememberOutputs(of report: GenerationReport) {
        guard let encoder = try? encoder(), let library = try? library() else { return }
        for (index, path) in report.outputs.enumerated() {
            guard let image = try? PictureFile(path: path).decoded(targetShortSide: encoder.decodeShortSide).image,
                let embedding = try? encoder.embed(image)
            else { continue }
            try? library.record(
                NewEmbedding(encoder: encoder.identity, halves: embedding.halves),
                ofGeneration: report.id, position: index + 1)
        }
        closeAnalyzer()
    }

    /// For each model the mean direction of the pictures made with it, and their number.
    func embeddingsOfGenerations() throws -> [String: (mean: Embedding, count: Int)] {
        let encoder = try encoder()
        let made = try library().generationEmbeddings(encoder: encoder.identity.sha256).filter { $0.halves.count == encoder.dimension * 2 }
        return Dictionary(grouping: made, by: \.model).mapValues { rows in
            var sum = [Float](repeating: 0, count: encoder.dimension)
            for row in rows {
                for (index, value) in Embedding(halves: row.halves).values.enumerated() { sum[index] += value }
            }
            return (Embedding(direction: sum), rows.count)
        }
    }
}
