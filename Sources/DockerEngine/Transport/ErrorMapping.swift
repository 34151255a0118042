import DockerPort

extension DockerError {
    /// Returns the error for an answer with an error status.
    ///
    /// The endpoint and the status decide first. The Docker Engine's text changes between versions, so the text decides
    /// only if the status has several meanings.
    ///
    /// - Parameters:
    ///   - body: the answer's body, `{"message": "…"}` or plain text.
    ///   - caller: the port's operation for the error; nil: the endpoint's usual operation.
    static func answer(
        _ operation: EngineOperation,
        status: Int,
        body: String,
        caller: String? = nil
    ) -> DockerError {
        let message = EngineMessage(body)
        let operationOfPort = caller ?? operation.portOperation
        if operation == .pull {
            return .refusedPull(
                PullRefusal(status: status, text: message.text),
                said: message.text,
                status: status,
                caller: operationOfPort
            )
        }
        let meaning = Meaning(operation, status: status, text: message.text.lowercased())
        let said: String
        switch (message.isOfEngine, message.text.isEmpty) {
        case (_, true): said = "no reason given"
        case (true, false):
            let refusal = operation == .start ? SwarmRefusal(message.text.lowercased()) : nil
            said = (refusal.map { $0.sentence + ": " } ?? "") + message.text
        case (false, false): said = "the answer is not one of the Docker API"
        }
        return DockerError(
            meaning.code,
            operation: operationOfPort,
            message: "\(operation.rawValue): \(said) (status \(status))",
            status: status,
            retryable: meaning.retryable,
            detail: message.isOfEngine ? nil : message.text
        )
    }

    /// Returns the error for an error line of a pull. The answer's status was already 200.
    static func pullLine(_ text: String) -> DockerError {
        .refusedPull(PullRefusal(status: nil, text: text), said: text, status: nil)
    }

    private static func refusedPull(
        _ refusal: PullRefusal,
        said text: String,
        status: Int?,
        caller: String = EngineOperation.pull.portOperation
    ) -> DockerError {
        DockerError(
            refusal.code,
            operation: caller,
            message: "pull: " + refusal.sentence,
            status: status,
            retryable: refusal.retryable,
            detail: text
        )
    }
}

/// The code of a failure, and whether another try may succeed.
private struct Meaning {
    var code: DockerError.Code
    var retryable: Bool

    init(_ code: DockerError.Code, retryable: Bool = false) {
        self.code = code
        self.retryable = retryable
    }

    init(_ operation: EngineOperation, status: Int, text: String) {
        self = Self.special(operation, status: status, text: text) ?? Self.general(status: status)
    }

    /// The meaning of a status for every endpoint.
    private static func general(status: Int) -> Meaning {
        switch status {
        case 503: Meaning(.unavailable, retryable: true)
        case 429: Meaning(.engineError, retryable: true)
        case 500...599: Meaning(.engineError, retryable: true)
        case 400...499: Meaning(.engineError)
        default: Meaning(.invalidAnswer)
        }
    }

    private static func special(_ operation: EngineOperation, status: Int, text: String) -> Meaning? {
        switch operation {
        case .inspectNetwork: network(status: status, text: text)
        case .inspectImage: image(status: status)
        case .create: create(status: status, text: text)
        case .start: start(status: status, text: text)
        case .inspectContainer, .stop, .remove: container(status: status, text: text)
        case .kill: kill(status: status, text: text)
        case .ping, .info, .list, .events, .pull, .disconnect: nil
        }
    }

    private static func network(status: Int, text: String) -> Meaning? {
        switch status {
        case 404: Meaning(.networkMissing)
        case 400 where text.contains("ambiguous") || text.contains("matches found"): Meaning(.networkAmbiguous)
        case 400: Meaning(.invalidSpec)
        default: nil
        }
    }

    private static func image(status: Int) -> Meaning? {
        switch status {
        case 404: Meaning(.imageNotFound)
        case 400: Meaning(.invalidSpec)
        default: nil
        }
    }

    private static func container(status: Int, text: String) -> Meaning? {
        switch status {
        case 404: Meaning(.containerNotFound)
        // Podman's answer if the container disappeared during the search.
        case 500 where text.contains("no such container"): Meaning(.containerNotFound)
        default: nil
        }
    }

    private static func kill(status: Int, text: String) -> Meaning? {
        switch status {
        case 404: Meaning(.containerNotFound)
        case 409: Meaning(.containerNotRunning)
        // Podman uses a single status for all refusals.
        case 500 where text.contains("can only kill running containers"): Meaning(.containerNotRunning)
        case 400: Meaning(.invalidSpec)
        default: nil
        }
    }

    private static func create(status: Int, text: String) -> Meaning? {
        switch status {
        case 404: Meaning(isNetworkMissing(text) ? .networkMissing : .imageNotFound)
        case 409: Meaning(.nameConflict)
        case 400: Meaning(.invalidSpec)
        // Podman uses a single status for all refusals.
        case 500 where text.contains("is already in use"): Meaning(.nameConflict)
        case 500 where isNetworkMissing(text): Meaning(.networkMissing)
        // The Docker Engine could not parse the request. The same bytes would fail again.
        case 500 where text == "eof" || text.hasPrefix("invalid character") || text.hasPrefix("json:"):
            Meaning(.engineError)
        default: nil
        }
    }

    private static func start(status: Int, text: String) -> Meaning? {
        if let refusal = SwarmRefusal(text) { return Meaning(refusal.code, retryable: refusal.isRetryable) }
        return switch status {
        case 500 where text.contains("port is already allocated") || text.contains("address already in use"):
            Meaning(.portTaken, retryable: true)
        // The old endpoint disappears when its container is removed, so another try may succeed.
        case _ where RunCure.tellsOfEndpoint(text): Meaning(.engineError, retryable: true)
        case 404 where isNetworkMissing(text): Meaning(.networkMissing)
        case 404: Meaning(.containerNotFound)
        case 400 where text.contains("ambiguous"): Meaning(.networkAmbiguous)
        case 400: Meaning(.startFailed)
        case 500 where permanentCauses.contains { text.contains($0) }: Meaning(.startFailed)
        case 500 where text.contains("oci runtime") || text.contains("failed to initialize logging driver"):
            Meaning(.startFailed, retryable: true)
        default: nil
        }
    }

    /// Parts of error texts for start failures that repeat with every start of the same container.
    private static let permanentCauses = [
        "executable file not found", "unable to find user", "unable to find group",
        "no matching entries in passwd file",
        "no matching entries in group file", "exec format error", "mount a directory onto a file",
    ]

    private static func isNetworkMissing(_ text: String) -> Bool {
        text.contains("network") && text.contains("not found")
    }
}
