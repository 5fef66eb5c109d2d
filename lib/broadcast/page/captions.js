// SPDX-License-Identifier: LGPL-2.1-or-later
// The list of captions: an element per utterance and language, changed in place until it is final.

const kMaxCaptions = 500;
const kMaxWhilePaused = 4 * kMaxCaptions; // nothing is taken from a reader who looks back, up to here

function make(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

function timeOf(message) {
  return new Date(message.serverTimestamp || Date.now())
    .toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** Recognisers may change their mind about the language of what is said, not about that of a translation. */
function keyOf({ epoch = "", utteranceId, type, language = "" }) {
  return [epoch, utteranceId, type, type === "transcript" ? "" : language].join("\n");
}

export class CaptionList {
  #list;
  #byKey = new Map(); // utterance and language → its element, while it may still change
  #language = "";
  #languages = new Set();
  #lastPartial = null;

  /** `onLanguage(code)` is called when a language is seen for the first time. */
  constructor(list, { onLanguage }) {
    this.#list = list;
    this.onLanguage = onLanguage;
  }

  get isEmpty() { return this.#list.childElementCount === 0; }

  /** True when the message has changed what the reader sees. */
  show(message, mayDrop = true) {
    const key = keyOf(message);
    let caption = this.#byKey.get(key);
    if (!message.isFinal && caption && !caption.classList.contains("partial")) return false; // it is settled
    if (!caption && !message.text) return false;
    if (!caption) {
      caption = this.#add(message);
      caption.dataset.key = key;
      this.#byKey.set(key, caption);
    }
    this.#write(caption, message);
    if (message.isFinal && !message.text) this.#remove(caption);
    this.#dropOldest(mayDrop ? kMaxCaptions : kMaxWhilePaused);
    return !caption.hidden;
  }

  /** A line that is no caption. */
  note(text) {
    const line = make("li", "note");
    line.append(make("p", "", text));
    this.#list.append(line);
  }

  /** What is provisional will not be settled any more. */
  dropPartials() {
    for (const caption of this.#list.querySelectorAll(".partial")) this.#remove(caption);
  }

  /** Shows this language only, "" all. What has no language is always shown. */
  set language(code) {
    this.#language = code;
    for (const caption of this.#list.querySelectorAll(".caption")) this.#filter(caption);
  }

  /** Lines are as high as they are: for another width or size of the text. */
  forgetHeights() {
    for (const text of this.#list.querySelectorAll(".held")) this.#release(text);
  }

  /** The server counts anew: what comes later belongs below what there is. */
  forgetOrder() {
    for (const caption of this.#list.querySelectorAll("[data-seq]")) delete caption.dataset.seq;
  }

  /** Above what was said later, but below what is of an earlier count. */
  #insertInOrder(caption, seq) {
    let before = null;
    for (let line = this.#list.lastElementChild; line; line = line.previousElementSibling) {
      if (line.classList.contains("note")) continue;
      if (!(Number(line.dataset.seq) > seq)) break;
      before = line;
    }
    this.#list.insertBefore(caption, before);
  }

  #add(message) {
    const caption = make("li", "caption");
    if (message.seq) caption.dataset.seq = message.seq;
    const meta = make("div", "meta");
    if (message.speaker) meta.append(make("span", "speaker", message.speaker), " ");
    meta.append(make("time", "time", timeOf(message)), " ", make("span", "badge"));
    const text = make("p", "text");
    text.dir = "auto";
    caption.append(meta, text);
    if (message.late) {
      this.#insertInOrder(caption, message.seq);
      return caption;
    }
    if (this.#lastPartial) this.#release(this.#lastPartial); // the new line takes the room that is given back
    this.#lastPartial = text;
    this.#list.append(caption);
    return caption;
  }

  #write(caption, message) {
    const text = caption.lastElementChild;
    caption.classList.toggle("partial", !message.isFinal);
    if (text.textContent !== message.text) text.textContent = message.text;
    this.#setLanguage(caption, message.language || "");
    // A line that gets shorter keeps its room until the next one begins, so that nothing jumps.
    const room = text.offsetHeight;
    if (text !== this.#lastPartial || room <= (parseFloat(text.style.minHeight) || 0)) return;
    text.style.minHeight = `${room}px`;
    text.classList.add("held");
  }

  #release(text) {
    text.style.minHeight = "";
    text.classList.remove("held");
  }

  #setLanguage(caption, language) {
    if (caption.dataset.language === language) return;
    caption.dataset.language = language;
    const text = caption.lastElementChild;
    if (language) text.lang = language;
    else text.removeAttribute("lang");
    caption.querySelector(".badge").textContent = language;
    this.#filter(caption);
    if (!language || this.#languages.has(language)) return;
    this.#languages.add(language);
    this.#list.classList.toggle("mixed", this.#languages.size > 1);
    this.onLanguage(language);
  }

  #filter(caption) {
    const { language } = caption.dataset;
    caption.hidden = Boolean(this.#language && language && language !== this.#language);
  }

  #remove(caption) {
    if (this.#byKey.get(caption.dataset.key) === caption) this.#byKey.delete(caption.dataset.key);
    if (this.#lastPartial === caption.lastElementChild) this.#lastPartial = null;
    caption.remove();
  }

  #dropOldest(limit) {
    while (this.#list.childElementCount > limit) this.#remove(this.#list.firstElementChild);
  }
}
