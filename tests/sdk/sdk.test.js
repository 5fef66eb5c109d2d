// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole sessions of Gladia's own client with the emulator: what it hears is exactly what was sent, whatever happens
// on the way.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { GladiaClient } from "@gladiaio/sdk";
import { digits, Emulator } from "./emulator.js";

const kChunk = 3200; // 100 ms
const kPartials = { endpointing: 0.3, messages_config: { receive_partial_transcripts: true } };

/** One session, seen from the application. */
class Session {
  constructor(emulator, request = kPartials) {
    this.client = new GladiaClient({ apiKey: "k-sdk", apiUrl: emulator.url });
    this.messages = [];
    this.connects = 0;
    this.errors = [];
    this.live = this.client.liveV2().startSession(request);
    this.live.on("message", (message) => this.messages.push(message));
    this.live.on("connected", () => { this.connects++; });
    this.live.on("error", (error) => this.errors.push(error));
    this.ended = new Promise((resolve) => this.live.on("ended", resolve));
    this.connected = new Promise((resolve) => this.live.once("connected", resolve));
  }

  /** Faster than real time, but in turns with the socket. */
  async send(audio) {
    for (let at = 0; at < audio.length; at += kChunk) {
      this.live.sendAudio(audio.subarray(at, at + kChunk));
      await pause(1);
    }
  }

  async stop() {
    this.live.stopRecording();
    return this.ended;
  }

  of(type) { return this.messages.filter((message) => message.type === type); }
  types() { return this.messages.map((message) => message.type); }
  finals() { return this.of("transcript").filter((message) => message.data.is_final); }
  heard() { return this.finals().map((message) => message.data.utterance.text.trim()); }
}

/** Runs `body` with an emulator; what that said is part of a failure. */
function withEmulator(name, options, body) {
  test(name, { timeout: 60000 }, async () => {
    const emulator = await Emulator.start(...options);
    try {
      await body(emulator);
    } catch (error) {
      error.message += `\nThe emulator said:\n${emulator.output}`;
      throw error;
    } finally {
      await emulator.end();
    }
  });
}

withEmulator("a session from the first partial to the last message", [], async (emulator) => {
  const session = new Session(emulator, {
    encoding: "wav/pcm", bit_depth: 16, sample_rate: 16000, channels: 1, model: "solaria-1", endpointing: 0.3,
    maximum_duration_without_endpointing: 15, custom_metadata: { room: "7" },
    language_config: { languages: ["en"], code_switching: false },
    pre_processing: { audio_enhancer: true, speech_threshold: 0.6 },
    realtime_processing: {
      custom_vocabulary: true, custom_vocabulary_config: { vocabulary: ["DTMF", { value: "Goertzel", intensity: 0.4 }] },
      custom_spelling: true, custom_spelling_config: { spelling_dictionary: { Gladia: ["gladya"] } },
      translation: true, translation_config: { target_languages: ["fr"], model: "base" },
      named_entity_recognition: true, sentiment_analysis: true,
    },
    post_processing: { summarization: true, summarization_config: { type: "general" } },
    messages_config: {
      receive_partial_transcripts: true, receive_lifecycle_events: true, receive_acknowledgments: true,
    },
  });
  const audio = digits("159#,20");
  await session.send(audio);
  assert.deepEqual(await session.stop(), { code: 1000, reason: "session ended" });
  assert.deepEqual(session.errors, []);
  assert.deepEqual(session.heard(), ["1 5 9 #", "2 0"]);
  const partials = session.of("transcript").filter((message) => !message.data.is_final);
  assert.ok(partials.length >= 6);
  for (const partial of partials) {
    const final = session.finals().find((message) => message.data.id === partial.data.id);
    assert.ok(final.data.utterance.text.startsWith(partial.data.utterance.text));
  }
  assert.equal(session.of("audio_chunk").at(-1).data.byte_range[1], audio.length);
  assert.equal(session.of("translation").length, 2);
  const types = session.types();
  assert.deepEqual(types.slice(0, 2), ["start_session", "start_recording"]);
  assert.deepEqual(types.slice(types.indexOf("stop_recording")), ["stop_recording", "end_recording", "post_transcript",
    "post_summarization", "post_final_transcript", "end_session"]);
  assert.equal(session.of("post_transcript")[0].data.full_transcript, "1 5 9 # 2 0");
});

withEmulator("acknowledgements stay hidden from those who did not ask", [], async (emulator) => {
  const session = new Session(emulator, { messages_config: { receive_acknowledgments: false } });
  await session.send(digits("1"));
  assert.equal((await session.stop()).code, 1000);
  assert.deepEqual(session.of("audio_chunk"), []);
  assert.deepEqual(session.heard(), ["1"]);
});

const kLong = "1234,567890,ABCD,*#";
const kHeard = ["1 2 3 4", "5 6 7 8 9 0", "A B C D", "* #"];
const kMiddle = 80000;

