// SPDX-License-Identifier: LGPL-2.1-or-later
// A pipeline whose transcripts the test writes itself.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Writes of this size to a pipe are atomic and so are reads: one write is one buffer is one message.
const kMessageBytes = 2048;

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function branch(fd, port, session, tags, properties) {
  return ["fdsrc", `fd=${fd}`, `blocksize=${kMessageBytes}`, "!", "application/x-json,format=transcript", "!",
    ...(tags ? ["taginject", `tags=${tags}`, "!"] : []),
    "wsheartbeat", "!", "transcriptbroadcast", `port=${port}`, `session=${session}`, ...properties];
}

/** transcriptbroadcast in stock gst-launch-1.0, on one port, fed through pipes. */
export class Broadcast {
  /** `sessions`: one pipeline each. `eos`: end() ends the sessions; without it the server just goes. `token`: what
   *  viewers have to show. `properties`: of transcriptbroadcast, NAME=VALUE. `environment`: what it finds there besides. */
  constructor(port, sessions = ["demo"], { eos = false, tags = "", token = "", properties = [], environment = {} } = {}) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}/`;
    this.output = "";
    this.folder = mkdtempSync(join(tmpdir(), "livetranscript-pipes-"));
    this.pipes = new Map(sessions.map((session, index) => {
      const path = join(this.folder, String(index));
      execFileSync("mkfifo", [path]);
      return [session, openSync(path, "r+")]; // both ways: opening waits for nobody
    }));
    const all = [...properties, ...(token ? ["auth-token-env=TEST_VIEWER_TOKEN"] : [])];
    const lines = sessions.flatMap((session, index) => branch(index + 3, port, session, tags, all));
    this.headers = token ? { Authorization: `Bearer ${token}` } : {};
    this.process = spawn("gst-launch-1.0", [...(eos ? ["-e"] : []), ...lines],
      { stdio: ["ignore", "pipe", "pipe", ...this.pipes.values()],
        env: { ...process.env, TEST_VIEWER_TOKEN: token, ...environment } });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream.on("data", (data) => { this.output += data; });
  }

  async ready() {
    const deadline = Date.now() + 30000;
    for (;;) {
      try {
        const { sessions } = await (await fetch(`${this.url}sessions`, { headers: this.headers })).json();
        if (sessions.length === this.pipes.size) return this;
      } catch { /* not yet */ }
      if (this.process.exitCode !== null || Date.now() > deadline) throw new Error(`no broadcast:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  say(message, session = this.pipes.keys().next().value) {
    const text = JSON.stringify({ kind: "transcript", epoch: "e", isFinal: false, ...message });
    const bytes = Buffer.alloc(kMessageBytes, " ");
    if (bytes.write(text) < Buffer.byteLength(text)) throw new Error("this message is too long for a test");
    writeSync(this.pipes.get(session), bytes);
  }

  final(utteranceId, text, more = {}) {
    this.say({ utteranceId, revision: 9, isFinal: true, text, ...more });
  }

  partial(utteranceId, text, more = {}) {
    this.say({ utteranceId, revision: 1, text, ...more });
  }

  get running() { return this.process.exitCode === null && this.process.signalCode === null; }

  async end(signal = "SIGINT") {
    if (this.running) {
      this.process.kill(signal);
      await once(this.process, "exit");
    }
    for (const fd of this.pipes.values()) closeSync(fd);
    this.pipes.clear();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Stands between viewers and a broadcast, and can be cut like a cable. */
export class Cable {
  constructor(port) {
    this.sockets = new Set();
    this.whole = true;
    this.server = createServer((viewer) => {
      if (!this.whole) {
        viewer.destroy();
        return;
      }
      const server = connect(port, "127.0.0.1");
      for (const [from, to] of [[viewer, server], [server, viewer]]) {
        this.sockets.add(from);
        from.on("error", () => {});
        from.on("close", () => {
          this.sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  async open() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
    return this;
  }

  /** What is on its way is lost. */
  cut() {
    this.whole = false;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  mend() { this.whole = true; }

  close() {
    this.cut();
    this.server.close();
  }
}
