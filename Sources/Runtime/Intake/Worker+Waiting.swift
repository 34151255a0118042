import JobContract
import JobQueue
import Redis
import RuntimeCore

/// How a worker is woken: by a message at a queue, or by a function at the doorbell.
extension Worker {
    /// The longest time of one blocking call. A half-open connection is noticed afterwards; until then, sweeps find what the
    /// connection would have brought.
    private static let longestWait = (time: Duration.seconds(30), argument: RedisArgument("30"))

    /// Waits at all queues until the worker drains. Then nobody wakes the worker for new messages.
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
        while !Task.isCancelled {
            await state.intake.untilEmpty(name)
            do throws(RedisError) {
                let command = RedisCommand(
                    "BLMOVE",
                    .string(list),
                    .string(inbox),
                    "RIGHT",
                    "LEFT",
                    Self.longestWait.argument
                )
                switch try await connection.send(command, serverTimeout: Self.longestWait.time) {
                case .bulk(let message): state.intake.note { $0.saw(message, in: name) }
                // The message is too large. Intake reads its size from the inbox.
                case .omitted: state.intake.note { $0.lostSight(of: name) }
                default: break
                }
                backoff.succeeded()
            } catch {
                // Also if Redis refuses the command, because memory is full or a key has a wrong type.
                await backoff.pause()
                state.intake.note { $0.lostSight(of: name) }
            }
        }
        await connection.close()
    }

    /// Waits at this worker's doorbell (Redis `BLPOP`).
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
                default: state.intake.note { $0.woken() }
                }
            } catch {
                await backoff.pause()
                // A wake-up during that time is lost.
                state.intake.note { $0.woken() }
            }
        }
        await connection.close()
    }
}
