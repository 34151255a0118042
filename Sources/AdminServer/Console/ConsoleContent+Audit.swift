import Pages
import QueueAdmin

extension ConsoleContent {
    /// What people have done with the console and the command line.
    static func audit(_ found: [AuditEntry], _ part: StreamPart, size: Int, now: Int64) -> ConsoleContent {
        let page = AuditPage(found, part, size: size)
        var blocks: [Block] = [.table(page.table(now: now), of: "actions")]
        if part != .latest { blocks.append(.link(.audit(.latest), "latest actions")) }
        if let newer = page.newer { blocks.append(.link(.audit(newer), "newer actions")) }
        if let older = page.older { blocks.append(.link(.audit(older), "older actions")) }
        return ConsoleContent(blocks)
    }
}
