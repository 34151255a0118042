import JobContract
import Redis

@testable import JobQueue
@testable import Runtime
@testable import Support

/// The connections on which a worker waits to be woken.
struct SimulatedWait: WaitingConnection {
    let process: SimulatedProcess
    let world: World

    func send(_ command: RedisCommand, serverTimeout: Duration) async throws(RedisError) -> RedisValue {
        guard process.lives(.beforeCall) else { throw .closed }
        let isBell = command.name == "BLPOP"
        let answer = OneShot<RedisValue?>()
        let (worker, node) = (process.identity.id, process.identity.node)
        world.scheduler.after(.microseconds(200)) {
            world.wait(isBell ? .bell(worker) : .queue("default"), from: node, answer)
        }
        world.scheduler.after(serverTimeout) { answer.give(.null) }
        let value = await withTaskCancellationHandler {
            await answer.value()
        } onCancel: {
            answer.give(nil)
        }
        guard process.lives(.afterCall) else { throw .closed }
        guard let value else { throw .connection(reason: "lost", mayHaveHappened: true) }
        return value
    }

    func close() async {}
}
