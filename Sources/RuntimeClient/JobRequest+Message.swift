import JobContract
import Primitives

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension JobRequest {
    /// The largest message that workers accept, in bytes.
    public static let maximumMessageSize = JobDecoder.maximumMessageBytes

    /// Returns the message for the queue: a JSON object in UTF-8, with the keys in alphabetical order and without unset
    /// fields.
    ///
    /// - Throws: ``ClientError/invalidRequest(_:)`` if the message is larger than ``maximumMessageSize``.
    public func message() throws(ClientError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = JobMessage(self)
        var message: String
        do {
            message = String(decoding: try encoder.encode(body), as: UTF8.self)
        } catch {
            throw .invalidRequest("the job cannot be written as JSON: \(error)")
        }
        if let labels = body.labels { message = labels.filled(message, named: JobMessage.CodingKeys.labels.rawValue) }
        guard message.utf8.count <= JobRequest.maximumMessageSize else {
            throw .invalidRequest(
                "the job has \(message.utf8.count) bytes, \(JobRequest.maximumMessageSize) at most; shorten env, cmd or labels"
            )
        }
        return message
    }
}

/// The fields of a message. The encoder leaves out nil fields.
private struct JobMessage: Encodable {
    struct Limits: Encodable {
        enum CodingKeys: String, CodingKey {
            case cpuQuota = "cpu_quota"
            case memory
            case pidsLimit = "pids_limit"
        }

        var cpuQuota: Double?
        var memory: String?
        var pidsLimit: Int?
    }

    struct Mount: Encodable {
        enum CodingKeys: String, CodingKey {
            case hostPath = "host_path"
            case mountPath = "mount_path"
            case readOnly = "read_only"
        }

        var hostPath: String
        var mountPath: String
        var readOnly: Bool
    }

    enum CodingKeys: String, CodingKey {
        case version = "v"
        case id, kind, image, env, cmd, labels, limits, force, deadline
        case gameID = "game_id"
        case containerID = "container_id"
        case pullPolicy = "pull_policy"
        case bindMounts = "bind_mounts"
        case readyTimeoutSeconds = "ready_timeout_seconds"
        case stopTimeoutSeconds = "stop_timeout_seconds"
        case maxAttempts = "max_attempts"
        case enqueuedAt = "enqueued_at"
        case traceparent
    }

    var version = 1
    var id: String
    var kind: String
    var gameID: String
    var image: String?
    var containerID: String?
    var pullPolicy: String?
    var env: [String: String]?
    var cmd: [String]?
    var labels: LabelsInJSON?
    var limits: Limits?
    var bindMounts: [Mount]?
    var readyTimeoutSeconds: Int?
    var stopTimeoutSeconds: Int?
    var force: Bool?
    var deadline: String?
    var maxAttempts: Int?
    var enqueuedAt: String?
    var traceparent: String?

    init(_ request: JobRequest) {
        id = request.id.text
        kind = request.kind.rawValue
        gameID = request.gameID.text
        image = request.image
        containerID = request.containerID?.text
        pullPolicy = request.pullPolicy
        env = request.env.isEmpty ? nil : request.env
        cmd = request.cmd.isEmpty ? nil : request.cmd
        labels = request.labels.isEmpty ? nil : LabelsInJSON(request.labels)
        if request.limits != JobRequest.Limits() {
            limits = Limits(
                cpuQuota: request.limits.cpuQuota,
                memory: request.limits.memory,
                pidsLimit: request.limits.pidsLimit
            )
        }
        if !request.bindMounts.isEmpty {
            bindMounts = request.bindMounts.map {
                Mount(hostPath: $0.hostPath, mountPath: $0.mountPath, readOnly: $0.readOnly)
            }
        }
        readyTimeoutSeconds = request.readyTimeoutSeconds
        stopTimeoutSeconds = request.stopTimeoutSeconds
        force = request.force ? true : nil
        deadline = request.deadline?.rfc3339
        maxAttempts = request.maxAttempts
        enqueuedAt = request.enqueuedAt?.rfc3339(fractionDigits: 3)
        traceparent = request.traceparent
    }
}
