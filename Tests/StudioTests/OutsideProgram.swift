import Foundation

/// A program that people have and this machine may lack: what only it can tell is tested where it is.
enum OutsideProgram {
    /// Runs it and returns what it printed; nil where it is not installed.
    static func run(_ name: String, _ arguments: String...) throws -> (status: Int32, output: String)? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        guard let program = folders.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile) else {
            print("\(name) is not installed: what it says of the files is not tested")
            return nil
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
