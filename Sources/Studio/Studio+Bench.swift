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
                    isNative: arithmetic.isNative)
            }
        }
        // A photograph as it is decoded for a look: a little larger than what the encoder takes.
        let look = try await analyst.timeLook(width: 640, height: 480, passes: 15)
        var models: [BenchReport.Model] = []
        for generator in premises.catalog().generators where premises.catalog().isInstalled(generator) {
            var plans: [GenerationPlan] = []
            for side in [512, 1024] {
                var wish = GenerationWish()
                (wish.mode, wish.model, wish.prompt) = ("paint", generator.name, "a picture")
                (wish.size, wish.firstSide) = ("\(side)x\(side)", 0)
                let order = try await order(wish)
                if let plan = try await engines[order.engine]?.plan(order) { plans.append(plan) }
            }
            models.append(
                BenchReport.Model(
                    name: generator.name, precision: plans.first?.precision ?? "",
                    pictures: plans.compactMap { plan in
                        guard let run = plan.runs.first, let size = run.stages.last?.size, let seconds = plan.seconds else { return nil }
                        return .init(width: size.width, height: size.height, steps: run.steps.run, seconds: seconds)
                    }))
        }
        return BenchReport(threads: ThreadCount.current, processor: .here, rates: rates, look: look, models: models)
    }
}
