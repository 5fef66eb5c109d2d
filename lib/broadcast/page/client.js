// SPDX-License-Identifier: LGPL-2.1-or-later
// Live captions of one session over a WebSocket, for any web page. docs/viewer-client.md says how to use it.

const kFirstDelayMs = 500;
const kLongestDelayMs = 15000;
const kSettledMs = 5000; // a connection that lasts this long starts the back-off anew
const kPollMs = 3000; // how often a session that is not live is looked for
const kSessionOver = 1000;

/** Full jitter above a half: not everybody at the same moment, and nobody at once. */
export function backOffMs(attempt, random = Math.random) {
  const longest = Math.min(kFirstDelayMs * 2 ** attempt, kLongestDelayMs);
  return longest * (0.5 + random() / 2);
}

export class LiveTranscript extends EventTarget {
  #session;
  #base;
  #socket = null;
  #timer = 0;
  #settled = 0;
  #attempt = 0;
  #state = "closed";
  #turn = 0; // what an older turn still awaits is not wanted any more

  /** `server`: where transcriptbroadcast listens, http: or https:; the page's own origin when left out. */
  constructor(session, { server = location.origin } = {}) {
    super();
    this.#session = session;
    this.#base = new URL(server);
  }

  get session() { return this.#session; }
  get state() { return this.#state; }

  open() {
    if (this.#state !== "closed") return;
    this.#enter("connecting");
    this.#connect();
  }

  close() {
    this.#cancel();
    this.#enter("closed");
  }

  /** Does not wait for the back-off's end. */
  retryNow() {
    if (this.#socket || this.#state === "closed") return;
    this.#cancel();
    this.#connect();
  }

  /** What the server lists: {sessions, recognisers}; null when it cannot be asked. */
  static async sessions(server = location.origin) {
    try {
      const reply = await fetch(new URL("/sessions", server), { cache: "no-store" });
      return reply.ok ? await reply.json() : null;
    } catch {
      return null;
    }
  }

  #enter(state, detail = {}) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...detail } }));
  }

  #cancel() {
    this.#turn++;
    clearTimeout(this.#timer);
    clearTimeout(this.#settled);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #later(delayMs) {
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  async #connect() {
    const turn = ++this.#turn;
    const known = await LiveTranscript.sessions(this.#base);
    if (turn !== this.#turn) return;
    if (known && !known.sessions.includes(this.#session)) {
      if (this.#state !== "ended") this.#enter("waiting");
      this.#later(kPollMs * (0.75 + Math.random() / 2));
      return;
    }
    const url = new URL("/ws", this.#base);
    url.protocol = this.#base.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("session", this.#session);
    this.#listenTo(new WebSocket(url));
  }

  #listenTo(socket) {
    this.#socket = socket;
    socket.onopen = () => {
      this.#settled = setTimeout(() => { this.#attempt = 0; }, kSettledMs);
      this.#enter("live");
    };
    socket.onmessage = (event) => this.#take(event.data);
    socket.onclose = (event) => {
      clearTimeout(this.#settled);
      this.#socket = null;
      if (event.code === kSessionOver) {
        this.#enter("ended");
        this.#later(kPollMs);
      } else {
        this.#enter("reconnecting");
        this.#later(backOffMs(this.#attempt++));
      }
    };
  }

  #take(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message.type === "transcript" && message.sessionSlug === this.#session)
      this.dispatchEvent(new CustomEvent("transcript", { detail: message }));
  }
}
