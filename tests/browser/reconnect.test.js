// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Broadcast } from "./broadcast.js";
import { captions, openBrowser, provisional, shown, watching } from "./browser.js";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

test("the page receives again when the server has come back, and nothing is lost or doubled", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    broadcast.final("u1", "before");
    await shown(page, "before");
    broadcast.partial("u2", "cut off");
    await provisional(page, "cut off");
    await broadcast.end("SIGKILL");
    await page.locator('#state[data-state="reconnecting"]').waitFor();
    await page.locator("#notice:visible").waitFor();
    const second = await new Broadcast(broadcast.port).ready();
    try {
      await page.getByRole("button", { name: "Try now" }).click({ timeout: 2000 })
        .catch(() => {}); // it is back already
      await page.locator('#state[data-state="live"]').waitFor();
      await page.locator("#notice").waitFor({ state: "hidden" });
      second.final("u1", "after", { epoch: "e2" }); // a new recogniser counts from the start
      await shown(page, "after");
      assert.deepEqual(await captions(page), ["before", "after"], "what was provisional will not be settled");
      assert.match(await page.locator(".note").textContent(), /captions may be missing/);
    } finally {
      await second.end();
    }
  }));

test("a server that shuts down in order is come back to when it says", () =>
  watching(browser, {}, async ({ page, broadcast }) => {
    let afterMs;
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
      afterMs ??= JSON.parse(payload).reconnectAfterMs;
    }));
    await page.reload();
    await page.locator('#state[data-state="live"]').waitFor();
    await page.evaluate(() => {
      window.waits = [];
      const original = window.setTimeout;
      window.setTimeout = (call, ms, ...more) => {
        window.waits.push(ms);
        return original(call, Math.min(ms, 500), ...more);
      };
    });
    broadcast.final("u1", "before");
    await shown(page, "before");
    await broadcast.end();
    await page.locator('#state[data-state="reconnecting"]').waitFor();
    assert.ok(afterMs >= 0 && (await page.evaluate(() => window.waits)).includes(afterMs));
    const second = await new Broadcast(broadcast.port).ready();
    try {
      await page.locator('#state[data-state="live"]').waitFor();
      second.final("u1", "after", { epoch: "e2" });
      await shown(page, "after");
      assert.deepEqual(await captions(page), ["before", "after"]);
    } finally {
      await second.end();
    }
  }));

test("a lost connection is resumed: no line is missing, and none is double", () =>
  watching(browser, {}, async ({ page, broadcast, cable }) => {
    const wanted = [];
    const speak = (count) => {
      for (let i = 0; i < count; i++) {
        const number = wanted.length;
        broadcast.partial(`u${number}`, `sentence ${number}`);
        broadcast.final(`u${number}`, `Sentence ${number}.`);
        wanted.push(`Sentence ${number}.`);
      }
    };
    const lastIsShown = () => page.waitForFunction((text) =>
      document.querySelector("#captions .caption:last-child .text")?.textContent === text, wanted.at(-1));
    speak(3);
    await lastIsShown();
    for (const whileAway of [0, 1, 7, 40]) {
      cable.cut();
      await page.locator('#state:not([data-state="live"])').waitFor();
      speak(whileAway);
      cable.mend();
      await page.locator('#state[data-state="live"]').waitFor();
      speak(2);
      await lastIsShown();
      assert.deepEqual(await captions(page), wanted);
    }
    assert.equal(await page.locator(".note").count(), 0, "nothing is said to be missing");
  }));

test("a connection that breaks in the middle of speech, again and again, costs nothing", () =>
  watching(browser, {}, async ({ page, broadcast, cable }) => {
    const wanted = [];
    for (let number = 0; number < 60; number++) {
      broadcast.partial(`u${number}`, `sentence ${number}`);
      if (number % 20 === 7) cable.cut(); // whether or not that has arrived
      broadcast.final(`u${number}`, `Sentence ${number}.`);
      wanted.push(`Sentence ${number}.`);
      if (number % 20 !== 9) continue;
      await page.locator('#state:not([data-state="live"])').waitFor();
      cable.mend();
      await page.locator('#state[data-state="live"]').waitFor();
    }
    await shown(page, "Sentence 59.");
    assert.deepEqual(await captions(page), wanted);
  }));

test("a provisional caption outlives a short loss and is settled afterwards", () =>
  watching(browser, {}, async ({ page, broadcast, cable }) => {
    broadcast.partial("u1", "half a sen");
    await provisional(page, "half a sen");
    await page.locator(".caption").evaluate((caption) => { caption.dataset.mark = "first"; });
    cable.cut();
    await page.locator('#state:not([data-state="live"])').waitFor();
    broadcast.final("u1", "Half a sentence.");
    cable.mend();
    await shown(page, "Half a sentence.");
    assert.deepEqual(await captions(page), ["Half a sentence."]);
    assert.equal(await page.locator(".caption").getAttribute("data-mark"), "first");
  }));

test("who comes late sees what was said, and is not told it aloud", () =>
  watching(browser, {}, async ({ page, broadcast, cable }) => {
    for (let number = 0; number < 5; number++) broadcast.final(`u${number}`, `Sentence ${number}.`);
    broadcast.partial("u5", "and right n");
    await provisional(page, "and right n");
    await page.goto(`${cable.url}?session=demo`);
    await provisional(page, "and right n");
    assert.deepEqual(await captions(page), [0, 1, 2, 3, 4].map((n) => `Sentence ${n}.`).concat("and right n"));
    assert.equal(await page.locator("#announcer p").count(), 0);
    broadcast.final("u5", "And right now.");
    await page.locator("#announcer p", { hasText: "And right now." }).waitFor({ state: "attached" });
  }));
