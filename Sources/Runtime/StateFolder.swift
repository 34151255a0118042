import DockerPort
import JobContract
import NIOPosix
import RuntimeCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Makes the state folder of a game where it is missing, with the owner and mode of the configuration.
struct StateFolder: Sendable {
    let owner: WorkerConfiguration.StateOwner?
    let mode: UInt32

    /// - Throws: ``JobFailure`` that says which call failed on which path.
    func prepare(_ path: String) async throws(JobFailure) {
        let problem: String?
        do {
            problem = try await Simulation.blocking { create(path) }
        } catch {
            problem = "the worker is ending"
        }
        if let problem { throw JobFailure(.internal, "state folder \(path): \(problem)", retryable: true) }
    }

    /// What went wrong, in words; nil where the folder is there. Blocks, so it runs on a thread of its own.
    private func create(_ path: String) -> String? {
        switch entry(at: path) {
        case .directory: return nil
        case .other: return "is there and is no directory"
        case .none: break
        }
        if let problem = createParents(of: path) { return problem }
        // It gets its name only when it is as it should be: a worker that dies here leaves none with another owner.
        let draft = Self.draft(of: path)
        rmdir(draft)
        let problem = make(draft) ?? (rename(draft, path) == 0 ? nil : "rename: \(lastError())")
        guard let problem else { return nil }
        rmdir(draft)
        // Another worker of the node may have been first.
        return entry(at: path) == .directory ? nil : problem
    }

    /// No game's id begins with a dot.
    static func draft(of path: String) -> String {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        return "\(path[...slash]).\(path[path.index(after: slash)...])-\(getpid()).new"
    }

    private enum Entry {
        case none, directory, other
    }

    /// Of a link it is the link that counts.
    private func entry(at path: String) -> Entry {
        var information = stat()
        guard lstat(path, &information) == 0 else { return .none }
        return information.st_mode & S_IFMT == S_IFDIR ? .directory : .other
    }

    private func make(_ path: String) -> String? {
        guard mkdir(path, 0o700) == 0 else { return "mkdir: \(lastError())" }
        if let owner {
            guard lchown(path, owner.user, owner.group) == 0 else { return "chown: \(lastError())" }
        }
        // After the change of owner, which takes bits away, and whatever the process' umask took.
        guard chmod(path, mode_t(mode)) == 0 else { return "chmod: \(lastError())" }
        return nil
    }

    private func createParents(of path: String) -> String? {
        var parent = ""
        for component in pathComponents(path).dropLast() {
            parent += "/" + component
            guard mkdir(parent, 0o755) == 0 || errno == EEXIST else { return "mkdir \(parent): \(lastError())" }
        }
        return nil
    }

    private func lastError() -> String { String(cString: strerror(errno)) }
}
