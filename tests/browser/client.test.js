// SPDX-License-Identifier: LGPL-2.1-or-later
// /client.js by itself: a scripted server plays what a real one does seldom.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { openBrowser, watching } from "./browser.js";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser.close(); });

const hello = { type: "hello", protocol: 2, epoch: "e1", seq: 0, state: "live", viewerId: 1, lease: null };
const final = (seq, text) => ({ type: "transcript", seq, text, isFinal: true, epoch: "r", utteranceId: `u${seq}` });

/** A page of the server's origin where window.client listens to a session that the test plays. */
function playing(settings, body) {
  return watching(browser, { path: "?session=none", live: false }, async ({ page }) => {
    const connections = [];
    let arrived = () => {};
    await page.routeWebSocket(/\/ws\?/, (socket) => {
      const connection = {
        url: new URL(socket.url()),
        received: [],
        say: (...messages) => messages.forEach((message) => socket.send(JSON.stringify(message))),
        close: (code, reason = "") => socket.close({ code, reason }),
      };
      socket.onMessage((text) => {
        connection.received.push(JSON.parse(text));
        arrived();
      });
      connections.push(connection);
      arrived();
    });
    await page.reload(); // only then is it played
    const until = async (holds) => {
      while (!holds()) await new Promise((resolve) => { arrived = resolve; });
    };
    await page.evaluate(async (wanted) => {
      const { LiveTranscript } = await import("/client.js");
      window.heard = [];
      window.client = new LiveTranscript("demo", wanted);
      for (const type of ["state", "hello", "transcript", "insight", "gap", "lease", "error"])
        window.client.addEventListener(type, ({ detail }) => window.heard.push({ event: type, ...detail }));
      window.client.open();
    }, settings);
    const heard = (event) => page.evaluate((type) => window.heard.filter((it) => it.event === type), event);
    const stateIs = (state) => page.waitForFunction((it) => window.client.state === it, state);
    const nth = async (number) => {
      await until(() => connections.length >= number);
      return connections[number - 1];
    };
    await body({ page, nth, heard, stateIs, until });
    await page.evaluate(() => window.client.close());
  });
}

const texts = (messages) => messages.map(({ text }) => text);

test("a position is resumed from, and what comes again is passed on once", () =>
  playing({}, async ({ nth, heard, stateIs }) => {
    const first = await nth(1);
    assert.equal(first.url.searchParams.get("since"), null);
    first.say({ ...hello, seq: 2 },
      { type: "snapshot", epoch: "e1", seq: 2, afterSeq: 0, messages: [final(1, "a"), final(2, "b")] });
    first.say(final(3, "c"));
    await stateIs("live");
    first.close(1013, "Too slow");
    const second = await nth(2);
    assert.equal(second.url.searchParams.get("since"), "3");
    assert.equal(second.url.searchParams.get("epoch"), "e1");
    second.say({ ...hello, seq: 5, resumed: true }, final(3, "c"), final(4, "d"), final(5, "e"));
    await stateIs("live");
    const lines = await heard("transcript");
    assert.deepEqual(texts(lines), ["a", "b", "c", "d", "e"]);
    assert.deepEqual(lines.map(({ snapshot }) => snapshot), [true, true, false, false, false]);
    assert.deepEqual(await heard("gap"), []);
  }));

test("a position that is too old is told as a gap, and the snapshot goes on from it", () =>
  playing({}, async ({ nth, heard, stateIs }) => {
    const first = await nth(1);
    first.say(hello, final(1, "a"), final(2, "b"));
    await stateIs("live");
    first.close(1001);
    const second = await nth(2);
    second.say({ ...hello, seq: 9, resumed: false },
      { type: "snapshot", epoch: "e1", seq: 9, afterSeq: 7, messages: [final(8, "h"), final(9, "i")] });
    await stateIs("live");
    assert.deepEqual(texts(await heard("transcript")), ["a", "b", "h", "i"]);
    assert.deepEqual((await heard("gap")).map(({ reason }) => reason), ["away"]);
  }));

test("a server that counts anew is told as a restart, and nothing of it is taken for old", () =>
  playing({}, async ({ nth, heard, stateIs }) => {
    const first = await nth(1);
    first.say(hello, final(1, "a"), final(2, "b"));
    await stateIs("live");
    first.close(1001);
    const second = await nth(2);
    second.say({ ...hello, epoch: "e2", seq: 1, resumed: false },
      { type: "snapshot", epoch: "e2", seq: 1, afterSeq: 0, messages: [final(1, "new a")] }, final(2, "new b"));
    await stateIs("live");
    assert.deepEqual(texts(await heard("transcript")), ["a", "b", "new a", "new b"]);
    assert.deepEqual((await heard("gap")).map(({ reason }) => reason), ["restart"]);
  }));