for (const fault of [{ do: "drop" }, { do: "close", code: 1011 }, { do: "close", code: 4503 },
  { do: "close", code: 1005 }, { do: "restart", forMs: 200 }, { do: "outage", forMs: 700 }]) {
  withEmulator(`resumed after ${JSON.stringify(fault)}`, [], async (emulator) => {
    await emulator.faults({ ...fault, atByte: kMiddle });
    const session = new Session(emulator);
    await session.connected;
    const audio = digits(kLong);
    await session.send(audio);
    while (session.connects < 2) await pause(5);
    assert.equal((await session.stop()).code, 1000);
    assert.deepEqual(session.heard(), kHeard);
    assert.equal(session.connects, 2);
    const { sessions: [heard] } = await emulator.report();
    assert.equal(heard.bytes, audio.length);
    assert.equal(heard.connections, 2);
    assert.deepEqual(await emulator.happened(), [1]);
  });
}

withEmulator("resumed twenty times at points drawn from a seed", ["--seed", "7"], async (emulator) => {
  const sequence = "159357".repeat(20);
  const audio = digits(sequence);
  await emulator.faults({ do: "drop", atByte: [0, audio.length - 1], copies: 20 });
  const session = new Session(emulator);
  await session.send(audio);
  while (session.messages.length === 0 || (await emulator.report()).sessions[0].bytes < audio.length) await pause(5);
  assert.equal((await session.stop()).code, 1000);
  assert.equal(session.heard().join(" "), sequence.split("").join(" "));
  const { sessions: [heard] } = await emulator.report();
  assert.equal(heard.text, sequence.split("").join(" "));
  assert.ok(heard.connections > 5); // several points may lie in one burst
});

withEmulator("a connection that breaks instead of answering the stop", [], async (emulator) => {
  await emulator.faults({ do: "drop", atStop: true });
  const session = new Session(emulator);
  await session.send(digits("753"));
  assert.equal((await session.stop()).code, 1000); // without a second stop
  assert.deepEqual(session.heard(), ["7 5 3"]);
  assert.equal((await emulator.report()).sessions[0].stops, 1);
});

withEmulator("a session that ended for good ends in the client", [], async (emulator) => {
  for (const code of [4400, 4403, 4429, 1001]) {
    const session = new Session(emulator);
    await session.connected;
    await emulator.faults({ do: "close", code, reason: "enough" });
    assert.deepEqual(await session.ended, { code, reason: "enough" });
  }
});

withEmulator("a refused upgrade is tried again, five refusals are the end", [], async (emulator) => {
  await emulator.faults({ do: "refuse-upgrade", status: 403, times: 2 });
  const patient = new Session(emulator);
  await patient.send(digits("8"));
  await patient.connected; // a stop between two attempts would never be sent
  assert.equal((await patient.stop()).code, 1000);
  assert.deepEqual(patient.heard(), ["8"]);
  await emulator.faults({ do: "refuse-upgrade", status: 403, times: 5 });
  const hopeless = new Session(emulator);
  assert.equal((await hopeless.ended).code, 1006);
  assert.equal((await emulator.happened()).at(-1), 5);
});

withEmulator("what the service refuses is told in its words", [], async (emulator) => {
  const wrong = new Session(emulator, { endpointing: 0.001 });
  assert.equal((await wrong.ended).code, 1006);
  assert.match(wrong.errors[0].message, /Invalid parameter\(s\).*400/s);
  const unknown = new Session(emulator, { made_up: true });
  await unknown.ended;
  assert.match(unknown.errors[0].message, /400/);
  await emulator.faults({ do: "refuse-post", status: 429 });
  const busy = new Session(emulator); // asks twice
  await busy.send(digits("6"));
  await busy.connected;
  assert.equal((await busy.stop()).code, 1000);
  assert.deepEqual(busy.heard(), ["6"]);
});

withEmulator("finished jobs are listed, fetched and deleted", [], async (emulator) => {
  const session = new Session(emulator);
  const audio = digits("42");
  await session.send(audio);
  await session.stop();
  const id = await session.live.getSessionId();
  const client = session.client.liveV2();
  const { items } = await client.list({ status: ["done"], limit: 5 });
  assert.deepEqual(items.map((job) => job.id), [id]);
  const job = await client.get(id);
  assert.equal(job.result.transcription.full_transcript, "4 2");
  assert.equal(Buffer.from(await client.getFile(id)).length, audio.length + 44);
  assert.equal(await client.delete(id), true);
  await assert.rejects(client.get(id), /404/);
});

withEmulator("a session at the service's own pace", ["--delay-profile", "--seed", "3"], async (emulator) => {
  await emulator.faults({ do: "drop", atByte: 20000 });
  const session = new Session(emulator);
  await session.connected;
  await session.send(digits("31,4"));
  while (session.connects < 2) await pause(5);
  assert.equal((await session.stop()).code, 1000);
  assert.deepEqual(session.heard(), ["3 1", "4"]);
});

withEmulator("the documentation's example is a script the emulator takes", [], async (emulator) => {
  const page = await readFile(new URL("../../docs/gladia-emulator.md", import.meta.url), "utf8");
  const script = JSON.parse(page.match(/```json\n(.*?)```/s)[1]);
  const { faults } = await emulator.faults(...script.faults);
  assert.equal(faults.length, 23); // one of them twenty times
});
