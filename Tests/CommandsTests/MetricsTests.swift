import CoreMetrics
import DockerEngine
import Foundation
import JobContract
import Runtime
import Support
import Testing

@testable import AdminServer
@testable import Observability

@Suite("Metrics, alarms and the dashboard")
struct MetricsTests {
    /// Every name of a metric in `text`.
    private static func names(in text: String) -> Set<String> {
        let names = text.matches(of: #/\brtm_[a-z_]+/#).map { String($0.output) }
        return Set(names.map { $0.hasSuffix("_bucket") ? String($0.dropLast("_bucket".count)) : $0 })
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: ContractSchemas.root.appending(path: path), encoding: .utf8)
    }

    @Test(
        "Alarms and dashboard name only existing metrics",
        arguments: ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboards/rtmanager.json"]
    )
    func known(path: String) throws {
        let used = Self.names(in: try Self.text(path))
        #expect(used.count > 8)
        #expect(used.subtracting(RuntimeMetrics.help.keys) == [])
    }

    @Test("Every metric has a help sentence")
    func help() throws {
        var measured: Set<String> = []
        for module in ["Runtime", "Observability", "AdminServer", "Commands", "DockerEngine"] {
            let folder = ContractSchemas.root.appending(path: "Sources/\(module)")
            let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                let source = try String(contentsOf: file, encoding: .utf8)
                for match in source.matches(of: #/label: "(rtm_[a-z_]+)"/#) { measured.insert(String(match.1)) }
            }
        }
        #expect(measured == Set(RuntimeMetrics.help.keys))
    }

    @Test("The dashboard is JSON, and each panel has a query and a position")
    func dashboard() throws {
        let document = try TestJSON(text: Data(try Self.text("deploy/grafana/dashboards/rtmanager.json").utf8))
        guard case .array(let panels)? = document["panels"] else { throw Overdue("it has no panels") }
        #expect(Set(panels.map { "\($0["gridPos"]?.members ?? [:])" }).count == panels.count)
        for panel in panels {
            guard case .array(let targets)? = panel["targets"] else { throw Overdue("\(panel) has no targets") }
            #expect(targets.allSatisfy { $0["expr"]?.string?.contains("rtm_") == true })
        }
    }

    @Test("The operators' guide explains exactly the existing alarms")
    func explained() throws {
        let rules = try Self.text("deploy/prometheus/alerts.yml").matches(of: #/alert: (\w+)/#).map { String($0.1) }
        let guide = try Self.text("docs/guide/operators.md").matches(of: #/\| `(Rtm\w+)` \|/#).map { String($0.1) }
        #expect(rules.count > 5 && Set(rules) == Set(guide))
    }

    @Test("promtool accepts the example of a configuration, with the alarms")
    func configuration() async throws {
        let path = ContractSchemas.root.appending(path: "deploy/prometheus/prometheus.yml").path
        #expect(try await Tool.run(["promtool", "check", "config", path]).contains("rules found"))
    }

    @Test("each alarm rings in one state of the fleet, and is silent in another")
    func alarms() async throws {
        let folder = ContractSchemas.root.appending(path: "deploy/prometheus").path
        #expect(try await Tool.run(["promtool", "test", "rules", folder + "/alerts.test.yml"]).contains("SUCCESS"))
        let rules = try Self.text("deploy/prometheus/alerts.yml").matches(of: #/alert: (\w+)/#).map { String($0.1) }
        let tests = try Self.text("deploy/prometheus/alerts.test.yml")
        let ringing = tests.matches(of: #/alertname: (\w+)\n *exp_alerts:\n/#).map { String($0.1) }
        let silent = tests.matches(of: #/alertname: (\w+), exp_alerts: \[\]/#).map { String($0.1) }
        #expect(Set(ringing) == Set(rules) && Set(silent) == Set(rules))
    }

    @Test("every counter of a worker exists with the value 0 before anything has happened")
    func counters() throws {
        let registry = PrometheusRegistry(help: RuntimeMetrics.help)
        RuntimeMetrics.begin(node: "n1", queues: ["default"], factory: registry)
        CallMetrics.begin(factory: registry)
        let lines = registry.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        // The exporter of spans and the server of this page begin theirs.
        let others: Set = ["rtm_spans_exported_total", "rtm_spans_dropped_total", "rtm_http_connections_refused_total"]
        for name in RuntimeMetrics.help.keys where name.hasSuffix("_total") && !others.contains(name) {
            #expect(lines.contains { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }, "\(name)")
        }
        #expect(lines.filter { !$0.hasSuffix(" 0") } == [])
        #expect(lines.contains(#"rtm_leading{node="n1"} 0"#))
        #expect(lines.contains(#"rtm_jobs_ended_total{code="not_ready",kind="start",outcome="failed"} 0"#))
        // A fleet of a thousand workers has about a million series, which is what one Prometheus bears.
        #expect(lines.count < 1_200, "\(lines.count)")
    }

    @Test("promtool accepts a page with every metric")
    func page() async throws {
        let registry = PrometheusRegistry(help: RuntimeMetrics.help)
        for name in RuntimeMetrics.help.keys {
            if name.hasSuffix("_total") {
                registry.makeCounter(label: name, dimensions: [("code", "a\"b")]).increment(by: 1)
            } else if name.hasSuffix("_seconds") {
                registry.makeTimer(label: name, dimensions: [("kind", "start")]).recordNanoseconds(1_000)
            } else {
                registry.makeMeter(label: name, dimensions: []).set(Int64(1))
            }
        }
        let directory = try temporaryDirectory("metrics")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try registry.text.write(toFile: directory + "/page", atomically: true, encoding: .utf8)
        try await Tool.run(["sh", "-c", "promtool check metrics < \(directory)/page"])
    }
}
