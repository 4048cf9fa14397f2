import ArgumentParser
import Studio

/// What `--engine` takes: `builtin`, or addresses of servers.
enum EngineNames {
    /// The servers; none for the built-in engine.
    ///
    /// - Throws: `ValidationError` for what is no address, and for the built-in engine as one of several.
    static func servers(_ names: [String]) throws -> OutsideEngines {
        if names.allSatisfy({ $0 == Studio.builtinEngine }) { return .none }
        guard !names.contains(Studio.builtinEngine) else {
            throw ValidationError("--engine builtin stands alone: a pool is made of servers. Leave it out.")
        }
        do {
            return try OutsideEngines(at: names)
        } catch {
            throw ValidationError("--engine: \(error).")
        }
    }
}
