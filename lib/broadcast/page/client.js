// SPDX-License-Identifier: LGPL-2.1-or-later
// Live captions of one session, for any web page: connects, comes back after a loss without missing or doubling a
// line, and can coordinate. docs/viewer-client.md says how to use it, docs/viewer-protocol.md what goes over the wire.

const kProtocol = "livetranscript.v2";
const kTokenPrefix = "livetranscript.token.";
const kFirstDelayMs = 500;
const kLongestDelayMs = 15000;
const kSettledMs = 5000; // a connection that lasts this long starts the back-off anew
const kPollMs = 3000; // how often a session that is not live is looked for
const kReplayDelayMs = 250; // a slow connection loses more while it is being asked for
const kRemembered = 2000; // finals; the server keeps fewer
const kHeartbeatTimeout = "Heartbeat timeout";

/** Never at once, and not everybody at the same moment. */
export function backOffMs(attempt, random = Math.random) {
  const longest = Math.min(kFirstDelayMs * 2 ** attempt, kLongestDelayMs);
  return longest * (0.5 + random() / 2);
}

/** What a close means: "over", "again", "token" (again with a new one) or "never". */
export function closeMeans(code, reason) {
  if (code === 1000) return "over";
  if (code === 4401) return "token";
  if (code === 1008) return reason === kHeartbeatTimeout ? "again" : "never";
  return [1002, 1003, 1007, 1009].includes(code) ? "never" : "again";
}

export class LiveTranscript extends EventTarget {
  #session;
  #settings;
  #base;
  #socket = null;
  #timers = { connect: 0, settled: 0, renew: 0, replay: 0 };
  #attempt = 0;
  #turn = 0; // what an older turn still awaits is not wanted any more
  #state = "closed";
  #epoch = ""; // these two are the position: the last message seen
  #seq = 0;
  #finals = new Set(); // numbers of those passed on, oldest first
  #lost = null; // what this connection was too slow for: {from, to, finals, partials}
  #asked = null; // the part of it that the server has been asked for
  #afterMs = null; // when a server that shut down wants us back
  #wantsLease = false;
  #lease = null; // ours: {token, ttlMs}

  /** `settings`: see docs/viewer-client.md. */
  constructor(session, settings = {}) {
    super();
    this.#session = session;
    this.#settings = settings;
    this.#base = new URL(settings.server ?? location.origin);
  }

