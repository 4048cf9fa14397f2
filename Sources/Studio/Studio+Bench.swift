import Diffusion
import Engines
import Tensors
import Threads

extension Studio {
    /// Measures this machine and a look at a picture, and plans a picture of 512 and one of 1024 pixels a side with every generator that is installed.
    package func bench() async throws -> BenchReport {
        let rates = try await NumericQueue.shared.run {
            Arithmetic.allCases.map { arithmetic in
                BenchReport.Rate(
                    precision: arithmetic.rawValue, gigaOperations: Workload.instructionSpeed(in: arithmetic) / 1e9,
                    isNative: arithmetic.isNative, note: PrecisionWords.departure(of: arithmetic))
            }
        }
        // A photograph as it is decoded for a look: a little larger than what the encoder takes.
        let look = try await analyst.timeLook(width: 640, height: 480, passes: 15)
        let models = try await plannedModels()
        return BenchReport(threads: ThreadCount.current, processor: .here, rates: rates, look: look, models: models)
    }

    /// What pictures of every generator that is installed will take. One that cannot be planned is told of among the others.
    func plannedModels() async throws -> [BenchReport.Model] {
        let catalog = premises.catalog()
        var models: [BenchReport.Model] = []
        for generator in catalog.generators where catalog.isInstalled(generator) {
            var (plans, problems): ([GenerationPlan], [String]) = ([], [])
            for side in [512, 1024] {
                do {
                    if let plan = try await plan(side: side, with: generator.name) { plans.append(plan) }
                } catch let cancellation as CancellationError {
                    throw cancellation
                } catch {
                    // What is wrong with the model itself is the same at both sizes.
                    let problem = "\(error)"
                    if !problems.contains(problem) { problems.append(problem) }
                }
            }
            let precision = plans.first?.precision
            models.append(
                BenchReport.Model(
                    name: generator.name, precision: precision,
                    reason: precision.flatMap(Arithmetic.init(rawValue:)).map { PrecisionWords.reason(for: $0) },
                    pictures: plans.compactMap { plan in
                        guard let run = plan.runs.first, let size = run.stages.last?.size, let seconds = plan.seconds else { return nil }
                        return .init(width: size.width, height: size.height, steps: run.steps.run, seconds: seconds)
                    }, problems: problems))
        }
        return models
    }

    /// A picture painted at its size at once, in what `auto` takes, whatever else was set for good.
    private func plan(side: Int, with model: String) async throws -> GenerationPlan? {
        var wish = GenerationWish()
        (wish.mode, wish.model, wish.prompt, wish.engine) = ("paint", model, "a picture", Studio.builtinEngine)
        (wish.size, wish.firstSide, wish.precision) = ("\(side)x\(side)", 0, GenerationRequest.Precision.auto.rawValue)
        let order = try await order(wish)
        return try await engines[order.engine]?.plan(order)
    }
}
