import Foundation
import Studio

/// How the page is served.
package struct ServeOptions: Sendable {
    /// The address that is listened at; those of loopback are reached from this machine alone.
    package var host = "127.0.0.1"
    /// 0: any that is free.
    package var port = 7861
    /// What everybody has to show who comes; nil: nobody has to.
    package var token: String?
    /// Whether the token may stand in what is printed and on the browser's command line; else the browser asks for it as for a password.
    package var tellsToken = true
    /// Folders whose pictures the page may take in.
    package var folders: [URL] = []
    /// Jobs that may run at the same time on the library.
    package var jobsAtOnce = 1

    package init() {}

    /// Whether only this machine reaches the address.
    package var isLoopback: Bool { HostName.isLoopback(host) }

    /// The address that opens the page: with the token in it where it may be told, whatever signs a person's own has, so that the browser keeps
    /// it and asks no more.
    package func opening(_ address: String) -> String {
        guard let token, tellsToken else { return address }
        return address + "?token=\(token.percentEncoded)"
    }

    /// A token that nobody guesses: 32 letters and digits of the system's random numbers.
    package static func generatedToken() -> String {
        let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<32).map { _ in letters.randomElement(using: &generator) ?? "x" })
    }

    /// The shortest token that is taken.
    package static let shortestToken = 8

    /// Bytes of a file that are looked at for a token.
    private static let longestToken = 4096

    /// The token on the first line of a file, without what surrounds it.
    ///
    /// - Throws: ``ServeError/noTokenFile(_:reason:)``.
    package static func token(inFile path: String) throws -> String {
        guard !PictureListing.isFolder(path) else { throw ServeError.noTokenFile(path, reason: "it is a folder") }
        let bytes: Data
        do {
            // A pipe will do as well: a password manager may write the token into one.
            let file = try FileHandle(forReadingFrom: URL(asTyped: path))
            defer { try? file.close() }
            bytes = try file.read(upToCount: longestToken) ?? Data()
        } catch {
            throw ServeError.noTokenFile(path, reason: "no such file, or it may not be read")
        }
        // Bytes that are no text would become others, and no browser could show them.
        guard let line = String(validating: bytes.split(separator: UInt8(ascii: "\n")).first ?? Data(), as: UTF8.self) else {
            throw ServeError.noTokenFile(path, reason: "it is not a text in UTF-8")
        }
        // Some editors begin a text with a mark of its encoding, and end lines with two signs.
        let token = line.trimmingCharacters(in: .whitespacesAndNewlines.union(CharacterSet(charactersIn: "\u{FEFF}")))
        guard !token.isEmpty else {
            throw ServeError.noTokenFile(path, reason: "it is empty; write a token of at least \(shortestToken) characters into it")
        }
        return token
    }

    /// Whether everybody on this machine may read a file that holds a token.
    package static func isOpenToAll(tokenFile path: String) -> Bool {
        let place = URL(asTyped: path).resolvingSymlinksInPath().path
        guard let known = try? FileManager.default.attributesOfItem(atPath: place), known[.type] as? FileAttributeType == .typeRegular,
            let mode = known[.posixPermissions] as? NSNumber
        else { return false }
        return mode.intValue & 0o004 != 0
    }
}