const gap = (fromSeq, toSeq, finals) => ({ type: "gap", fromSeq, toSeq, partials: 0, finals });
const replay = (fromSeq, toSeq, messages, afterSeq = fromSeq - 1) => ({ type: "replay", fromSeq, toSeq, afterSeq, messages });

test("what a slow connection lost is asked for, and comes once", () =>
  playing({}, async ({ nth, heard, stateIs, until }) => {
    const first = await nth(1);
    first.say(hello, final(1, "a"), gap(2, 3, 2), gap(5, 5, 1), final(4, "d"));
    await until(() => first.received.length === 1);
    assert.deepEqual(first.received, [{ type: "replay", fromSeq: 2, toSeq: 5 }]);
    first.say(replay(2, 3, [final(2, "b"), final(3, "c")])); // in parts
    await until(() => first.received.length === 2);
    assert.deepEqual(first.received[1], { type: "replay", fromSeq: 4, toSeq: 5 });
    first.say(replay(4, 5, [final(4, "d"), final(5, "e")]), final(6, "f"));
    await stateIs("live");
    await until(() => true);
    const lines = await heard("transcript");
    assert.deepEqual(lines.map(({ text, late = false }) => [text, late]),
      [["a", false], ["d", false], ["b", true], ["c", true], ["e", true], ["f", false]]);
    assert.deepEqual(await heard("gap"), []);
  }));

test("what the server has not any more remains a gap", () =>
  playing({}, async ({ page, nth, heard, until }) => {
    const first = await nth(1);
    first.say(hello, gap(1, 4, 4));
    await until(() => first.received.length === 1);
    first.say(replay(1, 4, [final(3, "c"), final(4, "d")], 2));
    await page.waitForFunction(() => window.heard.some(({ event }) => event === "gap"));
    assert.deepEqual(texts(await heard("transcript")), ["c", "d"]);
    assert.deepEqual((await heard("gap")).map(({ reason, finals }) => [reason, finals]), [["slow", 2]]);
    first.say(gap(7, 7, 1));
    await until(() => first.received.length === 2);
    first.say({ type: "error", code: "INVALID_ARGUMENT", request: "replay", message: "No." });
    await page.waitForFunction(() => window.heard.filter(({ event }) => event === "gap").length === 2);
  }));

test("what was asked for on a connection that broke is asked for on the next", () =>
  playing({}, async ({ page, nth, heard, until }) => {
    const first = await nth(1);
    first.say(hello, final(1, "a"), gap(2, 3, 2), final(4, "d"));
    await until(() => first.received.length === 1);
    first.close(1013, "Too slow");
    const second = await nth(2);
    assert.equal(second.url.searchParams.get("since"), "4");
    second.say({ ...hello, seq: 4, resumed: true });
    await until(() => second.received.length === 1);
    assert.deepEqual(second.received, [{ type: "replay", fromSeq: 2, toSeq: 3 }]);
    second.say(replay(2, 3, [final(2, "b"), final(3, "c")]));
    await page.waitForFunction(() => window.heard.filter(({ late }) => late).length === 2);
    second.say(gap(5, 5, 1));
    second.close(1001);
    const third = await nth(3); // another count: what was lost of the old one is not there
    third.say({ ...hello, epoch: "e2", seq: 0, resumed: false }, gap(1, 1, 1));
    await until(() => third.received.length === 1);
    assert.deepEqual(third.received, [{ type: "replay", fromSeq: 1, toSeq: 1 }]);
    assert.deepEqual((await heard("gap")).map(({ reason }) => reason), ["restart"]);
  }));

test("a server that shuts down says when to come back", () =>
  playing({}, async ({ page, nth, stateIs }) => {
    await page.evaluate(() => {
      window.waits = [];
      const original = window.setTimeout;
      window.setTimeout = (call, ms, ...more) => original(call, window.waits.push(ms) && Math.min(ms, 50), ...more);
    });
    const first = await nth(1);
    first.say(hello);
    await stateIs("live");
    first.say({ type: "shutdown", reconnectAfterMs: 86421, reason: "Server is shutting down" });
    first.close(1001);
    await nth(2);
    assert.ok((await page.evaluate(() => window.waits)).includes(86421));
  }));

