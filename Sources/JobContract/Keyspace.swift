/// The names of the keys of a namespace. docs/reference/keys.md describes the content of each key.
///
/// The namespace is the hash tag of its keys. So all keys are in one slot of a Redis Cluster, and scripts stay atomic.
public struct Keyspace: Sendable, Equatable {
    public let namespace: String
    /// The prefix of every key: `{ns}:`.
    public let prefix: String

    /// - Parameter namespace: Characters of `A-Z a-z 0-9 . _ -`.
    public init(namespace: String) {
        self.namespace = namespace
        prefix = "{\(namespace)}:"
    }

    // Public keys, fixed by the contract.

    public func queue(_ name: String) -> String { "\(prefix)queue:\(name)" }
    public func job(_ id: JobID) -> String { "\(prefix)job:\(id.text)" }
    public var results: String { "\(prefix)results" }
    public var events: String { "\(prefix)events" }
    public var dead: String { "\(prefix)dead" }

    // Internal keys with a name in Swift. The functions build the names of all other keys from the prefix.

    /// The clock, the fencing numbers and the counters. The first key of every function, which derives the other
    /// names from it.
    public var meta: String { "\(prefix)meta" }
    /// The last key of every function. Nobody ever writes this key. While a Redis Cluster moves the slot of the namespace,
    /// Redis therefore refuses each function before its first change (`TRYAGAIN`), and not in the middle.
    public var absent: String { "\(prefix)absent" }
    /// The producer's bytes of a live job. The bytes may contain secrets; producers and consumers do not need the key.
    public func message(_ id: JobID) -> String { "\(prefix)message:\(id.text)" }
    /// The names of the served queues.
    public var queues: String { "\(prefix)queues" }
    /// The draining nodes.
    public var draining: String { "\(prefix)draining" }
    /// The ids of a game's live jobs behind the head, in order.
    public func lane(_ game: GameID) -> String { "\(prefix)lane:\(game.text)" }
    /// The games with a job ready for any node. With the suffix `:NODE`, the games with a job ready for that node.
    public func ready(_ jobClass: String, _ queue: String) -> String { "\(prefix)ready:\(jobClass):\(queue)" }
    /// The names of the paused queues.
    public var paused: String { "\(prefix)paused" }
    /// The messages of a queue that have woken a worker, with the oldest at the tail. All of them are older than those of
    /// the queue.
    public func inbox(_ queue: String) -> String { "\(prefix)inbox:\(queue)" }
    /// The lists of a queue's waiting messages, the list with the older messages first.
    package func messageLists(_ queue: String) -> [String] { [inbox(queue), self.queue(queue)] }
    /// The doorbell of a worker.
    public func doorbell(_ worker: String) -> String { "\(prefix)doorbell:\(worker)" }
    /// The leader of a node, its epoch and its event cursor.
    public func leader(_ node: NodeID) -> String { "\(prefix)leader:\(node.text)" }
    /// The key of a leader's term. The key exists as long as the term lasts.
    public func term(_ node: NodeID, epoch: Int64) -> String { "\(prefix)term:\(node.text):\(epoch)" }
    /// The liveness key. The key exists as long as workers renew it.
    public var liveness: String { "\(prefix)liveness" }
    /// The node whose leader reads the figures of the fleet.
    package var fleetReader: String { "\(prefix)fleet_reader" }
    /// The records of a node's jobs about the ends of containers.
    public func intents(_ node: NodeID) -> String { "\(prefix)intents:\(node.text)" }
    /// The last published state of each container of a node.
    public func checkpoints(_ node: NodeID) -> String { "\(prefix)checkpoints:\(node.text)" }
    /// The containers of a node that were started by jobs and have no published event yet.
    public func started(_ node: NodeID) -> String { "\(prefix)started:\(node.text)" }
    /// The reservations of games on a node.
    public func reservations(_ node: NodeID) -> String { "\(prefix)reservations:\(node.text)" }
}