  get session() { return this.#session; }
  get state() { return this.#state; }
  get isCoordinator() { return this.#lease !== null; }

  open() {
    if (!["closed", "refused", "failed"].includes(this.#state)) return;
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

  /** Wants the lease, now and after each reconnection, until release(). */
  claim() {
    this.#wantsLease = true;
    this.#send({ type: "claim" });
  }

  release() {
    this.#wantsLease = false;
    this.#send({ type: "release", ...(this.#lease && { token: this.#lease.token }) });
    this.#loseLease();
  }

  /** Tells all viewers; only the coordinator may. False: it was not sent. */
  publish(data) {
    return this.#lease !== null && this.#send({ type: "insight", token: this.#lease.token, data });
  }

  /** What the server lists, {sessions, recognisers}, or {refused: sentence}; null when it cannot be asked. */
  static async sessions({ server = location.origin, token } = {}) {
    try {
      const headers = token ? { Authorization: `Bearer ${await tokenOf(token)}` } : {};
      const reply = await fetch(new URL("/sessions", server), { cache: "no-store", headers });
      if (reply.status === 401 || reply.status === 403) return { refused: (await reply.json()).message };
      return reply.ok ? await reply.json() : null;
    } catch {
      return null;
    }
  }

  // ---- Connection -----------------------------------------------------------------------------------------

  #enter(state, detail = {}) {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell("state", { state, ...detail });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #cancel() {
    this.#turn++;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#loseLease();
    this.#askAgain();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #later(delayMs) {
    this.#timers.connect = setTimeout(() => this.#connect(), delayMs);
  }

  async #connect() {
    const turn = ++this.#turn;
    const { token } = this.#settings;
    // A refused WebSocket tells a page nothing, so the list is asked first.
    const known = await LiveTranscript.sessions({ server: this.#base, token });
    const credential = token ? await tokenOf(token) : "";
    if (turn !== this.#turn) return;
    if (known?.refused) return this.#enter("refused", { reason: known.refused });
    if (known && !known.sessions.includes(this.#session)) {
      if (this.#state !== "ended") this.#enter("waiting");
      return this.#later(kPollMs * (0.75 + Math.random() / 2));
    }
    const protocols = credential ? [kProtocol, kTokenPrefix + credential] : [kProtocol];
    this.#listenTo(new WebSocket(this.#address(), protocols));
  }

  #address() {
    const { languages, finalsOnly, rewind, userId } = this.#settings;
    const url = new URL("/ws", this.#base);
    url.protocol = this.#base.protocol === "https:" ? "wss:" : "ws:";
    const wanted = {
      session: this.#session,
      ...(languages?.length && { lang: languages.join(",") }),
      ...(finalsOnly && { finals: "1" }),
      ...(rewind !== undefined && { rewind }),
      ...(userId && { userId }),
      ...(this.#epoch && { epoch: this.#epoch, since: this.#seq }),
    };
    for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
    return url;
  }

  #listenTo(socket) {
    this.#socket = socket;
    socket.onopen = () => {
      this.#timers.settled = setTimeout(() => { this.#attempt = 0; }, kSettledMs);
    };
    socket.onmessage = (event) => this.#take(event.data);
    socket.onclose = ({ code, reason }) => {
      clearTimeout(this.#timers.settled);
      this.#socket = null;
      this.#loseLease();
      this.#askAgain();
      this.#afterClose(code, reason);
    };
  }

  #afterClose(code, reason) {
    const meaning = closeMeans(code, reason);
    const invited = this.#afterMs;
    this.#afterMs = null;
    if (meaning === "never" || (meaning === "token" && typeof this.#settings.token !== "function")) {
      this.#enter(meaning === "token" ? "refused" : "failed", { code, reason });
    } else if (meaning === "over") {
      this.#enter("ended");
      this.#later(kPollMs);
    } else {
      this.#enter("reconnecting", { code, reason });
      this.#later(invited ?? backOffMs(this.#attempt++));
    }
  }

  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  // ---- Messages -------------------------------------------------------------------------------------------

  #take(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not of this protocol
    }
    if (message.type === "hello") this.#greet(message);
    else if (message.type === "snapshot") this.#takeSnapshot(message);
    else if (message.type === "shutdown") this.#afterMs = message.reconnectAfterMs;
    else if (message.type === "state") this.#enter(message.state, { reason: "publisher" });
    else if (message.type === "gap") this.#takeGap(message);
    else if (message.type === "replay") this.#takeReplay(message);
    else if (message.type === "lease") this.#takeLease(message);
    else this.#pass(message, false);
    if (message.type === "error" && message.request === "replay") this.#giveUp();
  }

  /** Each numbered message once, in order. */
  #pass(message, snapshot) {
    if (message.seq !== undefined) {
      if (message.seq <= this.#seq) return;
      this.#seq = message.seq;
      this.#remember(message);
    }
    this.#tell(message.type, { ...message, snapshot });
  }

  #remember({ seq, isFinal, type }) {
    if (!isFinal && type !== "insight") return;
    this.#finals.add(seq);
    if (this.#finals.size > kRemembered) this.#finals.delete(this.#finals.values().next().value);
  }

  #greet(hello) {
    if (hello.epoch !== this.#epoch) { // another count: it is seen from its beginning
      const wasThere = this.#epoch !== "";
      this.#epoch = hello.epoch;
      this.#seq = 0;
      this.#finals.clear();
      this.#lost = null;
      if (wasThere) this.#tell("gap", { reason: "restart" });
    }
    this.#tell("hello", hello);
    this.#enter(hello.state);
    if (this.#wantsLease) this.#send({ type: "claim" });
    if (this.#lost) this.#askLater();
  }

  #takeSnapshot(snapshot) {
    if (this.#seq > 0 && snapshot.afterSeq > this.#seq) this.#tell("gap", { reason: "away" });
    for (const message of snapshot.messages) this.#pass(message, true);
    this.#seq = Math.max(this.#seq, snapshot.seq);
  }

  // ---- What this connection was too slow for --------------------------------------------------------------

  #takeGap({ fromSeq, toSeq, finals, partials }) {
    if (finals === 0) return this.#tell("gap", { reason: "slow", finals, partials }); // replaceable
    this.#lose({ from: fromSeq, to: toSeq, finals, partials });
    this.#askLater();
  }

  #lose({ from, to, finals, partials }) {
    const known = this.#lost ?? { from, to, finals: 0, partials: 0 };
    this.#lost = { from: Math.min(known.from, from), to: Math.max(known.to, to),
      finals: known.finals + finals, partials: known.partials + partials };
  }

  #askLater() {
    if (this.#asked) return;
    clearTimeout(this.#timers.replay);
    this.#timers.replay = setTimeout(() => {
      this.#asked = this.#lost;
      this.#lost = null;
      this.#ask();
    }, kReplayDelayMs);
  }

  #ask() {
    this.#send({ type: "replay", fromSeq: this.#asked.from, toSeq: this.#asked.to });
  }

  /** Its answer will not come on this connection. */
  #askAgain() {
    clearTimeout(this.#timers.replay);
    if (this.#asked) this.#lose(this.#asked);
    this.#asked = null;
  }

  #takeReplay({ fromSeq, toSeq, afterSeq, messages }) {
    const asked = this.#asked;
    if (fromSeq !== asked?.from) return;
    for (const message of messages) {
      if (this.#finals.has(message.seq)) continue;
      this.#remember(message);
      asked.finals--;
      this.#tell(message.type, { ...message, snapshot: false, late: true });
    }
    this.#seq = Math.max(this.#seq, toSeq); // what waited before the answer has come
    asked.forgotten ||= afterSeq >= fromSeq;
    asked.from = toSeq + 1;
    if (asked.from <= asked.to) this.#ask();
    else this.#giveUp();
  }

  /** With what the server has: if that is not all, a gap remains. */
  #giveUp() {
    const { from, to, finals, partials, forgotten } = this.#asked ?? {};
    this.#asked = null;
    if (forgotten || from <= to)
      this.#tell("gap", { reason: "slow", finals: Math.max(finals, 1), partials });
    if (this.#lost) this.#askLater();
  }

  // ---- Lease ----------------------------------------------------------------------------------------------

  #takeLease(message) {
    if (message.you === "holder") this.#keepLease(message.holder);
    else if (message.you !== undefined) this.#loseLease();
    this.#tell("lease", message);
  }

  #keepLease(holder) {
    this.#lease = holder;
    clearTimeout(this.#timers.renew);
    this.#timers.renew = setTimeout(() => this.#send({ type: "renew", token: holder.token }), holder.ttlMs / 3);
  }

  #loseLease() {
    clearTimeout(this.#timers.renew);
    this.#lease = null;
  }
}

/** A token, or a function that fetches one. */
async function tokenOf(token) {
  return typeof token === "function" ? token() : token;
}
