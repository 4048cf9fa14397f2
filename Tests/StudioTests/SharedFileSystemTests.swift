import Foundation
import Testing

@testable import Studio

@Suite struct SharedFileSystemTests {
    @Test(arguments: [
        (UInt32(0x6969), "nfs4", "NFS"), (0xFE53_4D42, "cifs", "SMB"), (0xFF53_4D42, "smb3", "SMB"), (0x0102_1997, "9p", "9p"),
        (0x6573_5546, "fuse.sshfs", "sshfs"), (0x6573_5546, "virtiofs", "virtiofs"),
    ])
    func thoseOfANetworkAreNamed(_ kind: UInt32, _ type: String, _ name: String) {
        #expect(SharedFileSystem.name(kind: kind, type: type) == name)
    }

    /// ext4, btrfs, tmpfs, overlayfs, a disk of NTFS, and one that nobody knows.
    @Test(arguments: [
        (UInt32(0xEF53), "ext4" as String?), (0x9123_683E, "btrfs"), (0x0102_1994, "tmpfs"), (0x794C_7630, "overlay"),
        (0x6573_5546, "fuseblk"),
        (0x6573_5546, nil), (7, "new"),
    ])
    func disksAreNot(_ kind: UInt32, _ type: String?) {
        #expect(SharedFileSystem.name(kind: kind, type: type) == nil)
    }

    @Test func theTypeIsReadFromTheMounts() {
        let mounts = """
            36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            40 35 0:52 / /home/ada/remote rw,nosuid,nodev - fuse.sshfs studio:/photos rw,user_id=1000
            41 35 259:70000 / /large rw shared:1 - xfs /dev/nvme0n1p3 rw
            broken line
            """
        #expect(SharedFileSystem.type(ofDevice: 98 << 8, in: mounts) == "ext3")
        #expect(SharedFileSystem.type(ofDevice: 52, in: mounts) == "fuse.sshfs")
        // 70000 is 0x11170: its lower byte stands below the major number, the rest above.
        #expect(SharedFileSystem.type(ofDevice: 0x0111 << 20 | 259 << 8 | 0x70, in: mounts) == "xfs")
        #expect(SharedFileSystem.type(ofDevice: 1, in: mounts) == nil)
    }

    @Test func whatIsOnlyHereIsNot() {
        #expect(SharedFileSystem.name(at: "/proc") == nil && SharedFileSystem.name(at: "/proc/missing") == nil)
        #expect(Studio.sharedNotice("NFS").contains("NFS"))
    }
}
