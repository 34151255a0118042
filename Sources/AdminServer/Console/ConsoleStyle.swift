/// The style of the pages, for light and dark, a phone and a wall display.
///
/// Words are never broken, except in the last column of a table and in values. A table that is too wide scrolls by
/// itself. On a phone a row is a card, each cell has its heading before it, and a value wider than the screen ends with
/// an ellipsis. A wall display has a larger font, so that people read it from two metres.
enum ConsoleStyle {
    static let text = """
        :root { color-scheme: light dark; --good: #17713a; --notable: #8a5a00; --bad: #b3261e; --dim: #5f6368;
          --line: #dadce0; --link: #0b57a8; --code: #f1f3f4; --page: #fff; --card: #f8f9fa; --text: #1f1f1f }
        @media (prefers-color-scheme: dark) {
          :root { --good: #6fd08c; --notable: #e5b454; --bad: #ff8a80; --dim: #9aa0a6; --line: #3c4043;
            --link: #8ab8ff; --code: #2a2b2e; --page: #16171a; --card: #1e2023; --text: #e8eaed }
        }
        * { box-sizing: border-box } [hidden] { display: none !important }
        body { font: .875rem/1.45 system-ui, sans-serif; margin: 0; background: var(--page); color: var(--text) }
        header, main { padding: 0 1.5rem; max-width: 120rem }
        header { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; padding-block: .7rem; align-items: center;
          border-bottom: 1px solid var(--line); background: var(--card); max-width: none }
        nav { display: flex; flex-wrap: wrap; gap: .2rem .3rem }
        nav a { padding: .2rem .5rem; border-radius: .4rem } nav a[aria-current] { background: var(--line);
          color: var(--text); font-weight: 600 }
        header form { display: flex; gap: .4rem; margin-left: auto }
        a { color: var(--link); text-decoration: none } a:hover, a:focus { text-decoration: underline }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 1px }
        input, button { font: inherit; color: inherit } input[type=search] { width: 14rem; max-width: 60vw }
        input[type=checkbox] { width: 1em; height: 1em }
        input:not([type=checkbox]), select { font: inherit; color: inherit; padding: .2rem .5rem;
          border: 1px solid var(--line); border-radius: .4rem; background: var(--page) }
        button, .button { padding: .2rem .7rem; border: 1px solid var(--line); border-radius: .4rem;
          background: var(--card); cursor: pointer; color: var(--text); display: inline-block }
        button:hover, .button:hover { border-color: var(--link); text-decoration: none }
        .grave { color: var(--bad); border-color: var(--bad) }
        .buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin: .6rem 0; align-items: center }
        select { max-width: 9rem; text-overflow: ellipsis }
        .stack > label, .stack > button { display: block; margin: .7rem 0 }
        h1 { font-size: 1.35rem; margin: 1rem 0 .2rem; overflow-wrap: anywhere }
        h2 { font-size: 1rem; margin: 1.5rem 0 .4rem } p { margin: .25rem 0; overflow-wrap: anywhere }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto;
          margin: .3rem 0 }
        th, td { text-align: left; padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid var(--line);
          white-space: nowrap; vertical-align: top }
        tbody tr:hover { background: var(--card) }
        td:last-child { white-space: normal; overflow-wrap: anywhere; min-width: 12rem }
        th { color: var(--dim); font-weight: normal; font-size: .8rem }
        th button { all: unset; cursor: pointer } th button:focus-visible { outline: 2px solid var(--link) }
        th[aria-sort=ascending] button::after { content: " \\2191" }
        th[aria-sort=descending] button::after { content: " \\2193" }
        .number, .number button { text-align: right }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1.2rem; margin: .4rem 0 }
        dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
        code { background: var(--code); padding: .1rem .35rem; border-radius: .3rem; overflow-wrap: anywhere }
        .commands { line-height: 2 }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem;
          margin: .8rem 0; padding: 0; list-style: none }
        .tiles li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .8rem }
        .tiles strong { display: block; font-size: 1.5rem; font-weight: 600; line-height: 1.2;
          font-variant-numeric: tabular-nums }
        .tiles span { color: var(--dim) } .tiles .bad strong { color: var(--bad) }
        .tiles .notable strong { color: var(--notable) }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: .8rem;
          margin: .8rem 0 }
        figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
          padding: .6rem .8rem; min-width: 0 } figcaption { color: var(--dim) }
        figcaption strong { color: var(--text); font-variant-numeric: tabular-nums }
        svg { display: block; width: 100%; height: 4.5rem; margin-top: .3rem; overflow: visible }
        .line, .dot { fill: none; stroke: var(--link); stroke-width: 1.5; stroke-linecap: round;
          vector-effect: non-scaling-stroke }
        .dot { stroke-width: 5 } .area { fill: var(--link); opacity: .15 } .bars { fill: var(--bad) }
        .good { color: var(--good) } .notable { color: var(--notable) } .bad { color: var(--bad) }
        .dim { color: var(--dim) }
        .word { color: inherit; text-decoration: underline dotted; text-underline-offset: .2em }
        .words dt { font-weight: 600; color: var(--text) } .words dt:target { background: var(--line) }
        footer { padding: 1.5rem; border-top: 1px solid var(--line); margin-top: 2rem; font-size: .8rem }
        @media (max-width: 480px) { header, main { padding-inline: .8rem } header form { margin-left: 0; width: 100% }
          input[type=search] { flex: 1 } nav a { padding: .35rem .5rem } button, .button { padding: .4rem .8rem }
          p:has(> #live) { display: flex; gap: .6rem; align-items: center } #pause { flex: none }
          p:has(> .bad, > .notable) { flex-wrap: wrap; row-gap: 0 } #live { overflow-wrap: normal }
          footer { padding-inline: .8rem } dl { column-gap: .8rem } .words { grid-template-columns: minmax(0, 1fr) }
          .words dt { margin-top: .3rem } .filter { gap: .4rem } .filter label { display: flex; gap: .3rem;
            flex: 1 1 6.5rem; align-items: center } .filter :is(input, select) { flex: 1; width: 0; min-width: 0 }
          tbody { display: block } th { display: none } th:has(input) { display: block; border: 0 }
          tr { display: flex; flex-wrap: wrap; column-gap: .9rem } tbody tr { padding: .4rem 0;
            border-bottom: 1px solid var(--line) }
          td { border: 0; padding: 0; max-width: 100%; overflow: hidden; text-overflow: ellipsis }
          td:last-child { flex: 1 1 100%; min-width: 0 }
          td[data-label]::before { content: attr(data-label) " "; color: var(--dim); font-size: .75rem } }
        @media (min-width: 1000px) { .charts { grid-template-columns: repeat(3, minmax(0, 1fr)) } }
        @media (min-width: 1900px) { :root { font-size: calc(16px + (100vw - 1900px) / 70) }
          header, main { max-width: none } .charts { grid-template-columns: repeat(6, minmax(0, 1fr)) }
          main { overflow-x: auto } table { display: table; width: 100% } }

        """
}
