/// The templates of the pages. They escape every value by the function of all pages.
enum Templates {
    enum Name: String, CaseIterable {
        case frame, login, confirmation, outcome, choices, actions, filter
    }

    /// Returns the HTML of a template with its values. A missing value is an empty text.
    static func render(_ name: Name, _ values: [String: TemplateValue]) -> String {
        library[name]?.render(values) ?? ""
    }

    private static let library = Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0, Template(text(of: $0))) })

    private static func text(of name: Name) -> String {
        switch name {
        case .frame: frame
        case .login: login
        case .confirmation: confirmation
        case .outcome: outcome
        case .choices: choices
        case .actions: actions
        case .filter: filter
        }
    }

    /// The frame of all pages. Without scripts, pages about the whole fleet load themselves again.
    private static let frame = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>{{title}}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {{#refreshes}}
        <noscript><meta http-equiv="refresh" content="5"></noscript>
        {{/refreshes}}
        <link rel="stylesheet" href="{{{style}}}">
        <link rel="icon" href="data:,">
        <script src="{{{script}}}" defer></script>
        </head><body>
        <header><nav aria-label="Pages">
        {{#menu}}
        <a href="{{{address}}}"{{#isCurrent}} aria-current="page"{{/isCurrent}}>{{name}}</a>
        {{/menu}}
        </nav>
        <form method="get" action="/search" role="search"><input type="search" name="q" maxlength="200"
         aria-label="Game or job" placeholder="game or job" value="{{search}}"> <button>Search</button></form>
        </header>
        <main{{#isLive}} data-live="{{{live}}}"{{#isRead}} data-read{{/isRead}}{{/isLive}}>
        {{{heading}}}
        <p class="dim">worker {{worker}}{{#hasName}}, signed in as {{name}}{{/hasName}} <span id="live" role="status"></span>
        <button id="pause" type="button" hidden>Pause updates</button></p>
        <div id="content">
        {{{body}}}
        </div>
        </main>
        <footer><a href="{{{words}}}">Words of these pages</a></footer></body></html>

        """

    private static let login = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>rtmanager</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <link rel="stylesheet" href="\(ConsoleAsset.style.address)">
        <link rel="icon" href="data:,">
        </head><body><main>
        <h1>rtmanager</h1>
        {{#isRefused}}
        <p class="bad">This is not the token.</p>
        {{/isRefused}}
        <form method="post" action="/login" class="stack">
        <input type="hidden" name="next" value="{{next}}">
        <label>Your name, for the log (may be empty)<br>
        <input name="name" maxlength="64" autocomplete="username"></label>
        <label>Token of this worker (the content of RTM_HTTP_TOKEN_FILE or RTM_HTTP_READ_TOKEN_FILE)<br>
        <input type="password" name="token" autocomplete="current-password" required autofocus></label>
        <button>Show the page</button>
        </form>
        </main></body></html>

        """

    private static let confirmation = """
        <p>{{consequence}}</p>
        {{#targets}}
        <p><code>{{.}}</code></p>
        {{/targets}}
        <form method="post" action="/act">
        <input type="hidden" name="secret" value="{{secret}}">
        {{#fields}}
        <input type="hidden" name="{{name}}" value="{{value}}">
        {{/fields}}
        <button class="{{{tone}}}" autofocus>{{label}}</button> <a href="{{{back}}}">Cancel</a>
        </form>

        """

    private static let outcome = """
        {{#lines}}
        <p class="{{{tone}}}">{{.}}</p>
        {{/lines}}
        {{#job}}
        <p><a href="{{{address}}}">Watch job {{id}}</a></p>
        {{/job}}
        <p><a href="{{{back}}}">Back to {{page}}</a></p>

        """

    /// A table with selectable rows.
    private static let choices = """
        <form method="get" action="/act">
        {{{table}}}
        <p class="buttons">
        {{#buttons}}
        <button name="do" value="{{do}}">{{label}}</button>
        {{/buttons}}
        </p></form>

        """

    /// Links to the confirmations of actions.
    private static let actions = """
        <p class="buttons">{{thing}}
        {{#actions}}
        <a class="button {{{tone}}}" href="{{{address}}}">{{label}}</a>
        {{/actions}}
        </p>

        """

    private static let filter = """
        <form method="get" action="{{{path}}}" class="buttons filter">
        {{#fields}}
        <label>{{label}}
        {{#isText}}
        <input name="{{name}}" value="{{value}}" maxlength="200" size="12">
        {{/isText}}
        {{^isText}}
        <select name="{{name}}">
        {{#options}}
        <option value="{{value}}"{{#isChosen}} selected{{/isChosen}}>{{text}}</option>
        {{/options}}
        </select>
        {{/isText}}
        </label>
        {{/fields}}
        <button>Choose</button>
        </form>

        """
}
