// SPDX-License-Identifier: LGPL-2.1-or-later
// The viewer page: puts its parts together.
import { CaptionList } from "/captions.js";
import { LiveTranscript } from "/client.js";
import { Follower } from "/follow.js";
import { Options } from "/options.js";
import { SessionChoice, SessionSelect, credentials } from "/sessions.js";

const kNoticeDelayMs = 1500; // a connection that is back by then needs no words
const kAnnounced = 3;

const element = (id) => document.getElementById(id);

function setState(state, text) {
  element("state").dataset.state = state;
  document.body.dataset.state = state;
  if (element("state-text").textContent !== text) element("state-text").textContent = text;
}

function setHint(text) {
  element("hint").textContent = text;
  element("hint").hidden = !text || !captions.isEmpty;
}

function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  element("announcer").append(line);
  while (element("announcer").childElementCount > kAnnounced) element("announcer").firstElementChild.remove();
}

let sessionSelect = null;
let wantedLanguage = new URLSearchParams(location.search).get("lang") || "";

const captions = new CaptionList(element("captions"), {
  onLanguage: (code) => options.addLanguage(code, wantedLanguage),
});
const follower = new Follower(element("newest"), element("captions"));
const options = new Options({
  size: () => captions.forgetHeights(),
  language: showLanguage,
  newest: () => follower.toNewest(),
  open: () => sessionSelect?.refresh(),
});

function showLanguage(code) {
  wantedLanguage = code;
  captions.language = code;
  const url = new URL(location.href);
  if (code) url.searchParams.set("lang", code);
  else url.searchParams.delete("lang");
  history.replaceState(null, "", url);
}

// ---- One session ------------------------------------------------------------------------------------------

const kWords = {
  connecting: () => ["Connecting…", ""],
  waiting: (session) => ["Waiting",
    `Session “${session}” has not started yet. Captions appear here as soon as it does.`],
  live: () => ["Live", "Connected. Captions appear here when somebody speaks."],
  queued: () => ["Queued", "Waiting for the speech recogniser. Captions follow with a delay."],
  paused: () => ["Paused", "The speaker's connection is interrupted. Captions go on as soon as it is back."],
  reconnecting: () => ["Reconnecting…", "The server cannot be reached. Trying again…"],
  ended: () => ["Ended", "This session has ended."],
  refused: (session, reason) => ["No access", reason || "The permission to read along has ended."],
  failed: (session, reason) => ["Failed", `The server ended the connection for good. ${reason}`],
};

const kGaps = {
  slow: ({ finals }) => finals > 0 && `This connection was too slow: ${finals} captions are missing here.`,
  away: () => "The connection was lost for long: captions are missing here.",
  restart: () => "The server was restarted: captions may be missing here.",
};

let noticeTimer = 0;

function setNotice(text) {
  clearTimeout(noticeTimer);
  const show = (shown) => {
    element("notice").hidden = !shown;
    document.body.classList.toggle("noticed", shown); // room for it, below the captions
    follower.keepUp();
  };
  if (text) noticeTimer = setTimeout(() => show(true), kNoticeDelayMs);
  else show(false);
  element("notice-text").textContent = text;
}

function note(text) {
  if (!text || captions.isEmpty) return;
  captions.note(text);
  follower.keepUp();
}

function nameRecogniser(name = "") {
  element("recogniser").textContent = name;
  element("recogniser").hidden = !name;
}

function showCaption(message) {
  const before = element("captions").childElementCount;
  const visible = captions.show(message, follower.following);
  if (element("captions").childElementCount > before && visible) follower.noteNew();
  if (visible && message.isFinal && message.text && !message.snapshot) announce(message.text);
  setHint("");
  follower.keepUp();
}

function showState({ state, reason }, session) {
  const [word, hint] = kWords[state](session, reason);
  setState(state, word);
  setHint(hint);
  setNotice(state === "reconnecting" ? "The connection is lost. Trying again…" : "");
  if (state === "ended") captions.dropPartials();
}

function watch(session) {
  document.title = `${session} – live captions`;
  element("title").textContent = session;
  document.body.classList.remove("choosing");
  sessionSelect = new SessionSelect(element("session"), session);
  const client = new LiveTranscript(session, credentials);
  const on = (type, handler) => client.addEventListener(type, ({ detail }) => handler(detail));
  let epoch = null;
  on("state", (detail) => showState(detail, session));
  on("hello", (hello) => {
    nameRecogniser(hello.recogniser);
    if (!hello.resumed) captions.dropPartials(); // what was provisional will not be settled any more
  });
  on("transcript", (message) => {
    showCaption(message);
    if (message.epoch === epoch) return;
    epoch = message.epoch; // another recogniser, perhaps
    LiveTranscript.sessions(credentials).then((known) => nameRecogniser(known?.recognisers?.[session]));
  });
  on("translation", showCaption);
  on("audio_gap", ({ start, end }) => note(`About ${Math.max(1, Math.round(end - start))} s were not heard here.`));
  on("gap", (gap) => {
    if (gap.reason === "restart") captions.forgetOrder();
    note(kGaps[gap.reason](gap));
  });
  element("retry").addEventListener("click", () => client.retryNow());
  client.open();
}

// ---- No session yet ---------------------------------------------------------------------------------------

function choose() {
  document.body.classList.add("choosing");
  new SessionChoice(element("sessions"), {
    found: watch,
    state: (names, refusal) => {
      if (refusal) {
        setState("refused", "No access");
        setHint(refusal);
        return;
      }
      setState(names ? "ended" : "connecting", names ? `${names.length} live` : "Server unreachable");
      setHint(!names ? "The server cannot be reached. Trying again…"
        : names.length ? "Choose a session." : "No session is live right now. This page looks again by itself.");
    },
  }).start();
}

window.addEventListener("resize", () => captions.forgetHeights());
captions.language = wantedLanguage;
if (wantedLanguage) options.addLanguage(wantedLanguage, wantedLanguage);
const wanted = new URLSearchParams(location.search).get("session");
if (wanted) watch(wanted);
else choose();
