/// The script of the pages. Every page works without it; with it, a page stays up to date while somebody reads it.
enum ConsoleScript {
    static let text = """
        "use strict";
        // Live pages. The server sends the content of the page whenever it has changed. The script changes only what
        // differs, so that scroll, selection and the keyboard's focus stay.
        const main = document.querySelector("main");
        const content = document.getElementById("content");
        const state = document.getElementById("live");
        const pause = document.getElementById("pause");
        const address = main && main.dataset.live;
        let source, waiting, isPaused = false, order = new Map();
        // The time of the last picture; nothing, if the page came without one.
        let seen = main && "read" in main.dataset ? Date.now() : undefined;

        function say(text, tone, reason = "") {
          if (state.textContent !== text) state.textContent = text;
          state.className = tone;
          state.title = reason;
        }

        function live() {
          seen = Date.now();
          say("live", "good");
        }

        // Times of the pages are UTC, so this one is, too.
        function last(word, at = seen) {
          return at === undefined ? word : `${word}; last picture of ${new Date(at).toISOString().slice(11, 19)} UTC`;
        }

        // Rows with a key stay the same row, wherever they move.
        const key = node => node.nodeType === 1 ? node.dataset.key : undefined;

        function alike(a, b) {
          return a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);
        }

        function morph(old, fresh) {
          if (old.nodeType === 3) {
            if (old.data !== fresh.data) old.data = fresh.data;
            return;
          }
          for (const { name, value } of [...fresh.attributes]) {
            if (old.getAttribute(name) !== value) old.setAttribute(name, value);
          }
          for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
          let at = old.firstChild;
          for (const next of [...fresh.childNodes]) {
            let match = at;
            if (!at || !alike(at, next)) {
              const wanted = key(next);
              match = at;
              // What stands before is placed already: several rows may have the same key.
              while (match && (wanted === undefined || key(match) !== wanted)) match = match.nextSibling;
              if (match) old.insertBefore(match, at); else match = old.insertBefore(next, at);
            }
            if (match === at) at = at.nextSibling;
            if (match !== next) morph(match, next);
          }
          while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
        }

        function show(html, tell) {
          // A selection inside the content would be lost where its text changes: the change waits.
          const selection = getSelection();
          if (!selection.isCollapsed && content.contains(selection.anchorNode)) {
            waiting = () => show(html, tell);
            say("changes wait while text is selected", "notable");
            return;
          }
          waiting = undefined;
          const fresh = document.createElement("div");
          fresh.innerHTML = html;
          fresh.id = content.id;
          for (const [index, table] of fresh.querySelectorAll("table").entries()) sort(table, order.get(index));
          morph(content, fresh);
          tell();
        }

        function stale({ word, tone, reason, at, content }) {
          const tell = () => say(last(word, at), tone, reason);
          if (content === undefined) tell(); else show(content, tell);
        }

        document.addEventListener("selectionchange", () => {
          if (waiting !== undefined && getSelection().isCollapsed) waiting();
        });

        function connect() {
          if (!address || source || isPaused || document.hidden) return;
          source = new EventSource(address);
          source.addEventListener("content", event => show(JSON.parse(event.data), live));
          source.addEventListener("stale", event => stale(JSON.parse(event.data)));
          source.addEventListener("same", () => { if (waiting === undefined) live(); });
          source.onerror = () => {
            say(last("the worker does not answer"), "bad");
            // The browser tries again by itself, except after a refusal.
            if (source && source.readyState === EventSource.CLOSED) { source = undefined; setTimeout(connect, 5000); }
          };
        }

        function disconnect() {
          if (source) source.close();
          source = undefined;
        }

        if (address) {
          pause.hidden = false;
          pause.addEventListener("click", () => {
            isPaused = !isPaused;
            pause.textContent = isPaused ? "Resume updates" : "Pause updates";
            if (isPaused) { disconnect(); say("paused", "notable"); } else connect();
          });
          document.addEventListener("visibilitychange", () => document.hidden ? disconnect() : connect());
          connect();
        }

        // Tables sort by the column whose heading is pressed, and once more in the other direction.
        function value(row, column) {
          const cell = row.cells[column];
          return cell ? cell.dataset.value || cell.textContent : "";
        }

        function sort(table, by) {
          if (!by || !table.tHead) return;
          const rows = [...table.tBodies[0].rows];
          const compare = new Intl.Collator("en", { numeric: true }).compare;
          rows.sort((a, b) => compare(value(a, by.column), value(b, by.column)) * (by.isDown ? -1 : 1));
          table.tBodies[0].append(...rows);
          for (const [index, cell] of [...table.tHead.rows[0].cells].entries()) {
            if (index === by.column) cell.setAttribute("aria-sort", by.isDown ? "descending" : "ascending");
            else cell.removeAttribute("aria-sort");
          }
        }

        if (content) content.addEventListener("click", event => {
          const button = event.target.closest("th button");
          if (!button) return;
          const table = button.closest("table");
          const index = [...content.querySelectorAll("table")].indexOf(table);
          const column = button.closest("th").cellIndex;
          const last = order.get(index);
          order.set(index, { column, isDown: !!last && last.column === column && !last.isDown });
          sort(table, order.get(index));
        });

        // One box selects all rows of its table.
        if (content) content.addEventListener("change", event => {
          if (!event.target.matches("th input[type=checkbox]")) return;
          for (const box of event.target.closest("table").querySelectorAll("td input[type=checkbox]")) {
            box.checked = event.target.checked;
          }
        });

        // The search: `/` goes there, and games are suggested.
        const search = document.querySelector("input[type=search]");
        document.addEventListener("keydown", event => {
          if (event.key !== "/" || event.target.matches("input, textarea, select")) return;
          event.preventDefault();
          search.focus();
        });
        if (search) {
          const list = document.createElement("datalist");
          list.id = "suggestions";
          document.body.append(list);
          search.setAttribute("list", list.id);
          let timer;
          search.addEventListener("input", () => {
            clearTimeout(timer);
            timer = setTimeout(async () => {
              if (search.value.length < 2) return;
              const answer = await fetch("/api/v1/games?limit=10&q=" + encodeURIComponent(search.value));
              if (!answer.ok) return;
              list.replaceChildren(...(await answer.json()).games.map(game => {
                const option = document.createElement("option");
                option.value = game.game_id;
                return option;
              }));
            }, 250);
          });
        }

        """
}
