// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the newest caption in view until the reader scrolls up, and again when the reader comes back down.

const kAtEndPx = 24;

export class Follower {
  #following = true;
  #missed = 0;
  #lastTop = 0;

  /** `button` brings the reader back; `content` is what grows. */
  constructor(button, content) {
    this.button = button;
    this.label = button.firstChild;
    button.addEventListener("click", () => this.toNewest());
    window.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    window.addEventListener("resize", () => this.keepUp());
    const sizes = new ResizeObserver(() => this.keepUp());
    sizes.observe(content);
    sizes.observe(document.body);
  }

  get following() { return this.#following; }

  /** To be called at once after every change of what is shown: a page that has become shorter, and longer again
   *  before it is drawn, would look as if the reader had scrolled up. */
  keepUp() {
    if (this.#following) {
      const near = this.#distance() < window.innerHeight / 2;
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.#scroll(near && !still ? "smooth" : "auto");
    }
    this.#lastTop = window.scrollY;
  }

  /** A caption was added below. */
  noteNew() {
    if (this.#following) return;
    this.#missed++;
    this.#tell();
  }

  toNewest() {
    this.#resume();
    this.#scroll("auto");
  }

  #page() { return document.documentElement; }

  #distance() {
    const page = this.#page();
    return page.scrollHeight - page.clientHeight - window.scrollY;
  }

  #scroll(behavior) {
    window.scrollTo({ top: this.#page().scrollHeight, behavior });
  }

  // The page itself only ever scrolls down: whoever goes up is the reader.
  #onScroll() {
    const top = window.scrollY;
    const up = top < this.#lastTop - 1;
    this.#lastTop = top;
    if (this.#distance() <= kAtEndPx) this.#resume();
    else if (up && this.#following) {
      this.#following = false;
      this.#tell();
    }
  }

  #resume() {
    this.#following = true;
    this.#missed = 0;
    this.#tell();
  }

  #tell() {
    this.label.textContent = this.#missed ? `Jump to newest (${this.#missed} new) ` : "Jump to newest ";
    this.button.hidden = this.#following;
  }
}
