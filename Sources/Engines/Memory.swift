import Foundation

/// What the kernel tells of memory.
public enum Memory {
    /// Bytes that can be taken without swapping, as the kernel estimates; nil where it does not tell.
    public static var available: Int? { kilobytes("MemAvailable:", in: "/proc/meminfo") }

    /// Bytes that this machine has.
    public static var installed: Int? { kilobytes("MemTotal:", in: "/proc/meminfo") }

    /// Bytes that this process holds: the loaded model and all else.
    public static var resident: Int? { kilobytes("VmRSS:", in: "/proc/self/status") }

    private static func kilobytes(_ key: String, in file: String) -> Int? {
        guard let told = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        let line = told.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }
}