test("close codes say whether to come back", () =>
  playing({}, async ({ page }) => {
    const means = await page.evaluate(async () => {
      const { closeMeans } = await import("/client.js");
      return [[1000, ""], [1001, ""], [1002, ""], [1006, ""], [1007, ""], [1008, "Heartbeat timeout"],
        [1008, "RESOURCE_EXHAUSTED: Too many messages"], [1009, ""], [1013, ""], [4401, ""], [4409, ""]].map((it) => closeMeans(...it));
    });
    assert.deepEqual(means,
      ["over", "again", "never", "again", "never", "again", "never", "never", "again", "token", "again"]);
  }));

test("the back-off grows to 15 s and is spread", () =>
  playing({}, async ({ page }) => {
    const delays = await page.evaluate(async () => {
      const { backOffMs } = await import("/client.js");
      return [[0, 0], [0, 1], [1, 1], [3, 1], [5, 1], [50, 0], [50, 1]].map(([n, dice]) => backOffMs(n, () => dice));
    });
    assert.deepEqual(delays, [250, 500, 1000, 4000, 15000, 7500, 15000]);
  }));

for (const [code, reason, state] of [[1009, "Too big", "failed"], [4401, "Token expired", "refused"]])
  test(`after ${code} it is ${state} and does not come back`, () =>
    playing({}, async ({ nth, heard, stateIs }) => {
      const first = await nth(1);
      first.say(hello);
      await stateIs("live");
      first.close(code, reason);
      await stateIs(state);
      assert.equal((await heard("state")).at(-1).reason, reason);
    }));

test("a gap of partials alone is told at once, and nothing is asked for", () =>
  playing({}, async ({ page, nth, heard }) => {
    (await nth(1)).say(hello, { type: "gap", fromSeq: 2, toSeq: 9, partials: 3, finals: 0 });
    await page.waitForFunction(() => window.heard.some(({ event }) => event === "gap"));
    const [{ reason, finals, partials }] = await heard("gap");
    assert.deepEqual({ reason, finals, partials }, { reason: "slow", finals: 0, partials: 3 });
  }));

test("a coordinator claims, renews, publishes, and claims again after a reconnection", () =>
  playing({ userId: "ann" }, async ({ page, nth, stateIs, until }) => {
    const first = await nth(1);
    assert.equal(first.url.searchParams.get("userId"), "ann");
    first.say(hello);
    await stateIs("live");
    assert.equal(await page.evaluate(() => window.client.publish({ too: "early" })), false);
    await page.evaluate(() => window.client.claim());
    await until(() => first.received.some(({ type }) => type === "claim"));
    first.say({ type: "lease", event: "granted", you: "holder", holder: { token: 7, viewerId: 1, ttlMs: 90 } });
    await until(() => first.received.some(({ type, token }) => type === "renew" && token === 7));
    assert.equal(await page.evaluate(() => window.client.publish({ summary: "short" })), true);
    await until(() => first.received.some(({ type }) => type === "insight"));
    assert.deepEqual(first.received.find(({ type }) => type === "insight"),
      { type: "insight", token: 7, data: { summary: "short" } });
    first.close(4409, "Stale token");
    const second = await nth(2);
    second.say({ ...hello, resumed: true });
    await until(() => second.received.some(({ type }) => type === "claim"));
    assert.equal(await page.evaluate(() => window.client.isCoordinator), false);
  }));

/** What docs/viewer-client.md begins with, as a page of somebody else. */
async function serveExample(server) {
  const text = await readFile(new URL("../../docs/viewer-client.md", import.meta.url), "utf8");
  const [, example] = text.match(/```html\n([^]*?)```/);
  const html = `<!doctype html><title>-</title><body>${example.replaceAll("http://127.0.0.1:3000/", server)
    .replaceAll("http://127.0.0.1:3000", server)}`;
  const site = createServer((request, reply) => reply.writeHead(200, { "Content-Type": "text/html" }).end(html));
  await once(site.listen(0, "127.0.0.1"), "listening");
  return site;
}

test("the example of the documentation runs as a page of another origin", () =>
  watching(browser, {}, async ({ page, broadcast, cable }) => {
    const site = await serveExample(cable.url);
    const other = await page.context().newPage();
    try {
      await other.goto(`http://localhost:${site.address().port}/`);
      await other.waitForFunction(() => document.title === "live");
      broadcast.partial("u1", "half a sen");
      await other.locator("p.provisional", { hasText: "half a sen" }).waitFor();
      broadcast.final("u1", "Half a sentence.");
      await other.locator("p:not(.provisional)", { hasText: "Half a sentence." }).waitFor();
      assert.equal(await other.locator("p").count(), 1);
    } finally {
      await other.close();
      site.close();
    }
  }));
