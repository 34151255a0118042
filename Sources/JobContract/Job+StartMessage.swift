import Primitives
extension Job {
    /// The message of a start with the same container. A later restart of the game takes its missing fields from this
    /// message.
    ///
    /// Nil if the job has no image.
    package var startMessage: String? {
        guard let image else { return nil }
        var members = [
            (name: "v", json: "1"), ("id", JSONText.string(id.text)), ("kind", JSONText.string(JobKind.start.rawValue)),
            ("game_id", JSONText.string(gameID.text)), ("image", JSONText.string(image.description)),
            ("pull_policy", JSONText.string(pullPolicy)),
        ]
        if let env { members.append(("env", JSONText.object(env))) }
        if let cmd { members.append(("cmd", JSONText.array(cmd))) }
        if let labels { members.append(("labels", labels.json)) }
        if limits != Limits() { members.append(("limits", limits.json)) }
        if let bindMounts {
            members.append(("bind_mounts", "[" + bindMounts.map(\.json).joined(separator: ",") + "]"))
        }
        if readyTimeoutSeconds > 0 { members.append(("ready_timeout_seconds", "\(readyTimeoutSeconds)")) }
        return JSONText.object(members)
    }

    /// Reads a message made by ``startMessage``, of any length; nil if the message is no start.
    init?(startMessage: [UInt8]) {
        guard case .object(let members)? = try? StrictJSON.parse(startMessage),
            let job = try? JobFields(Fields(members)).job(), job.kind == .start
        else { return nil }
        self = job
    }
}

extension JobDecoder {
    /// Returns the record of a job that started its game, for a later restart; nil if the job has no image.
    package func startRecord(of job: Job) -> String? {
        guard let message = job.startMessage else { return nil }
        return signer?.envelope(of: message, for: .startRecord(gameID: job.gameID)) ?? message
    }

    /// Reads the record of a game's last start.
    ///
    /// - Throws: ``Rejection`` with `bad_signature` if the fleet takes signed jobs only, and no key of the fleet signed
    ///   the record for this game. ``Rejection`` with `internal` if the record is no start.
    package func lastStart(_ record: [UInt8], of gameID: GameID) throws(Rejection) -> Job {
        func rejection(_ code: ErrorCode, _ sentence: String) -> Rejection {
            Rejection(id: "", kind: .restart, gameID: gameID, code: code, error: sentence)
        }
        var message = record
        let members: [JSONValue.Member]? =
            if case .object(let found)? = try? StrictJSON.parse(record) { found } else { nil }
        let envelope = members.flatMap { SignedEnvelope(Fields($0)) }
        if let signer {
            do throws(Refusal) {
                message = Array(try signer.verified(envelope, for: .startRecord(gameID: gameID)).utf8)
            } catch {
                throw rejection(
                    error.code,
                    "no key of this fleet has signed what the game's last start asked for; start the game anew"
                )
            }
        } else if let envelope {
            message = Array(envelope.text.utf8)
        }
        guard let job = Job(startMessage: message) else {
            throw rejection(.internal, "what the game's last start asked for cannot be read; start the game anew")
        }
        return job
    }
}

extension Job.Limits {
    fileprivate var json: String {
        var members: [(name: String, json: String)] = []
        if let cpuQuota { members.append(("cpu_quota", "\(cpuQuota)")) }
        if let memory { members.append(("memory", JSONText.string(memory))) }
        if let pidsLimit { members.append(("pids_limit", "\(pidsLimit)")) }
        return JSONText.object(members)
    }
}

extension Job.Mount {
    fileprivate var json: String {
        JSONText.object([
            ("host_path", JSONText.string(hostPath)), ("mount_path", JSONText.string(mountPath)),
            ("read_only", readOnly ? "true" : "false"),
        ])
    }
}
