import Foundation
import Testing

@testable import Studio

@Suite struct SharedFileSystemTests {
    @Test(arguments: [("nfs4", "NFS"), ("cifs", "SMB"), ("smb3", "SMB"), ("9p", "9p"), ("fuse.sshfs", "sshfs"), ("virtiofs", "virtiofs")])
    func thoseOfANetworkAreNamed(_ type: String, _ name: String) {
        #expect(SharedFileSystem.name(ofType: type) == name)
    }

    @Test(arguments: ["ext4", "btrfs", "xfs", "tmpfs", "overlay", "fuseblk", "fuse.mergerfs", "fuse", "new"]) func disksAreNot(
        _ type: String
    ) {
        #expect(SharedFileSystem.name(ofType: type) == nil)
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
