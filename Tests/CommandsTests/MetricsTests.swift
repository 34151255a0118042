import CoreMetrics
import Foundation
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
        arguments: ["deploy/alerts.yml", "deploy/grafana-dashboard.json"]
    )
    func known(path: String) throws {
        let used = Self.names(in: try Self.text(path))
        #expect(used.count > 8)
        #expect(used.subtracting(RuntimeMetrics.help.keys) == [])
    }

    @Test("Every metric has a help sentence")
    func help() throws {
        var measured: Set<String> = []
        for module in ["Runtime", "Observability", "AdminServer", "Commands"] {
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
        let document = try TestJSON(text: Data(try Self.text("deploy/grafana-dashboard.json").utf8))
        guard case .array(let panels)? = document["panels"] else { throw Overdue("it has no panels") }
        #expect(Set(panels.map { "\($0["gridPos"]?.members ?? [:])" }).count == panels.count)
        for panel in panels {
            guard case .array(let targets)? = panel["targets"] else { throw Overdue("\(panel) has no targets") }
            #expect(targets.allSatisfy { $0["expr"]?.string?.contains("rtm_") == true })
        }
    }

    @Test("The operators' guide explains exactly the existing alarms")
    func explained() throws {
        let rules = try Self.text("deploy/alerts.yml").matches(of: #/alert: (\w+)/#).map { String($0.1) }
        let guide = try Self.text("docs/guide/operators.md").matches(of: #/\| `(Rtm\w+)` \|/#).map { String($0.1) }
        #expect(rules.count > 5 && Set(rules) == Set(guide))
    }

    @Test("promtool accepts the alarms")
    func alarms() async throws {
        let path = ContractSchemas.root.appending(path: "deploy/alerts.yml").path
        #expect(try await Tool.run(["promtool", "check", "rules", path]).contains("SUCCESS"))
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
