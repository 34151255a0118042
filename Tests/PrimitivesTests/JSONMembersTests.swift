import Primitives
import Testing

@Suite("The members of an object in Redis")
struct JSONMembersTests {
    @Test("are read by name and type")
    func members() throws {
        let members = try #require(JSONMembers(#"{"a":"text","b":7,"c":["x",1,"y"],"d":null}"#))
        #expect(members.string("a") == "text" && members.integer("b") == 7 && members.strings("c") == ["x", "y"])
        for name in ["b", "c", "d", "e"] { #expect(members.string(name) == nil) }
        for name in ["a", "c", "d", "e"] { #expect(members.integer(name) == nil) }
        for name in ["a", "b", "d", "e"] { #expect(members.strings(name) == nil) }
    }

    @Test("of another text there are none", arguments: ["", "7", "[]", #"{"a":1"#, #"{"a":1,"a":2}"#])
    func none(text: String) { #expect(JSONMembers(text) == nil) }
}
