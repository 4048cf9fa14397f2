import Catalog
import Encoders
import Vocabulary

/// Ranks the known generators for a picture by what their manifests say they are good at.
struct ModelChooser {
    /// What a manifest is taken to say of a medium that it does not rate.
    private static let unrated = 0.3

    let catalog: ModelCatalog
    let mediums: [AnalysisResult.Medium]
    /// Confidence by tag name, for the tags suggested and what they imply.
    let confidences: [String: Double]
    /// How near the picture is to each model's descriptors or to what was made with it, from 0 to 1; missing where nobody knows.
    var affinities: [String: StyleIndex.Affinity] = [:]
    /// Bytes that the machine has; nil where nobody knows.
    var memory: Int?
    var ranking = EncoderConfiguration.Judgement.Ranking.usual

    private struct Scored {
        let manifest: Manifest
        let score: Double
        let installed: Bool
        /// The tag besides the medium that spoke most for it.
        let best: String?
    }

    func choice() -> (choice: ModelChoice, manifest: Manifest)? {
        let scored = catalog.generators.map(score).sorted { ($1.score, $0.manifest.name) < ($0.score, $1.manifest.name) }
        // Of what is not here, only what would run on this machine is worth naming, where there is any.
        let fitting = scored.filter { $0.installed || fits($0.manifest) }
        let pulled = fitting.first { $0.manifest.engine == nil }
        guard let chosen = scored.first(where: \.installed) ?? pulled ?? scored.first else { return nil }
        let known = fitting.isEmpty ? scored : fitting
        let better = chosen.installed ? better(than: chosen, among: known) : nil
        let rest = (fitting.count > 1 ? fitting : scored).filter { $0.manifest.name != chosen.manifest.name }
        // Of the one that the reason names, a line says how to get it.
        let named = rest.filter { $0.manifest.name == better?.manifest.name }
        let others = Self.nearestFirst((named + rest.filter { $0.manifest.name != better?.manifest.name }).prefix(4))
        let choice = ModelChoice(
            name: chosen.manifest.name, reason: reason(for: chosen, better, among: known), installed: chosen.installed,
            score: round(chosen.score),
            runnersUp: others.map {
                ModelChoice.RunnerUp(
                    name: $0.manifest.name, score: round($0.score), installed: $0.installed,
                    howToGet: $0.installed ? nil : $0.manifest.howToGet)
            }, howToGet: chosen.installed ? nil : chosen.manifest.howToGet)
        return (choice, chosen.manifest)
    }

    /// What wants another program behind what does not, each in its order.
    private static func nearestFirst(_ scored: some Sequence<Scored>) -> [Scored] {
        scored.filter { $0.manifest.engine == nil } + scored.filter { $0.manifest.engine != nil }
    }

    /// The one that would match so much better that it is worth getting: one that runs here before one that wants another program.
    private func better(than chosen: Scored, among scored: [Scored]) -> Scored? {
        Self.nearestFirst(scored.filter { !$0.installed && $0.score > chosen.score + ranking.better }).first
    }

    private func fits(_ manifest: Manifest) -> Bool {
        guard manifest.engine == nil, let memory, let needed = ModelFamily.named(manifest.family)?.memory else { return true }
        return needed <= memory
    }

    private func score(_ manifest: Manifest) -> Scored {
        let rated = rating(manifest)
        guard let affinity = affinities[manifest.name] else { return rated }
        let share = affinity.generations > 0 ? ranking.madeShare : ranking.nearnessShare
        return Scored(
            manifest: manifest, score: (1 - share) * rated.score + share * affinity.value, installed: rated.installed, best: rated.best)
    }

    private func rating(_ manifest: Manifest) -> Scored {
        let medium = mediums.reduce(0) { $0 + Double($1.probability) * (manifest.styles[$1.name] ?? Self.unrated) }
        let names = Set(mediums.map(\.name))
        let tags = manifest.styles.filter { !names.contains($0.key) }.compactMap { style in
            confidences[style.key].map { (name: style.key, confidence: $0, weight: style.value) }
        }
        let total = tags.reduce(0) { $0 + $1.confidence }
        guard total > 0 else { return Scored(manifest: manifest, score: medium, installed: catalog.isInstalled(manifest), best: nil) }
        let share = ranking.tagShare * min(1, total)
        let mean = tags.reduce(0) { $0 + $1.confidence * $1.weight } / total
        let best = tags.max { ($0.confidence * $0.weight, $1.name) < ($1.confidence * $1.weight, $0.name) }
        return Scored(
            manifest: manifest, score: (1 - share) * medium + share * mean, installed: catalog.isInstalled(manifest),
            best: best.flatMap { $0.weight > medium ? $0.name : nil })
    }

    private func reason(for chosen: Scored, _ better: Scored?, among scored: [Scored]) -> String {
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
        if let better {
            let lack = better.manifest.engine == nil ? "is not installed" : "runs in another program"
            text += "; \(better.manifest.title) would match better (\(percent(better.score))) but \(lack)"
        }
        return text
    }

    private func suits(_ scored: Scored, medium: String) -> String {
        var parts = ["\(percent(scored.score)) suited to this \(medium)"]
        if let best = scored.best { parts.append("good at \"\(best)\"") }
        if let affinity = affinities[scored.manifest.name] {
            if affinity.generations > 0 {
                let noun = affinity.generations == 1 ? "picture" : "pictures"
                parts.append("close to the \(affinity.generations) \(noun) you made with it (\(percent(affinity.value)))")
            } else if affinity.value >= ranking.near, let descriptor = affinity.descriptor {
                parts.append("close to what it draws best (\"\(descriptor)\")")
            }
        }
        return parts.enumeration
    }

    private func percent(_ value: Double) -> String { "\(Int((value * 100).rounded())) %" }
    private func round(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
