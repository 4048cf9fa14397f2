import Foundation

/// What the kernel tells of memory.
package enum Memory {
    /// Bytes that can be taken without swapping: what the kernel estimates to be free, or what limits leave of it where that is less. Nil
    /// where nothing tells.
    package static var available: Int? {
        [kilobytes("MemAvailable:", in: "/proc/meminfo"), leftOfAddressSpace, leftOfControlGroup].compactMap { $0 }.min()
    }

    /// Bytes that this machine has.
    package static var installed: Int? { kilobytes("MemTotal:", in: "/proc/meminfo") }

    /// Bytes that this process holds: the loaded model and all else.
    package static var resident: Int? { kilobytes("VmRSS:", in: "/proc/self/status") }

    /// Gives what was freed back to the system, as far as the C library can be told to (glibc's `malloc_trim`). Of itself it keeps the blocks of
    /// every thread that ever worked, and a process that goes on for days would seem to grow.
    package static func giveBack() {
        // Swift's module of the C library leaves it out.
        guard let trim = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(trim, to: (@convention(c) (Int) -> CInt).self)(0)
    }

    /// Bytes of addresses that `ulimit -v` allows; nil where there is no limit.
    package static var addressLimit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
        return Int(exactly: limit.rlim_cur)
    }

    /// What `ulimit -v` leaves; nil where there is no limit. It counts addresses, of which the C library's stores and OpenBLAS's buffers reserve
    /// far more for each thread than they ever use: those go off, reserved already or not.
    private static var leftOfAddressSpace: Int? {
        guard let most = addressLimit, let held = kilobytes("VmSize:", in: "/proc/self/status") else { return nil }
        let reserved = 640 << 20 + ProcessInfo.processInfo.activeProcessorCount * (128 << 20)
        return max(0, most - max(held + 256 << 20, reserved))
    }

    /// What the limits of the control groups that the process is in leave (containers and services have such): the least of its own group
    /// and all above it. What is cached of files is given up on demand and so counts as free.
    private static var leftOfControlGroup: Int? {
        guard let groups = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8) else { return nil }
        let rests = groups.split(separator: "\n").compactMap { (line: Substring) -> Int? in
            let parts: [Substring] = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            if parts[0] == "0", parts[1].isEmpty {
                return left(of: parts[2], below: "/sys/fs/cgroup", limit: "memory.max", used: "memory.current", cached: "inactive_file")
            }
            guard parts[1].split(separator: ",").contains("memory") else { return nil }
            return left(
                of: parts[2], below: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes",
                cached: "total_inactive_file")
        }
        return rests.min()
    }

    private static func left(of group: Substring, below root: String, limit: String, used: String, cached: String) -> Int? {
        var least: Int?
        var folder = root + (group == "/" ? "" : String(group))
        while folder.hasPrefix(root) {
            if let most = number(in: folder + "/" + limit), let taken = number(in: folder + "/" + used) {
                let cache = statistic(cached, in: folder + "/memory.stat") ?? 0
                let left = max(0, most - taken + cache)
                least = min(least ?? left, left)
            }
            guard folder != root, let slash = folder.lastIndex(of: "/") else { break }
            folder = String(folder[..<slash])
        }
        return least
    }

    /// "max" is no number, and what is beyond 2^62 is the older interface's word for none.
    private static func number(in file: String) -> Int? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)).flatMap { $0 < 1 << 62 ? $0 : nil }
    }

    private static func statistic(_ key: String, in file: String) -> Int? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(key + " ") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }

    private static func kilobytes(_ key: String, in file: String) -> Int? {
        guard let told = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        let line = told.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }
}
