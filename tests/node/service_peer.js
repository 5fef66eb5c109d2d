// SPDX-License-Identifier: LGPL-2.1-or-later
// The benchmark's peer: the service that livetranscriptd replaces. One ffmpeg per session takes the publisher and gives
// PCM; this process cuts it into chunks, sends them to the recogniser and each transcript to the session's viewers.
// Ends its recogniser sessions as their publishers leave, and itself at SIGTERM.
//   node service_peer.js ENDPOINT RTMP_PORT…      a port per session s0, s1, …
import { spawn } from "node:child_process";
import { request } from "node:http";
import WebSocket, { WebSocketServer } from "ws";

const [endpoint, ...ports] = process.argv.slice(2);
const kChunkBytes = 1600; // 50 ms
const kFlushMs = 25;
const kBody = JSON.stringify({
  encoding: "wav/pcm", bit_depth: 16, sample_rate: 16000, channels: 1, endpointing: 0.3,
  maximum_duration_without_endpointing: 5,
  messages_config: {
    receive_partial_transcripts: true, receive_final_transcripts: true, receive_speech_events: true,
    receive_acknowledgments: true, receive_lifecycle_events: false, receive_post_processing_events: false,
  },
});

const rooms = new Map(); // name -> Set of sockets
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });
server.on("connection", (socket, asked) => {
  const name = asked.url.split("/").pop();
  if (!rooms.has(name)) rooms.set(name, new Set());
  rooms.get(name).add(socket);
  socket.on("close", () => rooms.get(name).delete(socket));
  socket.on("error", () => socket.terminate());
});

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
  seq = 0;
  pending = Buffer.alloc(0);
  unsent = []; // chunks before the recogniser is connected

  constructor(name, port) {
    this.name = name;
    // setpriv: gone with us, whatever ends us.
    this.ffmpeg = spawn("setpriv", ["--pdeathsig", "KILL", "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "fatal",
      "-fflags", "nobuffer", "-flags", "low_delay", "-probesize", "64", "-analyzeduration", "50000", "-listen", "1",
      "-timeout", "120", "-i", `rtmp://127.0.0.1:${port}/live/${name}`, "-f", "s16le", "-ar", "16000", "-ac", "1", "pipe:1",
    ], { stdio: ["ignore", "pipe", "inherit"] });
    this.ffmpeg.stdout.on("data", (data) => this.take(data));
    this.ffmpeg.stdout.on("end", () => this.end());
  }

  async start() {
    const { url } = await createSession();
    this.recogniser = new WebSocket(url, { perMessageDeflate: false });
    this.recogniser.on("message", (data) => this.receive(JSON.parse(data)));
    this.recogniser.on("close", () => this.closeViewers());
    await new Promise((resolve) => this.recogniser.on("open", resolve));
    for (const chunk of this.unsent.splice(0)) this.recogniser.send(chunk);
  }

  take(data) {
    this.pending = this.pending.length === 0 ? data : Buffer.concat([this.pending, data]);
    while (this.pending.length >= kChunkBytes) this.flush(kChunkBytes);
    if (this.pending.length > 0 && !this.timer) this.timer = setTimeout(() => this.flush(this.pending.length), kFlushMs);
  }

  flush(bytes) {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (bytes === 0) return;
    const chunk = this.pending.subarray(0, bytes);
    this.pending = this.pending.subarray(bytes);
    if (this.recogniser?.readyState === WebSocket.OPEN) this.recogniser.send(chunk);
    else this.unsent.push(chunk);
  }

  receive(message) {
    if (message.type !== "transcript") return;
    const { id, is_final: isFinal, utterance } = message.data;
    const text = Buffer.from(JSON.stringify({
      type: "transcript", sessionSlug: this.name, text: utterance.text, isFinal, utteranceId: id,
      transcriptType: isFinal ? "final" : "partial", seq: ++this.seq, language: utterance.language,
      start: utterance.start, end: utterance.end, confidence: utterance.confidence, serverTimestamp: Date.now(),
    }));
    for (const viewer of rooms.get(this.name) ?? [])
      if (viewer.readyState === WebSocket.OPEN) viewer.send(text, { binary: false });
  }

  end() {
    this.flush(this.pending.length);
    this.recogniser.send('{"type":"stop_recording"}');
  }

  closeViewers() { for (const viewer of rooms.get(this.name) ?? []) viewer.close(1000); }
}

const sessions = ports.map((port, i) => new Session(`s${i}`, port));
process.on("SIGTERM", () => {
  for (const { ffmpeg } of sessions) ffmpeg.kill("SIGKILL");
  process.exit(0);
});
await Promise.all(sessions.map((session) => session.start()));
for (const { ffmpeg } of sessions) console.log(`ffmpeg ${ffmpeg.pid}`);
console.log(`port ${server.address().port}`);
