// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { broadcasting } from "./broadcasting.js";
import { RecordedViewer, refusalOf } from "./recorded_viewer.js";
import { closeCodes } from "./schemas.js";

const kV2 = "ws/demo?v=2";
const answer = (event) => (message) => message.type === "lease" && message.event === event && message.you !== undefined;
const text = (words) => (message) => message.text === words;

/** Nothing that was said by then is on its way any more. */
async function settled(viewer) {
  viewer.say({ type: "ping" });
  const before = viewer.messages.filter(({ type }) => type === "pong").length;
  await viewer.find((message) => message.type === "pong" && viewer.messages.filter(({ type }) => type === "pong").length > before);
}

test("a late joiner is greeted, and gets what was said", () => broadcasting({}, async (broadcast) => {
  const first = await new RecordedViewer(broadcast, kV2).opened();
  broadcast.final("u1", "one");
  broadcast.partial("u2", "tw", { channel: 0, language: "en" });
  broadcast.say({ kind: "translation", utteranceId: "u1", isFinal: true, text: "eins", language: "de" });
  await first.find(text("eins"));
  const late = await new RecordedViewer(broadcast, "ws/demo?userId=ann", { version: 2, protocols: ["livetranscript.v2"] }).opened();
  assert.equal(late.socket.protocol, "livetranscript.v2");
  const hello = await late.find("hello");
  assert.deepEqual([hello.state, hello.userId, hello.seq], ["live", "ann", 3]);
  assert.deepEqual(hello.heartbeat, { intervalMs: 15000, deadlineMs: 45000 });
  const snapshot = await late.find("snapshot");
  assert.deepEqual(snapshot.messages.map((message) => message.text).sort(), ["eins", "one", "tw"]);
  assert.equal(late.messages[0], hello);
  await first.leave();
  await late.leave();
}));

test("who comes back gets exactly what was missed", () => broadcasting({}, async (broadcast) => {
  const viewer = await new RecordedViewer(broadcast, kV2).opened();
  broadcast.final("u1", "one");
  const { seq } = await viewer.find(text("one"));
  const { epoch } = await viewer.find("hello");
  broadcast.final("u2", "two");
  broadcast.final("u3", "three");
  await viewer.find(text("three"));
  const back = await new RecordedViewer(broadcast, `${kV2}&since=${seq}&epoch=${epoch}`).opened();
  await back.find(text("three"));
  assert.equal((await back.find("hello")).resumed, true);
  assert.deepEqual(back.texts(), ["two", "three"]);
  const stranger = await new RecordedViewer(broadcast, `${kV2}&since=1&epoch=unknown`).opened();
  assert.equal((await stranger.find("hello")).resumed, false);
  assert.equal((await stranger.find("snapshot")).messages.length, 3);
  for (const each of [viewer, back, stranger]) await each.leave();
}));

test("the lease goes from one to the next, and its holder's insights to all", () => broadcasting({}, async (broadcast) => {
  const ann = await new RecordedViewer(broadcast, `${kV2}&userId=ann`).opened();
  const bob = await new RecordedViewer(broadcast, `${kV2}&userId=bob`).opened();
  ann.say({ type: "claim" });
  const { holder: { token } } = await ann.find(answer("granted"));
  bob.say({ type: "claim" });
  assert.deepEqual((({ you, position }) => [you, position])(await bob.find(answer("queued"))), ["candidate", 1]);
  ann.say({ type: "renew", token });
  await ann.find(answer("renewed"));
  ann.say({ type: "insight", token, data: { summary: "They greet.", list: [1, 2.5, null, { deep: true }] } });
  for (const each of [ann, bob])
    assert.deepEqual((await each.find("insight")).data, { summary: "They greet.", list: [1, 2.5, null, { deep: true }] });
  ann.say({ type: "release", token });
  await ann.find(answer("released"));
  const next = await bob.find(answer("granted"));
  assert.ok(next.holder.token > token);
  ann.say({ type: "insight", token, data: {} });
  assert.equal((await ann.closed).code, 4409);
  await ann.leave();
  await bob.leave();
}));

test("requests that make no sense are answered, and the connection stays", () => broadcasting({}, async (broadcast) => {
  const viewer = await new RecordedViewer(broadcast, kV2).opened();
  for (const nonsense of ["not json", "[]", '{"type":"sing"}', '{"type":"renew"}', '{"type":"insight","token":1,"data":[]}'])
    viewer.socket.send(nonsense);
  await settled(viewer);
  assert.equal(viewer.messages.filter(({ type }) => type === "error").length, 5);
  await viewer.leave();
}));

