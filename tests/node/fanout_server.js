// SPDX-License-Identifier: LGPL-2.1-or-later
// The benchmark's peer: what a server on `ws` does that sends each transcript to all clients. Reads a transcript a line,
// makes the message once, and sends it to one client after the other.
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });
server.on("listening", () => console.log(`port ${server.address().port}`));
server.on("connection", (socket) => socket.on("error", () => socket.terminate()));

let seq = 0;
createInterface({ input: process.stdin }).on("line", (line) => {
  const transcript = JSON.parse(line);
  const { utteranceId, text, isFinal, language } = transcript;
  const message = Buffer.from(JSON.stringify({
    type: "transcript", sessionSlug: "bench", text, isFinal, utteranceId, transcriptType: isFinal ? "final" : "partial",
    seq: ++seq, epoch: transcript.epoch, language, start: transcript.start, end: transcript.end,
    serverTimestamp: Date.now(),
  }));
  for (const client of server.clients)
    if (client.readyState === client.OPEN) client.send(message, { binary: false });
}).on("close", () => process.exit(0));
