import DockerPort
import NIOCore
import NIOHTTP1
import Primitives

extension DockerEngine {
    package func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspect {
        let image = try Self.parsed(reference, operation: "inspectImage")
        var inspect = try await transport.imageInspect(image, caller: "inspectImage")
        inspect.ref = reference
        return inspect
    }

    package func inspectImage(id: String) async throws(DockerError) -> ImageInspect {
        guard DockerNames.isImageID(id) else {
            throw DockerError(.invalidSpec, operation: "inspectImage", message: "\(printable(id)) is no image id")
        }
        return try await transport.imageInspect([id], ref: id, caller: "inspectImage")
    }

    package func pullImage(
        _ reference: String,
        policy: PullPolicy,
        progress: (@Sendable (PullProgress) -> Void)?
    ) async throws(DockerError) {
        let image = try Self.parsed(reference, operation: "pullImage")
        // A digest identifies the exact content, so a pull could bring nothing newer.
        if policy != .always || image.digest != nil, try await isPresent(image, policy: policy) { return }
        try await pulls.join(image.description, progress: progress)
    }

    private func isPresent(_ image: ImageReference, policy: PullPolicy) async throws(DockerError) -> Bool {
        do throws(DockerError) {
            _ = try await transport.imageInspect(image, caller: "pullImage")
            return true
        } catch {
            if error.code == .imageNotFound, policy != .never { return false }
            throw error
        }
    }

    private static func parsed(_ reference: String, operation: String) throws(DockerError) -> ImageReference {
        guard let image = ImageReference(reference) else {
            throw DockerError(
                .invalidSpec,
                operation: operation,
                message: "\(printable(reference)) is no image reference such as registry.example/team/engine:1.2"
            )
        }
        return image
    }
}

extension Transport {
    /// Inspects an image with `GET /images/{name}/json`.
    func imageInspect(_ image: ImageReference, caller: String) async throws(DockerError) -> ImageInspect {
        // The slashes of a repository stay unencoded in the path.
        let segments = image.description.split(separator: "/").map(String.init)
        return try await imageInspect(segments, ref: image.description, caller: caller)
    }

    func imageInspect(_ segments: [String], ref: String, caller: String) async throws(DockerError) -> ImageInspect {
        let request = EngineRequest(
            .inspectImage,
            .GET,
            ["images"] + segments + ["json"],
            deadline: configuration.deadlines.inspect,
            caller: caller
        )
        let answer = try await send(request, expecting: 200)
        return try answer.decode(ImageAnswer.self, for: request).inspect(ref: ref, bytes: answer.body.readableBytes)
    }
}
