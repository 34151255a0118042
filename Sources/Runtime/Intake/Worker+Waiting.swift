import JobContract
import JobQueue
import Redis
import RuntimeCore

/// Waiting to be woken: at the queues by a message, and at the doorbell by a script.
extension Worker {
    /// How long one call waits to be woken. A connection that is only half there is noticed after it; what it would have
    /// told is found by ticks until then.
    private static let longestWait = (time: Duration.seconds(30), argument: RedisArgument("30"))

    /// Waits at all queues until the worker ends: a worker that takes no more jobs is not to be woken for them.
    func waitAtQueues(on executor: (any TaskExecutor)?) async {
        await withTaskGroup(of: Void.self) { group in
            for name in queue.options.queues {
                group.addTask(executorPreference: executor) { await wait(at: name) }
            }
            await state.ends.wait()
            group.cancelAll()
        }
    }

    /// Waits for a message of a queue (Redis `BLMOVE`). Redis moves each message for one waiting worker of the fleet into
    /// the inbox of the queue, and so wakes one worker. The message stays in Redis: an abandoned connection loses nothing,
    /// unlike a blocking pop.
    private func wait(at name: String) async {
        let connection = connect("rtmanager-wake")
        let (list, inbox) = (queue.keys.queue(name), queue.keys.inbox(name))
        var backoff = LoopBackoff()
        state.work.raise()
        while !Task.isCancelled {
            await state.emptied(name).wait()
            do throws(RedisError) {
                var found: [UInt8]?
                while found == nil, !Task.isCancelled {
                    let command = RedisCommand(
                        "BLMOVE",
                        .string(list),
                        .string(inbox),
                        "RIGHT",
                        "LEFT",
                        Self.longestWait.argument
                    )
                    found = try await connection.send(command, serverTimeout: Self.longestWait.time).bytes
                }
                // The queue was empty before this message came. Rounds that say so late would send this connection back
                // to a queue that still has it, and each job would be looked for twice.
                state.emptied(name).lower()
                if let found { state.found(found, in: name) }
                backoff.succeeded()
            } catch {
                // Also if Redis refuses the command, because memory is full or a key has a wrong type.
                await backoff.pause()
            }
            state.work.raise()
        }
        await connection.close()
    }

    /// Waits at this worker's doorbell, which the scripts ring.
    func answerDoorbell() async {
        let connection = connect("rtmanager-bell")
        let command = RedisCommand("BLPOP", .string(queue.keys.doorbell(queue.worker.id)), Self.longestWait.argument)
        var backoff = LoopBackoff()
        while !Task.isCancelled {
            do throws(RedisError) {
                let answer = try await connection.send(command, serverTimeout: Self.longestWait.time)
                backoff.succeeded()
                switch answer.array?.last?.string {
                case nil: continue
                case "cancel": state.beatNow.raise()
                case "leader": state.leaderResigned.raise()
                case "reconcile": state.reconcileNow.raise()
                default: state.work.raise()
                }
            } catch {
                await backoff.pause()
                // Whoever rang meanwhile was not heard.
                state.work.raise()
            }
        }
        await connection.close()
    }
}
