// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { test } from "node:test";
import { broadcasting } from "./broadcasting.js";
import { RecordedViewer, refusalOf } from "./recorded_viewer.js";
import { closeCodes } from "./schemas.js";

test("a viewer of the first version gets transcripts as documented and nothing else", () => broadcasting({}, async (broadcast) => {
  const viewer = await new RecordedViewer(broadcast, "ws/demo").opened();
  const split = await new RecordedViewer(broadcast, "ws?session=demo&types=split").opened();
  broadcast.partial("u1", "good mor", { language: "en", channel: 0, start: 1, end: 1.5 });
  broadcast.final("u1", "Good morning.", { speaker: "1", participantId: "p", confidence: 0.5, start: 1, end: 2 });
  broadcast.final("u2", "Grüß Gott. 😀");
  await viewer.find(({ text }) => text === "Grüß Gott. 😀");
  await split.find(({ text }) => text === "Grüß Gott. 😀");
  assert.deepEqual(viewer.texts(), ["good mor", "Good morning.", "Grüß Gott. 😀"]);
  assert.deepEqual(split.messages.map(({ type }) => type), ["transcript_partial", "transcript_final", "transcript_final"]);
  await viewer.leave();
  await split.leave();
}));

test("what a viewer of the first version says is ignored", () => broadcasting({}, async (broadcast) => {
  const viewer = await new RecordedViewer(broadcast, "ws/demo").opened();
  for (const text of ["ping", "{}", '{"type":"claim"}', "not json"]) viewer.socket.send(text);
  broadcast.final("u1", "still here");
  await viewer.find(({ text }) => text === "still here");
  assert.equal(viewer.messages.length, 1);
  await viewer.leave();
}));

test("a ping is answered with the same bytes", () => broadcasting({}, async (broadcast) => {
  const viewer = await new RecordedViewer(broadcast, "ws/demo").opened();
  const pong = new Promise((resolve) => { viewer.socket.once("pong", resolve); });
  viewer.socket.ping("are you there?");
  assert.equal((await pong).toString(), "are you there?");
  await viewer.leave();
}));

test("the end of the session closes with 1000 and a shutdown with 1001", async () => {
  for (const [eos, wanted] of [[true, 1000], [false, 1001]])
    await broadcasting({ eos }, async (broadcast) => {
      const viewer = await new RecordedViewer(broadcast, "ws/demo").opened();
      broadcast.final("u1", "last words");
      await viewer.find(({ text }) => text === "last words");
      await broadcast.end();
      const { code } = await viewer.closed;
      assert.equal(code, wanted);
      assert.ok(closeCodes.has(code));
    });
});

test("a message above 64 KiB closes with 1009", () => broadcasting({}, async (broadcast) => {
  const viewer = await new RecordedViewer(broadcast, "ws/demo").opened();
  viewer.socket.send("x".repeat(65 * 1024));
  assert.equal((await viewer.closed).code, 1009);
}));

test("a refusal has a status and a JSON body before the upgrade", () => broadcasting({}, async (broadcast) => {
  const nobody = await refusalOf(broadcast, "ws/nobody");
  assert.equal(nobody.status, 404);
  assert.equal(nobody.body.error, "UNAVAILABLE");
  assert.ok(nobody.body.message.includes("nobody"));
  assert.equal((await refusalOf(broadcast, "ws/demo?types=all")).status, 400);
}));
