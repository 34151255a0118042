import Redis

/// A connection on which a worker waits to be woken.
protocol WaitingConnection: Sendable {
    func send(_ command: RedisCommand, serverTimeout: Duration) async throws(RedisError) -> RedisValue
    func close() async
}

extension RedisBlockingConnection: WaitingConnection {}
