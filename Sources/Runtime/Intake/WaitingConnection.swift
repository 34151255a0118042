import Redis

/// A connection for a worker's blocking wait on its doorbell.
protocol WaitingConnection: Sendable {
    func send(_ command: RedisCommand, serverTimeout: Duration) async throws(RedisError) -> RedisValue
    func close() async
}

extension RedisBlockingConnection: WaitingConnection {}
