// SPDX-License-Identifier: LGPL-2.1-or-later
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, closeCodes, exampleRequests, examples, serverTypes } from "./schemas.js";

test("the document's examples are as its schemas say, and there is one of each type", () => {
  for (const example of examples) check("fromServerV2", example);
  const shown = new Set(examples.map(({ type }) => type));
  const alike = { transcript_partial: "transcript", transcript_final: "transcript", translation: "audio_gap",
    entities: "audio_gap", sentiment: "audio_gap", summary: "audio_gap" }; // told apart by the type alone
  for (const type of serverTypes) assert.ok(shown.has(alike[type] ?? type), `no example of ${type}`);
});

test("the document's requests are as its schemas say", () => {
  assert.equal(exampleRequests.length, 6);
  for (const request of exampleRequests) check("fromViewerV2", request);
});

test("a message the document does not know is noticed", () => {
  const transcript = examples.find(({ type }) => type === "transcript");
  check("fromServerV1", transcript);
  for (const wrong of [{ ...transcript, extra: 1 }, { ...transcript, seq: 0 }, { ...transcript, type: "news" },
    { ...transcript, transcriptType: "partial" }, { type: "hello" }, {}])
    assert.throws(() => check("fromServerV2", wrong));
  assert.throws(() => check("fromServerV1", examples.find(({ type }) => type === "hello")));
  assert.throws(() => check("fromViewerV2", { type: "renew" }));
});

test("every close code says whether to come back", () => {
  assert.deepEqual([...closeCodes.keys()], [1000, 1001, 1002, 1007, 1008, 1009, 1013, 4401, 4409]);
  for (const back of closeCodes.values()) assert.match(back, /^(no|yes|after|with)/);
});
