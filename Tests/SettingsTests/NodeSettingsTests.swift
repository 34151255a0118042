import DockerPort
import Primitives
import RuntimeCore
import Testing

@testable import Settings

@Suite("Settings of a node")
struct NodeSettingsTests {
    @Test("each setting of the containers reaches the node's policy")
    func all() throws {
        let environment = [
            "RTM_NAMESPACE": "ns", "RTM_NETWORK": "net", "RTM_NAME_PREFIX": "game-", "RTM_STATE_ROOT": "/srv/state",
            "RTM_STATE_MOUNT": "/srv/mount", "RTM_ENV_A": "1", "RTM_ENGINE_PORT": "81", "RTM_LOG_DRIVER": "local",
            "RTM_LOG_OPTS": "max-size=1m", "RTM_CPU_QUOTA": "0.5", "RTM_MEMORY": "64m", "RTM_PIDS_LIMIT": "3",
            "RTM_MAX_CPU_QUOTA": "4.5", "RTM_MAX_MEMORY": "128m", "RTM_MAX_PIDS_LIMIT": "5", "RTM_CAP_ADD": "cap_kill",
            "RTM_READ_ONLY_ROOTFS": "yes", "RTM_USER": "7:8", "RTM_ALLOWED_IMAGES": "a/*,b",
            "RTM_ALLOWED_MOUNT_ROOTS": "/srv/maps:ro,/srv/mods", "RTM_ALLOWED_LABELS": "team.*",
            "RTM_MAX_STOP_TIMEOUT_SECONDS": "31", "RTM_MAX_READY_TIMEOUT_SECONDS": "32",
        ]
        let settings = try Settings.load(from: SettingsSource(environment: environment), for: .worker).settings
        let node = settings.nodeSettings
        #expect(node.namespace == "ns" && node.network == "net" && node.namePrefix == "game-")
        #expect(node.stateRoot == "/srv/state" && node.stateMount == "/srv/mount")
        #expect(node.env == ["A": "1"] && node.enginePort == 81)
        #expect(node.logDriver == "local" && node.logOpts == ["max-size": "1m"])
        #expect(node.defaultLimits == .init(cpuQuota: 0.5, memory: "64m", pidsLimit: 3))
        #expect(node.maximumLimits == .init(cpuQuota: 4.5, memory: "128m", pidsLimit: 5))
        #expect(node.hardening == Hardening(capAdd: ["KILL"], readOnlyRootfs: true, user: "7:8"))
        #expect(node.allowedImages == ["a/*", "b"])
        #expect(node.allowedMountRoots == [MountRoot("/srv/maps", isReadOnly: true), MountRoot("/srv/mods")])
        #expect(node.labelRules == LabelRules(allowed: ["team.*"]))
        #expect(node.maximumStopTimeout == 31 && node.maximumReadyTimeout == 32)
    }

    @Test("without settings the node has the policy's defaults")
    func defaults() {
        #expect(Settings(cores: 4).nodeSettings == NodeSettings())
    }

    @Test(
        "capabilities are known by their names, with or without CAP_, in upper or lower case",
        arguments: [
            ("NET_ADMIN", "NET_ADMIN"), ("cap_net_admin", "NET_ADMIN"), ("Cap_Chown", "CHOWN"), ("CAP_CAP_CHOWN", nil),
            ("ALL", nil), ("cap_all", nil), ("", nil), ("NET", nil),
        ] as [(String, String?)]
    )
    func capabilities(text: String, name: String?) { #expect(DockerName.capability(text) == name) }

    @Test(
        "log options are pairs with known names",
        arguments: [
            ("", [:]), ("max-size=1m", ["max-size": "1m"]), (" mode = blocking ", ["mode": "blocking"]),
            ("compress=true,max-file=2", ["compress": "true", "max-file": "2"]), ("max-size=0", nil), ("a=b", nil),
            ("max-size=1m,", nil), ("mode=fast", nil), ("max-size=1m,max-size=1m", nil),
        ] as [(String, [String: String]?)]
    )
    func logOptions(text: String, options: [String: String]?) { #expect(DockerName.logOpts(text) == options) }
}
