import Engines

/// Servers of the person's own that make pictures, as one pool beside the built-in engine.
package struct OutsideEngines: Sendable, Equatable {
    let addresses: [EngineAddress]

    /// The built-in engine alone.
    package static let none = OutsideEngines(addresses: [])

    private init(addresses: [EngineAddress]) { self.addresses = addresses }

    /// - Parameter addresses: `http://gpu:7860`, `https://name:password@host/path`, or a host with its port; each counts once.
    /// - Throws: `EngineAddressError` where one is none.
    package init(at addresses: [String]) throws {
        var seen: Set<EngineAddress> = []
        self.addresses = try addresses.map { try EngineAddress($0) }.filter { seen.insert($0).inserted }
    }

    /// What orders call the pool, whatever stands in the addresses; nil where there are no servers.
    package var name: String? { addresses.isEmpty ? nil : HTTPEngine.name(of: addresses) }
}
