import Primitives

/// The decoder of all job messages.
///
/// Bad input is expected, so ``decode(_:)`` returns a refused message as a value and throws no error. The message ends
/// with the outcome `rejected` and never harms the worker.
package struct JobDecoder: Sendable {
    /// The greatest size of an accepted message, in bytes.
    package static let maximumMessageBytes = 65_536

    /// Verifies signatures; nil: the decoder accepts unsigned messages.
    let signer: JobSigner?

    /// - Parameter signer: If given, the decoder accepts only messages signed by one of the signer's keys.
    package init(signer: JobSigner? = nil) {
        self.signer = signer
    }

    /// Decodes a message. The contract gives the order of the checks, and the first failed check decides.
    package func decode(_ message: [UInt8]) -> DecodedMessage {
        do throws(Refusal) {
            guard message.count <= Self.maximumMessageBytes else {
                throw Refusal(
                    .messageTooLarge,
                    "the message has \(message.count) bytes; at most \(Self.maximumMessageBytes) are taken"
                )
            }
            let members = try Self.object(message)
            let envelope = SignedEnvelope(members)
            if let signer {
                let job = try signer.verified(envelope, for: .job)
                return Self.job(from: try Self.object(Array(job.utf8)), message: message, isSigned: true)
            }
            if let envelope { return Self.unverifiable(envelope, message: message) }
            return Self.job(from: members, message: message)
        } catch {
            return .rejected(Rejection(id: Self.invalidID(of: message), code: error.code, error: error.sentence))
        }
    }

    /// Returns the id for a message without a usable id: `invalid:` and ``sha1(of:)``.
    package static func invalidID(of message: [UInt8]) -> JobID {
        JobID(Syntax.invalidIDPrefix + sha1(of: message))
    }

    /// Returns a SHA-1 for a message, in lower case hex.
    ///
    /// Up to 1 MiB, the SHA-1 covers all bytes. For a larger message, the SHA-1 covers the size in decimal, a line feed
    /// and the first 64 KiB. `messages.sha1` in `Lua/jobs.lua` is the same.
    package static func sha1(of message: [UInt8]) -> String {
        guard message.count > wholeHashBytes else { return Hex.string(Digest.sha1(message)) }
        let named = Array("\(message.count)\n".utf8) + message.prefix(maximumMessageBytes)
        return Hex.string(Digest.sha1(named))
    }

    /// The greatest size of a message with all bytes hashed, in bytes.
    private static let wholeHashBytes = 1 << 20

    private static func job(from members: Fields, message: [UInt8], isSigned: Bool = false) -> DecodedMessage {
        do throws(Refusal) {
            let job = try JobFields(members).job()
            // Without `enqueued_at`, a worker could not know the age of a captured message.
            guard !isSigned || job.enqueuedAt != nil else {
                throw .field("enqueued_at", "must be given in a signed job")
            }
            return .job(job)
        } catch {
            return .rejected(rejection(of: members, message, error))
        }
    }

    /// Returns a rejection with the well-formed id, kind and game of the message.
    private static func rejection(of members: Fields, _ message: [UInt8], _ refusal: Refusal) -> Rejection {
        Rejection(
            id: members.string("id").flatMap { Syntax.isJobID($0) ? JobID($0) : nil } ?? invalidID(of: message),
            kind: members.string("kind").flatMap(JobKind.init(rawValue:)),
            gameID: members.string("game_id").flatMap { Syntax.isGameID($0) ? GameID($0) : nil },
            code: refusal.code,
            error: refusal.sentence
        )
    }

    /// Returns the rejection of a signed job by a worker without a key. Such a worker demands no proof of ids, so the
    /// job keeps its own id.
    private static func unverifiable(_ envelope: SignedEnvelope, message: [UInt8]) -> DecodedMessage {
        let members = (try? object(Array(envelope.text.utf8))) ?? Fields([])
        let sentence = "the message is signed; this worker has no key (RTM_SIGNING_KEY_FILE)"
        return .rejected(rejection(of: members, message, Refusal(.badSignature, sentence)))
    }

    private static func object(_ bytes: [UInt8]) throws(Refusal) -> Fields {
        do throws(JSONError) {
            guard let members = try StrictJSON.members(of: bytes, keeping: Fields.names) else {
                throw JSONError(reason: "the message is not one JSON object", offset: 0)
            }
            return Fields(members)
        } catch {
            throw Refusal(.invalidMessage, "not an acceptable JSON object: \(error)")
        }
    }
}

/// The result of decoding a message.
package enum DecodedMessage: Sendable, Equatable {
    // A job has many fields. `indirect` passes a reference, so no field is copied.
    indirect case job(Job)
    case rejected(Rejection)

    /// The id under which the message ends.
    package var id: JobID {
        switch self {
        case .job(let job): job.id
        case .rejected(let rejection): rejection.id
        }
    }
}

/// A message that ends `rejected`. The message supersedes, cancels and blocks nothing.
package struct Rejection: Error, Sendable, Equatable {
    /// The message's own id if the id is well-formed, and proven where signatures are demanded; else `invalid:…`.
    package var id: JobID
    /// The kind, if the message has a well-formed kind.
    package var kind: JobKind?
    package var gameID: GameID?
    package var code: ErrorCode
    /// A sentence for a person, at most 1,024 bytes.
    package var error: String { didSet { error = error.cut(toBytes: Sentence.maximumBytes) } }
    /// The ``Job/digest`` of a job refused by the operator's policy; nil: the message is no job.
    package var digest: String?

    package init(id: JobID, kind: JobKind? = nil, gameID: GameID? = nil, code: ErrorCode, error: String) {
        self.id = id
        self.kind = kind
        self.gameID = gameID
        self.code = code
        self.error = error.cut(toBytes: Sentence.maximumBytes)
    }
}

/// A failed check.
struct Refusal: Error, Equatable {
    let code: ErrorCode
    let sentence: String

    init(_ code: ErrorCode, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    /// Returns the refusal of a job's field that breaks the contract.
    static func field(_ name: String, _ sentence: String) -> Refusal {
        Refusal(.invalidJob, "\(name): \(sentence)")
    }
}

/// The members of a JSON object. A member with the value `null` counts as missing, because many languages write absent
/// values so.
struct Fields {
    let members: [JSONValue.Member]

    /// The names of all fields of jobs, envelopes and their nested objects. The decoder reads no other member.
    private static let known: Set<String> = [
        "v", "id", "kind", "game_id", "image", "container_id", "pull_policy", "env", "cmd", "labels", "limits",
        "bind_mounts",
        "ready_timeout_seconds", "stop_timeout_seconds", "force", "deadline", "max_attempts", "enqueued_at",
        "traceparent",
        "key", "job", "signature", "cpu_quota", "memory", "pids_limit", "host_path", "mount_path", "read_only",
    ]

    /// The names of the members to keep while reading a message.
    static let names = JSONNames(Array(known))

    init(_ members: [JSONValue.Member]) { self.members = members }

    func value(_ name: String) -> JSONValue? {
        assert(Self.known.contains(name), "the field \(name) is not read from messages: add it to the known ones")
        guard let member = members.first(where: { $0.name == name }), member.value != .null else { return nil }
        return member.value
    }

    func string(_ name: String) -> String? {
        guard case .string(let text)? = value(name) else { return nil }
        return text
    }
}
