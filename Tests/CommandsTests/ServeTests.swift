import Foundation
import Glibc
import TestSupport
import Testing

/// `redraw serve`, through the built program: a real port, real signals.
@Suite(.serialized) struct ServeTests {
    private final class Running {
        let process: Process
        let address: String
        let port: Int
        private let output: Pipe

        init(_ tool: Tool, _ arguments: String...) throws {
            let started = try tool.start(["serve", "--library", tool.path("library")] + arguments)
            (process, output) = (started.process, started.output)
            var text = ""
            while !text.hasSuffix("\n") {
                let data = started.output.fileHandleForReading.availableData
                if data.isEmpty { break }
                text += String(decoding: data, as: UTF8.self)
            }
            let match = try #require(text.firstMatch(of: #/Redraw is at (http://[^\s:]+:(\d+)/\S*)/#), "\(text)")
            (address, port) = (String(match.output.1), Int(match.output.2) ?? 0)
        }

        func end(_ signal: Int32) -> Int32 {
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            return process.terminationStatus
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        /// The whole answer to one request, as it came.
        func ask(_ method: String, _ path: String, _ body: String? = nil, headers: [String] = []) throws -> String {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = in_port_t(port).bigEndian
            place.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            let isConnected = withUnsafePointer(to: &place) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                } == 0
            }
            try #require(isConnected)
            let about = body.map { ["Content-Type: application/json", "Content-Length: \($0.utf8.count)"] } ?? []
            let lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"] + about + headers
            let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8)
            #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { answer += buffer[..<count] }
            return String(decoding: answer, as: UTF8.self)
        }
    }

    @Test func itServesAndStopsOnEitherSignal() throws {
        for signal in [SIGINT, SIGTERM] {
            let tool = try Tool()
            let server = try Running(tool, "--port", "0")
            let status = try server.ask("GET", "/api/v1/status")
            #expect(status.hasPrefix("HTTP/1.1 200") && status.contains("\"pictures\":0"), "\(status.prefix(400))")
            #expect(try server.ask("GET", "/api/v1/status", headers: ["Origin: http://evil.example"]).hasPrefix("HTTP/1.1 403"))
            #expect(server.end(signal) == 0)
        }
    }

    /// A picture that is being made when the server is told to stop, or is killed, is not lost: the next one makes it, or says what became of it.
    @Test func aJobOutlivesTheServer() throws {
        let tool = try Tool()
        var server = try Running(tool, "--port", "0")
        let wish = #"{"prompt":"a castle","seed":1,"steps":400,"size":"128x128","firstSide":0,"drafts":1}"#
        #expect(try server.ask("POST", "/api/v1/jobs", wish).hasPrefix("HTTP/1.1 201"))
        func job() throws -> String { try server.ask("GET", "/api/v1/jobs/1") }
        func wait(_ text: String) throws {
            let deadline = ContinuousClock.now + .seconds(120)
            while try !job().contains(text), ContinuousClock.now < deadline { usleep(50_000) }
            #expect(try job().contains(text))
        }
        try wait(#""state":"running""#)
        #expect(server.end(SIGTERM) == 0)
        server = try Running(tool, "--port", "0")
        try wait(#""state":"running""#)
        _ = server.end(SIGKILL)
        server = try Running(tool, "--port", "0")
        try wait(#""state":"failed""#)
        #expect(try job().contains("interrupted"))
        #expect(try server.ask("POST", "/api/v1/jobs", #"{"prompt":"a cat","seed":1,"steps":1,"size":"64x64"}"#).hasPrefix("HTTP/1.1 201"))
        let deadline = ContinuousClock.now + .seconds(120)
        while try !server.ask("GET", "/api/v1/jobs/2").contains(#""state":"done""#), ContinuousClock.now < deadline { usleep(50_000) }
        #expect(try server.ask("GET", "/api/v1/jobs/2").contains(#""state":"done""#))
        #expect(server.end(SIGTERM) == 0)
    }

    @Test func otherAddressesWantAToken() throws {
        let tool = try Tool()
        let server = try Running(tool, "--port", "0", "--host", "0.0.0.0")
        #expect(server.address.contains("?token="))
        let token = String(server.address.split(separator: "=").last ?? "")
        #expect(try server.ask("GET", "/api/v1/status").hasPrefix("HTTP/1.1 401"))
        #expect(try server.ask("GET", "/api/v1/status", headers: ["Authorization: Bearer \(token)"]).hasPrefix("HTTP/1.1 200"))
        #expect(server.end(SIGTERM) == 0)
    }

    @Test func whatIsInTheWayIsOneLine() throws {
        let tool = try Tool()
        let server = try Running(tool, "--port", "0")
        let table: [([String], Int32, String)] = [
            (["--port", "\(server.port)"], 1, "another program uses that port"), (["--port", "70000"], 64, "0 to 65535"),
            (["--token", "short"], 1, "at least 8"), (["--folder", tool.path("nowhere")], 1, "is no folder"),
            (["--host", "203.0.113.9", "--port", "0"], 1, "no such address"),
        ]
        for (arguments, status, text) in table {
            let started = try tool.start(["serve", "--library", tool.path("library")] + arguments)
            started.process.waitUntilExit()
            let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(started.process.terminationStatus == status && errors.contains(text), "\(arguments): \(errors)")
        }
        #expect(server.end(SIGTERM) == 0)
    }
}
