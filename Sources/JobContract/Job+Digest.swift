import Primitives

extension Job {
    /// A digest of the request, 24 hex digits: kind, game and every field that changes the work.
    ///
    /// The digest leaves out `id`, `enqueued_at`, `traceparent`, `deadline` and the signature. So the same job, sent
    /// again, has the same digest. A missing field counts as its default.
    package var digest: String {
        var bytes = DigestedBytes()
        bytes.add(kind.rawValue)
        bytes.add(gameID.text)
        bytes.add(image?.description ?? "")
        bytes.add(containerID?.text ?? "")
        bytes.add(pullPolicy)
        bytes.add(LabelMap(env ?? [:]))
        bytes.add(cmd ?? [])
        bytes.add(labels ?? [:])
        bytes.add(limits.cpuQuota.map { "\($0)" } ?? "")
        bytes.add(limits.memory ?? "")
        bytes.add(limits.pidsLimit.map { "\($0)" } ?? "")
        bytes.add((bindMounts ?? []).flatMap { [$0.hostPath, $0.mountPath, $0.readOnly ? "ro" : "rw"] })
        bytes.add("\(readyTimeoutSeconds) \(stopTimeoutSeconds) \(force) \(maxAttempts)")
        // A restart takes missing fields from the last start, so a missing field differs from a given default.
        bytes.add(given.map(\.rawValue).sorted())
        return Hex.string(Digest.sha256(bytes.bytes).prefix(12))
    }
}

/// Texts in sequence, each after its length. Two different lists of texts never give the same bytes.
private struct DigestedBytes {
    var bytes: [UInt8] = []

    mutating func add(_ text: String) {
        add(text.utf8.count, UInt8(ascii: ":"))
        bytes += text.utf8
    }

    mutating func add(_ texts: [String]) {
        add(texts.count, UInt8(ascii: ";"))
        for text in texts { add(text) }
    }

    private mutating func add(_ number: Int, _ end: UInt8) {
        bytes += String(number).utf8
        bytes.append(end)
    }

    mutating func add(_ texts: LabelMap) {
        add(texts.flatMap { [$0.key, $0.value] })
    }
}