test("what a viewer is refused for closes with the documented code", () => broadcasting({}, async (broadcast) => {
  for (const [offence, code] of [[(socket) => socket.send(Buffer.from("binary")), 1008], [(socket) => socket.send("x".repeat(65 * 1024)), 1009],
    [(socket) => { for (let i = 0; i < 20; i++) socket.send('{"type":"ping"}'); }, 1008]]) {
    const viewer = await new RecordedViewer(broadcast, kV2).opened();
    await viewer.find("hello");
    offence(viewer.socket);
    assert.equal((await viewer.closed).code, code);
    assert.ok(closeCodes.has(code));
    await viewer.leave();
  }
}));

test("the end and the shutdown are announced", async () => {
  for (const [eos, type, code] of [[true, "session_end", 1000], [false, "shutdown", 1001]])
    await broadcasting({ eos }, async (broadcast) => {
      const viewer = await new RecordedViewer(broadcast, kV2).opened();
      broadcast.final("u1", "last words");
      await viewer.find(text("last words"));
      await broadcast.end();
      assert.equal((await viewer.closed).code, code);
      assert.equal(viewer.messages.at(-1).type, type);
      await viewer.leave();
    });
});

test("a viewer that does not read is told of the gap, and the last words reach it", () =>
  broadcasting({ properties: ["max-queue=10", "max-partial-age-ms=0"] }, async (broadcast) => {
    const slow = await new RecordedViewer(broadcast, kV2).opened();
    const quick = await new RecordedViewer(broadcast, kV2).opened();
    await slow.find("hello");
    slow.socket._socket.pause();
    const words = "word ".repeat(300);
    // Far more than the sockets of both sides hold.
    for (let i = 0; i < 8000; i++) broadcast.final(`u${i}`, `${i} ${words}`);
    broadcast.final("end", "the end");
    await quick.find(text("the end"));
    slow.socket._socket.resume();
    await slow.find(text("the end"));
    const gap = await slow.find("gap");
    assert.ok(gap.finals > 0 && gap.toSeq >= gap.fromSeq);
    // Each number either came or was announced as lost.
    const lost = slow.messages.filter(({ type }) => type === "gap").reduce((sum, { finals }) => sum + finals, 0);
    assert.equal(slow.messages.filter(({ type }) => type === "transcript").length + lost, 8001);
    // What the server still has of it comes when it is asked for.
    const toSeq = Math.max(...slow.messages.filter(({ type }) => type === "gap").map((each) => each.toSeq));
    slow.say({ type: "replay", fromSeq: toSeq - 99, toSeq });
    const replay = await slow.find("replay");
    assert.deepEqual(replay.messages.map(({ seq }) => seq), Array.from({ length: 100 }, (_, i) => toSeq - 99 + i));
    assert.equal(replay.afterSeq, toSeq - 100);
    await slow.leave();
    await quick.leave();
  }));

/** A JSON Web Token of HS256. */
function tokenOf(claims, key) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

test("a web token says who one is, and its end closes with 4401", async () => {
  const key = "a key of thirty-two bytes, or so.";
  const now = Math.floor(Date.now() / 1000);
  const long = tokenOf({ session: "demo", role: "coordinator", sub: "ann", exp: now + 600 }, key);
  await broadcasting({ properties: ["auth-jwt-key-env=LT_TEST_KEY"], environment: { LT_TEST_KEY: key }, webToken: long }, async (broadcast) => {
    const ann = await new RecordedViewer(broadcast, kV2, { headers: { Authorization: `Bearer ${long}` } }).opened();
    assert.equal((await ann.find("hello")).userId, "ann");
    assert.equal((await refusalOf(broadcast, kV2)).status, 401);
    const other = tokenOf({ session: "other", exp: now + 600 }, key);
    assert.equal((await refusalOf(broadcast, `${kV2}&token=${other}`)).status, 403);
    const brief = tokenOf({ session: "demo", exp: Math.floor(Date.now() / 1000) + 2 }, key);
    const viewer = await new RecordedViewer(broadcast, "ws/demo", { version: 2,
      protocols: ["livetranscript.v2", `livetranscript.token.${brief}`] }).opened();
    assert.equal((await viewer.find("hello")).mayCoordinate, false);
    viewer.say({ type: "claim" });
    assert.equal((await viewer.find("error")).code, "UNAUTHENTICATED");
    assert.equal((await viewer.closed).code, 4401);
    await viewer.leave();
    await ann.leave();
  });
});
