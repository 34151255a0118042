import Crypto

/// The one decoder of job messages. What it does not accept is a value, not an error: bad input is
/// expected, ends as a `rejected` result, and never hurts the worker.
public struct JobDecoder: Sendable {
    /// Largest message that is taken, in bytes.
    public static let maximumMessageBytes = 65_536

    /// Key of HMAC-SHA-256; nil: messages are taken unsigned.
    private let signingKey: SymmetricKey?

    /// - Parameter signingKey: where given, only messages signed with it are taken.
    public init(signingKey: [UInt8]? = nil) {
        self.signingKey = signingKey.map { SymmetricKey(data: $0) }
    }

    /// Decodes one message; the first check that fails decides, in the order of the contract.
    public func decode(_ message: [UInt8]) -> DecodedMessage {
        do throws(Refusal) {
            guard message.count <= Self.maximumMessageBytes else {
                throw Refusal(
                    .messageTooLarge,
                    "the message has \(message.count) bytes; at most \(Self.maximumMessageBytes) are taken"
                )
            }
            var members = try Self.object(message)
            if let signingKey { members = try Self.verified(members, key: signingKey) }
            return Self.job(from: members, message: message)
        } catch {
            return .rejected(Rejection(id: Self.invalidID(of: message), code: error.code, error: error.sentence))
        }
    }

    /// Returns the id under which a message ends that has none of its own: `invalid:` and ``sha1(of:)``.
    public static func invalidID(of message: [UInt8]) -> String {
        Syntax.invalidIDPrefix + sha1(of: message)
    }

    /// Returns the SHA-1 that stands for a message, in lower case hex: of its bytes up to 1 MiB. Above, it is the SHA-1 of
    /// the size in decimal, a line feed and the first 64 KiB. The script `naming.lua` computes the same.
    public static func sha1(of message: [UInt8]) -> String {
        guard message.count > wholeHashBytes else { return hexadecimal(Insecure.SHA1.hash(data: message)) }
        let named = Array("\(message.count)\n".utf8) + message.prefix(maximumMessageBytes)
        return hexadecimal(Insecure.SHA1.hash(data: named))
    }

    /// Largest message of which all bytes are hashed.
    private static let wholeHashBytes = 1 << 20

    private static func job(from members: Fields, message: [UInt8]) -> DecodedMessage {
        let id = members.string("id").flatMap { Syntax.isJobID($0) ? $0 : nil }
        let kind = members.string("kind").flatMap(JobKind.init(rawValue:))
        let gameID = members.string("game_id").flatMap { Syntax.isGameID($0) ? $0 : nil }
        do throws(Refusal) {
            return .job(try JobFields(members).job())
        } catch {
            return .rejected(
                Rejection(
                    id: id ?? invalidID(of: message),
                    kind: kind,
                    gameID: gameID,
                    code: error.code,
                    error: error.sentence
                )
            )
        }
    }

    private static func object(_ bytes: [UInt8]) throws(Refusal) -> Fields {
        do throws(JSONError) {
            guard case .object(let members) = try StrictJSON.parse(bytes) else {
                throw JSONError(reason: "the message is not one JSON object", offset: 0)
            }
            return Fields(members)
        } catch {
            throw Refusal(.invalidMessage, "not an acceptable JSON object: \(error)")
        }
    }

    /// The fields of the job inside a signed envelope `{"v":1,"job":"…","signature":"…"}`.
    private static func verified(_ envelope: Fields, key: SymmetricKey) throws(Refusal) -> Fields {
        guard let job = envelope.string("job"), let signature = envelope.string("signature"),
            let mac = bytes(hexadecimal: signature)
        else {
            throw Refusal(.badSignature, "only signed jobs are taken here: an envelope of v, job and signature")
        }
        let payload = Array(job.utf8)
        guard HMAC<SHA256>.isValidAuthenticationCode(mac, authenticating: payload, using: key) else {
            throw Refusal(.badSignature, "the signature does not fit the job and the key of this fleet")
        }
        guard envelope.value("v") == .integer(1) else {
            throw Refusal(.unsupportedVersion, "v of the envelope must be 1")
        }
        return try object(payload)
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    fileprivate static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// What became of a message's bytes.
public enum DecodedMessage: Sendable, Equatable {
    // A job has many fields: handing it on is to copy none of them.
    indirect case job(Job)
    case rejected(Rejection)
}

/// A message that ends `rejected`: it supersedes, cancels and blocks nothing.
public struct Rejection: Sendable, Equatable {
    /// Its own id where that is well-formed (and proven, where signatures are demanded), else `invalid:…`.
    public var id: String
    /// As far as the message told them in a well-formed way.
    public var kind: JobKind?
    public var gameID: String?
    public var code: ErrorCode
    /// A sentence for a person.
    public var error: String

    public init(id: String, kind: JobKind? = nil, gameID: String? = nil, code: ErrorCode, error: String) {
        self.id = id
        self.kind = kind
        self.gameID = gameID
        self.code = code
        self.error = error
    }
}

/// A check that failed.
struct Refusal: Error, Equatable {
    let code: ErrorCode
    let sentence: String

    init(_ code: ErrorCode, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    /// A field of a job that is not what the contract wants.
    static func field(_ name: String, _ sentence: String) -> Refusal {
        Refusal(.invalidJob, "\(name): \(sentence)")
    }
}

/// The members of one JSON object. A member whose value is `null` counts as left out: many languages
/// write an absent value so.
struct Fields {
    let members: [JSONValue.Member]

    init(_ members: [JSONValue.Member]) { self.members = members }

    func value(_ name: String) -> JSONValue? {
        guard let member = members.first(where: { $0.name == name }), member.value != .null else { return nil }
        return member.value
    }

    func string(_ name: String) -> String? {
        guard case .string(let text)? = value(name) else { return nil }
        return text
    }
}

/// Signs job messages for fleets that take signed ones only.
public enum JobEnvelope {
    /// `{"v":1,"job":"…","signature":"…"}`: the message as a string, and the HMAC-SHA-256 of that string in hex.
    public static func sign(_ message: String, key: [UInt8]) -> String {
        let mac = HMAC<SHA256>.authenticationCode(for: Array(message.utf8), using: SymmetricKey(data: key))
        let signature = JobDecoder.hexadecimal(mac)
        return "{\"v\":1,\"job\":\(JSONText.string(message)),\"signature\":\"\(signature)\"}"
    }
}
