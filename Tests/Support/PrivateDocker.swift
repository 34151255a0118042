import Foundation
import Synchronization

/// A Docker Engine of a test's own, which the test may stop, kill and freeze. It runs in a network namespace of its
/// own: two Engines in one would take each other's bridge and firewall rules away. Needs root, `dockerd` and the
/// package iproute2.
package final class PrivateDocker: Sendable {
    /// The Engine's socket.
    package let engine: TestEngine

    private let directory: URL
    let namespace: String
    /// The Engine's address on the link that ``link()`` makes, one at a time.
    package static let address = "10.213.77.2"
    private let arguments: [String]
    private let disk: String?
    private let daemon = Mutex<Int32?>(nil)

    private init(_ arguments: [String], disk: String?) {
        self.arguments = arguments
        self.disk = disk
        // Sockets have short paths, and the Engine makes some below this.
        let name = "rtmd-\(UUID().uuidString.prefix(8).lowercased())"
        directory = URL(fileURLWithPath: "/tmp/\(name)")
        namespace = name
        engine = TestEngine(host: "unix:///tmp/\(name)/docker.sock")
    }

    /// Runs `body` with a running Engine, and takes all of it down in the end.
    ///
    /// - Parameters:
    ///   - arguments: further ones of `dockerd`, such as `--live-restore`.
    ///   - disk: the size of a disk for the Engine's data alone, such as `64m`, that ``fillDisk()`` can fill; nil for
    ///     the disk of the machine.
    package static func with<Value>(
        arguments: [String] = [],
        disk: String? = nil,
        _ body: (PrivateDocker) async throws -> Value
    ) async throws -> Value {
        let docker = PrivateDocker(arguments, disk: disk)
        do {
            try await docker.prepare()
            try await docker.start()
            let value = try await body(docker)
            try await docker.takeDown()
            return value
        } catch {
            let complete = ProcessLogs.completed(error)
            try? await docker.takeDown()
            throw complete
        }
    }

    /// Lets the test reach ``address``.
    package func link() async throws {
        // Interfaces have names of 15 bytes at most.
        let (outer, inner) = ("rto-\(namespace.suffix(8))", "rti-\(namespace.suffix(8))")
        try await Tool.run(["ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", namespace])
        try await Tool.run(["ip", "address", "add", "10.213.77.1/24", "dev", outer])
        try await Tool.run(["ip", "link", "set", outer, "up"])
        try await Tool.run(["ip", "-n", namespace, "address", "add", Self.address + "/24", "dev", inner])
        try await Tool.run(["ip", "-n", namespace, "link", "set", inner, "up"])
    }

    /// Begins a command line that runs on the Engine's host: in its network namespace.
    package var host: [String] { ["nsenter", "--net=/var/run/netns/\(namespace)"] }

    /// Starts the Engine and waits until it answers.
    package func start() async throws {
        let log = directory.appendingPathComponent("dockerd.log")
        if !FileManager.default.fileExists(atPath: log.path) { try Data().write(to: log) }
        let output = try FileHandle(forWritingTo: log)
        try output.seekToEnd()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            host + [
                "dockerd", "--host", engine.host, "--data-root", path("data"), "--exec-root", path("exec"),
                "--pidfile", path("pid"),
            ] + arguments
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        daemon.withLock { $0 = process.processIdentifier }
        ProcessLogs.add("dockerd (process \(process.processIdentifier))", path: log.path)
        try await eventually(
            "an answer of the private dockerd",
            within: .seconds(60),
            every: .milliseconds(100),
            until: { $0 == "none" }
        ) {
            do {
                try await engine.requireAnswer()
                return "none"
            } catch {
                return "\(error)"
            }
        }
    }

    /// Ends the Engine as an operator would (SIGTERM), its containers with it, and waits for that.
    package func stop() async throws { try await end(by: SIGTERM) }

    /// Kills the Engine; its containers run on.
    package func kill9() async throws {
        try await end(by: SIGKILL)
        try await forgetNumbers()
    }

    /// Kills the Engine and all that it runs, as a loss of power does.
    package func losePower() async throws {
        let pids = try await engine.docker("ps", "--quiet").split(separator: "\n").map(String.init)
        var processes: [Int32] = []
        for id in pids {
            let pid = try await engine.docker("inspect", "--format", "{{.State.Pid}}", id)
            if let pid = Int32(pid.trimmingCharacters(in: .whitespacesAndNewlines)), pid > 1 { processes.append(pid) }
        }
        for pid in ownProcesses() + processes { _ = kill(pid, SIGKILL) }
        try await end(by: SIGKILL)
        try await untilEmpty()
        try await forgetNumbers()
    }

    /// Freezes the Engine: its socket takes connections, and nothing answers.
    package func suspend() {
        if let pid = daemon.withLock({ $0 }) { suspendProcess(pid) }
    }

    /// Lets a frozen Engine go on.
    package func resume() { signal(SIGCONT) }

    /// Fills the Engine's own disk to the last byte.
    package func fillDisk() async throws {
        precondition(disk != nil, "this Engine has no disk of its own")
        // It works if it fails: there is no more space.
        try await Tool.run(["sh", "-c", "! dd if=/dev/zero of=\(filler) bs=4k"])
    }

    /// Frees what ``fillDisk()`` took.
    package func freeDisk() throws { try FileManager.default.removeItem(atPath: filler) }

    private var filler: String { path("data/filler") }

    // MARK: Inside

    private func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    private func prepare() async throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try await Tool.run(["ip", "netns", "add", namespace])
        try await Tool.run(["ip", "-n", namespace, "link", "set", "lo", "up"])
        guard let disk else { return }
        try FileManager.default.createDirectory(atPath: path("data"), withIntermediateDirectories: true)
        try await Tool.run(["mount", "-t", "tmpfs", "-o", "size=\(disk)", "engine", path("data")])
    }

    private func signal(_ number: Int32) {
        if let pid = daemon.withLock({ $0 }) { _ = kill(pid, number) }
    }

    private func end(by number: Int32) async throws {
        guard let pid = daemon.withLock({ $0 }) else { return }
        _ = kill(pid, number)
        try await untilEnded(pid, "dockerd", within: .seconds(60))
        daemon.withLock { $0 = nil }
    }

    /// Neither an Engine that was killed nor its containerd, which dies with it, takes its number back. While nobody
    /// has buried them, the next Engine would take them for living ones.
    private func forgetNumbers() async throws {
        for file in [path("pid"), path("exec/containerd/containerd.pid")] {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { continue }
            guard let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { continue }
            // An Engine whose killed process still stands in the table starts all the same, only later.
            guard (try? await untilEnded(pid, file, within: .seconds(10))) != nil else { continue }
            try? FileManager.default.removeItem(atPath: file)
        }
    }

    private func untilEnded(_ pid: Int32, _ name: String, within limit: Duration) async throws {
        try await eventually("the end of \(name), process \(pid)", within: limit) {
            ProcessState.hasEnded(pid)
        }
    }

    private func untilEmpty() async throws {
        try await eventually("the end of the private dockerd's processes", within: .seconds(10), until: \.isEmpty) {
            ownProcesses()
        }
    }

    private func takeDown() async throws {
        resume()
        // An Engine that was killed takes its containers over when it is back, and ends them when it is stopped.
        if daemon.withLock({ $0 }) == nil, !ownProcesses().isEmpty { try? await start() }
        try? await stop()
        for pid in ownProcesses() { _ = kill(pid, SIGKILL) }
        try? await untilEmpty()
        try await Tool.run(["ip", "netns", "delete", namespace])
        // The kernel gives up a mount a moment after the end of its last process.
        try await eventually("the removal of \(directory.path)") {
            for mount in mounts().reversed() { _ = try? await Tool.run(["umount", "--lazy", mount]) }
            return (try? FileManager.default.removeItem(at: directory)) != nil
        }
    }

    /// Processes that name this Engine's directory in their command line: itself, its containerd, their shims.
    private func ownProcesses() -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { pid in
            guard pid != getpid(), let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
                return false
            }
            return String(decoding: data, as: UTF8.self).contains(directory.path + "/")
        }
    }

    private func mounts() -> [String] {
        // `String(contentsOfFile:)` would end with the first page: the file has no size.
        let text = (try? FileHandle(forReadingAtPath: "/proc/mounts")?.readToEnd()) ?? Data()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let target = line.split(separator: " ").dropFirst().first.map(String.init)
            return target.flatMap { $0.hasPrefix(directory.path + "/") ? $0 : nil }
        }
    }
}
