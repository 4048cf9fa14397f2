import Foundation
import Glibc

/// File systems that several machines may use at the same time.
///
/// SQLite's write-ahead log is held together by memory that the processes of one machine share (https://sqlite.org/wal.html): two machines that write
/// one library through such a file system do not see each other's.
enum SharedFileSystem {
    /// By the numbers of statfs(2), which linux/magic.h and each system's own sources tell.
    private static let kinds: [UInt32: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "SMB", 0xFE53_4D42: "SMB", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
        0x0102_1997: "9p", 0x00C3_6400: "Ceph", 0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS", 0x1983_0326: "BeeGFS", 0x564C: "NCP",
    ]

    /// Of FUSE, which local ones use, too.
    private static let userspace: UInt32 = 0x6573_5546
    private static let remote: Set<String> = [
        "sshfs", "rclone", "s3fs", "s3fs-fuse", "gcsfuse", "goofys", "blobfuse", "glusterfs", "ceph-fuse", "juicefs", "curlftpfs",
        "smbnetfs",
        "gvfsd-fuse", "mfs", "lizardfs", "hdfs", "davfs", "virtiofs",
    ]

    /// What the one is called on which a file lies; nil for a disk of this machine, and where it cannot be told.
    static func name(at path: String) -> String? {
        var system = statfs()
        var file = stat()
        guard statfs(path, &system) == 0, stat(path, &file) == 0 else { return nil }
        let mounts = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/mountinfo"))) ?? Data()
        return name(
            kind: UInt32(truncatingIfNeeded: system.f_type),
            type: type(ofDevice: UInt64(file.st_dev), in: String(decoding: mounts, as: UTF8.self)))
    }

    /// - Parameters:
    ///   - kind: `f_type` of statfs(2).
    ///   - type: as mounts tell it: `nfs4`, `fuse.sshfs`.
    static func name(kind: UInt32, type: String?) -> String? {
        guard kind == userspace else { return kinds[kind] }
        guard let type else { return nil }
        let own = type.hasPrefix("fuse.") ? String(type.dropFirst("fuse.".count)) : type
        return remote.contains(own) ? own : nil
    }

    /// The type of the file system that is mounted from a device, as proc_pid_mountinfo(5) writes it.
    static func type(ofDevice device: UInt64, in mounts: String) -> String? {
        // As glibc's major() and minor() divide it.
        let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
        let minor = (device & 0xFF) | (device >> 12 & ~0xFF)
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3, fields[2] == "\(major):\(minor)" else { continue }
            guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }
}
