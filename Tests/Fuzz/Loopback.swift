import Foundation
import Glibc
import Synchronization

/// Bytes to and from a port of this machine, by bare sockets: what is sent need not be HTTP.
enum Loopback {
    /// Sends what it is given, and reads what comes until the other side ends the connection.
    ///
    /// - Parameter host: who asks, 127.0.0.1 for 1: each is one of a network of addresses that all lead here.
    static func ask(port: Int, _ bytes: [UInt8], from host: UInt32) throws -> [UInt8] {
        let connection = try opened()
        defer { close(connection) }
        guard sockaddr_in(host: host, port: 0).with({ bind(connection, $0, $1) }) == 0,
            sockaddr_in(host: 1, port: UInt16(port)).with({ connect(connection, $0, $1) }) == 0
        else { throw failure("cannot reach the port \(port)") }
        send(bytes, to: connection)
        return received(from: connection) { _ in false }
    }

    static func opened() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw failure("no socket") }
        return descriptor
    }

    /// As much as the other side takes.
    static func send(_ bytes: [UInt8], to connection: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// What comes, until it is enough or the other side ends the connection.
    static func received(from connection: Int32, until isEnough: ([UInt8]) -> Bool) -> [UInt8] {
        var (all, part) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while !isEnough(all) {
            let count = recv(connection, &part, part.count, 0)
            guard count > 0 else { break }
            all += part[..<count]
        }
        return all
    }

    static func failure(_ what: String) -> FuzzError { .usage("\(what): \(String(cString: strerror(errno)))") }
}

extension sockaddr_in {
    /// - Parameter host: behind the 127.
    init(host: UInt32, port: UInt16) {
        self.init()
        (sin_family, sin_port) = (sa_family_t(AF_INET), port.bigEndian)
        sin_addr = in_addr(s_addr: (0x7F00_0000 | host & 0xFF_FFFF).bigEndian)
    }

    func with(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafePointer(to: self) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

/// A server that answers with the very bytes it was given for the last part of an address, and ends the connection.
final class LoopbackServer: Sendable {
    let port: Int
    private let answers = Mutex<[String: [UInt8]]>([:])

    init() throws {
        let descriptor = try Loopback.opened()
        guard sockaddr_in(host: 1, port: 0).with({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 128) == 0 else {
            throw Loopback.failure("cannot listen")
        }
        var (address, size) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { continue }
                Loopback.send(answer(to: Loopback.received(from: connection, until: Self.isWhole)), to: connection)
                close(connection)
            }
        }
    }

    func answer(_ answers: [String: [UInt8]]) { self.answers.withLock { $0 = answers } }

    private func answer(to request: [UInt8]) -> [UInt8] {
        let words = String(decoding: request.prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
        let path = words.count > 1 ? words[1].prefix { $0 != "?" } : ""
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return answers.withLock { $0[name] } ?? Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)
    }

    private static func isWhole(_ request: [UInt8]) -> Bool {
        guard let end = Data(request).range(of: Data("\r\n\r\n".utf8)) else { return false }
        let lines = String(decoding: request[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
        let length = lines.first { $0.hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
        return request.count >= end.upperBound + length
    }
}

/// Waits for what is asynchronous, on a thread that may wait.
func waited<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let (done, outcome) = (DispatchSemaphore(value: 0), Outcome<Value>())
    Task.detached {
        do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
        done.signal()
    }
    done.wait()
    return try outcome.get()
}

private final class Outcome<Value: Sendable>: Sendable {
    private let state = Mutex<Result<Value, any Error>?>(nil)

    func set(_ result: Result<Value, any Error>) { state.withLock { $0 = result } }

    func get() throws -> Value {
        guard let result = state.withLock({ $0 }) else { preconditionFailure("it is set before it is asked for") }
        return try result.get()
    }
}
