import Primitives

/// The error for an invalid Redis URL. The text never quotes the URL, because a misplaced password would end up in a
/// log.
public struct RedisURLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The invalid part and the allowed values.
    public let description: String

    init(_ problem: String) {
        description = """
            Redis URL: \(problem) (expected redis://[user[:password]@]host[:port][/database], rediss://… for TLS, \
            redis+sentinel://host[:port],…/master[/database] for sentinels, or unix:///path/to/socket[?db=number])
            """
    }
}

extension RedisConfiguration {
    /// Creates a configuration from a URL: `redis://`, `rediss://` (TLS), `redis+sentinel://`, `rediss+sentinel://` or
    /// `unix://`. Several hosts after `redis://` are nodes of a cluster. User, password, host, name of the master and
    /// socket path are percent-decoded.
    public init(url: String) throws(RedisURLError) {
        let schemes = "must be redis, rediss, redis+sentinel, rediss+sentinel or unix"
        guard let separator = url.firstRange(of: "://") else {
            throw RedisURLError("scheme: missing, \(schemes)")
        }
        var parts = try URLParts(afterScheme: url[separator.upperBound...])
        let scheme = url[..<separator.lowerBound].lowercased()
        switch scheme {
        case "redis", "rediss":
            let hosts = try Self.endpoints(parts.hosts, port: 6_379)
            self.init(endpoint: hosts[0])
            if !parts.path.dropFirst().isEmpty { try parts.addDatabase(parts.path.dropFirst(), from: "path") }
            if hosts.count > 1 {
                server = .cluster(hosts)
                guard parts.database ?? 0 == 0 else {
                    throw RedisURLError("path: several hosts are the nodes of a cluster, which has database 0 only")
                }
            }
        case "redis+sentinel", "rediss+sentinel":
            self = try Self.sentinels(&parts)
        case "unix":
            self.init(endpoint: try Self.socket(parts))
        default:
            throw RedisURLError("scheme: \(schemes)")
        }
        usesTLS = scheme.hasPrefix("rediss")
        username = try parts.user.map { part throws(RedisURLError) in try Self.decoded(part, part: "user") }
        password = try parts.password.map { part throws(RedisURLError) in
            try Self.decoded(part, part: "password")
        }
        if username?.isEmpty == true { username = nil }
        database = parts.database ?? 0
    }

    private static func socket(_ parts: URLParts) throws(RedisURLError) -> Endpoint {
        guard parts.hosts.isEmpty, parts.path.utf8.count > 1 else {
            throw RedisURLError("path: a socket needs an absolute path, with three slashes after unix:")
        }
        let path = try decoded(parts.path, part: "path")
        guard path.utf8.count <= 103 else { throw RedisURLError("path: a socket's path has at most 103 bytes") }
        return .unix(path: path)
    }

    private static func sentinels(_ parts: inout URLParts) throws(RedisURLError) -> RedisConfiguration {
        let hosts = try endpoints(parts.hosts, port: 26_379)
        let words = parts.path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = words.first, !name.isEmpty else {
            throw RedisURLError("path: the name of the master is missing after the sentinels")
        }
        if words.count > 1, !words[1].isEmpty { try parts.addDatabase(words[1], from: "path") }
        var configuration = RedisConfiguration(endpoint: hosts[0])
        configuration.server = .sentinels(
            RedisSentinels(addresses: hosts, master: try decoded(name, part: "name of the master"))
        )
        return configuration
    }

    /// Returns the hosts of a list with commas.
    private static func endpoints(_ text: Substring, port: Int) throws(RedisURLError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            endpoints.append(try endpoint(part, port: port))
        }
        return endpoints
    }

    private static func endpoint(_ text: Substring, port standard: Int) throws(RedisURLError) -> Endpoint {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else {
                throw RedisURLError("host: an IPv6 address must end with ]")
            }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else {
                throw RedisURLError("port: must follow the host after a colon")
            }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let name = try decoded(host, part: "host")
        guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
            throw RedisURLError("host: must not be empty and must not contain spaces")
        }
        guard let port else { return .tcp(host: name, port: standard) }
        guard let number = decimal(port), (1...65_535).contains(number) else {
            throw RedisURLError("port: must be a number from 1 to 65535")
        }
        return .tcp(host: name, port: number)
    }

    /// Returns the number of a text of digits only. `Int` alone would also accept a sign.
    fileprivate static func decimal(_ text: Substring) -> Int? {
        text.utf8.allSatisfy(\.isDigit) ? Int(text) : nil
    }

    private static func decoded(_ text: Substring, part: String) throws(RedisURLError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Hex.value), let low = rest.popFirst().flatMap(Hex.value) else {
                throw RedisURLError("\(part): a % must be followed by two hexadecimal digits; write %25 for % itself")
            }
            bytes.append(high << 4 | low)
        }
        guard let result = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw RedisURLError("\(part): must be UTF-8 without NUL")
        }
        return result
    }
}

/// The parts of a URL, still percent-encoded.
private struct URLParts {
    var user: Substring?
    var password: Substring?
    /// The hosts with their ports, separated by commas.
    var hosts: Substring
    /// The path with its leading slash.
    var path: Substring
    var database: Int?

    init(afterScheme rest: Substring) throws(RedisURLError) {
        guard !rest.contains("#") else {
            throw RedisURLError("fragment: none is allowed; write %23 for a # in a user name or password")
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        let tail = rest[end...]
        let query = tail.firstIndex(of: "?")
        path = tail[..<(query ?? tail.endIndex)]
        if let at = authority.lastIndex(of: "@") {
            let login = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = login.first
            password = login.count > 1 ? login[1] : nil
            hosts = authority[authority.index(after: at)...]
        } else {
            guard authority.isEmpty || !tail.contains("@") else {
                throw RedisURLError("user: write / ? and # in a user name or password as %2F, %3F and %23")
            }
            hosts = authority
        }
        guard let query, tail.index(after: query) < tail.endIndex else { return }
        for parameter in tail[tail.index(after: query)...].split(separator: "&") {
            guard parameter.hasPrefix("db=") else { throw RedisURLError("query: only db=number is allowed") }
            try addDatabase(parameter.dropFirst(3), from: "query")
        }
    }

    mutating func addDatabase(_ text: Substring, from part: String) throws(RedisURLError) {
        guard let number = RedisConfiguration.decimal(text), number <= Int(Int32.max) else {
            throw RedisURLError("\(part): the database must be a number from 0")
        }
        guard database == nil else { throw RedisURLError("\(part): the database is given twice") }
        database = number
    }
}
