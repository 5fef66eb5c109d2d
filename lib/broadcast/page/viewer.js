// SPDX-License-Identifier: LGPL-2.1-or-later
// Live captions in a browser: one WebSocket per page, an element per utterance.
"use strict";

(() => {
  const kMaxCaptions = 500;
  const kFirstDelayMs = 500;
  const kLongestDelayMs = 15000;
  const kSettledMs = 5000; // a connection that lasts this long starts the back-off anew
  const kPollMs = 3000;
  const kFollowPx = 80;
  const kSizes = [1, 1.125, 1.375, 1.75, 2.25, 3];
  const kSizeKey = "livetranscript.size";
  const kSessionOver = 1000;

  const element = (id) => document.getElementById(id);
  const captions = element("captions");
  const byUtterance = new Map(); // id → its element, while it is shown

  // ---- What is shown ----------------------------------------------------------------------------------

  function setState(state, text) {
    element("state").dataset.state = state;
    if (element("state-text").textContent !== text) element("state-text").textContent = text;
  }

  function setHint(text) {
    element("hint").textContent = text;
    element("hint").hidden = !text || captions.childElementCount > 0;
  }

  function isFollowing() {
    const page = document.documentElement;
    return page.scrollHeight - page.scrollTop - page.clientHeight < kFollowPx;
  }

  function follow() {
    window.scrollTo({ top: document.documentElement.scrollHeight });
    element("latest").hidden = true;
  }

  function timeOf(message) {
    return new Date(message.serverTimestamp || Date.now())
      .toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  }

  function addCaption(message) {
    const caption = document.createElement("li");
    caption.className = "caption";
    const meta = document.createElement("div");
    meta.className = "meta";
    if (message.speaker) {
      const speaker = document.createElement("span");
      speaker.className = "speaker";
      speaker.textContent = message.speaker;
      meta.append(speaker);
    }
    meta.append(timeOf(message));
    const text = document.createElement("p");
    text.className = "text";
    text.dir = "auto";
    caption.append(meta, text);
    captions.append(caption);
    if (message.language) text.lang = message.language;
    return caption;
  }

  function dropOldest() {
    while (captions.childElementCount > kMaxCaptions) {
      const oldest = captions.firstElementChild;
      if (byUtterance.get(oldest.dataset.utterance) === oldest) byUtterance.delete(oldest.dataset.utterance);
      oldest.remove();
    }
  }

  function announce(text) {
    const announcer = element("announcer");
    const line = document.createElement("p");
    line.textContent = text;
    announcer.append(line);
    while (announcer.childElementCount > 3) announcer.firstElementChild.remove();
  }

  function show(message) {
    const following = isFollowing();
    const key = `${message.epoch || ""}/${message.utteranceId}`;
    let caption = byUtterance.get(key);
    if (!message.isFinal && caption && !caption.classList.contains("partial")) return; // it is settled
    if (!caption) {
      if (!message.text) return;
      caption = addCaption(message);
      caption.dataset.utterance = key;
      byUtterance.set(key, caption);
    }
    caption.classList.toggle("partial", !message.isFinal);
    const text = caption.lastElementChild;
    text.textContent = message.text;
    // A partial that gets shorter keeps its room, so that nothing below or above it jumps.
    if (message.isFinal) text.style.minHeight = "";
    else text.style.minHeight = `${Math.max(parseFloat(text.style.minHeight) || 0, text.offsetHeight)}px`;
    if (message.isFinal && !message.text) {
      byUtterance.delete(key);
      caption.remove();
    } else if (message.isFinal) {
      announce(message.text);
    }
    dropOldest();
    setHint("");
    if (following) follow();
    else element("latest").hidden = false;
  }

  /** What was provisional when the connection went will not be settled; what is settled will not come again. */
  function closeCaptions() {
    for (const caption of captions.querySelectorAll(".partial")) caption.remove();
    byUtterance.clear();
  }

  // ---- Connection -------------------------------------------------------------------------------------

  let delayMs = kFirstDelayMs;

  function nextDelay() {
    const delay = delayMs * (0.5 + Math.random() / 2); // not everybody at the same moment
    delayMs = Math.min(delayMs * 2, kLongestDelayMs);
    return delay;
  }

  async function liveSessions() {
    try {
      const reply = await fetch("/sessions", { cache: "no-store" });
      return reply.ok ? (await reply.json()).sessions : null;
    } catch {
      return null;
    }
  }

  function connect(session) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws?session=${encodeURIComponent(session)}`);
    let settled = 0;
    socket.onopen = () => {
      setState("live", "Live");
      setHint("Connected. Captions appear here when somebody speaks.");
      settled = setTimeout(() => { delayMs = kFirstDelayMs; }, kSettledMs);
    };
    socket.onmessage = (event) => {
      let message;
      try {
        message = JSON.parse(event.data);
      } catch {
        return;
      }
      if (message.type === "transcript" && message.sessionSlug === session) show(message);
    };
    socket.onclose = (event) => {
      clearTimeout(settled);
      closeCaptions();
      if (event.code === kSessionOver) {
        setState("ended", "Ended");
        setHint("This session has ended.");
        waitFor(session, "ended", "Ended");
      } else {
        retry(session);
      }
    };
  }

  /** Connects if the session is live, else waits until it is. */
  async function enter(session) {
    const live = await liveSessions();
    if (live && live.includes(session)) {
      connect(session);
    } else if (live) {
      setState("connecting", "Waiting");
      setHint(`Session “${session}” has not started yet. Captions appear here as soon as it does.`);
      waitFor(session, "connecting", "Waiting");
    } else {
      setHint("The server cannot be reached. Trying again…");
      retry(session);
    }
  }

  /** After a connection was lost: the server may be away, or only the session. */
  function retry(session) {
    setState("connecting", "Reconnecting…");
    setTimeout(() => enter(session), nextDelay());
  }

  /** Looks every few seconds whether the session is live (again). */
  async function waitFor(session, state, text) {
    const live = await liveSessions();
    if (live && live.includes(session)) {
      connect(session);
      return;
    }
    setState(state, text);
    setTimeout(() => waitFor(session, state, text), kPollMs);
  }

  // ---- Choice of session ------------------------------------------------------------------------------

  function watch(session) {
    document.title = `${session} – live captions`;
    element("title").textContent = session;
    element("sessions").hidden = true;
    document.body.classList.remove("choosing");
    setState("connecting", "Connecting…");
    enter(session);
  }

  function listSessions(names) {
    const list = element("sessions");
    const shown = Array.from(list.children, (link) => link.textContent);
    list.hidden = names.length === 0;
    if (shown.join("\n") === names.join("\n")) return;
    list.replaceChildren(...names.map((name) => {
      const link = document.createElement("a");
      link.href = `/?session=${encodeURIComponent(name)}`;
      link.textContent = name;
      return link;
    }));
  }

  async function choose(first) {
    document.body.classList.add("choosing");
    const names = await liveSessions();
    if (names && names.length === 1 && first) {
      history.replaceState(null, "", `/?session=${encodeURIComponent(names[0])}`);
      watch(names[0]);
      return;
    }
    setState(names ? "ended" : "connecting", names ? `${names.length} live` : "Server unreachable");
    setHint(!names ? "The server cannot be reached. Trying again…"
      : names.length ? "Choose a session." : "No session is live right now. This page looks again by itself.");
    listSessions(names || []);
    setTimeout(() => choose(first && !(names && names.length)), kPollMs);
  }

  // ---- Text size --------------------------------------------------------------------------------------

  let size = 2;

  function setSize(wanted) {
    const following = isFollowing();
    size = Math.min(Math.max(wanted, 0), kSizes.length - 1);
    document.documentElement.style.setProperty("--size", `${kSizes[size]}rem`);
    element("smaller").disabled = size === 0;
    element("larger").disabled = size === kSizes.length - 1;
    for (const text of captions.querySelectorAll(".partial .text")) text.style.minHeight = "";
    try {
      localStorage.setItem(kSizeKey, String(size));
    } catch { /* private mode: not remembered */ }
    if (following) follow();
  }

  function storedSize() {
    try {
      const stored = parseInt(localStorage.getItem(kSizeKey), 10);
      return Number.isNaN(stored) ? size : stored;
    } catch {
      return size;
    }
  }

  element("smaller").onclick = () => setSize(size - 1);
  element("larger").onclick = () => setSize(size + 1);
  element("latest").onclick = follow;
  window.addEventListener("scroll", () => { if (isFollowing()) element("latest").hidden = true; }, { passive: true });
  window.addEventListener("resize", () => {
    for (const text of captions.querySelectorAll(".partial .text")) text.style.minHeight = "";
  });

  setSize(storedSize());
  const wanted = new URLSearchParams(location.search).get("session");
  if (wanted) watch(wanted);
  else choose(true);
})();
