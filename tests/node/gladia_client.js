// SPDX-License-Identifier: LGPL-2.1-or-later
// The benchmark's peer: what a client of Gladia on `ws` does for many sessions in one process. Sends the PCM of a file
// in real time, 50 ms at a time, keeps what is not acknowledged, sends it again after a lost connection, parses every
// message. Ends its sessions when standard input is closed.
//   node gladia_client.js ENDPOINT SESSIONS FILE [generator]
// With `generator` the audio is made, at its moments, and goes nowhere: what that costs is no client's doing.
import { readFileSync } from "node:fs";
import { request } from "node:http";
import WebSocket from "ws";

const [endpoint, count, file, generator] = process.argv.slice(2);
const kChunkBytes = 1600;
const kChunkMs = 50;
const kApart = 7; // chunks, by which each session is ahead of the one before
const kMostBacklog = 120 * 32000;
const kMostFrame = 512 * 1024;
const kBody = JSON.stringify({
  encoding: "wav/pcm", bit_depth: 16, sample_rate: 16000, channels: 1, endpointing: 0.3,
  maximum_duration_without_endpointing: 5,
  messages_config: {
    receive_partial_transcripts: true, receive_final_transcripts: true, receive_speech_events: true,
    receive_acknowledgments: true, receive_lifecycle_events: false, receive_post_processing_events: false,
  },
});
const audio = readFileSync(file);
const tookUs = [];

function createSession() {
  return new Promise((resolve, reject) => {
    const post = request(`${endpoint}/v2/live`, {
      method: "POST",
      headers: { "x-gladia-key": "bench", "content-type": "application/json", "content-length": kBody.length },
    }, (answer) => {
      let text = "";
      answer.on("data", (data) => { text += data; });
      answer.on("end", () => (answer.statusCode === 201 ? resolve(JSON.parse(text)) : reject(new Error(text))));
    });
    post.on("error", reject);
    post.end(kBody);
  });
}

class Session {
  backlog = []; // {end, chunk}: not acknowledged
  sent = 0;
  delay = 0;
  finals = 0;

  async start() {
    this.url = (await createSession()).url;
    this.ended = new Promise((resolve) => { this.resolveEnd = resolve; });
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(this.url, { perMessageDeflate: false });
    this.socket.on("open", () => {
      this.delay = 0;
      const tail = Buffer.concat(this.backlog.map((each) => each.chunk));
      for (let at = 0; at < tail.length; at += kMostFrame) this.socket.send(tail.subarray(at, at + kMostFrame));
      if (this.stopping) this.sendStop();
    });
    this.socket.on("message", (data) => this.receive(JSON.parse(data)));
    this.socket.on("error", () => {}); // a close follows
    this.socket.on("close", (code) => {
      if (code === 1000) return this.resolveEnd();
      setTimeout(() => this.connect(), this.delay * (0.5 + Math.random() / 2));
      this.delay = this.delay === 0 ? 250 : Math.min(2000, this.delay * 2);
    });
  }

  receive(message) {
    if (message.type === "audio_chunk" && message.acknowledged) {
      const end = message.data.byte_range[1];
      while (this.backlog.length > 0 && this.backlog[0].end <= end) this.backlog.shift();
    } else if (message.type === "transcript" && message.data.is_final) {
      this.finals++;
    }
  }

  send(chunk) {
    const entered = performance.now();
    this.sent += chunk.length;
    this.backlog.push({ end: this.sent, chunk });
    while (this.sent - this.backlog[0].end > kMostBacklog) this.backlog.shift();
    if (this.socket.readyState === WebSocket.OPEN)
      this.socket.send(chunk, () => tookUs.push((performance.now() - entered) * 1000));
  }

  sendStop() { this.socket.send('{"type":"stop_recording"}'); }

  stop() {
    this.stopping = true;
    if (this.socket.readyState === WebSocket.OPEN) this.sendStop();
    return this.ended;
  }
}

const sessions = Array.from({ length: Number(count) }, () => new Session());
if (!generator) await Promise.all(sessions.map((session) => session.start()));
console.log("running");

let over = false;
process.stdin.on("end", () => { over = true; }).resume();
const begin = performance.now();
const chunks = Math.floor(audio.length / kChunkBytes);

/** A chunk of its own each time, as they come from a network or a microphone. */
function makeChunk(i, round) {
  const at = ((round + i * kApart) % chunks) * kChunkBytes;
  return Buffer.from(audio.subarray(at, at + kChunkBytes));
}

/** Each session's chunks come at a moment of its own in every 50 ms, and no two speak in chorus. */
function stream(session, i, slot, round) {
  const chunk = makeChunk(i, round);
  if (!generator) session.send(chunk);
  const due = begin + slot + (round + 1) * kChunkMs;
  if (!over) setTimeout(stream, Math.max(0, due - performance.now()), session, i, slot, round + 1);
}
sessions.forEach((session, i) => {
  const slot = Math.floor((i * kChunkMs) / sessions.length);
  setTimeout(stream, slot, session, i, slot, 0);
});

while (!over) await new Promise((resolve) => setTimeout(resolve, 100));
if (generator) process.exit(0);
await new Promise((resolve) => setTimeout(resolve, 2 * kChunkMs));
await Promise.all(sessions.map((session) => session.stop()));
tookUs.sort((a, b) => a - b);
const at = (share) => tookUs[Math.min(tookUs.length - 1, Math.floor(share * tookUs.length))].toFixed(1);
console.log(`chunks ${tookUs.length}\nchunk-to-socket-p50-us ${at(0.5)}\nchunk-to-socket-p99-us ${at(0.99)}`);
process.exit(0);
