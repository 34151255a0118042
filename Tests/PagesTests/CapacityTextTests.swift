import JobContract
import QueueAdmin
import Testing

@testable import Pages

@Suite("The capacity of a node in words")
struct CapacityTextTests {
    @Test(
        "memory has the units of the settings, rounded down",
        arguments: [
            (0, "0"), (5 << 20, "5m"), (1_023 << 20, "1023m"), (1 << 30, "1g"), (1_536 << 20, "1.5g"),
            (21 << 30, "21g"),
            (2_047 << 20, "1.9g"),
        ] as [(Int64, String)]
    )
    func memory(bytes: Int64, text: String) { #expect(CapacityText.memory(bytes) == text) }

    @Test(
        "CPUs have at most two digits behind the point",
        arguments: [(0, "0"), (10, "0.01"), (500, "0.5"), (1_000, "1"), (2_250, "2.25")] as [(Int64, String)]
    )
    func cpus(thousandths: Int64, text: String) { #expect(CapacityText.cpus(thousandths) == text) }

    @Test("what is not counted has no bound")
    func columns() {
        var node = NodeOverview(id: "n", seen: 0)
        node.games = 5
        node.used = Demand(cpu: 2_500, memory: 3_584 << 20)
        #expect(
            [CapacityText.games(node), CapacityText.cpus(node), CapacityText.memory(node)] == ["5", "2.5", "3.5g"]
        )
        node.capacity = NodeCapacity(slots: 8, cpu: 8_000, memory: 21 << 30)
        #expect(CapacityText.games(node) == "5 of 8")
        #expect(CapacityText.cpus(node) == "2.5 of 8")
        #expect(CapacityText.memory(node) == "3.5g of 21g")
    }
}
