// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { captions, openBrowser, shown, watching } from "./browser.js";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const becomes = (page, colour) =>
  page.waitForFunction((wanted) => getComputedStyle(document.body).backgroundColor === wanted, colour);
const textSize = (page) => page.locator("#captions").evaluate((list) => parseFloat(getComputedStyle(list).fontSize));

test("the only live session is shown without being asked for", () =>
  watching(browser, { path: "" }, async ({ page, broadcast }) => {
    assert.equal(new URL(page.url()).searchParams.get("session"), "demo");
    broadcast.final("u1", "here");
    await shown(page, "here");
  }));

test("of several sessions one is chosen from a list, and changed among the options", () =>
  watching(browser, { path: "", sessions: ["hall-a", "hall-b"], live: false }, async ({ page, broadcast }) => {
    await page.getByRole("link", { name: "hall-b" }).click();
    await page.locator('#state[data-state="live"]').waitFor();
    broadcast.say({ utteranceId: "u1", revision: 1, isFinal: true, text: "this is hall b" }, "hall-b");
    await shown(page, "this is hall b");
    await page.getByRole("button", { name: "Options" }).click();
    await page.waitForFunction(() => document.querySelectorAll("#session option").length === 2);
    await page.locator("#session").selectOption("hall-a");
    await page.waitForURL(/session=hall-a/);
    await page.locator('#state[data-state="live"]').waitFor();
    broadcast.say({ utteranceId: "u2", revision: 1, isFinal: true, text: "this is hall a" }, "hall-a");
    await shown(page, "this is hall a");
    assert.equal(await page.title(), "hall-a – live captions");
  }));

test("a session that is not live is waited for", () =>
  watching(browser, { path: "?session=later", live: false }, async ({ page }) => {
    await page.locator('#state[data-state="waiting"]').waitFor();
    assert.match(await page.locator("#hint").textContent(), /“later” has not started yet/);
  }));

test("a session that ends says so and keeps what was said", () =>
  watching(browser, { eos: true }, async ({ page, broadcast }) => {
    broadcast.final("u1", "the last words");
    await shown(page, "the last words");
    await broadcast.end();
    await page.locator('#state[data-state="ended"]').waitFor();
    assert.deepEqual(await captions(page), ["the last words"]);
  }));

test("colours follow the system until something else is chosen, and that is remembered", () =>
  watching(browser, { scheme: "light" }, async ({ page }) => {
    const light = await ground(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForFunction((was) => getComputedStyle(document.body).backgroundColor !== was, light);
    const dark = await ground(page);
    await page.getByRole("button", { name: "Options" }).click();
    await page.getByLabel("Light").check();
    assert.equal(await ground(page), light);
    await page.reload();
    assert.equal(await ground(page), light);
    await page.keyboard.press("t");
    assert.equal(await ground(page), dark);
    await page.keyboard.press("t"); // as the system again, which is dark
    assert.equal(await ground(page), dark);
    await page.emulateMedia({ colorScheme: "light" });
    await becomes(page, light);
  }));

test("the text's size is changed by buttons and keys, and remembered", () =>
  watching(browser, {}, async ({ page }) => {
    const usual = await textSize(page);
    await page.getByRole("button", { name: "Larger text" }).click();
    const larger = await textSize(page);
    assert.ok(larger > usual);
    await page.reload();
    assert.equal(await textSize(page), larger);
    await page.keyboard.press("0");
    assert.equal(await textSize(page), usual);
    for (let i = 0; i < 10; i++) await page.keyboard.press("-");
    assert.ok(await textSize(page) < usual);
    assert.ok(await page.getByRole("button", { name: "Smaller text" }).isDisabled());
  }));

test("a language is chosen from those that were spoken", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    const language = page.getByLabel("Language shown");
    broadcast.final("u1", "Good morning.", { language: "en" });
    await shown(page, "Good morning.");
    assert.equal(await language.isVisible(), false);
    broadcast.final("u2", "Guten Morgen.", { language: "de" });
    broadcast.final("u3", "No language is known.");
    await shown(page, "No language is known.");
    assert.deepEqual(await language.locator("option").allTextContents(), ["All languages", "Deutsch", "English"]);
    await language.selectOption({ label: "Deutsch" });
    assert.deepEqual(await captions(page), ["Guten Morgen.", "No language is known."]);
    assert.equal(new URL(page.url()).searchParams.get("lang"), "de");
    broadcast.final("u4", "Hidden.", { language: "en" });
    broadcast.final("u5", "Sichtbar.", { language: "de" });
    await shown(page, "Sichtbar.");
    assert.deepEqual(await captions(page), ["Guten Morgen.", "No language is known.", "Sichtbar."]);
    assert.equal(await page.locator("#announcer", { hasText: "Hidden." }).count(), 0);
    await page.locator("body").press("l"); // the next one is English
    assert.deepEqual(await captions(page), ["Good morning.", "No language is known.", "Hidden."]);
    assert.equal(await page.locator(".caption .text", { hasText: "Sichtbar." }).getAttribute("lang"), "de");
  }));

test("translations are captions of their own, which the choice of language leaves alone", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    broadcast.final("u1", "Good morning.", { language: "en" });
    broadcast.final("u1", "Guten Morgen.", { language: "de", kind: "translation" });
    broadcast.final("u1", "Bonjour.", { language: "fr", kind: "translation" });
    await shown(page, "Bonjour.");
    assert.deepEqual(await captions(page), ["Good morning.", "Guten Morgen.", "Bonjour."]);
    await page.getByLabel("Language shown").selectOption({ label: "Deutsch" });
    assert.deepEqual(await captions(page), ["Guten Morgen."]);
  }));

test("everything can be done with the keyboard alone", () =>
  watching(browser, {}, async ({ page }) => {
    await page.keyboard.press("o");
    await page.locator("#options:visible").waitFor();
    await page.locator("#session").focus();
    await page.keyboard.press("Escape");
    await page.locator("#options").waitFor({ state: "hidden" });
    const focused = () => page.evaluate(() => document.activeElement.id);
    assert.equal(await focused(), "options-button");
    await page.keyboard.press("Enter");
    await page.locator("#options:visible").waitFor();
    const reached = new Set();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.name));
    }
    for (const id of ["session", "theme", "fullscreen", "shortcuts"]) assert.ok(reached.has(id), `${id} is reached`);
  }));

test("keys can be switched off, for those whose software types by itself", () =>
  watching(browser, {}, async ({ page }) => {
    const usual = await textSize(page);
    await page.keyboard.press("o");
    await page.getByLabel("Keyboard shortcuts").uncheck();
    await page.keyboard.press("+");
    assert.equal(await textSize(page), usual);
    await page.reload();
    await page.keyboard.press("+");
    assert.equal(await textSize(page), usual);
  }));
