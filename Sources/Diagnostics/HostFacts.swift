import Settings
import SystemPackage
import Terminal

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

/// The facts about this machine for the doctor.
package struct HostFacts: Sendable, Equatable {
    /// The state of a path.
    enum Folder: Sendable, Equatable {
        case writable
        /// The path does not exist, and can be created in this directory.
        case canBeMade(in: String)
        case forbidden(path: String)
        /// A part of the path is a file.
        case isNoDirectory(path: String)
        /// A trial folder or its file could not be created in this directory.
        case unusable(path: String, reason: String)
    }

    package var stateRoot = ""
    var stateFolder = Folder.writable
    /// Whether the Docker Engine is on another machine. The doctor cannot see folders there.
    package var isRemoteEngine = false
    /// The largest number of open files in a process.
    package var openFiles: UInt64 = 0
    /// Whether `RTM_ALLOWED_IMAGES` is empty. Jobs may then start all images except those of registries at an address.
    var allowsEveryImage = false
    /// The files with secret content.
    var secrets: [Secret] = []

    /// A file with a key or token.
    struct Secret: Sendable, Equatable {
        /// The name of the check.
        var check: String
        var path: String
        /// Whether the file's group or other users may read, change or execute the file.
        var isOpen = false
        /// The reason why a worker could not start with the file; nil: the file is usable.
        var problem: String?
    }

    /// Returns the facts about this machine.
    package static func read(_ settings: Settings, isRemoteEngine: Bool) -> HostFacts {
        var facts = HostFacts()
        facts.stateRoot = settings.stateRoot
        facts.stateFolder = folder(settings.stateRoot)
        facts.isRemoteEngine = isRemoteEngine
        facts.allowsEveryImage = settings.allowedImages.isEmpty
        var limit = rlimit()
        #if canImport(Darwin)
            let isKnown = getrlimit(RLIMIT_NOFILE, &limit) == 0
        #else
            let isKnown = getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0
        #endif
        facts.openFiles = isKnown ? UInt64(limit.rlim_cur) : .max
        facts.secrets = [
            secret("signing key", settings.signingKeyFile) { () throws(CommandError) in
                _ = try settings.signingKeys()
            },
            secret("http token", settings.httpTokenFile) { () throws(CommandError) in
                _ = try settings.httpToken()
            },
            secret("http read token", settings.httpReadTokenFile) { () throws(CommandError) in
                _ = try settings.httpReadToken()
            },
        ].compactMap { $0 }
        return facts
    }

    /// Reads a secret as a worker does, and checks who else has access to the file.
    private static func secret(
        _ check: String,
        _ path: String?,
        read: () throws(CommandError) -> Void
    ) -> Secret? {
        guard let path else { return nil }
        var secret = Secret(check: check, path: path)
        do throws(CommandError) {
            try read()
        } catch {
            secret.problem = error.description
        }
        // Follow links, as a reader does.
        let others: FilePermissions = [.groupReadWriteExecute, .otherReadWriteExecute]
        secret.isOpen = (try? Stat(FilePath(path)).permissions.isDisjoint(with: others)) == false
        return secret
    }

    /// Returns the state of `path` or of its nearest existing ancestor.
    private static func folder(_ path: String) -> Folder {
        var current = path
        while true {
            var isDirectory = false
            if FileManager.default.fileExists(atPath: current, isDirectory: &isDirectory) {
                guard isDirectory else { return .isNoDirectory(path: current) }
                guard access(current, W_OK | X_OK) == 0 else { return .forbidden(path: current) }
                if let reason = FolderTrial.problem(in: current) { return .unusable(path: current, reason: reason) }
                return current == path ? .writable : .canBeMade(in: current)
            }
            guard let slash = current.lastIndex(of: "/"), current.count > 1 else { return .forbidden(path: current) }
            current = slash == current.startIndex ? "/" : String(current[..<slash])
        }
    }

    package var findings: [Finding] { [folder, files, images].compactMap { $0 } + secrets.map(Self.finding) }

    private var images: Finding? {
        guard allowsEveryImage else { return nil }
        return .warning(
            "allowed images",
            "images of every named registry may run, and the Docker Engine asks any registry that a job names",
            mend: "let RTM_ALLOWED_IMAGES name the games' images, such as registry.example/games/**"
        )
    }

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
        case .unusable(let path, let reason):
            .failure(
                check,
                "a folder with a file in \(path) could not be written: \(reason)",
                mend: "see df \(path) and df --inodes \(path); free space, or let RTM_STATE_ROOT name another"
            )
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

    private static func finding(_ secret: Secret) -> Finding {
        if let problem = secret.problem {
            return .failure(
                secret.check,
                problem,
                mend: "let the setting name a file with it that the worker's user may read"
            )
        }
        guard secret.isOpen else { return .ok(secret.check, "only its owner may read \(secret.path)") }
        return .warning(
            secret.check,
            "others than its owner may read or change \(secret.path)",
            mend: "chmod 600 \(secret.path)"
        )
    }
}
