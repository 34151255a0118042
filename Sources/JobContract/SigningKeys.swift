import Primitives

/// The keys of a fleet that takes signed jobs only. The first key signs, and all keys verify.
///
/// With two keys, a fleet can change its key while jobs signed by the old key still wait.
public struct SigningKeys: Sendable {
    /// The smallest size of a secret, in bytes.
    public static let minimumSecretBytes = 16
    /// The greatest number of keys.
    public static let maximumKeys = 64

    struct Key: Sendable {
        let name: String
        let secret: Secret
    }

    /// The signing key.
    let first: Key
    private let byName: [String: Secret]

    /// The reason why a text has no usable keys, to print after the file's name. The description never shows a secret.
    public struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Reads lines `NAME:SECRET`. Empty lines and lines that begin with `#` are ignored.
    ///
    /// - Throws: ``Problem`` with the number of the line.
    public init(lines bytes: [UInt8]) throws(Problem) {
        var keys: [Key] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            // Some editors end a line with a carriage return, which is not part of the secret.
            let line = line.last == 0x0D ? line.dropLast() : line
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let key = try Self.key(of: line, number: index + 1)
            guard !keys.contains(where: { $0.name == key.name }) else {
                throw Problem(description: "line \(index + 1): the name \(key.name) is there twice")
            }
            keys.append(key)
        }
        guard let first = keys.first else {
            throw Problem(description: "there is no key in it; a line NAME:SECRET makes one")
        }
        guard keys.count <= Self.maximumKeys else {
            throw Problem(description: "has \(keys.count) keys; at most \(Self.maximumKeys) are taken")
        }
        self.first = first
        byName = Dictionary(keys.map { ($0.name, $0.secret) }) { first, _ in first }
    }

    private static func key(of line: ArraySlice<UInt8>, number: Int) throws(Problem) -> Key {
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(decoding: parts[0], as: UTF8.self)
        guard parts.count == 2, Syntax.isKeyName(name) else {
            throw Problem(
                description: "line \(number): must be NAME:SECRET, with a name of 1 to 64 of A-Z a-z 0-9 _ . -"
            )
        }
        guard parts[1].count >= minimumSecretBytes else {
            throw Problem(description: "line \(number): the secret must have \(minimumSecretBytes) bytes or more")
        }
        return Key(name: name, secret: Secret(parts[1]))
    }

    /// Returns the secret of this name; nil if the fleet has no such key.
    func secret(named name: String) -> Secret? {
        // A dictionary compares by Unicode equivalence, so the Kelvin sign would find a key named K.
        Syntax.isKeyName(name) ? byName[name] : nil
    }
}

/// Signs and verifies jobs of a single namespace. Another deployment's signatures are invalid.
public struct JobSigner: Sendable {
    private let keys: SigningKeys
    private let namespace: String

    public init(_ keys: SigningKeys, namespace: String) {
        self.keys = keys
        self.namespace = namespace
    }

    /// The purpose of a signature. A signature for one purpose is invalid for the other.
    enum Use {
        /// A message of a producer.
        case job
        /// A worker's record of a game's last start, for a restart.
        case startRecord(gameID: GameID)
    }

    /// Returns the envelope of a job message: `{"v":2,"key":"NAME","job":"…","signature":"…"}`.
    public func sign(_ message: String) -> String { envelope(of: message, for: .job) }

    /// Returns an envelope of `text`, signed by the first key for this purpose.
    func envelope(of text: String, for use: Use) -> String {
        let mac = Digest.sha256.authenticationCode(of: signed(text, use), secret: keys.first.secret)
        return "{\"v\":2,\"key\":\(JSONText.string(keys.first.name)),\"job\":\(JSONText.string(text))"
            + ",\"signature\":\"\(Hex.string(mac))\"}"
    }

    /// Returns the text in an envelope, after verifying the fleet's signature for this purpose and namespace.
    ///
    /// - Throws: `bad_signature`.
    func verified(_ envelope: SignedEnvelope?, for use: Use) throws(Refusal) -> String {
        guard let envelope, envelope.version == .integer(2) else {
            throw Refusal(.badSignature, "only signed jobs are taken here: an envelope of v 2, key, job and signature")
        }
        guard let secret = keys.secret(named: envelope.key) else {
            throw Refusal(.badSignature, "the key \(envelope.key.prefix(64)) is none of this fleet's")
        }
        guard let mac = Hex.bytes(envelope.signature),
            Digest.sha256.isAuthenticationCode(mac, of: signed(envelope.text, use), secret: secret)
        else {
            throw Refusal(
                .badSignature,
                "the signature does not fit the job, this namespace and the key \(envelope.key)"
            )
        }
        return envelope.text
    }

    /// Returns the signed bytes: the purpose and its names, line by line, then the text.
    private func signed(_ text: String, _ use: Use) -> [UInt8] {
        switch use {
        case .job: Array("rtm2\n\(namespace)\n\(text)".utf8)
        case .startRecord(let gameID): Array("rtm2-spec\n\(namespace)\n\(gameID)\n\(text)".utf8)
        }
    }
}

/// The members of an envelope, not verified yet.
struct SignedEnvelope {
    let version: JSONValue?
    let key: String
    let text: String
    let signature: String

    /// Returns nil if the object lacks `job` or `signature`, or has a `kind` like a job.
    init?(_ members: Fields) {
        guard members.value("kind") == nil, let text = members.string("job"),
            let signature = members.string("signature")
        else { return nil }
        version = members.value("v")
        key = members.string("key") ?? ""
        self.text = text
        self.signature = signature
    }
}
