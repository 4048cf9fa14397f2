import Foundation
import TestSupport
import Testing

@testable import Engines
@testable import Studio

/// Models from a hub and from addresses: what is believed, who is told the token, and that nothing a person has is written over.
@Suite struct PullingTests {
    @Test(arguments: ["-1", "2000000000000000000", "1e30"]) func aListThatTellsSizesThatCannotBeIsNotRead(_ size: String) {
        func list(_ sizes: [String]) -> Data {
            let entries = sizes.enumerated().map { #"{"type": "file", "path": "\#($0.offset).bin", "size": \#($0.element)}"# }
            return Data("[\(entries.joined(separator: ", "))]".utf8)
        }
        #expect(throws: (any Error).self) { try HubListing(json: list(["5", size])) }
        #expect(throws: Never.self) { try HubListing(json: list(["5", "6"])) }
    }

    @Test func sizesThatNoRepositoryHasTogetherAreNotRead() {
        let entry = #"{"type": "file", "path": "x.bin", "size": 1000000000000000}"#
        #expect(throws: (any Error).self) { try HubListing(json: Data("[\(entry), \(entry)]".utf8)) }
    }
}
