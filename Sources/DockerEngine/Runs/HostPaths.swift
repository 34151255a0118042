import DockerPort
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Checks the host paths of mounts on this machine.
///
/// Docker follows symbolic links at the create and again at the start. Whoever can write below a mount's root could
/// therefore redirect the mount to any place on the host.
enum HostPaths {
    /// Returns the reason against mounting `mounts`; nil if there is none.
    static func problem(with mounts: [BindMount]) async -> DockerError? {
        guard !mounts.isEmpty else { return nil }
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                for (index, mount) in mounts.enumerated() {
                    if let problem = problem(with: mount, name: "bind mounts[\(index)]") { return problem }
                }
                return nil
            }
        } catch {
            return .run(.cancelled, "the mounts could not be looked at: \(error)")
        }
    }

    /// Checks one mount. The function blocks, so only threads of the pool call the function.
    private static func problem(with mount: BindMount, name: String) -> DockerError? {
        let trusted = pathComponents(mount.root ?? "/")
        let parts = pathComponents(mount.hostPath)
        let isRootItself = parts.count == trusted.count && mount.readOnly && mount.root != nil
        guard parts.starts(with: trusted, by: isSameComponent), parts.count > trusted.count || isRootItself else {
            return .run(.invalidMount, "\(name): \(printable(mount.hostPath)) is not below \(mount.root ?? "/")")
        }
        // A container with write access could replace a deeper path at any time between a check and the start.
        guard mount.readOnly || mount.root == nil || parts.count == trusted.count + 1 else {
            let reason = "must be right below \(mount.root ?? "/"), since the container may write there"
            return .run(.invalidMount, "\(name): \(printable(mount.hostPath)) \(reason)")
        }
        guard !isRootItself else { return nil }
        for length in trusted.count + 1...parts.count {
            let path = "/" + parts[..<length].joined(separator: "/")
            if let problem = problem(at: path, isLast: length == parts.count) {
                return .run(problem.code, "\(name): \(printable(path)) \(problem.reason)")
            }
        }
        return nil
    }

    private static func problem(at path: String, isLast: Bool) -> (code: DockerError.Code, reason: String)? {
        var information = stat()
        guard lstat(path, &information) == 0 else {
            let reason = errno == ENOENT ? "does not exist" : "cannot be looked at: " + String(cString: strerror(errno))
            return (.invalidSpec, reason + " on this machine, where the worker must see what it mounts")
        }
        switch information.st_mode & S_IFMT {
        case S_IFDIR: return nil
        case S_IFREG where isLast: return nil
        case S_IFLNK: return (.invalidMount, "is a symbolic link, which may lead anywhere")
        case S_IFSOCK: return (.invalidMount, "is a socket, which would give the container what answers there")
        default: return (.invalidMount, "is no directory\(isLast ? " and no file" : "")")
        }
    }
}
