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

/// Creates the missing state folder of a game, with the configured owner and mode.
struct StateFolder: Sendable {
    let owner: WorkerConfiguration.StateOwner?
    let mode: UInt32

    /// Creates the folder if the folder is missing.
    ///
    /// - Throws: ``JobFailure`` with the failed call and the path. `mount_not_allowed` is final: a link or a file has
    ///   the folder's name. `internal` may succeed in another attempt.
    func prepare(_ path: String) async throws(JobFailure) {
        let problem: Problem?
        do {
            problem = try await Simulation.blocking { create(path) }
        } catch {
            problem = .failed("the worker is ending")
        }
        switch problem {
        case nil: return
        case .notADirectory:
            throw JobFailure(
                .mountNotAllowed,
                "state folder \(path): a link or a file has its name; move it away, the worker then makes the folder"
            )
        case .failed(let reason):
            throw JobFailure(.internal, "state folder \(path): \(reason)", retryable: true)
        }
    }

    private enum Problem: Sendable {
        /// A link, or another entry unfit as a game's folder.
        case notADirectory
        /// A system call failed.
        case failed(String)
    }

    /// Creates the folder. Returns the problem, or nil if the folder exists. Blocks, so callers use a separate thread.
    private func create(_ path: String) -> Problem? {
        switch entry(at: path) {
        case .directory: return nil
        case .other: return .notADirectory
        case .none: break
        }
        if let reason = createParents(of: path) { return .failed(reason) }
        // The folder receives its name last. If the worker dies before, no folder with a wrong owner remains.
        let draft = Self.draft(of: path)
        rmdir(draft)
        let problem = make(draft) ?? (rename(draft, path) == 0 ? nil : "rename: \(lastError())")
        guard let problem else { return nil }
        rmdir(draft)
        // Another worker of the node may have been first.
        return entry(at: path) == .directory ? nil : .failed(problem)
    }

    /// Returns the temporary name of a folder. No game has this name, because the id of a game never begins with a dot.
    static func draft(of path: String) -> String {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        return "\(path[...slash]).\(path[path.index(after: slash)...])-\(getpid()).new"
    }

    private enum Entry {
        case none, directory, other
    }

    /// Returns the kind of the entry. A link counts as a link, regardless of its target.
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
        // Last, because `lchown` clears bits of the mode, and `mkdir` applied the umask.
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
