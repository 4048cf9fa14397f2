import Foundation

/// Requests to a driver of this machine, over a socket of their own: it writes header fields without a blank after the colon, as it may, and
/// URLSession's parser on Linux takes that for an error.
enum PlainHTTP {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The body of the answer, whatever its status.
    static func ask(_ method: String, _ url: URL, _ body: Data?) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            // It waits for the browser: on a thread of its own, not on one of those that all tasks share.
            Thread.detachNewThread {
                continuation.resume(with: Result { try exchange(method, url, body) })
            }
        }
    }

    private static func exchange(_ method: String, _ url: URL, _ body: Data?) throws -> Data {
        let socket = try connected(to: url)
        defer { close(socket) }
        var head = "\(method) \(url.path) HTTP/1.1\r\nHost: 127.0.0.1:\(url.port ?? 80)\r\nConnection: close\r\n"
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        try send(Data((head + "\r\n").utf8) + (body ?? Data()), to: socket)
        var answer = Data()
        var wanted: Int?
        var start = 0
        while wanted.map({ answer.count - start < $0 }) ?? true {
            guard let piece = try receive(from: socket), !piece.isEmpty else { break }
            answer += piece
            if wanted == nil, let end = answer.range(of: Data("\r\n\r\n".utf8)) {
                start = end.upperBound - answer.startIndex
                wanted = length(String(decoding: answer[..<end.lowerBound], as: UTF8.self))
            }
        }
        guard let wanted, answer.count - start >= wanted else {
            throw Failure(description: "\(method) \(url.path): the answer ended early")
        }
        return answer.dropFirst(start).prefix(wanted)
    }

    private static func length(_ head: String) -> Int? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "content-length" { return Int(parts[1].trimmingCharacters(in: .whitespaces)) }
        }
        return nil
    }

    private static func connected(to url: URL) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(url.port ?? 80).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var patience = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard outcome == 0 else {
            close(descriptor)
            throw Failure(description: "nothing listens at \(url): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    private static func send(_ data: Data, to socket: Int32) throws {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(description: "the driver does not listen any more: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    /// Nil at the end.
    private static func receive(from socket: Int32) throws -> Data? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Failure(description: "the driver does not answer: \(String(cString: strerror(errno)))") }
        return count == 0 ? nil : Data(buffer[..<count])
    }
}
