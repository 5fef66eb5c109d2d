// SPDX-License-Identifier: LGPL-2.1-or-later
// A pipeline whose transcripts the test writes itself, and a browser that watches them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** transcriptbroadcast in stock gst-launch-1.0, fed through its standard input: one write is one message. */
export class Broadcast {
  constructor(port, session) {
    this.url = `http://127.0.0.1:${port}/`;
    this.output = "";
    this.process = spawn("gst-launch-1.0", ["fdsrc", "!", "application/x-json,format=transcript", "!",
      "transcriptbroadcast", `port=${port}`, `session=${session}`], { stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream.on("data", (data) => { this.output += data; });
  }

  async ready() {
    const deadline = Date.now() + 30000;
    for (;;) {
      try {
        if ((await fetch(`${this.url}healthz`)).ok) return this;
      } catch { /* not yet */ }
      if (this.process.exitCode !== null || Date.now() > deadline) throw new Error(`no broadcast:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  say(message) {
    this.process.stdin.write(JSON.stringify({ kind: "transcript", epoch: "e", isFinal: false, ...message }));
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGINT");
      await once(this.process, "exit");
    }
  }
}

/** The machine's own Chromium; none of its connections leaves the machine. */
export async function openBrowser() {
  const profile = await mkdtemp(join(tmpdir(), "livetranscript-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  return {
    newPage: () => context.newPage(),
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
