import JobContract
import QueueAdmin
import Testing

@testable import Pages

@Suite("The node that a text means")
struct NamedNodeTests {
    @Test("is the only candidate")
    func one() {
        #expect(NamedNode("n", ["n1"]) == .node("n1"))
        #expect(NamedNode("n", ["n1"]).problem == nil && NamedNode("n", ["n1"]).candidates.isEmpty)
    }

    @Test("is not known if there is no candidate, and a short text says so")
    func none() {
        #expect(NamedNode("abcd", []).problem == "no worker of node abcd was ever seen here")
        #expect(
            NamedNode("abc", []).problem
                == "no worker of node abc was ever seen here, and the begin of an id needs at least 4 characters"
        )
    }

    @Test("is ambiguous with several candidates, of which a person sees five")
    func several() {
        let nodes = (1...6).map { NodeID("node-\($0)") }
        #expect(NamedNode("node", nodes).candidates == nodes)
        #expect(
            NamedNode("node", nodes).problem
                == "node names more than one node: node-1, node-2, node-3, node-4, node-5, and more; give more characters"
        )
        #expect(
            NamedNode("node", Array(nodes.prefix(2))).problem
                == "node names more than one node: node-1, node-2; give more characters"
        )
    }
}
