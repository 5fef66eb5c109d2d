// SPDX-License-Identifier: LGPL-2.1-or-later
// What docs/viewer-protocol.md says a message may be, and its examples.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

const kDocument = new URL("../../docs/viewer-protocol.md", import.meta.url);
const text = readFileSync(kDocument, "utf8");
const blocks = [...text.matchAll(/^(<!-- schemas -->\n)?```json\n([^]*?)^```$/gm)]
  .map(([, mark, body]) => ({ isSchema: Boolean(mark), value: JSON.parse(body) }));

const { value: schemas } = blocks.find((block) => block.isSchema);
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
ajv.addSchema(schemas, "protocol");

/** JSON objects the document shows as messages. */
export const examples = blocks.filter((block) => !block.isSchema).map((block) => block.value);
/** Messages of the document's table "Viewer to server". */
export const exampleRequests = [...text.matchAll(/^\| `(\{"type":.*?\})` \|/gm)]
  .map(([, body]) => JSON.parse(body.replace(/"token":T/, '"token":1').replace("{…}", "{}")));
/** Types of messages the server may send. */
export const serverTypes = Object.values(schemas.$defs)
  .flatMap(({ properties = {} }) => properties.type?.const ?? properties.type?.enum ?? []).flat()
  .filter((type) => !["object", "ping", "claim", "renew", "release"].includes(type));

/** `kind`: fromServerV1, fromServerV2, fromViewerV2. */
export function check(kind, message) {
  const validate = ajv.getSchema(`protocol#/$defs/${kind}`);
  const valid = validate(message);
  assert.ok(valid, `${JSON.stringify(message)} is not as docs/viewer-protocol.md says (${kind}):\n` +
    ajv.errorsText(validate.errors, { separator: "\n" }));
}

/** Close codes of the document and whether to come back: [code, text]. */
export const closeCodes = new Map([...text.matchAll(/^\| (\d{4}) \| .*? \| (.*?) \|$/gm)].map(([, code, back]) => [Number(code), back]));
