// SPDX-License-Identifier: LGPL-2.1-or-later
// A viewer on `ws` that holds all it hears and says against docs/viewer-protocol.md.
import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";
import { check } from "./schemas.js";

export class RecordedViewer {
  messages = [];
  #waiting = [];
  #wrong;

  /** `path`: such as "ws/demo?v=2". `version` decides what the server may say. */
  constructor(broadcast, path, { version = path.includes("v=2") ? 2 : 1, protocols = [], ...options } = {}) {
    this.version = version;
    this.socket = new WebSocket(broadcast.url.replace("http", "ws") + path, protocols, options);
    this.closed = once(this.socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
    this.closed.catch(() => {}); // refused: opened() tells
    this.socket.on("message", (data, isBinary) => this.#hear(data, isBinary));
  }

  #hear(data, isBinary) {
    try {
      assert.ok(!isBinary, "the server sends text only");
      const message = JSON.parse(data);
      check(`fromServerV${this.version}`, message);
      this.messages.push(message);
    } catch (error) {
      this.#wrong = error;
    }
    for (const look of [...this.#waiting]) look();
  }

  /** Connected and in the room, so that it misses nothing from here on: the room's side answers pings. */
  async opened() {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, "open");
    this.socket.ping();
    await once(this.socket, "pong");
    return this;
  }

  /** The first message that `wanted` says yes to, come or still to come. */
  async find(wanted) {
    const accepts = typeof wanted === "string" ? ({ type }) => type === wanted : wanted;
    for (;;) {
      if (this.#wrong) throw this.#wrong;
      const found = this.messages.find(accepts);
      if (found) return found;
      await new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`not heard within 20 s; heard: ${JSON.stringify(this.messages)}`)), 20000);
        const look = () => {
          clearTimeout(late);
          this.#waiting.splice(this.#waiting.indexOf(look), 1);
          resolve();
        };
        this.#waiting.push(look);
      });
    }
  }

  say(request) {
    if (this.version === 2) check("fromViewerV2", request);
    this.socket.send(JSON.stringify(request));
  }

  texts() { return this.messages.filter(({ text }) => text !== undefined).map(({ text }) => text); }

  /** Fails when anything it heard was not as the document says. */
  async leave() {
    this.socket.close();
    await this.closed;
    if (this.#wrong) throw this.#wrong;
  }
}

/** The status a handshake is refused with. */
export async function refusalOf(broadcast, path, options = {}) {
  const socket = new WebSocket(broadcast.url.replace("http", "ws") + path, [], options);
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks)) };
}
