// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's own Chromium, and a page in it that watches a broadcast.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Broadcast, Cable, freePort } from "./broadcast.js";

export const kPhone = { width: 390, height: 844 };
export const kNarrow = { width: 320, height: 568 };
export const kLaptop = { width: 1280, height: 800 };
export const kProjector = { width: 1920, height: 1080 };

/** None of its connections leaves the machine. */
export async function openBrowser() {
  const profile = await mkdtemp(join(tmpdir(), "livetranscript-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  // Chromium's own view of what the policy forbids, also of what it does not log.
  await context.addInitScript(() => {
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.policyViolations.push(`${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  return {
    newPage: () => context.newPage(),
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Everything a page must never do; `check()` fails if it did. */
class Conduct {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
    this.wrong = [];
    page.on("pageerror", (error) => this.wrong.push(`error in the page: ${error}`));
    page.on("console", (message) => {
      if (/content security policy|refused to/i.test(message.text())) this.wrong.push(message.text());
    });
    page.on("request", (request) => this.#request(request.url()));
    page.on("websocket", (socket) => this.#request(socket.url().replace(/^ws/, "http")));
  }

  #request(url) {
    if (url !== "about:blank" && new URL(url).origin !== this.origin) this.wrong.push(`request to ${url}`);
  }

  async check() {
    this.wrong.push(...await this.page.evaluate(() => window.policyViolations));
    assert.deepEqual(this.wrong, []);
  }
}

/** Runs `body` with a live broadcast and a page that looks at it. */
export async function watching(browser, options, body) {
  const { path = "?session=demo", sessions, size = kLaptop, scheme = "light", live = true, ...more } = options;
  const broadcast = await new Broadcast(await freePort(), sessions, more).ready();
  const cable = await new Cable(broadcast.port).open();
  const page = await browser.newPage();
  const conduct = new Conduct(page, new URL(cable.url).origin);
  try {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.goto(cable.url + path);
    if (live) await page.locator('#state[data-state="live"]').waitFor();
    await body({ page, broadcast, cable });
    await conduct.check();
  } catch (error) {
    error.message += `\nThe pipeline said:\n${broadcast.output}`;
    throw error;
  } finally {
    await page.evaluate(() => localStorage.clear()).catch(() => {});
    await page.close();
    cable.close();
    await broadcast.end();
  }
}

export const captions = (page) => page.locator("#captions .caption:not([hidden]) .text").allTextContents();

export const shown = (page, text) =>
  page.locator("#captions .caption:not(.partial) .text", { hasText: text }).waitFor();

export const provisional = (page, text) => page.locator("#captions .partial .text", { hasText: text }).waitFor();

/** Kept as NAME.png, for people to look at. */
export async function screenshot(page, name) {
  const folder = process.env.LT_ARTEFACTS || join(tmpdir(), "livetranscript-screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
}
