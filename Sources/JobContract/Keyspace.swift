/// Names of the keys of one namespace. The namespace is the hash tag, so that all its keys live in one
/// slot of a Redis Cluster and scripts stay atomic. docs/reference/keys.md says what each key holds.
public struct Keyspace: Sendable, Equatable {
    public let namespace: String
    /// `{ns}:`, what every key begins with.
    public let prefix: String

    /// - Parameter namespace: of `A-Z a-z 0-9 . _ -`.
    public init(namespace: String) {
        self.namespace = namespace
        prefix = "{\(namespace)}:"
    }

    // Public keys, fixed by the contract.

    public func queue(_ name: String) -> String { "\(prefix)queue:\(name)" }
    public func job(_ id: String) -> String { "\(prefix)job:\(id)" }
    public var results: String { "\(prefix)results" }
    public var events: String { "\(prefix)events" }
    public var dead: String { "\(prefix)dead" }

    // Internal keys that a call names; the scripts make the others of the prefix.

    /// Clock, fence and counters; the first key of every script, of which it makes the other names.
    public var meta: String { "\(prefix)meta" }
    /// The producer's bytes of a live job. They may hold secrets: no producer and no consumer needs this key.
    public func message(_ id: String) -> String { "\(prefix)message:\(id)" }
    /// Names of the queues that workers serve.
    public var queues: String { "\(prefix)queues" }
    /// Nodes that begin no start.
    public var draining: String { "\(prefix)draining" }
    /// Ids of a game's live jobs behind the head, in their order.
    public func lane(_ game: String) -> String { "\(prefix)lane:\(game)" }
    /// Games whose next job could begin on any node; with `:NODE` behind it, on that one.
    public func ready(_ jobClass: String, _ queue: String) -> String { "\(prefix)ready:\(jobClass):\(queue)" }
    /// Names of the queues from which nothing is taken.
    public var paused: String { "\(prefix)paused" }
    /// Messages of a queue that were set aside because no node has room for a start, the oldest at the tail.
    public func overflow(_ queue: String) -> String { "\(prefix)overflow:\(queue)" }
    /// How many messages of each game lie in the overflow of a queue.
    public func overflowing(_ queue: String) -> String { "\(prefix)overflowing:\(queue)" }
    /// Doorbell of a worker.
    public func bell(_ worker: String) -> String { "\(prefix)bell:\(worker)" }
    /// Leader, its epoch and event cursor of a node.
    public func leader(_ node: String) -> String { "\(prefix)leader:\(node)" }
    /// There as long as that term of a node's leader lasts.
    public func term(_ node: String, epoch: Int64) -> String { "\(prefix)term:\(node):\(epoch)" }
    /// There as long as signs of life come.
    public var awake: String { "\(prefix)awake" }
    /// What jobs have told of the ends of containers, of a node.
    public func intents(_ node: String) -> String { "\(prefix)intents:\(node)" }
    /// Last published step of each container of a node.
    public func stories(_ node: String) -> String { "\(prefix)stories:\(node)" }
    /// Containers that jobs have started and of which nothing was published, of a node.
    public func begun(_ node: String) -> String { "\(prefix)begun:\(node)" }
    /// Games that hold a place on a node.
    public func running(_ node: String) -> String { "\(prefix)running:\(node)" }
}
