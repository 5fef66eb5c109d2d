// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulator as a process of its own, and the sound it understands.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const { LT_EMULATOR, LT_DTMF_WAV } = process.env;
const kWavHeader = 44;

/** 16 kHz mono 16-bit PCM that carries `sequence`; ',' is a pause that ends an utterance. */
export function digits(sequence) {
  const wav = execFileSync(LT_DTMF_WAV, ["--pause-ms", "500", "--tail-ms", "500", sequence, "-"],
    { maxBuffer: 1 << 28 });
  return wav.subarray(kWavHeader);
}

export class Emulator {
  static async start(...options) {
    const emulator = new Emulator();
    emulator.process = spawn(LT_EMULATOR, ["--strict", "--print", "--exit-with-parent", "--key", "k-sdk", ...options],
      { stdio: ["ignore", "pipe", "pipe"] });
    emulator.output = "";
    emulator.process.stderr.on("data", (data) => { emulator.output += data; });
    for await (const line of createInterface({ input: emulator.process.stdout })) {
      emulator.url = line.replace("listening on ", "");
      return emulator;
    }
    throw new Error(`the emulator did not start:\n${emulator.output}`);
  }

  async #request(method, path, body) {
    const answer = await fetch(`${this.url}/emulator/${path}`, { method, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  faults(...faults) { return this.#request("POST", "faults", { faults }); }
  async happened() { return (await this.#request("GET", "faults")).faults.map((fault) => fault.happened); }
  report() { return this.#request("GET", "report"); }

  async end() {
    this.process.kill("SIGTERM");
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }
}
