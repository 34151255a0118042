import Testing

@testable import Primitives

@Suite("A map of labels")
struct LabelMapTests {
    /// One character, written in two ways.
    private static let one = "\u{e9}"
    private static let two = "e\u{301}"

    @Test("treats names with equal glyphs and different bytes as different")
    func names() {
        var labels: LabelMap = [Self.one: "1", Self.two: "2"]
        #expect(Self.one == Self.two && labels.count == 2)
        #expect(labels[Self.one] == "1" && labels[Self.two] == "2" && labels["e"] == nil)
        #expect(labels["K"] == nil && LabelMap([(key: "\u{212A}", value: "")])["K"] == nil)
        labels[Self.one] = "3"
        #expect(labels[Self.one] == "3" && labels[Self.two] == "2")
        labels[Self.one] = nil
        labels["none"] = nil
        #expect(labels == [Self.two: "2"] && labels != [Self.one: "2"])
    }

    @Test("treats values with equal glyphs and different bytes as different")
    func values() {
        #expect(LabelMap(dictionaryLiteral: ("a", Self.one)) != ["a": Self.two])
        let labels: LabelMap = ["a": Self.one, "b": ""]
        #expect(labels.has("a", Self.one) && !labels.has("a", Self.two) && !labels.has("c", ""))
        #expect(labels.hasAll(of: ["a": Self.one]) && labels.hasAll(of: [:]) && labels.hasAll(of: labels))
        #expect(!labels.hasAll(of: ["a": Self.two]) && !labels.hasAll(of: ["a": Self.one, "c": ""]))
        #expect(Set<LabelMap>([["a": Self.one], ["a": Self.two], [Self.one: "a"], [Self.two: "a"]]).count == 4)
        #expect(Set<LabelMap>([["a": "bc"], ["ab": "c"], ["a": "b", "c": ""]]).count == 3)
    }

    @Test("is in byte order, and the last value of a name counts")
    func order() {
        let pairs = [("b", "1"), ("a", "2"), ("b", "3"), (Self.one, "4"), (Self.two, "5"), ("", "6"), ("b", "7")]
        let labels = LabelMap(pairs.map { (key: $0.0, value: $0.1) })
        #expect(labels.map(\.value) == ["6", "2", "7", "5", "4"])
        #expect(labels.json == #"{"":"6","a":"2","b":"7","\#(Self.two)":"5","\#(Self.one)":"4"}"#)
        #expect(labels.keys == labels.map(\.key))
        var one = LabelMap()
        for (name, value) in pairs { one[name] = value }
        #expect(one == labels && one.hashValue == labels.hashValue)
    }

    @Test("behaves as a dictionary of bytes in a thousand random steps")
    func model() {
        var dice = SystemRandomNumberGenerator()
        let names = ["", "a", "b", "ab", "e", Self.one, Self.two, "K", "\u{212A}", "\u{0}", "z\u{10FFFF}"]
        var labels = LabelMap()
        var model: [[UInt8]: String] = [:]
        for step in 0..<1_000 {
            let name = names.randomElement(using: &dice) ?? ""
            let value = Bool.random(using: &dice) ? String(step) : nil
            labels[name] = value
            model[Array(name.utf8)] = value
            let found = Dictionary(uniqueKeysWithValues: labels.map { (Array($0.key.utf8), $0.value) })
            guard found == model else {
                Issue.record("\(labels) is not \(model)")
                return
            }
        }
    }

    @Test("can be filtered and merged")
    func transformed() {
        let labels: LabelMap = ["a": "1", Self.one: "2"]
        #expect(labels.filter { $0.key != "a" } == [Self.one: "2"])
        #expect(labels.merging(["a": "3", Self.two: "4"]) { $0 + $1 } == ["a": "13", Self.one: "2", Self.two: "4"])
    }

    @Test("compares prefixes by bytes, not by characters")
    func begins() {
        #expect("com.galaxy.\u{301}x".startsWithBytes(of: "com.galaxy."))
        #expect(!"com.galaxy.\u{301}x".hasPrefix("com.galaxy."))
        #expect(!"com.galaxy".startsWithBytes(of: "com.galaxy."))
        #expect(!Self.one.precedes(Self.two) && Self.two.precedes(Self.one) && !Self.one.precedes(Self.one))
    }
}
