// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { kPhone, openBrowser, provisional, shown, watching } from "./browser.js";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

const kMany = 40;

async function fill(page, broadcast, from = 0, to = kMany) {
  for (let i = from; i < to; i++) broadcast.final(`u${i}`, `This is sentence number ${i}.`);
  await shown(page, `number ${to - 1}.`);
}

const atEnd = (page) => page.waitForFunction(() => {
  const { scrollHeight, clientHeight } = document.documentElement;
  return scrollHeight > clientHeight && scrollHeight - clientHeight - window.scrollY < 2;
});

/** Where a line stands that is on the screen. */
const placeOf = (page, text) => page.locator(".caption .text", { hasText: text })
  .evaluate((element) => Math.round(element.getBoundingClientRect().top));

/** Chromium does not stop its own animation for a script. */
const atRest = (page) => page.evaluate(async () => {
  for (let top = -1; top !== window.scrollY;) {
    top = window.scrollY;
    for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
  }
});

async function scrollUp(page, px = 600) {
  await page.mouse.move(200, 300);
  await page.mouse.wheel(0, -px);
  await page.locator("#newest:visible").waitFor();
  await atRest(page);
}

for (const [name, size] of [["laptop", undefined], ["phone", kPhone]]) {
  test(`the newest caption is kept in view on a ${name}`, () =>
    watching(browser, { size }, async ({ page, broadcast }) => {
      await fill(page, broadcast);
      await atEnd(page);
      broadcast.partial("p", "and something that is being said right now ".repeat(4));
      await provisional(page, "right now");
      await atEnd(page);
      assert.equal(await page.locator("#newest").isVisible(), false);
    }));
}

test("a reader who scrolls up is left in peace, told how much is new, and brought back", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    await fill(page, broadcast);
    await atEnd(page);
    await scrollUp(page);
    const read = "number 30.";
    const place = await placeOf(page, read);
    await fill(page, broadcast, kMany, kMany + 5);
    broadcast.partial("p", "still going on");
    await provisional(page, "still going on");
    assert.equal(await placeOf(page, read), place);
    assert.match(await page.locator("#newest").textContent(), /Jump to newest \(6 new\)/);
    await page.locator("#newest").click();
    await atEnd(page);
    assert.equal(await page.locator("#newest").isVisible(), false);
    await fill(page, broadcast, kMany + 5, kMany + 8);
    await atEnd(page);
  }));

test("scrolling down to the end by hand follows again", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    await fill(page, broadcast);
    await atEnd(page);
    await scrollUp(page, 300);
    await page.mouse.wheel(0, 3000);
    await page.locator("#newest").waitFor({ state: "hidden" });
    await fill(page, broadcast, kMany, kMany + 3);
    await atEnd(page);
  }));

test("the keyboard scrolls up, and n goes back to the newest", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    await fill(page, broadcast);
    await atEnd(page);
    await page.keyboard.press("PageUp");
    await page.locator("#newest:visible").waitFor();
    await atRest(page);
    await page.keyboard.press("n");
    await atEnd(page);
    await page.locator("#newest").waitFor({ state: "hidden" });
  }));

test("another size of the text or of the window keeps the newest in view", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    await fill(page, broadcast);
    await atEnd(page);
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await atEnd(page);
    await page.setViewportSize(kPhone);
    await atEnd(page);
    assert.equal(await page.locator("#newest").isVisible(), false);
  }));
