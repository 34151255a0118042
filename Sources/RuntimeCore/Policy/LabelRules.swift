/// The rules for labels given by jobs, besides the reserved labels.
///
/// Other programs on the host act on the labels of any container. For example, a proxy publishes the container, or a
/// scheduler runs commands in the container.
package struct LabelRules: Sendable, Equatable {
    /// Globs of allowed names, or nil to allow every name except the labels of known tools.
    package var allowed: [String]?

    package init(allowed: [String]? = nil) { self.allowed = allowed }

    /// Prefixes of labels used by known tools, in lower case. A name equal to a prefix without its last dot is refused,
    /// too.
    package static let toolPrefixes = [
        "autoheal", "caddy", "chadburn.", "co.elastic.", "com.centurylinklabs.", "com.datadoghq.", "com.github.jrcs.",
        "com.github.nginx-proxy.", "crowdsec.", "diun.", "docker-volume-backup.", "dozzle.", "fluentd.", "glance.",
        "homepage.", "io.balena.",
        "io.containerd.", "io.containers.", "io.cri-o.", "io.kubernetes.", "io.podman.", "io.portainer.",
        "io.rancher.", "io.resin.", "kuma.", "netdata.", "nginx-proxy", "ofelia.", "org.testcontainers",
        "ouroboros.", "prometheus.", "promtail.", "sablier.", "tailscale.", "traefik.", "tsdproxy.", "wud.",
    ]

    /// Returns whether a job may set a label of this name.
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
