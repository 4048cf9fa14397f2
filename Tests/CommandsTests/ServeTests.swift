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
        private let errors: Pipe

        init(_ tool: Tool, _ arguments: String..., environment: [String: String] = [:], leash: Leash? = nil) throws {
            let started = try tool.start(["serve", "--library", tool.path("library")] + arguments, environment: environment, leash: leash)
            (process, output, errors) = (started.process, started.output, started.errors)
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

        /// Ends it, and returns what it said on standard error until then.
        func remarks() -> String {
            #expect(end(SIGTERM) == 0)
            return String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
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

    /// Tests that are killed end nothing any more; what they started ends all the same.
    @Test func itEndsWithTheTests() throws {
        let (tool, leash) = (try Tool(), try Leash())
        let server = try Running(tool, "--port", "0", leash: leash)
        leash.letGo()
        let deadline = ContinuousClock.now + .seconds(60)
        while server.process.isRunning, ContinuousClock.now < deadline { usleep(50_000) }
        #expect(!server.process.isRunning)
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

    /// The token of the environment or of a file counts, and neither a list of processes nor what is printed shows it.
    @Test func aTokenNeedNotStandOnTheCommandLine() throws {
        let tool = try Tool()
        let file = tool.path("token")
        try "a secret of mine\n".write(toFile: file, atomically: true, encoding: .utf8)
        for (arguments, environment) in [
            ([], ["REDRAW_TOKEN": "a secret of mine"]), (["--token-file", file], ["REDRAW_TOKEN": "another one"]),
        ] {
            let server =
                try arguments.isEmpty
                ? Running(tool, "--port", "0", environment: environment)
                : Running(tool, "--port", "0", arguments[0], arguments[1], environment: environment)
            #expect(server.address.hasSuffix("/"), "\(server.address)")
            let line = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(server.process.processIdentifier)/cmdline"))
            #expect(line.range(of: Data("serve".utf8)) != nil && line.range(of: Data("secret".utf8)) == nil)
            #expect(try server.ask("GET", "/api/v1/status").hasPrefix("HTTP/1.1 401"))
            let shown = ["Authorization: Bearer a secret of mine"]
            #expect(try server.ask("GET", "/api/v1/status", headers: shown).hasPrefix("HTTP/1.1 200"))
            let remarks = server.remarks()
            #expect(remarks.contains("asks for your token as a password") && !remarks.contains("secret of mine"), "\(remarks)")
        }
        // A variable that is set to nothing is none.
        let open = try Running(tool, "--port", "0", environment: ["REDRAW_TOKEN": ""])
        #expect(try open.ask("GET", "/api/v1/status").hasPrefix("HTTP/1.1 200"))
        #expect(open.end(SIGTERM) == 0)
    }

    /// A file is read as editors of other systems write it, too; where everybody can read it, that is said.
    @Test func aTokensFileIsReadAndOneForAllIsTold() throws {
        let tool = try Tool()
        let file = tool.path("token")
        try Data("\u{FEFF}a secret of mine\r\nanother line\r\n".utf8).write(to: URL(fileURLWithPath: file))
        for (mode, isTold) in [(0o644, true), (0o600, false)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
            let server = try Running(tool, "--port", "0", "--token-file", file)
            #expect(try server.ask("GET", "/api/v1/status", headers: ["Authorization: Bearer a secret of mine"]).hasPrefix("HTTP/1.1 200"))
            #expect(server.remarks().contains("chmod 600") == isTold, "\(mode)")
        }
    }

    /// Where no browser opens that is said, with the address; from another machine with the way to it.
    @Test func aBrowserThatIsMissingIsTold() throws {
        let tool = try Tool()
        let programs = tool.path("bin")
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        func said(_ environment: [String: String], _ arguments: String...) throws -> (remarks: String, port: Int) {
            let server =
                try arguments.isEmpty
                ? Running(tool, "--port", "0", "--open", environment: environment)
                : Running(tool, "--port", "0", "--open", arguments[0], arguments[1], environment: environment)
            #expect(try server.ask("GET", "/").hasPrefix("HTTP/1.1 "))
            usleep(300_000)
            return (server.remarks(), server.port)
        }
        let (bare, port) = try said(["PATH": programs])
        #expect(
            bare.contains("No browser can be opened: there is no desktop here") && bare.contains("http://127.0.0.1:\(port)/\n"), "\(bare)")
        let (missing, _) = try said(["PATH": programs, "DISPLAY": ":0"])
        #expect(missing.contains("xdg-open is not installed"), "\(missing)")

        let opener = programs + "/xdg-open"
        try "#!/bin/sh\nprintf %s \"$1\" >'\(tool.path("opened"))'\n[ -z \"$FAILS\" ]\n".write(
            toFile: opener, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: opener)
        let (fine, there) = try said(["PATH": programs, "DISPLAY": ":0"])
        #expect(!fine.contains("browser"), "\(fine)")
        #expect(try String(contentsOfFile: tool.path("opened"), encoding: .utf8) == "http://127.0.0.1:\(there)/")
        let (failed, _) = try said(["PATH": programs, "WAYLAND_DISPLAY": "wayland-0", "FAILS": "1"])
        #expect(failed.contains("No browser opened: xdg-open found none"), "\(failed)")

        let far = ["PATH": programs, "USER": "ana", "SSH_CONNECTION": "198.51.100.4 50000 192.0.2.7 2222"]
        let (tunnel, door) = try said(far)
        #expect(tunnel.contains("`ssh -N -L \(door):127.0.0.1:\(door) -p 2222 ana@192.0.2.7` on your own machine"), "\(tunnel)")
        let (reached, gate) = try said(far, "--host", "0.0.0.0")
        #expect(reached.contains("open http://192.0.2.7:\(gate)/?token="), "\(reached)")
    }

    @Test func whatIsInTheWayIsOneLine() throws {
        let tool = try Tool()
        let server = try Running(tool, "--port", "0")
        let empty = tool.path("empty")
        try Data().write(to: URL(fileURLWithPath: empty))
        let bytes = tool.path("bytes")
        try Data([0xFF, 0xFE] + "a secret of mine".utf8).write(to: URL(fileURLWithPath: bytes))
        let table: [([String], Int32, String)] = [
            (["--port", "\(server.port)"], 1, "another program uses that port"), (["--port", "70000"], 64, "0 to 65535"),
            (["--token", "short"], 1, "at least 8"), (["--folder", tool.path("nowhere")], 1, "is no folder"),
            (["--token-file", tool.path("nowhere")], 1, "nowhere: no such file"), (["--token-file", empty], 1, "it is empty"),
            (["--token-file", tool.path(".")], 1, "it is a folder"), (["--token-file", bytes], 1, "not a text in UTF-8"),
            (["--token-file", empty, "--token", "something"], 64, "exclude each other"),
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
