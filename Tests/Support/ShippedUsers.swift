import Foundation
import Redis

/// The users of `deploy/redis/users.acl`, each with the password `pw`.
package enum ShippedUsers {
    /// Returns the rules of each user.
    ///
    /// - Parameter prefix: The beginning of the namespace's keys, as `{rtm}:`.
    package static func rules(prefix: String = "{rtm}:") throws -> [String: [String]] {
        let file = ContractSchemas.root.appending(path: "deploy/redis/users.acl")
        let text = try String(contentsOf: file, encoding: .utf8).replacing("{rtm}:", with: prefix)
            .replacing("CHANGE-ME", with: "pw")
        var users: [String: [String]] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("user ") {
            let words = line.split(separator: " ").map(String.init)
            users[words[1]] = Array(words.dropFirst(2))
        }
        return users
    }

    /// Returns the calls that create the users.
    package static func commands(prefix: String = "{rtm}:") throws -> [RedisCommand] {
        try rules(prefix: prefix).map { name, rules in
            RedisCommand("ACL", arguments: (["SETUSER", name] + rules).map(RedisArgument.string))
        }
    }
}
