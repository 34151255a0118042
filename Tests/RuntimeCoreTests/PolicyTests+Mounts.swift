import Primitives
import DockerPort
import JobContract
import Testing

@testable import RuntimeCore

extension PolicyTests {
    @Test(
        "allows mounts by path components below a root",
        arguments: [
            ("/srv/maps/a", "/maps", true), ("/srv/maps", "/maps", false), ("/srv/maps-evil/a", "/maps", false),
            ("/srv/maps/../x", "/maps", false), ("/srv/maps/./a", "/maps", false), ("/srv/maps//a", "/maps", false),
            ("/", "/maps", false), ("/srv/maps/a", "/etc/x", false), ("/srv/maps/a", "/", false),
            ("/srv/maps/a", "/proc", false), ("/srv/maps/a", "/var/lib/galaxy/x", false),
            ("/srv/maps/a", "/var", false), ("/srv/maps/a", "/proc/self", false), ("/srv/maps/a", "/sys", false),
            ("/srv/maps/a", "/dev/shm", false), ("/srv/maps/a", "/usr/local", false), ("/srv/maps/a", "/lib64", false),
            ("/srv/maps/a", "/var/run", false), ("/srv/maps/a", "/run/x", false), ("/srv/maps/a", "/library", true),
            ("/srv/maps/a", "maps", false), ("srv/maps/a", "/maps", false), ("/srv/maps/a/", "/maps", false),
            ("/srv/maps/a", "/maps/", false), ("/srv/Maps/a", "/maps", false),
            ("/srv/maps/..a", "/maps", true), ("/srv", "/maps", false),
            // A slash with a combining mark after it is still one to the kernel.
            ("/srv/maps/../\u{301}x", "/maps", false), ("/srv/maps/a", "/etc/\u{301}x", false),
            ("/srv/maps/\u{301}x", "/maps", true), ("/srv/maps/a", "/var/lib/galaxy/\u{301}x", false),
        ]
    )
    func mounts(host: String, target: String, allowed: Bool) {
        let settings = NodeSettings(allowedMountRoots: [MountRoot("/srv/maps")])
        let found = code(settings) { $0.bindMounts = [.init(hostPath: host, mountPath: target)] }
        #expect(found == (allowed ? nil : .mountNotAllowed))
        #expect(code(NodeSettings()) { $0.bindMounts = [.init(hostPath: host, mountPath: target)] } == .mountNotAllowed)
    }

    @Test(
        "refuses a mount inside another: a game could replace a directory of the outer one by a link",
        arguments: [
            (["/m", "/m/d"], false), (["/m/d/e", "/m"], false), (["/m", "/maps"], true), (["/a/b", "/a/c"], true),
            (["/m", "/m/\u{301}x"], false),
        ]
    )
    func nestedMounts(targets: [String], allowed: Bool) {
        for isReadOnly in [false, true] {
            let settings = NodeSettings(allowedMountRoots: [MountRoot("/srv/maps")])
            let found = code(settings) { job in
                job.bindMounts = targets.map {
                    .init(hostPath: "/srv/maps/a", mountPath: $0, readOnly: isReadOnly)
                }
            }
            #expect(found == (allowed ? nil : .mountNotAllowed))
        }
    }

    @Test("keeps the root of each mount, below which no link is allowed")
    func mountRoots() throws {
        let settings = NodeSettings(allowedMountRoots: [MountRoot("/srv/maps"), MountRoot("/other", isReadOnly: true)])
        let job = Job(
            id: "j",
            kind: .start,
            gameID: "g1",
            image: ImageReference("e:1"),
            bindMounts: [
                .init(hostPath: "/srv/maps/a", mountPath: "/a"),
                .init(hostPath: "/other/b/c", mountPath: "/b", readOnly: true),
            ]
        )
        let spec = try Policy(settings).allow(job).spec(on: ImageInspect(ref: "e:1"))
        #expect(spec.bindMounts.map(\.root) == ["/var/lib/rtmanager/games", "/srv/maps", "/other"])
    }

    @Test(
        "allows direct subdirectories of a writable root, and read-only mounts of any depth with :ro",
        arguments: [
            ("/rw/a", false, true), ("/rw/a", true, true), ("/rw", false, false), ("/rw", true, false),
            ("/rw/a/b", false, false), ("/rw/a/b", true, false), ("/ro", true, true), ("/ro", false, false),
            ("/ro/a/b/c", true, true), ("/ro/a", false, false), ("/rox", true, false), ("/ro/../rw/a/b", true, false),
        ]
    )
    func depths(path: String, readOnly: Bool, allowed: Bool) {
        let settings = NodeSettings(allowedMountRoots: [MountRoot("/rw"), MountRoot("/ro", isReadOnly: true)])
        let found = code(settings) {
            $0.bindMounts = [.init(hostPath: path, mountPath: "/m", readOnly: readOnly)]
        }
        #expect(found == (allowed ? nil : .mountNotAllowed))
    }

    static let digest = "sha256:" + String(repeating: "0", count: 64)
}
