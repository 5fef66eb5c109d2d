// SPDX-License-Identifier: LGPL-2.1-or-later
// Which session: a page that lists them, and the choice among the options.
import { LiveTranscript } from "/client.js";

const kPollMs = 3000;

/** What the server wants to know of us, from the page's own address. */
export const credentials = (() => {
  const query = new URLSearchParams(location.search);
  return { token: query.get("token") || undefined, userId: query.get("userId") || undefined };
})();

/** This page with another session; whatever else stands in the address stays. */
function addressOf(session) {
  const url = new URL(location.href);
  url.searchParams.set("session", session);
  return url;
}

/** Lists what is live until one is chosen; the only one needs no choice. Calls `found(name)` then. */
export class SessionChoice {
  #first = true;

  constructor(list, { found, state }) {
    this.list = list;
    this.found = found;
    this.state = state;
  }

  async start() {
    const known = await LiveTranscript.sessions(credentials);
    if (known?.refused) return this.state(null, known.refused);
    const names = known ? known.sessions : null;
    if (names && names.length === 1 && this.#first) {
      history.replaceState(null, "", addressOf(names[0]));
      this.list.hidden = true;
      this.found(names[0]);
      return;
    }
    this.state(names);
    this.#show(names || []);
    this.#first = this.#first && !(names && names.length);
    setTimeout(() => this.start(), kPollMs);
  }

  #show(names) {
    this.list.hidden = names.length === 0;
    const shown = Array.from(this.list.children, (link) => link.textContent);
    if (shown.join("\n") === names.join("\n")) return; // a focused link stays
    this.list.replaceChildren(...names.map((name) => {
      const link = document.createElement("a");
      link.href = addressOf(name);
      link.textContent = name;
      return link;
    }));
  }
}

/** A select box with all live sessions and the current one. */
export class SessionSelect {
  constructor(select, current) {
    this.select = select;
    this.current = current;
    select.addEventListener("change", () => location.assign(addressOf(select.value)));
    this.#fill([]);
  }

  async refresh() {
    const known = await LiveTranscript.sessions(credentials);
    if (known?.sessions) this.#fill(known.sessions);
  }

  #fill(live) {
    const names = [...new Set([this.current, ...live])].sort();
    const label = (name) => (live.length && !live.includes(name) ? `${name} (not live)` : name);
    const options = names.map((name) => new Option(label(name), name, false, name === this.current));
    this.select.replaceChildren(...options);
  }
}
