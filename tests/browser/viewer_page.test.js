// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Broadcast, freePort, openBrowser } from "./broadcast.js";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

/** Runs `body` with a live broadcast and a page that is connected to it. */
async function watching(path, body) {
  const port = await freePort();
  const broadcast = await new Broadcast(port, "demo").ready();
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  try {
    await page.goto(broadcast.url + path);
    await page.locator('#state[data-state="live"]').waitFor();
    await body({ page, broadcast, port });
    assert.deepEqual(errors, []);
  } catch (error) {
    error.message += `\nThe pipeline said:\n${broadcast.output}`;
    throw error;
  } finally {
    await page.close();
    await broadcast.end();
  }
}

const captions = (page) => page.locator("#captions .caption .text").allTextContents();

test("a partial is shown as provisional and its final takes its place", () =>
  watching("?session=demo", async ({ page, broadcast }) => {
    broadcast.say({ utteranceId: "u1", revision: 1, text: "good mor" });
    await page.locator(".caption.partial .text", { hasText: "good mor" }).waitFor();
    broadcast.say({ utteranceId: "u1", revision: 2, isFinal: true, text: "Good morning." });
    await page.locator(".caption:not(.partial) .text", { hasText: "Good morning." }).waitFor();
    assert.deepEqual(await captions(page), ["Good morning."]);
  }));

test("a provisional caption looks different from a settled one", () =>
  watching("?session=demo", async ({ page, broadcast }) => {
    const look = (selector) => page.locator(selector).evaluate((text) => {
      const style = getComputedStyle(text);
      return [style.color, style.fontStyle, style.opacity].join();
    });
    broadcast.say({ utteranceId: "u1", revision: 1, isFinal: true, text: "settled" });
    await page.locator(".caption .text", { hasText: "settled" }).waitFor();
    broadcast.say({ utteranceId: "u2", revision: 1, text: "provisional" });
    await page.locator(".caption.partial .text", { hasText: "provisional" }).waitFor();
    assert.notEqual(await look(".caption.partial .text"), await look(".caption:not(.partial) .text"));
  }));

test("what is said is shown as text, never as markup", () =>
  watching("?session=demo", async ({ page, broadcast }) => {
    const text = '<img src=x onerror="document.title=\'taken over\'"> & <b>bold</b>';
    broadcast.say({ utteranceId: "u1", revision: 1, isFinal: true, text });
    await page.locator(".caption:not(.partial)").waitFor();
    assert.deepEqual(await captions(page), [text]);
    assert.equal(await page.locator("#captions img, #captions b").count(), 0);
    assert.equal(await page.title(), "demo – live captions");
  }));

test("the only live session is shown without being asked for", () =>
  watching("", async ({ page, broadcast }) => {
    assert.equal(new URL(page.url()).searchParams.get("session"), "demo");
    broadcast.say({ utteranceId: "u1", revision: 1, isFinal: true, text: "here" });
    await page.locator(".caption .text", { hasText: "here" }).waitFor();
  }));

test("the page receives again when the server has come back", () =>
  watching("?session=demo", async ({ page, broadcast, port }) => {
    broadcast.say({ utteranceId: "u1", revision: 1, isFinal: true, text: "before" });
    await page.locator(".caption .text", { hasText: "before" }).waitFor();
    broadcast.say({ utteranceId: "u2", revision: 1, text: "cut off" });
    await page.locator(".caption.partial .text", { hasText: "cut off" }).waitFor();
    broadcast.process.kill("SIGKILL");
    await page.locator('#state:not([data-state="live"])').waitFor();
    const second = await new Broadcast(port, "demo").ready();
    try {
      await page.locator('#state[data-state="live"]').waitFor();
      second.say({ utteranceId: "v1", revision: 1, isFinal: true, text: "after" });
      await page.locator(".caption .text", { hasText: "after" }).waitFor();
      assert.deepEqual(await captions(page), ["before", "after"]);
    } finally {
      await second.end();
    }
  }));
