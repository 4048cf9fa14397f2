import Foundation
import Glibc

/// File systems that several machines may use at the same time.
///
/// SQLite's write-ahead log is held together by memory that the processes of one machine share (https://sqlite.org/wal.html): two machines that
/// write one library through such a file system do not see each other's.
enum SharedFileSystem {
    /// By the types that mounts tell; those of FUSE stand without their `fuse.`, since local ones use FUSE, too.
    private static let names: [String: String] = [
        "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB", "afs": "AFS", "coda": "Coda", "9p": "9p", "ceph": "Ceph",
        "lustre": "Lustre", "gpfs": "GPFS", "beegfs": "BeeGFS", "glusterfs": "GlusterFS", "virtiofs": "virtiofs", "sshfs": "sshfs",
        "rclone": "rclone", "s3fs": "s3fs", "gcsfuse": "gcsfuse", "goofys": "goofys", "ceph-fuse": "Ceph", "juicefs": "JuiceFS",
        "curlftpfs": "curlftpfs", "smbnetfs": "SMB", "gvfsd-fuse": "a share of the desktop's", "mfs": "MooseFS", "davfs": "WebDAV",
    ]

    /// What the one is called on which a file lies; nil for a disk of this machine, and where it cannot be told.
    static func name(at path: String) -> String? {
        var file = stat()
        guard stat(path, &file) == 0, let mounts = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/mountinfo")) else { return nil }
        return type(ofDevice: UInt64(file.st_dev), in: String(decoding: mounts, as: UTF8.self)).flatMap(name(ofType:))
    }

    /// - Parameter type: as mounts tell it: `nfs4`, `fuse.sshfs`.
    static func name(ofType type: String) -> String? {
        names[type.hasPrefix("fuse.") ? String(type.dropFirst("fuse.".count)) : type]
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
