import Crypto

/// The keys of a fleet that takes signed jobs only: the first one signs, all of them verify.
///
/// Two keys at once let a fleet change its key while jobs of the old one still wait.
public struct SigningKeys: Sendable {
    /// Fewest bytes of a secret.
    public static let minimumSecretBytes = 16
    /// Most keys.
    public static let maximumKeys = 64

    struct Key: Sendable {
        let name: String
        let secret: SymmetricKey
    }

    /// The key that signs.
    let first: Key
    private let byName: [String: SymmetricKey]

    /// Why a text gives no keys, to follow the name of its file. It never shows a secret.
    public struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Reads lines `NAME:SECRET`. Empty lines and lines that begin with `#` say nothing.
    ///
    /// - Throws: ``Problem`` that names the line.
    public init(lines bytes: [UInt8]) throws(Problem) {
        var keys: [Key] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            // Editors of other systems end a line with a carriage return, which nobody means as part of a secret.
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
        return Key(name: name, secret: SymmetricKey(data: parts[1]))
    }

    /// The secret of this name; nil: the fleet has no such key.
    func secret(named name: String) -> SymmetricKey? {
        // To a dictionary the Kelvin sign is a K.
        Syntax.isKeyName(name) ? byName[name] : nil
    }
}

/// Signs and verifies for one namespace, so that what was signed for one deployment is worth nothing in another.
public struct JobSigner: Sendable {
    private let keys: SigningKeys
    private let namespace: String

    public init(_ keys: SigningKeys, namespace: String) {
        self.keys = keys
        self.namespace = namespace
    }

    /// What a signature is made for. A signature of one use proves nothing for the other.
    enum Use {
        /// A message of a producer.
        case job
        /// What a worker keeps of a game's last start, for a restart.
        case startRecord(gameID: String)
    }

    /// Returns the envelope of a job message: `{"v":2,"key":"NAME","job":"…","signature":"…"}`.
    public func sign(_ message: String) -> String { envelope(of: message, for: .job) }

    /// Returns `text` with the first key's signature for this use.
    func envelope(of text: String, for use: Use) -> String {
        let mac = HMAC<SHA256>.authenticationCode(for: signed(text, use), using: keys.first.secret)
        return "{\"v\":2,\"key\":\(JSONText.string(keys.first.name)),\"job\":\(JSONText.string(text))"
            + ",\"signature\":\"\(hexadecimal(mac))\"}"
    }

    /// Returns the text in an envelope that a key of this fleet has signed for this use and namespace.
    ///
    /// - Throws: `bad_signature`.
    func verified(_ envelope: SignedEnvelope?, for use: Use) throws(Refusal) -> String {
        guard let envelope, envelope.version == .integer(2) else {
            throw Refusal(.badSignature, "only signed jobs are taken here: an envelope of v 2, key, job and signature")
        }
        guard let secret = keys.secret(named: envelope.key) else {
            throw Refusal(.badSignature, "the key \(envelope.key.prefix(64)) is none of this fleet's")
        }
        guard let mac = bytes(hexadecimal: envelope.signature),
            HMAC<SHA256>.isValidAuthenticationCode(mac, authenticating: signed(envelope.text, use), using: secret)
        else {
            throw Refusal(
                .badSignature,
                "the signature does not fit the job, this namespace and the key \(envelope.key)"
            )
        }
        return envelope.text
    }

    /// The bytes under a signature: what it is for, line by line, then the text.
    private func signed(_ text: String, _ use: Use) -> [UInt8] {
        switch use {
        case .job: Array("rtm2\n\(namespace)\n\(text)".utf8)
        case .startRecord(let gameID): Array("rtm2-spec\n\(namespace)\n\(gameID)\n\(text)".utf8)
        }
    }

    private func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// The members of an envelope, before anything of it is believed.
struct SignedEnvelope {
    let version: JSONValue?
    let key: String
    let text: String
    let signature: String

    /// Nil where the object has not the members of an envelope, or has those of a job.
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
