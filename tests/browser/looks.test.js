// SPDX-License-Identifier: LGPL-2.1-or-later
// How the page looks on each screen, and whether axe-core finds anything wrong with it there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { kNarrow, kPhone, kProjector, openBrowser, provisional, screenshot, shown, watching } from "./browser.js";
import { kTalk, sayTalk } from "./speech.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

/** All of axe's rules, best practices too. */
async function checkAccess(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html} (${node.failureSummary})`));
  assert.deepEqual(found, []);
}

async function keep(page, name) {
  await screenshot(page, name);
  await checkAccess(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(wide, false, "nobody has to scroll sideways");
}

const last = kTalk.at(-1)[2];

async function talk(page, broadcast, rounds = 1) {
  sayTalk(broadcast, rounds);
  await page.waitForFunction(([text, count]) =>
    [...document.querySelectorAll(".text")].filter((it) => it.textContent === text).length === count, [last, rounds]);
  broadcast.partial("now", "And the third item is the library in the east of the town, where",
    { speaker: "Ben", language: "en" });
  await provisional(page, "library");
}

for (const [screen, size] of Object.entries({ phone: kPhone, narrow: kNarrow, projector: kProjector }))
  for (const scheme of ["light", "dark"])
    test(`captions on a ${screen}, ${scheme}`, () =>
      watching(browser, { size, scheme }, async ({ page, broadcast }) => {
        await talk(page, broadcast);
        await keep(page, `captions-${screen}-${scheme}`);
        await page.keyboard.press("o");
        await page.locator("#options:visible").waitFor();
        await keep(page, `options-${screen}-${scheme}`);
      }));

test("captions of one unlabelled speaker, on a laptop", () =>
  watching(browser, { tags: "transcript-recogniser=\"offline\\ recogniser\\ (PocketSphinx)\"" },
    async ({ page, broadcast }) => {
      kTalk.slice(0, 4).forEach(([, , text], index) => broadcast.final(`u${index}`, text.toLowerCase()));
      broadcast.partial("now", "this is what the offline recogniser hears at");
      await provisional(page, "hears at");
      await page.locator("#recogniser", { hasText: "offline" }).waitFor();
      await keep(page, "offline-laptop-light");
    }));

test("captions only, full screen, on a projector", () =>
  watching(browser, { size: kProjector, scheme: "dark" }, async ({ page, broadcast }) => {
    await talk(page, broadcast);
    await page.keyboard.press("f");
    await page.waitForFunction(() => document.fullscreenElement);
    assert.ok((await page.locator("header").boundingBox()).height <= 1);
    await keep(page, "full-screen-projector-dark");
    await page.keyboard.press("f");
    await page.waitForFunction(() => document.querySelector("header").offsetHeight > 1);
  }));

for (const [screen, size, scheme] of [["phone", kPhone, "light"], ["projector", kProjector, "dark"]])
  test(`a long session, looked back at, on a ${screen}`, () =>
    watching(browser, { size, scheme }, async ({ page, broadcast }) => {
      await talk(page, broadcast, 20);
      await page.mouse.move(200, 300);
      await page.mouse.wheel(0, -1500);
      await page.locator("#newest:visible").waitFor();
      broadcast.final("more", "Something that was said meanwhile.");
      await shown(page, "meanwhile");
      await keep(page, `long-session-${screen}-${scheme}`);
    }));

for (const [screen, size, scheme] of [["phone", kPhone, "dark"], ["projector", kProjector, "light"]])
  test(`a lost server, on a ${screen}`, () =>
    watching(browser, { size, scheme }, async ({ page, broadcast }) => {
      await talk(page, broadcast);
      await broadcast.end("SIGKILL");
      await page.locator("#notice:visible").waitFor();
      await keep(page, `lost-server-${screen}-${scheme}`);
    }));

test("what is missing, on a phone", () =>
  watching(browser, { size: kPhone }, async ({ page, broadcast }) => {
    kTalk.slice(0, 3).forEach(([speaker, language, text], index) =>
      broadcast.final(`u${index}`, text, { speaker, language }));
    broadcast.say({ kind: "gap", utteranceId: "gap-1", isFinal: true, start: 10, end: 14.2, reason: "reconnect" });
    await page.locator(".note", { hasText: "4 s were not heard" }).waitFor();
    broadcast.final("u9", "We are back, I think.", { speaker: "Ben", language: "en" });
    await shown(page, "We are back");
    await keep(page, "missing-phone-light");
  }));

test("the choice of sessions", () =>
  watching(browser, { path: "", size: kPhone, live: false, sessions: ["city-council", "main-hall", "workshop.2"] },
    async ({ page }) => {
      await page.getByRole("link", { name: "workshop.2" }).waitFor();
      await keep(page, "sessions-phone-light");
    }));

test("a session that has not started", () =>
  watching(browser, { path: "?session=tomorrow", size: kPhone, scheme: "dark", live: false }, async ({ page }) => {
    await page.locator('#state[data-state="waiting"]').waitFor();
    await keep(page, "waiting-phone-dark");
  }));
