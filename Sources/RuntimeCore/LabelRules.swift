/// Which labels a job may give its container, besides those that are reserved.
///
/// Other programs on the host act on the labels of any container: a proxy publishes it, a scheduler runs commands in it.
package struct LabelRules: Sendable, Equatable {
    /// Globs of names that are allowed; nil: every name but those of known tools.
    package var allowed: [String]?

    package init(allowed: [String]? = nil) { self.allowed = allowed }

    /// Begins of the labels that tools act on, in lower case. A name that is one of them without its last dot counts, too.
    package static let toolPrefixes = [
        "autoheal", "caddy", "chadburn.", "co.elastic.", "com.centurylinklabs.", "com.datadoghq.", "com.github.jrcs.",
        "com.github.nginx-proxy.", "crowdsec.", "diun.", "docker-volume-backup.", "dozzle.", "fluentd.", "glance.",
        "homepage.", "io.balena.",
        "io.containerd.", "io.containers.", "io.cri-o.", "io.kubernetes.", "io.podman.", "io.portainer.",
        "io.rancher.", "io.resin.", "kuma.", "netdata.", "nginx-proxy", "ofelia.", "org.testcontainers",
        "ouroboros.", "prometheus.", "promtail.", "sablier.", "tailscale.", "traefik.", "tsdproxy.", "wud.",
    ]

    /// Whether a job may give its container a label of this name.
    func allows(_ name: String) -> Bool {
        if let allowed { return allowed.contains { Glob($0).matches(name) } }
        let lower = name.lowercased().utf8
        return !Self.toolPrefixes.contains { prefix in
            let prefix = prefix.utf8
            return lower.starts(with: prefix)
                || prefix.last == UInt8(ascii: ".") && lower.elementsEqual(prefix.dropLast())
        }
    }
}
