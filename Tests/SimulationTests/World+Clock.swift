import JobContract
import Primitives

@testable import JobQueue
@testable import Models

extension World {
    /// What the rules compare with the state after a call.
    struct Before {
        let calls: Int
        let resumedAt: Int64
        let tokens: [JobID: LeaseToken]
        let leases: [JobID: Int64]
        let nodesSeen: [NodeID: Int64]
        let lostNodes: Set<NodeID>

        init(_ redis: RedisModel) {
            calls = redis.calls
            resumedAt = redis.resumedAt
            tokens = redis.tokens
            leases = redis.leases
            nodesSeen = redis.nodesSeen
            lostNodes = redis.lanes.lostNodes
        }
    }

    /// Tells which steps of Redis' clock look like time that has passed, and which leases they make uncertain.
    ///
    /// The functions notice a step that moves their clock ahead by ``RedisModel/jump`` beyond the time that has
    /// passed. A smaller step may end leases and graces too early by as much.
    struct ClockWatch {
        /// The sum of all smaller steps, in ms.
        private(set) var gain: Int64 = 0
        /// The gain when each lease began or was extended.
        private var gains: [LeaseToken: Int64] = [:]
        /// The clock of the functions when a function last stored the time, and the real time then.
        private var latest: (clock: Int64, real: Int64)?

        /// Returns the leases that end in a call, and that their workers may trust because of steps: since the last
        /// extension, the clock has gained more than the margin between the trust window and the lease.
        ///
        /// - Parameter real: The real time of the call, in ms.
        mutating func uncertain(from before: Before, to after: RedisModel, at real: Int64) -> Set<LeaseToken> {
            if before.calls != after.calls { note(after.clock, at: real) }
            let margin = after.options.leaseMargin.milliseconds
            var uncertain: Set<LeaseToken> = []
            for (id, token) in before.tokens where after.tokens[id] != token {
                guard let begin = gains.removeValue(forKey: token) else { continue }
                if gain - begin > margin { uncertain.insert(token) }
            }
            // After an outage, each lease has the time of one lease.
            let isAnew = before.resumedAt != after.resumedAt
            for (id, end) in after.leases where isAnew || before.leases[id] != end {
                if let token = after.tokens[id] { gains[token] = gain }
            }
            return uncertain
        }

        private mutating func note(_ clock: Int64, at real: Int64) {
            defer { latest = (clock, real) }
            guard let latest else { return }
            let step = clock - latest.clock - (real - latest.real)
            if step > 0, step < RedisModel.jump { gain += step }
        }
    }
}
