import DockerPort

extension DockerError {
    /// What an answer of the Engine that is no success means. The endpoint and the status decide; the Engine's
    /// words, which change between its versions, only within one pair of them.
    ///
    /// - Parameters:
    ///   - body: the answer's body, `{"message": "…"}` or plain text.
    ///   - caller: the operation of the port that the error names, where it is not the endpoint's own.
    static func answer(
        _ operation: EngineOperation,
        status: Int,
        body: String,
        caller: String? = nil
    ) -> DockerError {
        let text = EngineMessage.text(of: body)
        let meaning = Meaning(operation, status: status, text: text.lowercased())
        let said = text.isEmpty ? "no reason given" : text
        return DockerError(
            meaning.code,
            operation: caller ?? operation.portOperation,
            message: "\(operation.rawValue): \(said) (status \(status))",
            status: status,
            retryable: meaning.retryable
        )
    }

    /// What a line of a pull that tells an error means; the status of the answer was 200 by then.
    static func pullLine(_ text: String) -> DockerError {
        let meaning = Meaning.pull(status: nil, text: text.lowercased())
        return DockerError(
            meaning.code,
            operation: EngineOperation.pull.portOperation,
            message: "pull: \(text)",
            retryable: meaning.retryable
        )
    }
}

/// Code and prospects of a failure.
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

    /// What holds for every endpoint.
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
        case .pull: pull(status: status, text: text)
        case .create: create(status: status, text: text)
        case .start: start(status: status, text: text)
        case .inspectContainer, .stop, .remove: container(status: status, text: text)
        case .kill: kill(status: status, text: text)
        case .ping, .info, .list, .events: nil
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
        // Podman, of a container that has gone while it was looked for.
        case 500 where text.contains("no such container"): Meaning(.containerNotFound)
        default: nil
        }
    }

    private static func kill(status: Int, text: String) -> Meaning? {
        switch status {
        case 404: Meaning(.containerNotFound)
        case 409: Meaning(.containerNotRunning)
        // Podman has one status for all of its refusals.
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
        // Podman has one status for all of its refusals.
        case 500 where text.contains("is already in use"): Meaning(.nameConflict)
        case 500 where isNetworkMissing(text): Meaning(.networkMissing)
        // The Engine could not read what was sent, which the same bytes will not change.
        case 500 where text == "eof" || text.hasPrefix("invalid character") || text.hasPrefix("json:"):
            Meaning(.engineError)
        default: nil
        }
    }

    private static func start(status: Int, text: String) -> Meaning? {
        switch status {
        case 404 where isNetworkMissing(text): Meaning(.networkMissing)
        case 404: Meaning(.containerNotFound)
        case 400 where text.contains("ambiguous"): Meaning(.networkAmbiguous)
        case 400: Meaning(.startFailed)
        case 403 where text.contains("not manually attachable"): Meaning(.startFailed)
        case 500 where text.contains("not manually attachable"): Meaning(.startFailed)
        // A worker of a Swarm learns only from a manager that an overlay does not exist.
        case 500 where text.contains("could not attach to network") && text.contains("code = notfound"):
            Meaning(.networkMissing)
        case 500 where text.contains("oci runtime") || text.contains("failed to initialize logging driver"):
            Meaning(.startFailed, retryable: true)
        default: nil
        }
    }

    private static func isNetworkMissing(_ text: String) -> Bool {
        text.contains("network") && text.contains("not found")
    }

    /// Registries and engines differ in the status for one and the same refusal, so the text counts for all of
    /// them; nil is an error within the stream.
    static func pull(status: Int?, text: String) -> Meaning {
        func has(_ parts: String...) -> Bool { parts.contains { text.contains($0) } }
        if status == 429 || has("toomanyrequests", "too many requests", "rate limit") {
            return Meaning(.rateLimited, retryable: true)
        }
        if has(
            "manifest unknown",
            "manifest for ",
            "no matching manifest",
            "name unknown",
            "repository name not known",
            // What is no registry answers with a page.
            "parsing http 404"
        ) {
            return Meaning(.imageNotFound)
        }
        if status == 401 || status == 403
            || has("unauthorized", "authentication required", "access denied", "no basic auth credentials")
            || text == "denied" || text.hasPrefix("denied:") || text.hasSuffix(": denied")
        {
            return Meaning(.imageAuthentication)
        }
        switch status {
        case 404: return Meaning(.imageNotFound)
        case 400: return Meaning(.invalidSpec)
        case 503: return Meaning(.unavailable, retryable: true)
        case .some(let status) where (400...499).contains(status): return Meaning(.pullFailed)
        default: return Meaning(.pullFailed, retryable: true)
        }
    }
}
