#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What was read of this machine for the doctor.
struct HostFacts: Sendable, Equatable {
    /// How a path fares.
    enum Folder: Sendable, Equatable {
        case writable
        /// It is not there, and can be made in this directory.
        case canBeMade(in: String)
        case forbidden(path: String)
        /// A part of the path is a file.
        case isNoDirectory(path: String)
    }

    var stateRoot = ""
    var stateFolder = Folder.writable
    /// Whether the Engine is on another machine, whose folders cannot be looked at.
    var isRemoteEngine = false
    /// Files that a process may have open.
    var openFiles: UInt64 = 0
    /// The key of signatures, and whether others than its owner may read it; nil: jobs are not signed.
    var signingKey: (path: String, isOpen: Bool)?

    static func == (left: HostFacts, right: HostFacts) -> Bool {
        left.findings == right.findings
    }

    /// Looks at this machine.
    static func read(_ settings: Settings, isRemoteEngine: Bool) -> HostFacts {
        var facts = HostFacts()
        facts.stateRoot = settings.stateRoot
        facts.stateFolder = folder(settings.stateRoot)
        facts.isRemoteEngine = isRemoteEngine
        var limit = rlimit()
        #if canImport(Darwin)
            let isKnown = getrlimit(RLIMIT_NOFILE, &limit) == 0
        #else
            let isKnown = getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0
        #endif
        facts.openFiles = isKnown ? UInt64(limit.rlim_cur) : .max
        if let path = settings.signingKeyFile {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            let mode = (attributes?[.posixPermissions] as? Int) ?? 0
            facts.signingKey = (path, mode & 0o077 != 0)
        }
        return facts
    }

    /// How `path` fares, or its nearest ancestor that is there.
    private static func folder(_ path: String) -> Folder {
        var current = path
        while true {
            var isDirectory = false
            if FileManager.default.fileExists(atPath: current, isDirectory: &isDirectory) {
                guard isDirectory else { return .isNoDirectory(path: current) }
                guard access(current, W_OK | X_OK) == 0 else { return .forbidden(path: current) }
                return current == path ? .writable : .canBeMade(in: current)
            }
            guard let slash = current.lastIndex(of: "/"), current.count > 1 else { return .forbidden(path: current) }
            current = slash == current.startIndex ? "/" : String(current[..<slash])
        }
    }

    var findings: [Finding] { [folder, files, key].compactMap { $0 } }

    private var folder: Finding {
        let check = "state folders"
        if isRemoteEngine {
            return .warning(
                check,
                "the Engine is on another machine: a worker makes the folders on its own",
                mend: "run the worker on the Engine's machine, or mount the same \(stateRoot) on both"
            )
        }
        let mend = "install --directory --owner USER \(stateRoot), or let RTM_STATE_ROOT name another"
        return switch stateFolder {
        case .writable: .ok(check, "\(stateRoot) can be written")
        case .canBeMade(let parent): .ok(check, "\(stateRoot) is not there and can be made in \(parent)")
        case .forbidden(let path): .failure(check, "this user may not write in \(path)", mend: mend)
        case .isNoDirectory(let path): .failure(check, "\(path) is no directory", mend: mend)
        }
    }

    private var files: Finding {
        let text = openFiles >= UInt64(Int64.max) ? "no bound" : "\(openFiles)"
        guard openFiles < 1_024 else { return .ok("open files", text) }
        return .warning(
            "open files",
            "\(text) at most: connections to the Engine may fail",
            mend: "LimitNOFILE=65536 in the unit, or ulimit -n 65536"
        )
    }

    private var key: Finding? {
        guard let signingKey else { return nil }
        guard signingKey.isOpen else { return .ok("signing key", "only its owner may read \(signingKey.path)") }
        return .warning(
            "signing key",
            "others than its owner may read \(signingKey.path)",
            mend: "chmod 600 \(signingKey.path)"
        )
    }
}
