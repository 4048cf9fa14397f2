import Foundation

/// Noise of a model that was trained on levels between two ends and not on so many steps, "EDM" (Karras et al. 2022): its network is told a
/// quarter of a level's logarithm for the time, and what it is given hangs on how far clean latents deviate (`Preconditioning`).
/// Sources: diffusers' `EDMEulerScheduler` and `EDMDPMSolverMultistepScheduler`.
package struct ContinuousNoise: Sendable, Equatable {
    /// How the levels of a run lie between the ends, where the sampler does not say it.
    package enum Course: String, Sendable, CaseIterable { case karras, exponential }

    /// sigma_min.
    package var smallest = 0.002
    /// sigma_max.
    package var largest = 80.0
    /// sigma_data.
    package var dataDeviation = 0.5
    package var course = Course.karras
    /// The exponent of Karras' course.
    package var rho = 7.0

    package init() {}

    /// What a scheduler's file says; nil for one of training steps.
    ///
    /// - Throws: `DiffusionError` that names the key, for values that make no schedule.
    init?(_ file: ConfigurationFile) throws(DiffusionError) {
        let classes = ["EDMEulerScheduler", "EDMDPMSolverMultistepScheduler"]
        guard classes.contains(try file.text("_class_name", default: "")) else { return nil }
        smallest = try file.number("sigma_min", default: smallest)
        largest = try file.number("sigma_max", default: largest)
        dataDeviation = try file.number("sigma_data", default: dataDeviation)
        course = try file.choice("sigma_schedule", default: course)
        rho = try file.number("rho", default: rho)
        try file.requireUnused("solver_order", neutral: 2)
        try validate(in: file.name)
    }

    /// Checks that a schedule can be made of it, wherever it came from.
    ///
    /// - Parameter file: named in errors.
    func validate(in file: String) throws(DiffusionError) {
        func refuse(_ key: String, _ value: Double, _ supported: String) -> DiffusionError {
            .unsupported(file: file, key: key, value: "\(value)", supported: supported)
        }
        guard smallest >= 1e-6, smallest < 1e6 else { throw refuse("sigma_min", smallest, "0.000001 and more") }
        guard largest > smallest, largest <= 1e6 else { throw refuse("sigma_max", largest, "more than sigma_min, up to 1000000") }
        guard (0.001...1000).contains(dataDeviation) else { throw refuse("sigma_data", dataDeviation, "0.001 to 1000") }
        guard (1...100).contains(rho) else { throw refuse("rho", rho, "1 to 100") }
    }

    /// What a plan says of it.
    var note: String {
        "its noise falls from \(Self.short(largest)) to \(Self.short(smallest)) by levels and not by training steps (EDM); "
            + "a spacing changes nothing"
    }

    private static func short(_ value: Double) -> String { String(format: "%g", value) }
}
