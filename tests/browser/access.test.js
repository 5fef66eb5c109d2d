// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, shown, watching } from "./browser.js";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

const token = "open-sesame";

test("a page with the token is let in, also to the choice of sessions", () =>
  watching(browser, { path: `?token=${token}`, token, sessions: ["hall-a", "hall-b"], live: false },
    async ({ page, broadcast }) => {
      await page.getByRole("link", { name: "hall-a" }).click();
      await page.locator('#state[data-state="live"]').waitFor();
      broadcast.final("u1", "in the hall");
      await shown(page, "in the hall");
      await page.getByRole("button", { name: "Options" }).click();
      await page.waitForFunction(() => document.querySelectorAll("#session option").length === 2);
    }));

for (const [path, place] of [["?session=demo", "a session"], ["", "the choice of sessions"]])
  test(`a page without it is told so, at ${place}`, () =>
    watching(browser, { path, token, live: false }, async ({ page }) => {
      await page.locator('#state[data-state="refused"]').waitFor();
      assert.match(await page.locator("#hint").textContent(), /token/i);
    }));
