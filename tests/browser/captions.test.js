// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { captions, openBrowser, provisional, shown, watching } from "./browser.js";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

test("a partial is shown as provisional and its final takes its place", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    broadcast.partial("u1", "good mor");
    await provisional(page, "good mor");
    await page.locator(".caption").evaluate((caption) => { caption.dataset.mark = "first"; });
    broadcast.partial("u1", "good morning ever", { revision: 2 });
    await provisional(page, "good morning ever");
    broadcast.final("u1", "Good morning, everybody.");
    await shown(page, "Good morning, everybody.");
    assert.deepEqual(await captions(page), ["Good morning, everybody."]);
    assert.equal(await page.locator(".caption").getAttribute("data-mark"), "first", "it is the same element");
  }));

test("a provisional caption looks different from a settled one, and its letters do not move when it settles", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    const text = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of";
    const look = () => page.locator(".caption .text").evaluate((element) => {
      const range = document.createRange();
      range.selectNodeContents(element.firstChild);
      const letters = Array.from(range.getClientRects(), ({ left, top, width }) => [left, top, width].join());
      return { colour: getComputedStyle(element).color, letters };
    });
    broadcast.partial("u1", text);
    await provisional(page, text);
    const before = await look();
    broadcast.final("u1", text);
    await shown(page, text);
    const after = await look();
    assert.notEqual(before.colour, after.colour);
    assert.ok(before.letters.length > 1, "it takes several lines");
    assert.deepEqual(before.letters, after.letters);
  }));

test("a provisional caption that gets shorter moves nothing, and the next one takes its room", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    broadcast.final("u1", "Settled.");
    await shown(page, "Settled.");
    broadcast.partial("u2", "words ".repeat(40));
    await provisional(page, "words");
    const top = () => page.locator(".caption .text", { hasText: "Settled." })
      .evaluate((it) => it.getBoundingClientRect().top);
    const before = await top();
    broadcast.partial("u2", "Short again", { revision: 2 });
    await provisional(page, "Short again");
    assert.equal(await top(), before);
    broadcast.final("u2", "Short.");
    await shown(page, "Short.");
    assert.equal(await top(), before);
    broadcast.final("u3", "Next.");
    await shown(page, "Next.");
    assert.ok(await top() >= before, "nothing was left empty");
  }));

test("what is said is shown as text, never as markup", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    const text = '<img src=x onerror="document.title=\'taken over\'"> & <b>bold</b>';
    broadcast.final("u1", text);
    await page.locator(".caption:not(.partial)").waitFor();
    assert.deepEqual(await captions(page), [text]);
    assert.equal(await page.locator("#captions img, #captions b").count(), 0);
    assert.equal(await page.title(), "demo – live captions");
  }));

test("a final without words takes its provisional caption away", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    broadcast.partial("u1", "hm");
    await provisional(page, "hm");
    broadcast.final("u1", "");
    broadcast.final("u2", "next");
    await shown(page, "next");
    assert.deepEqual(await captions(page), ["next"]);
  }));

test("screen readers are told finals, once, and never partials", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    await page.evaluate(() => {
      window.told = [];
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) for (const node of addedNodes) window.told.push(node.textContent);
      }).observe(document.getElementById("announcer"), { childList: true });
    });
    for (const id of ["u1", "u2", "u3", "u4", "u5"]) {
      broadcast.partial(id, `${id} provisional`);
      broadcast.final(id, `${id} settled`);
    }
    await shown(page, "u5 settled");
    assert.deepEqual(await page.evaluate(() => window.told),
      ["u1", "u2", "u3", "u4", "u5"].map((id) => `${id} settled`));
    const region = page.locator("#announcer");
    assert.equal(await region.getAttribute("aria-live"), "polite");
    assert.ok(await region.locator("p").count() <= 3, "what was told does not pile up");
  }));

test("a page that has run for long does not grow for ever", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    for (let i = 0; i < 520; i++) broadcast.final(`u${i}`, `sentence ${i}.`);
    await shown(page, "sentence 519.");
    const texts = await captions(page);
    assert.equal(texts.length, 500);
    assert.equal(texts[0], "sentence 20.");
  }));

test("a tagged stream's recogniser is named", () =>
  watching(browser, { tags: "transcript-recogniser=\"offline\\ recogniser\\ (PocketSphinx)\"" },
    async ({ page, broadcast }) => {
      broadcast.final("u1", "good morning");
      await page.locator("#recogniser", { hasText: "offline recogniser" }).waitFor();
    }));

test("a caption that a slow connection lost comes back in its place", () =>
  watching(browser, { live: false }, async ({ page }) => {
    const final = (seq, text) => ({ type: "transcript", seq, text, isFinal: true, epoch: "r", utteranceId: `u${seq}` });
    await page.routeWebSocket(/\/ws\?/, (socket) => {
      const say = (message) => socket.send(JSON.stringify(message));
      socket.onMessage((text) => {
        const { type, fromSeq, toSeq } = JSON.parse(text);
        assert.equal(type, "replay");
        say({ type: "replay", fromSeq, toSeq, afterSeq: fromSeq - 1, messages: [final(2, "two"), final(3, "three"), final(5, "five")] });
      });
      say({ type: "hello", protocol: 2, epoch: "e1", seq: 0, state: "live", viewerId: 1, lease: null });
      say(final(1, "one"));
      say({ type: "gap", fromSeq: 2, toSeq: 5, partials: 0, finals: 3 });
      say(final(4, "four"));
      say({ ...final(6, "si"), isFinal: false });
    });
    await page.reload(); // only then is it played
    await shown(page, "five");
    assert.deepEqual(await captions(page), ["one", "two", "three", "four", "five", "si"]);
    assert.equal(await page.locator(".note").count(), 0);
  }));
