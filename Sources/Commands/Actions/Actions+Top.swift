import JobContract
import JobQueue
import Logging
import Pages
import Primitives
import QueueAdmin
import RuntimeClient
import Settings
import Terminal
import UnixSignals

// `rtmanager top`: the terminal and Redis around the values of TopState.
extension Actions {
    static func top(_ context: CommandContext) async throws(CommandError) {
        guard TerminalInput.hasPerson, Surface.standardOutput.width != nil else {
            throw .wrongUse("top needs a terminal; `rtmanager status` shows the same once")
        }
        let title = try title(context.settings)
        let pushedAt = try pushTimes(context.settings)
        let decoder = JobDecoder(signer: try context.settings.signer())
        try await withUsedQueue(context) { queue in
            let desk = TopDesk(
                queue: queue,
                client: client(queue, context),
                decoder: decoder,
                title: title,
                pushedAt: pushedAt,
                logger: context.logger.forCommand
            )
            await FullScreen.with { await desk.run() }
        }
    }
}

/// What happens around a screen.
private enum TopEvent: Sendable {
    case keys([KeyPress])
    case data(TopData)
    case failed(String)
    case resized
    case detail(TopDetail)
    case report(String)
    case end
}

/// Carries keys and data to the state of the screen, and does what the state asks for.
private struct TopDesk: Sendable {
    /// The pause between two reads of Redis.
    private static let pause = Duration.seconds(1)
    /// The largest numbers of nodes, jobs of a state, and containers to read.
    private static let (mostNodes, mostJobs, mostContainers) = (200, 200, 2_000)

    let queue: JobQueue
    let client: RuntimeClient
    let decoder: JobDecoder
    let title: String
    let pushedAt: @Sendable ([UInt8]) -> Timestamp?
    let logger: Logger

    func run() async {
        let surface = Surface.standardOutput
        var state = TopState(width: surface.width ?? 80, height: surface.height ?? 24)
        var shown: [TerminalText] = []
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigwinch)
        await withTaskGroup(of: Void.self) { group in
            let (events, inbox) = AsyncStream.makeStream(of: TopEvent.self, bufferingPolicy: .bufferingNewest(256))
            group.addTask { await readKeys(inbox) }
            group.addTask { await readFleet(inbox) }
            group.addTask {
                for await signal in signals { inbox.yield(signal == .sigwinch ? .resized : .end) }
            }
            draw(state, surface.painter, &shown)
            for await event in events {
                let actions = take(event, &state)
                if actions.contains(.quit) || StandardOutput.problem != nil { break }
                for action in actions { group.addTask { inbox.yield(await perform(action)) } }
                draw(state, surface.painter, &shown)
            }
            group.cancelAll()
        }
    }

    /// Changes the state by an event. Returns what there is to do.
    private func take(_ event: TopEvent, _ state: inout TopState) -> [TopAction] {
        switch event {
        case .keys(let keys): return keys.compactMap { state.press($0) }
        case .data(let data): state.update(data)
        case .failed(let reason): state.fail(reason)
        case .detail(let detail): state.show(detail)
        case .report(let text): state.report(text)
        case .end: return [.quit]
        case .resized:
            let surface = Surface.standardOutput
            (state.width, state.height) = (surface.width ?? state.width, surface.height ?? state.height)
        }
        return []
    }

    private func draw(_ state: TopState, _ painter: Painter, _ shown: inout [TerminalText]) {
        let lines = state.screen(painter)
        guard lines != shown else { return }
        shown = lines
        StandardOutput.write(text: FullScreen.frame(lines, endsLine: false))
    }

    private func readKeys(_ inbox: AsyncStream<TopEvent>.Continuation) async {
        var decoder = KeyDecoder()
        while let bytes = await TerminalInput.bytes(within: .seconds(5)) {
            let keys = decoder.keys(in: bytes)
            if !keys.isEmpty { inbox.yield(.keys(keys)) }
        }
        // The terminal has gone.
        inbox.yield(.end)
    }

    private func readFleet(_ inbox: AsyncStream<TopEvent>.Continuation) async {
        while !Task.isCancelled {
            let begin = ContinuousClock.now
            do {
                let status = try await Actions.collect(
                    queue,
                    title,
                    rows: Self.mostNodes,
                    containers: Self.mostContainers,
                    pushedAt
                )
                let jobs = try await queue.jobs(JobFilter(), isBrief: true, limit: Self.mostJobs, decoder: decoder)
                inbox.yield(.data(TopData(status: status, jobs: jobs)))
            } catch {
                inbox.yield(.failed("\(error)"))
            }
            // A slow read of a large fleet takes at most a third of the time.
            try? await Task.sleep(for: max(Self.pause, begin.duration(to: .now) * 2))
        }
    }

    /// Does what the person asks for. A change is on `{ns}:audit`.
    private func perform(_ action: TopAction) async -> TopEvent {
        let event = await act(action)
        guard let (word, target) = action.audited, case .report(let outcome) = event else { return event }
        await Actions.audit(word, target, outcome, queue, logger)
        return event
    }

    private func act(_ action: TopAction) async -> TopEvent {
        do {
            switch action {
            case .quit: return .end
            case .show(let item): return try await page(of: item)
            case .retry(let entry, let id):
                guard let letter = try await queue.deadLetter(named: entry) else { return gone(id) }
                try await queue.retry(letter, named: id.text, decoder: decoder)
                return .report("\(id) will run again")
            case .drop(let entry, let id):
                guard let letter = try await queue.deadLetter(named: entry), try await queue.drop(letter) == .ok
                else { return gone(id) }
                return .report("\(id) is dropped")
            case .change(let change):
                return .report(change.sentence(isNew: try await queue.make(change)))
            }
        } catch {
            return .report("\(error)")
        }
    }

    private func gone(_ id: JobID) -> TopEvent {
        .report("\(id) is no longer a dead letter: somebody retried or dropped it")
    }

    private var details: DetailReader { DetailReader(queue, client, decoder) }

    private func page(of item: TopItem) async throws -> TopEvent {
        switch item {
        case .job(let id), .dead(_, let id):
            let page = try await details.job(id)
            return page.map { .detail(.job($0)) } ?? .report("job \(id) is not known any more")
        case .game(let id):
            return .detail(.game(try await details.game(id)))
        case .queue(let name, _): return .report(name)
        case .node(let id, _): return .report(id.text)
        }
    }
}
