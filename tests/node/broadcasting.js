// SPDX-License-Identifier: LGPL-2.1-or-later
import { Broadcast, freePort } from "../browser/broadcast.js";

/** Runs `body` with a live broadcast, on whatever port is free; it ends with it. `webToken`: what it takes to look at it. */
export async function broadcasting({ webToken, ...options }, body) {
  const broadcast = new Broadcast(await freePort(), ["demo"], options);
  if (webToken) broadcast.headers = { Authorization: `Bearer ${webToken}` };
  try {
    await body(await broadcast.ready());
  } catch (error) {
    error.message += `\nThe pipeline said:\n${broadcast.output}`;
    throw error;
  } finally {
    await broadcast.end();
  }
}
