// SPDX-License-Identifier: LGPL-2.1-or-later
// What a reader can choose: size of the text, colours, language, full screen, and the keys for all that.

const kScales = [0.7, 0.85, 1, 1.25, 1.5, 1.9, 2.4];
const kUsual = kScales.indexOf(1);
const kSizeKey = "livetranscript.size";
const kKeysKey = "livetranscript.keys";

const element = (id) => document.getElementById(id);

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is forbidden
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch { /* not remembered */ }
}

function languageName(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

export class Options {
  #size = kUsual;

  /** `on`: what is called when something is chosen: size(), language(code), newest(), open(). */
  constructor(on) {
    this.on = on;
    element("smaller").addEventListener("click", () => this.setSize(this.#size - 1));
    element("larger").addEventListener("click", () => this.setSize(this.#size + 1));
    element("options-button").addEventListener("click", () => this.toggle());
    element("language").addEventListener("change", (event) => on.language(event.target.value));
    this.#setUpThemes();
    this.#setUpFullScreen();
    this.#setUpKeys();
    const size = parseInt(stored(kSizeKey), 10);
    this.setSize(Number.isNaN(size) ? kUsual : size);
  }

  setSize(wanted) {
    this.#size = Math.min(Math.max(wanted, 0), kScales.length - 1);
    document.documentElement.style.setProperty("--scale", String(kScales[this.#size]));
    element("smaller").disabled = this.#size === 0;
    element("larger").disabled = this.#size === kScales.length - 1;
    store(kSizeKey, String(this.#size));
    this.on.size();
  }

  // ---- The panel

  toggle(open = element("options").hidden) {
    element("options").hidden = !open;
    element("options-button").setAttribute("aria-expanded", String(open));
    if (open) this.on.open();
  }

  #close() {
    const panel = element("options");
    if (panel.hidden) return;
    const inside = panel.contains(document.activeElement);
    this.toggle(false);
    if (inside) element("options-button").focus();
  }

  // ---- Languages

  addLanguage(code, chosen) {
    const select = element("language");
    if ([...select.options].some((other) => other.value === code)) return;
    const option = new Option(languageName(code), code);
    option.lang = code;
    const after = [...select.options].slice(1).find((other) => other.text.localeCompare(option.text) > 0);
    select.insertBefore(option, after || null);
    if (code === chosen) select.value = code;
    element("language-label").hidden = select.options.length < 3 && !select.value;
  }

  #nextLanguage() {
    const select = element("language");
    if (select.options.length < 3) return;
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    this.on.language(select.value);
  }

  // ---- Colours

  #setUpThemes() {
    for (const radio of document.querySelectorAll('input[name="theme"]')) {
      radio.checked = radio.value === window.theme.choice;
      radio.addEventListener("change", () => window.theme.choose(radio.value));
    }
  }

  #nextTheme() {
    window.theme.choose(window.theme.next());
    document.querySelector(`input[name="theme"][value="${window.theme.choice}"]`).checked = true;
  }

  // ---- Full screen

  #setUpFullScreen() {
    element("fullscreen").closest(".option").hidden = !document.fullscreenEnabled;
    element("fullscreen").addEventListener("click", () => this.#fullScreen());
  }

  #fullScreen() {
    this.#close();
    if (document.fullscreenElement) document.exitFullscreen();
    else if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => {});
  }

  // ---- Keys

  #setUpKeys() {
    const keys = {
      "+": () => this.setSize(this.#size + 1),
      "=": () => this.setSize(this.#size + 1), // the same key without Shift
      "-": () => this.setSize(this.#size - 1),
      "0": () => this.setSize(kUsual),
      n: () => this.on.newest(),
      l: () => this.#nextLanguage(),
      t: () => this.#nextTheme(),
      f: () => this.#fullScreen(),
      o: () => this.toggle(),
    };
    const wanted = element("shortcuts");
    wanted.checked = stored(kKeysKey) !== "off";
    wanted.addEventListener("change", () => store(kKeysKey, wanted.checked ? "on" : "off"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      if (!wanted.checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest("select, input:not([type=checkbox]):not([type=radio])")) return;
      const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
  }
}
