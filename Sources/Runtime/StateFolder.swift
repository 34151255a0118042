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
            problem = try await NIOThreadPool.singleton.runIfActive { create(path) }
        } catch {
            problem = "the worker is ending"
        }
        if let problem { throw JobFailure(.internal, "state folder \(path): \(problem)", retryable: true) }
    }

    /// What went wrong, in words; nil where the folder is there. Blocks, so it runs on a thread of its own.
    private func create(_ path: String) -> String? {
        var information = stat()
        if lstat(path, &information) == 0 {
            return information.st_mode & S_IFMT == S_IFDIR ? nil : "is there and is no directory"
        }
        if let problem = createParents(of: path) { return problem }
        guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST else { return "mkdir: \(lastError())" }
        // The process' umask may have taken permissions away.
        guard chmod(path, mode_t(mode)) == 0 else { return "chmod: \(lastError())" }
        if let owner {
            guard lchown(path, owner.user, owner.group) == 0 else { return "chown: \(lastError())" }
        }
        return nil
    }

    private func createParents(of path: String) -> String? {
        var parent = ""
        for component in path.split(separator: "/").dropLast() {
            parent += "/" + component
            guard mkdir(parent, 0o755) == 0 || errno == EEXIST else { return "mkdir \(parent): \(lastError())" }
        }
        return nil
    }

    private func lastError() -> String { String(cString: strerror(errno)) }
}
