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
    assert.deepEqual(await captions(page), ["before"], "what was said stays, what was provisional goes");
    await page.locator("#notice:visible").waitFor();
    const second = await new Broadcast(broadcast.port).ready();
    try {
      await page.getByRole("button", { name: "Try now" }).click({ timeout: 2000 }).catch(() => {}); // or it is back already
      await page.locator('#state[data-state="live"]').waitFor();
      await page.locator("#notice").waitFor({ state: "hidden" });
      second.final("u1", "after", { epoch: "e2" }); // a new recogniser counts from the start
      await shown(page, "after");
      assert.deepEqual(await captions(page), ["before", "after"]);
    } finally {
      await second.end();
    }
  }));
