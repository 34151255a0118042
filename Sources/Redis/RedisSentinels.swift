/// The sentinels of a master: the processes that watch the master, and that replace it with a replica after its end.
public struct RedisSentinels: Sendable, Equatable, CustomStringConvertible {
    /// The addresses of the sentinels, one at least. A client asks them in turn.
    public var addresses: [RedisConfiguration.Endpoint]
    /// The name of the master in the configuration of the sentinels.
    public var master: String
    /// The ACL user at the sentinels; nil: the `default` user.
    public var username: String?
    /// The password for `AUTH` at the sentinels; nil: none.
    public var password: String?

    /// Creates a group without credentials.
    public init(addresses: [RedisConfiguration.Endpoint], master: String) {
        self.addresses = addresses
        self.master = master
    }

    /// The addresses and the name of the master, without credentials.
    public var description: String {
        "\(addresses.map(\.description).joined(separator: ","))/\(master)"
    }
}
