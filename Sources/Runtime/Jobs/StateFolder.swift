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

    /// - Throws: ``JobFailure`` that says which call failed on which path: `mount_not_allowed`, final, where a link or a
    ///   file has the folder's name; else `internal`, which another try may mend.
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
        /// A link, or anything else that no game may get as its folder.
        case notADirectory
        /// A call failed.
        case failed(String)
    }

    /// What went wrong; nil where the folder is there. Blocks, so it runs on a thread of its own.
    private func create(_ path: String) -> Problem? {
        switch entry(at: path) {
        case .directory: return nil
        case .other: return .notADirectory
        case .none: break
        }
        if let reason = createParents(of: path) { return .failed(reason) }
        // It gets its name only when it is as it should be: a worker that dies here leaves none with another owner.
        let draft = Self.draft(of: path)
        rmdir(draft)
        let problem = make(draft) ?? (rename(draft, path) == 0 ? nil : "rename: \(lastError())")
        guard let problem else { return nil }
        rmdir(draft)
        // Another worker of the node may have been first.
        return entry(at: path) == .directory ? nil : .failed(problem)
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
