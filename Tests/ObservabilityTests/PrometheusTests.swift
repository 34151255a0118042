import CoreMetrics
import Testing

@testable import Observability

@Suite("Metrics in Prometheus' text format")
struct PrometheusTests {
    private func lines(_ registry: PrometheusRegistry) -> [String] {
        registry.text.split(separator: "\n").map(String.init)
    }

    @Test("counters and gauges have help, type, labels in order, and escaped values")
    func values() {
        let registry = PrometheusRegistry(help: ["rtm_jobs_total": "Jobs,\nall \\ of them."])
        let counter = registry.makeCounter(
            label: "rtm_jobs_total",
            dimensions: [("kind", "start"), ("code", "a\"b\\c\nd")]
        )
        counter.increment(by: 2)
        counter.increment(by: 1)
        registry.makeRecorder(label: "rtm.engine-up", dimensions: [], aggregate: false).record(Int64(1))
        registry.makeMeter(label: "rtm_share", dimensions: []).set(0.5)
        #expect(
            lines(registry) == [
                "# HELP rtm_engine_up Measured by rtmanager.", "# TYPE rtm_engine_up gauge", "rtm_engine_up 1",
                #"# HELP rtm_jobs_total Jobs,\nall \\ of them."#, "# TYPE rtm_jobs_total counter",
                #"rtm_jobs_total{code="a\"b\\c\nd",kind="start"} 3"#,
                "# HELP rtm_share Measured by rtmanager.", "# TYPE rtm_share gauge", "rtm_share 0.5",
                "# HELP rtm_metrics_series_dropped_total Series that were not kept, because there were too many.",
                "# TYPE rtm_metrics_series_dropped_total counter", "rtm_metrics_series_dropped_total 0",
            ]
        )
    }

    @Test("histograms count up to each bound, in seconds")
    func histograms() {
        let registry = PrometheusRegistry()
        let timer = registry.makeTimer(label: "rtm_job_seconds", dimensions: [("kind", "stop")])
        for milliseconds in [1, 2, 40, 2_000_000] { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
        let lines = lines(registry)
        #expect(lines.contains(#"rtm_job_seconds_bucket{kind="stop",le="0.001"} 1"#))
        #expect(lines.contains(#"rtm_job_seconds_bucket{kind="stop",le="0.0025"} 2"#))
        #expect(lines.contains(#"rtm_job_seconds_bucket{kind="stop",le="0.05"} 3"#))
        #expect(lines.contains(#"rtm_job_seconds_bucket{kind="stop",le="900"} 3"#))
        #expect(lines.contains(#"rtm_job_seconds_bucket{kind="stop",le="+Inf"} 4"#))
        #expect(lines.contains(#"rtm_job_seconds_sum{kind="stop"} 2000.043"#))
        #expect(lines.contains(#"rtm_job_seconds_count{kind="stop"} 4"#))
    }

    @Test("equal labels are one series, one name has one type, and the number of series is bounded")
    func bounds() {
        let registry = PrometheusRegistry(limit: 2)
        for _ in 0..<3 { registry.makeCounter(label: "a_total", dimensions: [("x", "1")]).increment(by: 1) }
        registry.makeTimer(label: "a_total", dimensions: []).recordNanoseconds(1)
        for index in 2...4 { registry.makeCounter(label: "a_total", dimensions: [("x", "\(index)")]).increment(by: 1) }
        let lines = lines(registry).filter { !$0.hasPrefix("#") }
        #expect(lines == [#"a_total{x="1"} 3"#, #"a_total{x="2"} 1"#, "rtm_metrics_series_dropped_total 2"])
    }

    @Test("a destroyed gauge leaves the page, and a destroyed counter stays")
    func destroyed() {
        let registry = PrometheusRegistry(limit: 2)
        let counter = registry.makeCounter(label: "a_total", dimensions: [])
        let gauge = registry.makeRecorder(label: "b", dimensions: [("x", "1")], aggregate: false)
        gauge.record(Int64(1))
        registry.destroyRecorder(gauge)
        registry.destroyCounter(counter)
        registry.makeRecorder(label: "c", dimensions: [], aggregate: false).record(Int64(2))
        let lines = lines(registry).filter { !$0.hasPrefix("#") }
        #expect(lines == ["a_total 0", "c 2", "rtm_metrics_series_dropped_total 0"])
    }
}
