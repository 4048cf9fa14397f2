/// The name a browser asked for, in its header `Host` or an address.
struct HostName: Equatable {
    /// In small letters, without a port and without the brackets of IPv6.
    let name: String
    let port: Int?

    /// `localhost:7861`, `[::1]:7861`, `192.168.1.2`.
    ///
    /// Nil where the text is no such thing.
    init?(_ text: String) {
        let text = text.lowercased()
        guard !text.isEmpty, text.utf8.count <= 255 else { return nil }
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            name = String(text[text.index(after: text.startIndex)..<end])
            rest = text[text.index(after: end)...]
            guard Self.isIPv6(name) else { return nil }
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            name = String(text[..<end])
            rest = text[end...]
            let letters = name.utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
                    || $0 == UInt8(ascii: "_")
            }
            guard !name.isEmpty, letters else { return nil }
        }
        guard !rest.isEmpty else {
            port = nil
            return
        }
        guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()) else { return nil }
        port = Int(number)
    }

    var isLoopback: Bool { Self.isLoopback(name) }

    /// Whether it is a number, not a name: no name server answers for it, so that nobody can make it mean another machine.
    var isAddress: Bool { Self.isIPv4(name) || Self.isIPv6(name) }

    static func isLoopback(_ name: String) -> Bool {
        name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || isIPv4(name) && name.hasPrefix("127.")
    }

    private static func isIPv4(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.count <= 3 && $0.allSatisfy(\.isNumber) && UInt8($0) != nil }
    }

    private static func isIPv6(_ name: String) -> Bool {
        name.contains(":") && name.utf8.count <= 45
            && name.utf8.allSatisfy { (48...58).contains($0) || (97...102).contains($0) || $0 == UInt8(ascii: ".") }
    }
}
