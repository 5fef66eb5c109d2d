// SPDX-License-Identifier: LGPL-2.1-or-later
// Light or dark, decided before anything is drawn: the one script that is not a module.
"use strict";

window.theme = (() => {
  const kKey = "livetranscript.theme";
  const kChoices = ["auto", "light", "dark"];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let choice = "auto";
  try {
    const stored = localStorage.getItem(kKey);
    if (kChoices.includes(stored)) choice = stored;
  } catch { /* storage is forbidden: not remembered */ }

  function apply() {
    const isDark = choice === "dark" || (choice === "auto" && dark.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  }

  dark.addEventListener("change", apply);
  apply();
  return {
    get choice() { return choice; },
    choose(wanted) {
      choice = wanted;
      apply();
      try {
        localStorage.setItem(kKey, wanted);
      } catch { /* not remembered */ }
    },
    next() { return kChoices[(kChoices.indexOf(choice) + 1) % kChoices.length]; },
  };
})();
