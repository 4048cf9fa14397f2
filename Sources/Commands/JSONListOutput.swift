import Synchronization

/// Results as one JSON array, written as they come: a script reads those that were made, also where the command ends with a failure.
final class JSONListOutput: Sendable {
    private let written = Mutex(0)

    init() { Terminal.standardOutput.write("[") }

    func add(_ value: some Encodable) throws {
        let text = try JSONOutput.text(value)
        let isFirst = written.withLock { written in
            written += 1
            return written == 1
        }
        Terminal.standardOutput.write(json: (isFirst ? "\n" : ",\n") + text)
    }

    /// Nothing is added any more.
    func end() { Terminal.standardOutput.write(written.withLock { $0 } > 0 ? "\n]\n" : "]\n") }
}
