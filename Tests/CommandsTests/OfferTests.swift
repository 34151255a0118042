import ArgumentParser
import Redis
import Support
import Testing

@testable import Commands

@Suite("What a shell offers", .timeLimit(.minutes(2)))
struct OfferTests {
    private static let game =
        #"{"state":"running","node":"host-a","container_id":"c","image":"i:1","job_id":"j"}"#

    /// Returns what bash offers for each typed line, with the script that the program prints.
    private func offers(_ lines: [String], _ url: String) async throws -> [String] {
        let script = """
            PATH="${1%/*}:$PATH"
            shift
            source <(rtmanager --generate-completion-script bash)
            for line in "$@"; do
                read -ra COMP_WORDS <<< "$line"
                [[ "$line" == *" " ]] && COMP_WORDS+=("")
                COMP_LINE="$line" COMP_POINT=${#line} COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
                _rtmanager rtmanager "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                echo "${COMPREPLY[*]}"
            done
            """
        let bash = ["env", "RTM_REDIS_URL=\(url)", "bash", "-c", script, "bash", try Program.path]
        let output = try await Tool.run(bash + lines)
        return output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test("offers commands, options, fixed values, and what Redis has at the moment")
    func bash() async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                for game in ["lobby-1", "lobby-2", "arena"] {
                    _ = try await client.send(RedisCommand("HSET", "{rtm}:games", .string(game), .string(Self.game)))
                }
                _ = try await client.send(RedisCommand("ZADD", "{rtm}:nodes", "1", "host-a", "1", "UDBL:7OIH"))
                _ = try await client.send(RedisCommand("SADD", "{rtm}:queues", "default", "urgent"))
                _ = try await client.send(RedisCommand("LPUSH", "{rtm}:queue:defualt", "message"))
            }
            let expected = [
                ("rtmanager st", "start stop status"), ("rtmanager dead re", "retry"),
                ("rtmanager status --wat", "--watch"), ("rtmanager status --output ", "text json"),
                ("rtmanager stop lob", "lobby-1 lobby-2"), ("rtmanager stop arena lobby-2", "lobby-2"),
                ("rtmanager game ", "arena lobby-1 lobby-2"), ("rtmanager node drain UD", "UDBL:7OIH"),
                ("rtmanager jobs --node ho", "host-a"), ("rtmanager start x --queue u", "urgent"),
                ("rtmanager queue move ", "defualt"), ("rtmanager queue move defualt d", "default"),
            ]
            #expect(try await offers(expected.map(\.0), redis.url) == expected.map(\.1))
        }
    }

    @Test("zsh gets colons with a backslash, because it takes the text behind a colon for a description")
    func zsh() {
        #expect(Completions.escaped("UDBL:7OIH", for: .zsh) == #"UDBL\:7OIH"#)
        #expect(Completions.escaped("UDBL:7OIH", for: .bash) == "UDBL:7OIH")
        #expect(Completions.escaped("UDBL:7OIH", for: nil) == "UDBL:7OIH")
    }
}
