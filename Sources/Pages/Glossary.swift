/// A word of the pages that a stranger does not know.
package struct GlossaryWord: Sendable, Equatable {
    package var name: String
    /// The meaning, as docs/glossary.md has it.
    package var text: String
    /// The forms of the word in sentences and labels, in small letters.
    package var forms: [String]
    /// Labels that have this meaning although the same word has another one in sentences.
    package var labels: [String] = []

    /// The name of the word in an address.
    package var anchor: String { name.lowercased().replacing(" ", with: "-") }
}

/// The words of the pages. docs/glossary.md has the same sentences, and more words.
package enum Glossary {
    package static let words: [GlossaryWord] = [
        GlossaryWord(
            name: "Admitted",
            text: "Describes a job that a worker has taken in: the job has its number and its place in the "
                + "lane of its game. The job counts in the window until it ends.",
            forms: ["admitted"]
        ),
        GlossaryWord(
            name: "Attempt",
            text: "A try to run a job. Another attempt may follow a failed attempt, up to the job's "
                + "`max_attempts`.",
            forms: ["attempts", "attempt", "retrying"]
        ),
        GlossaryWord(
            name: "Concurrency permit",
            text: "The right of a job to work on the Docker Engine now. `RTM_CONCURRENCY` sets the number "
                + "of permits for starts, and the same number for stops and removes.",
            forms: ["permit", "permits"]
        ),
        GlossaryWord(
            name: "Dead letter",
            text: "A rejected message or a failed job on `{ns}:dead`. A person retries or drops each dead "
                + "letter with `rtmanager dead`.",
            forms: ["dead letters", "dead letter", "dead"]
        ),
        GlossaryWord(
            name: "Drain",
            text: "To end without new work. A draining worker finishes or gives back its jobs; a drained "
                + "node begins no start.",
            forms: ["drained", "draining", "drain"]
        ),
        GlossaryWord(
            name: "Epoch",
            text: "The fencing number of a leader's term. The epochs of a node only grow.",
            forms: ["epoch"]
        ),
        GlossaryWord(
            name: "Fence",
            text: "The number of the claim that made a container, on its label `com.galaxy.fence`. Of two "
                + "containers of a game, the higher number is newer.",
            forms: ["fence"]
        ),
        GlossaryWord(
            name: "Grace time",
            text: "The time without a sign of life after which a node is lost (`RTM_NODE_GRACE_SECONDS`).",
            forms: ["grace time", "grace"]
        ),
        GlossaryWord(
            name: "Lane",
            text: "The ordered list of a game's live jobs. Each game has one lane, so jobs of one game run "
                + "one at a time and in order.",
            forms: ["lanes", "lane"]
        ),
        GlossaryWord(
            name: "Leader",
            text: "The worker of a node that publishes the events of the node's Docker Engine. The workers "
                + "of a node elect their leader by a lease in Redis.",
            forms: ["leader"],
            labels: ["listener"]
        ),
        GlossaryWord(
            name: "Lease",
            text: "A worker's right to run a job until a certain time. The worker renews the lease; if the "
                + "worker dies, the lease ends and another worker runs the job.",
            forms: ["leases", "lease"]
        ),
        GlossaryWord(
            name: "Lost node",
            text: "A node without a sign of life for the grace time. Its stops end `node_lost`, and its "
                + "starts move.",
            forms: ["lost"]
        ),
        GlossaryWord(
            name: "Lost record",
            text: "A job without its hash: the hash disappeared from Redis before the job's turn came. "
                + "Redis counts lost records and continues with the next job of the lane.",
            forms: ["lost records"]
        ),
        GlossaryWord(
            name: "Node",
            text: "A Docker Engine. One or more workers serve a node. Without `RTM_NODE`, the node's id is "
                + "the Docker Engine's id of 59 characters. Tables show its first 9 characters and `…`. "
                + "Commands accept these 9 characters.",
            forms: [],
            labels: ["node", "nodes", "nodes up"]
        ),
        GlossaryWord(
            name: "Owner",
            text: "The node of a game, because the game's state folder is there. Later jobs of the game go "
                + "to the owner only.",
            forms: ["owned", "owner"],
            labels: ["belongs to"]
        ),
        GlossaryWord(
            name: "Ready list",
            text: "The games with a waiting head, for a class (`start` or `stop`), a queue, and maybe a "
                + "node. The oldest job comes first.",
            forms: [],
            labels: ["ready"]
        ),
        GlossaryWord(
            name: "Retention",
            text: "The time and the number of entries for which Redis keeps results, events and ids.",
            forms: ["retention"],
            labels: ["about to lose"]
        ),
        GlossaryWord(
            name: "Run",
            text: "The number of a job's life. The first run is 1; `rtmanager dead retry` begins the next "
                + "run with the same id.",
            forms: [],
            labels: ["run"]
        ),
        GlossaryWord(
            name: "Silent node",
            text: "A node without a sign of a worker with an answering Docker Engine for two leases. Jobs "
                + "for games of a silent node do not count in the window.",
            forms: ["silent"]
        ),
        GlossaryWord(
            name: "Superseded",
            text: "The outcome of a start or restart after a later stop or remove of the same game replaced "
                + "the job.",
            forms: ["superseded"]
        ),
        GlossaryWord(
            name: "Window",
            text: "The bound on admitted jobs: workers admit a start below 90,000 counted jobs, and any "
                + "other job below 100,000. A game counts for at most 100 jobs. More messages wait in their "
                + "queues.",
            forms: ["window"]
        ),
    ]

    /// The forms with their words, by their first letters. Of several forms at a place the longest counts.
    private static let forms = Dictionary(
        grouping: words.flatMap { word in word.forms.map { (form: $0, word: word) } }.sorted {
            $0.form.count > $1.form.count
        },
        by: { $0.form.first }
    )

    /// Returns the word that is a label as a whole; nil: it is none, or a word in a sentence.
    package static func word(ofWholeLabel label: String) -> GlossaryWord? {
        let label = label.lowercased()
        return words.first { $0.labels.contains(label) }
    }

    /// Returns the word that a label has or holds; nil: the label needs no explanation.
    package static func word(ofLabel label: String) -> GlossaryWord? {
        word(ofWholeLabel: label) ?? parts(of: label).compactMap(\.word).first
    }

    /// Returns the parts of a text in their order: those between words, and the first place of each word.
    package static func parts(of text: String) -> [(text: Substring, word: GlossaryWord?)] {
        var parts: [(text: Substring, word: GlossaryWord?)] = []
        var found: Set<String> = []
        var (begin, at, isInWord) = (text.startIndex, text.startIndex, false)
        while at < text.endIndex {
            let isLetter = text[at].isLetter
            if isLetter, !isInWord, let (word, end) = word(at: at, of: text), found.insert(word.name).inserted {
                if begin < at { parts.append((text[begin..<at], nil)) }
                parts.append((text[at..<end], word))
                (begin, at) = (end, end)
            } else {
                at = text.index(after: at)
            }
            isInWord = isLetter
        }
        if begin < text.endIndex { parts.append((text[begin...], nil)) }
        return parts
    }

    /// Returns the word that begins at a place, and its end.
    private static func word(at place: String.Index, of text: String) -> (GlossaryWord, String.Index)? {
        for (form, word) in forms[text[place].lowercased().first] ?? [] {
            guard let end = text.index(place, offsetBy: form.count, limitedBy: text.endIndex),
                text[place..<end].lowercased() == form, end == text.endIndex || !text[end].isLetter
            else { continue }
            return (word, end)
        }
        return nil
    }
}
