import Primitives

/// The machine of a node, as its worker sees it. Redis refuses a worker if a living worker of the same node is on another
/// machine, or if a living worker of another node is on the same machine.
package struct MachineFingerprint: Sendable, Hashable {
    /// The id of the Docker Engine. Copies of a virtual machine have the same id.
    package var engine: String
    /// The hostname of the Docker Engine's machine.
    package var name: String
    /// The folder of the Docker Engine's data. Several Docker Engines of a machine have different folders.
    package var root: String?
    /// The id of the kernel's boot; nil for a Docker Engine behind a network.
    package var boot: String?

    package init(engine: String, name: String, root: String? = nil, boot: String? = nil) {
        self.engine = engine
        self.name = name
        self.root = root
        self.boot = boot
    }

    /// Returns the hostname in a fingerprint as Redis keeps it, JSON; nil if the text has none.
    package static func name(in text: String) -> String? {
        JSONMembers(text)?.string("name").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The argument of `register`.
    var argument: JSONValue {
        JSONValue(members: [
            "engine": .string(engine), "name": .string(name), "root": root.map { .string($0) },
            "boot": boot.map { .string($0) },
        ])
    }
}
