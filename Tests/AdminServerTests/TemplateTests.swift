import Testing

@testable import AdminServer

@Suite("Templates of the pages")
struct TemplateTests {
    @Test(
        "Each form inserts what it says",
        arguments: [
            ("a {{x}} b", "a 1&lt;2 b"),
            ("a {{{x}}} b", "a 1<2 b"),
            ("{{missing}}{{{missing}}}", ""),
            ("{{#yes}}on{{/yes}}{{#no}}off{{/no}}", "on"),
            ("{{^yes}}on{{/yes}}{{^no}}off{{/no}}", "off"),
            ("{{^missing}}off{{/missing}}", "off"),
            ("{{#list}}({{.}}){{/list}}", "(a)(&lt;b)"),
            ("{{#list}}({{{.}}}){{/list}}", "(a)(<b)"),
            ("{{^list}}none{{/list}}{{^empty}}none{{/empty}}", "none"),
            ("{{#inner}}{{x}}{{y}}{{/inner}}{{x}}", "2y1&lt;2"),
            ("{{#list}}{{x}} {{/list}}", "1&lt;2 1&lt;2 "),
        ]
    )
    func forms(text: String, expected: String) {
        let values: [String: TemplateValue] = [
            "x": .text("1<2"), "yes": .flag(true), "no": .flag(false), "list": .texts(["a", "<b"]), "empty": .list([]),
            "inner": .fields(["x": .text("2"), "y": .text("y")]),
        ]
        #expect(Template(text).render(values) == expected)
    }

    @Test("A tag alone on its line leaves no line, a tag beside a text does")
    func lines() {
        let template = Template("<ul>\n{{#items}}\n<li>{{.}}\n{{/items}}\n</ul>\n{{#items}}{{.}}{{/items}}\nend")
        #expect(template.render(["items": .texts(["a", "b"])]) == "<ul>\n<li>a\n<li>b\n</ul>\nab\nend")
    }

    @Test("A quote with an accent and a tag in a value cannot leave their attribute")
    func hostile() {
        let html = Template("<a title=\"{{x}}\">").render(["x": .text("\"\u{301} onload=\"{{y}}"), "y": .text("no")])
        #expect(html == "<a title=\"&quot;\u{301} onload=&quot;{{y}}\">")
    }

    @Test("A list inside a list is written for each of its elements")
    func nested() {
        let template = Template("{{#rows}}{{name}}:{{#cells}}{{.}},{{/cells}};{{/rows}}")
        let row = { (name: String, cells: [String]) in
            TemplateValue.fields(["name": .text(name), "cells": .texts(cells)])
        }
        #expect(template.render(["rows": .list([row("a", ["1", "2"]), row("b", [])])]) == "a:1,2,;b:;")
    }
}
