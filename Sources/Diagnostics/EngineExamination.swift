import DockerPort
import JobContract
import Primitives
import RuntimeCore
import Settings

/// Reads the facts about the Docker Engine for the doctor, without a change there.
package struct EngineExamination: Sendable {
    package let docker: any DockerClient
    package let settings: Settings
    /// The images to examine.
    package let images: [String]

    package init(docker: any DockerClient, settings: Settings, images: [String]) {
        self.docker = docker
        self.settings = settings
        self.images = images
    }

    package func facts() async -> EngineFacts {
        var facts = EngineFacts()
        facts.network = settings.network
        facts.defaultCPUs = settings.cpuQuota
        facts.defaultMemory = settings.memory.bytes
        do throws(DockerError) {
            let info = try await docker.info()
            facts.info = info
            facts.clockOffset = info.systemTime.map {
                $0.millisecondsSinceEpoch - SystemClock.now().millisecondsSinceEpoch
            }
        } catch {
            facts.problem = error.message
            facts.isSilent = error.code == .timeout
            return facts
        }
        facts.networkState = await networkState()
        for reference in images { facts.images.append(await fact(of: reference, on: facts.info)) }
        return facts
    }

    private func networkState() async -> EngineFacts.NetworkState {
        do throws(DockerError) {
            try await docker.ensureNetwork(settings.network)
        } catch {
            return .unusable(error.message)
        }
        do throws(DockerError) {
            return .usable(driver: try await docker.inspectNetwork(settings.network).driver)
        } catch {
            return error.code == .networkMissing ? .unlisted : .unusable(error.message)
        }
    }

    private func fact(of reference: String, on info: EngineInfo?) async -> EngineFacts.ImageFact {
        var node = settings.nodeSettings
        if let info { node.boundLimits(by: info) }
        var fact = EngineFacts.ImageFact(reference: reference, isPresent: false)
        let message =
            #"{"v":1,"id":"doctor","kind":"start","game_id":"doctor","image":"#
            + JSONText.string(reference) + "}"
        guard case .job(let job) = JobDecoder().decode(Array(message.utf8)) else {
            fact.problem = "is no image reference"
            return fact
        }
        do {
            let allowed = try Policy(node).allow(job)
            let found = try await docker.inspectImage(allowed.image)
            fact.isPresent = true
            _ = try allowed.spec(on: found)
        } catch let error as JobFailure {
            fact.problem = error.message
        } catch let error as DockerError {
            if error.code != .imageNotFound { fact.problem = error.message }
        } catch {
            fact.problem = "\(error)"
        }
        return fact
    }
}
