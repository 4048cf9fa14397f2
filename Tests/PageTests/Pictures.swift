import Foundation
import Pixels
import TestSupport

/// Photographs of the documentation, which the tests upload.
enum Pictures {
    static func path(_ name: String) -> String { checkout.appendingPathComponent("Documentation/pictures/\(name)").path }
    static let coffee = path("coffee.jpg")
    static let cat = path("chelsea.jpg")
    static let rocket = path("rocket.jpg")

    /// A photograph without loss, so that every program decodes the same bytes.
    static func losslessCoffee(in folder: URL) throws -> String {
        let picture = try ImageFile.decode(contentsOf: URL(fileURLWithPath: coffee)).image
        let file = folder.appendingPathComponent("coffee.png")
        try Data(try ImageFile.encodePNG(picture)).write(to: file)
        return file.path
    }
}

extension Browser {
    /// Adds a picture as a person does and waits until it lies on the desk and was looked at; its number.
    @discardableResult
    func add(_ path: String) async throws -> Int {
        try await wait(forElement: "#view > *")
        try await type(path, into: "#pick")
        try await wait("location.hash.startsWith('#/picture/')", what: "the picture opens")
        try await wait("document.querySelector('.chip')", what: "it was looked at", atMost: 120)
        return Int(try await run("return Number(location.hash.split('/')[2].split('?')[0])").number ?? 0)
    }

    func state(of tag: String) async throws -> String {
        try await run("return document.querySelector(`.chip[data-tag=\"${arguments[0]}\"]`)?.dataset.state ?? ''", .string(tag)).string
            ?? ""
    }

    func wait(until tag: String, is state: String) async throws {
        try await wait(
            "document.querySelector(`.chip[data-tag=\"${arguments[0]}\"]`)?.dataset.state === arguments[1]", .string(tag), .string(state),
            what: "\(tag) is \(state)")
    }

    /// Presses the button that makes pictures once it can be pressed, and waits for the result.
    func make() async throws {
        try await wait("!document.querySelector('#start').disabled", what: "it can begin: \(try await text(".cost"))")
        try await click("#start")
        try await wait(forElement: ".result-actions", atMost: 240)
    }
}
