import ArgumentParser
import Studio

/// What `--engine` takes: `builtin`, or addresses of servers.
enum EngineNames {
    /// The servers; none for the built-in engine.
    ///
    /// - Throws: `ValidationError` for what is no address, and for the built-in engine as one of several.
    static func addresses(_ names: [String]) throws -> [EngineAddress] {
        if names.allSatisfy({ $0 == Studio.builtinEngine }) { return [] }
        guard !names.contains(Studio.builtinEngine) else {
            throw ValidationError("--engine builtin stands alone: a pool is made of servers. Leave it out.")
        }
        do {
            let addresses = try names.map { try EngineAddress($0) }
            var seen: Set<EngineAddress> = []
            return addresses.filter { seen.insert($0).inserted }
        } catch {
            throw ValidationError("--engine: \(error).")
        }
    }
}
