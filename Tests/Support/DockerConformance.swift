import DockerPort
import Primitives
import Testing

/// What every adapter of the Docker port must do. The same rules are checked on the fake and on a real Engine, so
/// that what other tests learn from the fake is true.
package struct DockerConformance: Sendable {
    /// What the Engine must have for the rules.
    package struct Environment: Sendable {
        /// An image whose process ends with 143 on SIGTERM; it has the label `conformance=yes`.
        package var image: String
        /// An image whose process does not end on SIGTERM.
        package var stubbornImage: String
        /// An image whose process ends at once with code 3.
        package var endingImage: String
        /// An image that can be pulled and is not there yet, and one that its registry does not have.
        package var pullableImage: String
        package var unknownImage: String
        /// A user-defined network.
        package var network: String
        /// An attachable overlay network; nil: the Engine is in no Swarm.
        package var overlay: String?
        /// Begins the names of all containers that are made; unique to this run.
        package var prefix: String
        /// What the process of a container has written so far.
        package var output: @Sendable (_ containerID: ContainerID) async throws -> String

        package init(
            image: String,
            stubbornImage: String,
            endingImage: String,
            pullableImage: String,
            unknownImage: String,
            network: String,
            overlay: String? = nil,
            prefix: String,
            output: @escaping @Sendable (_ containerID: ContainerID) async throws -> String
        ) {
            self.image = image
            self.stubbornImage = stubbornImage
            self.endingImage = endingImage
            self.pullableImage = pullableImage
            self.unknownImage = unknownImage
            self.network = network
            self.overlay = overlay
            self.prefix = prefix
            self.output = output
        }
    }

    /// One thing that adapters must do.
    package enum Rule: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case describesItself, findsNetworks, refusesNetworks, inspectsImages, pullsNothingThatIsThere, pulls
        case runsAndInspects, keepsTheHolderOfAName, makesOneOfManyAtOnce, leavesNothingWithoutNetwork
        case refusesUnknownImages, refusesSpecsBeforeAnyCall, keepsWhatEndedAtOnce, cancelsBeforeItBegins
        case inspectsNetworks, reachesOverlays
        case undoesAnotherImage, mountsWhatIsAsked, keepsLabelsByTheirBytes, publishesPorts
        case stops, stopsTwice, stopsForMany, killsTheStubborn, knowsNoOthers, removesOnce, kills, lists
        case streamsEvents, replaysEvents, endsEventsByThrowing

        package var testDescription: String { rawValue }
    }

    let client: any DockerClient
    let environment: Environment

    package init(client: any DockerClient, environment: Environment) {
        self.client = client
        self.environment = environment
    }

    /// Checks one rule and removes what it made.
    package func check(_ rule: Rule) async throws {
        do {
            try await perform(rule)
        } catch {
            await cleanUp(rule)
            throw error
        }
        await cleanUp(rule)
    }

    private func perform(_ rule: Rule) async throws {
        switch rule {
        case .describesItself: try await describesItself()
        case .findsNetworks: try await client.ensureNetwork(environment.network)
        case .refusesNetworks: await refusesNetworks()
        case .inspectsNetworks: try await inspectsNetworks(rule)
        case .reachesOverlays: try await reachesOverlays(rule)
        case .inspectsImages: try await inspectsImages()
        case .pullsNothingThatIsThere: try await pullsNothingThatIsThere()
        case .pulls: try await pulls()
        case .undoesAnotherImage: try await undoesAnotherImage(rule)
        case .mountsWhatIsAsked: try await mountsWhatIsAsked(rule)
        case .keepsLabelsByTheirBytes: try await keepsLabelsByTheirBytes(rule)
        case .publishesPorts: try await publishesPorts(rule)
        case .stopsForMany: try await stopsForMany(rule)
        case .runsAndInspects: try await runsAndInspects(rule)
        case .keepsTheHolderOfAName: try await keepsTheHolderOfAName(rule)
        case .makesOneOfManyAtOnce: await makesOneOfManyAtOnce(rule)
        case .leavesNothingWithoutNetwork: try await leavesNothingWithoutNetwork(rule)
        case .refusesUnknownImages: await refusesUnknownImages(rule)
        case .refusesSpecsBeforeAnyCall: await refusesSpecsBeforeAnyCall(rule)
        case .keepsWhatEndedAtOnce: try await keepsWhatEndedAtOnce(rule)
        case .cancelsBeforeItBegins: await cancelsBeforeItBegins(rule)
        case .stops: try await stops(rule)
        case .stopsTwice: try await stopsTwice(rule)
        case .killsTheStubborn: try await killsTheStubborn(rule)
        case .knowsNoOthers: try await knowsNoOthers(rule)
        case .removesOnce: try await removesOnce(rule)
        case .kills: try await kills(rule)
        case .lists: try await lists(rule)
        case .streamsEvents: try await streamsEvents(rule)
        case .replaysEvents: try await replaysEvents(rule)
        case .endsEventsByThrowing: try await endsEventsByThrowing()
        }
    }

    private func cleanUp(_ rule: Rule) async {
        for suffix in ["", "-b", "-c"] {
            let failure = await self.failure { try await client.remove(name(rule) + suffix) }
            #expect(failure == nil)
        }
    }

    // MARK: Inside

    /// Name of the container that a rule makes.
    func name(_ rule: Rule) -> String { "\(environment.prefix)-\(rule.rawValue.lowercased())" }

    /// A spec for the container of a rule.
    func spec(_ rule: Rule, image: String? = nil, suffix: String = "") -> RunSpec {
        RunSpec(
            name: name(rule) + suffix,
            image: image ?? environment.image,
            hostname: "host-\(rule.rawValue.lowercased())" + suffix,
            network: environment.network,
            env: ["RULE": rule.rawValue],
            labels: labels(rule),
            logDriver: "json-file",
            logOpts: ["max-size": "1m"],
            cpuQuota: 0.5,
            memory: "16m",
            pidsLimit: 32
        )
    }

    /// What a process writes when it is there.
    package static let greeting = "here"

    /// Runs a container, and waits until its process says that it is there. Before that an end may be other than asked
    /// for: the kernel drops what the first process of a container has no handler for yet, and an Engine may have
    /// answered the start by then.
    func runUntilThere(_ spec: RunSpec) async throws -> RunResult {
        var spec = spec
        let greet = "echo \(Self.greeting); "
        let isStubborn = spec.image == environment.stubbornImage
        let script = isStubborn ? "trap '' TERM; \(greet)while :; do sleep 1; done" : "\(greet)exec sleep 2147483647"
        spec.cmd = ["/bin/sh", "-c", script]
        let result = try await client.run(spec)
        try await eventually("the process of \(spec.name)") {
            try await environment.output(result.containerID).contains(Self.greeting)
        }
        return result
    }

    func labels(_ rule: Rule) -> LabelMap { ["conformance.run": environment.prefix, "rule": rule.rawValue] }

    /// What `body` failed with, nil where it did not.
    func failure<Value>(_ body: () async throws -> Value) async -> DockerError? {
        do {
            _ = try await body()
            return nil
        } catch let error as DockerError {
            return error
        } catch {
            Issue.record("\(error) is no DockerError")
            return nil
        }
    }

    /// The code that `body` failed with.
    func code<Value>(_ body: () async throws -> Value) async -> DockerError.Code? {
        await failure(body)?.code
    }
}
