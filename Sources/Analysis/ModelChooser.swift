import Catalog
import Vocabulary

/// Ranks the known generators for a picture by what their manifests say they are good at.
struct ModelChooser {
    /// How much tags other than the medium count, at full confidence.
    private static let tagShare = 0.4

    let catalog: ModelCatalog
    let mediums: [AnalysisResult.Medium]
    /// Confidence by tag name, for the tags suggested and what they imply.
    let confidences: [String: Double]

    private struct Scored {
        let manifest: Manifest
        let score: Double
        let installed: Bool
        /// The tag besides the medium that spoke most for it.
        let best: String?
    }

    func choice() -> (choice: ModelChoice, manifest: Manifest)? {
        let scored = catalog.generators.map(score).sorted { ($1.score, $0.manifest.name) < ($0.score, $1.manifest.name) }
        guard let chosen = scored.first(where: \.installed) ?? scored.first else { return nil }
        let others = scored.filter { $0.manifest.name != chosen.manifest.name }.prefix(4)
        let choice = ModelChoice(
            name: chosen.manifest.name, reason: reason(for: chosen, among: scored), installed: chosen.installed, score: round(chosen.score),
            runnersUp: others.map { ModelChoice.RunnerUp(name: $0.manifest.name, score: round($0.score), installed: $0.installed) })
        return (choice, chosen.manifest)
    }

    private func score(_ manifest: Manifest) -> Scored {
        let medium = mediums.reduce(0) { $0 + Double($1.probability) * (manifest.styles[$1.name] ?? 0.3) }
        let names = Set(mediums.map(\.name))
        let tags = manifest.styles.filter { !names.contains($0.key) }.compactMap { style in
            confidences[style.key].map { (name: style.key, confidence: $0, weight: style.value) }
        }
        let total = tags.reduce(0) { $0 + $1.confidence }
        guard total > 0 else { return Scored(manifest: manifest, score: medium, installed: catalog.isInstalled(manifest), best: nil) }
        let share = Self.tagShare * min(1, total)
        let mean = tags.reduce(0) { $0 + $1.confidence * $1.weight } / total
        let best = tags.max { ($0.confidence * $0.weight, $1.name) < ($1.confidence * $1.weight, $0.name) }
        return Scored(
            manifest: manifest, score: (1 - share) * medium + share * mean, installed: catalog.isInstalled(manifest),
            best: best.flatMap { $0.weight > medium ? $0.name : nil })
    }

    private func reason(for chosen: Scored, among scored: [Scored]) -> String {
        let medium = mediums.first?.name ?? "picture"
        let suits = suits(chosen, medium: medium)
        let installed = scored.filter(\.installed)
        var text: String
        if !chosen.installed {
            text = "\(suits), but no generator is installed"
        } else if installed.count == 1 {
            text = "the only generator installed; \(suits)"
        } else {
            text = "the best of \(installed.count) installed generators: \(suits)"
        }
        if chosen.installed, let better = scored.first, !better.installed, better.score > chosen.score + 0.05 {
            text +=
                "; \(better.manifest.title) would match better (\(percent(better.score)) against \(percent(chosen.score))) but is not installed"
        }
        return text
    }

    private func suits(_ scored: Scored, medium: String) -> String {
        let rated = "rated \(percent(scored.manifest.styles[medium] ?? 0.3)) for a \(medium)"
        return scored.best.map { "\(rated) and good at \"\($0)\"" } ?? rated
    }

    private func percent(_ value: Double) -> String { "\(Int((value * 100).rounded())) %" }
    private func round(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
