import DockerPort
import Foundation
import JobContract
import NIOCore
import Primitives

@testable import DockerEngine
@testable import Redis
@testable import RuntimeCore

/// One decoder of bytes that somebody else writes, with what must hold of it for every input. What does not hold ends
/// the process, as a fuzzer wants it.
enum FuzzTarget: String, CaseIterable, Sendable {
    case jobs, replies, events, inspects, pulls, images, memory, timestamps

    func run(_ bytes: [UInt8]) {
        switch self {
        case .jobs: jobs(bytes)
        case .replies: replies(bytes)
        case .events: events(bytes)
        case .inspects: inspects(bytes)
        case .pulls: pulls(bytes)
        case .images: images(String(decoding: bytes, as: UTF8.self))
        case .memory: memory(String(decoding: bytes, as: UTF8.self))
        case .timestamps: timestamps(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// A message is decoded or rejected; what is decoded can be checked and translated, and names no other place.
    private func jobs(_ bytes: [UInt8]) {
        guard case .job(let job) = JobDecoder().decode(bytes) else { return }
        precondition(Syntax.isJobID(job.id.text) && Syntax.isGameID(job.gameID.text))
        precondition(JobDecoder().decode(bytes) == .job(job))
        let policy = Policy(
            NodeSettings(allowedMountRoots: [MountRoot("/srv"), MountRoot("/ro", isReadOnly: true)])
        )
        guard policy.refusal(of: job) == nil, job.kind == .start else { return }
        guard let spec = try? policy.allow(job).spec(on: ImageInspect(ref: "")) else {
            preconditionFailure("what was admitted cannot be translated")
        }
        precondition(spec.bindMounts.allSatisfy { !$0.hostPath.split(separator: "/").contains("..") })
        for mount in spec.bindMounts.dropFirst() {
            let depth = mount.hostPath.split(separator: "/").count
            let isInside = mount.hostPath.hasPrefix("/srv/") && depth == 2
            precondition(isInside || mount.readOnly && (mount.hostPath + "/").hasPrefix("/ro/"))
        }
        precondition(spec.labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue)
        precondition(spec.labels[GalaxyLabel.gameID] == job.gameID.text)
        guard let body = try? CreateBody(spec) else { preconditionFailure("the adapter refuses what was admitted") }
        precondition(body.limits.nanoCPUs >= 10_000_000 && body.limits.memory >= 6 << 20 && body.limits.pids >= 1)
    }

    /// Replies are the same however their bytes are cut.
    private func replies(_ bytes: [UInt8]) {
        let whole = Self.replies(in: [bytes[...]])
        let cut = bytes.count / 2
        precondition(Self.replies(in: [bytes[..<cut], bytes[cut...]]) == whole)
    }

    private static func replies(in pieces: [ArraySlice<UInt8>]) -> [RedisValue] {
        guard let reader = try? ReplyReader(maximumReplyBytes: 1 << 16) else { return [] }
        var values: [RedisValue] = []
        do {
            for piece in pieces {
                try piece.withUnsafeBytes { try reader.feed($0) }
                while let value = try reader.next() { values.append(value) }
            }
        } catch {
            // The connection would be closed; what was complete before counts.
        }
        return values
    }

    /// Lines are the same however their bytes are cut, and an event always names a container.
    private func events(_ bytes: [UInt8]) {
        for line in lines(bytes) {
            guard let event = (try? labelledJSON(EventLine.self, from: ByteBuffer(bytes: line)))?.event else {
                continue
            }
            precondition(!event.containerID.isEmpty && !event.action.hasPrefix("exec_"))
            precondition(event.labels["exitCode"] == nil && event.labels["name"] == nil)
            precondition(event.hasExitCode || event.exitCode == 0)
        }
    }

    private func inspects(_ bytes: [UInt8]) {
        let data = Data(bytes)
        let decoder = JSONDecoder()
        let body = ByteBuffer(bytes: bytes)
        _ = try? labelledJSON(ContainerRow.self, from: body)
        if let answer = try? labelledJSON(ContainerAnswer.self, from: body) {
            let inspect = answer.inspect
            precondition(!inspect.name.hasPrefix("/") || (answer.name ?? "").hasPrefix("//"))
            precondition(inspect.startedAt.map { $0.seconds > -62_135_596_800 } ?? true)
            // A container that does not say so is not hardened.
            if answer.hostConfig?.securityOpt == nil { precondition(answer.difference(from: Self.spec) != nil) }
        }
        _ = (try? labelledJSON(ImageAnswer.self, from: body))?.inspect(ref: "r")
        _ = (try? decoder.decode(NetworkAnswer.self, from: data))?.obstacle
        _ = (try? decoder.decode(InfoAnswer.self, from: data))?.info(apiVersion: "1.41")
        _ = try? decoder.decode([ContainerRow].self, from: data)
        _ = (try? decoder.decode(RegistryConfiguration.self, from: data))?.source(for: "r.example")
    }

    private static let spec = RunSpec(
        name: "n1",
        image: "i:1",
        hostname: "n1",
        network: "net",
        logDriver: "none",
        cpuQuota: 1,
        memory: "64m",
        pidsLimit: 1
    )

    /// Progress never goes below nothing nor above the whole.
    private func pulls(_ bytes: [UInt8]) {
        var tracker = PullTracker(reference: "r:1")
        for line in lines(bytes) {
            guard let line = try? JSONDecoder().decode(PullLine.self, from: Data(line)) else { continue }
            _ = tracker.read(line)
            let progress = tracker.progress
            precondition(progress.layersDone <= progress.layers)
            precondition(0 <= progress.bytesDone && progress.bytesDone <= progress.bytesTotal)
            _ = tracker.isExtracting
        }
        if let failure = tracker.failure { _ = DockerError.pullLine(failure) }
    }

    private func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        func lines(_ pieces: ArraySlice<UInt8>...) -> [[UInt8]] {
            var splitter = LineSplitter(limit: 4_096)
            var found = pieces.flatMap { splitter.split(ByteBuffer(bytes: $0)) }
            if let last = splitter.finish() { found.append(last) }
            return found.map { Array($0.readableBytesView) }
        }
        let whole = lines(bytes[...])
        let cut = bytes.count / 3
        precondition(lines(bytes[..<cut], bytes[cut...]) == whole)
        return whole
    }

    /// What is written is read as the same, and has what pins an image.
    private func images(_ text: String) {
        guard let image = ImageReference(text) else { return }
        precondition(ImageReference(image.description) == image)
        precondition(image.tag != nil || image.digest != nil)
        precondition(image.description.hasPrefix(image.registry.map { $0 + "/" } ?? image.path))
        precondition(image.description.utf8.count <= 255 + 129 + 72)
        _ = Glob("r.example/**:*").matches(image.description)
    }

    private func memory(_ text: String) {
        guard let bytes = MemorySize(text)?.bytes else { return }
        precondition(bytes >= 0 && MemorySize("\(bytes)")?.bytes == bytes)
    }

    /// A point in time that is written is read as the same.
    private func timestamps(_ text: String) {
        guard let time = Timestamp(rfc3339: text) else { return }
        precondition((0..<1_000_000_000).contains(time.nanoseconds))
        precondition(Timestamp(rfc3339: time.rfc3339) == time)
    }
}
