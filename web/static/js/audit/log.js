// @ts-check
// The check of a log, from its public formats alone: RFC 6962 trees, and signed notes and checkpoints of c2sp.org. Pure.

const text = new TextEncoder();

/** @typedef {{ name: string, id: Uint8Array, publicKey: Uint8Array<ArrayBuffer> }} Key */
/** @typedef {{ size: number, root: Uint8Array, origin: string }} Head */
/** @typedef {{ ok: boolean, text: string, size: number, root: string, bad: number | null }} Verdict */

/** What is wrong, in words for people. */
export class Wrong extends Error {
  /** @param {string} message @param {number | null} bad the first bad entry, when it is known */
  constructor(message, bad = null) {
    super(message);
    this.bad = bad;
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** @param {Uint8Array} bytes */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {Uint8Array} one @param {Uint8Array} other */
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** @param {...Uint8Array} parts */
function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {string} encoded @param {string} what */
function unbase64(encoded, what) {
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    if (btoa(String.fromCharCode(...bytes)) === encoded) return bytes;
  } catch {
    // said below
  }
  throw new Wrong(`${what} is not in its one form of base64.`);
}

/**
 * A verifier key, `name+hash+key`.
 * @param {string} line
 * @returns {Promise<Key>}
 */
export async function parseKey(line) {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line.trim()) ?? [];
  if (!name || !id || !encoded) throw new Wrong("The public key has not the form name+hash+key.");
  const bytes = unbase64(encoded, "The public key");
  const fits = (await sha256(joined(text.encode(`${name}\n`), bytes))).slice(0, 4);
  if (bytes.length !== 33 || bytes[0] !== 1 || hex(fits) !== id) throw new Wrong("The public key is not a log's key: its hash does not fit.");
  return { name, id: fits, publicKey: bytes.slice(1) };
}

/**
 * A checkpoint, once its signature by the log is seen to be right.
 * @param {string} note
 * @param {Key} key
 * @param {string} what what it is called when something is wrong
 * @returns {Promise<Head>}
 */
export async function openCheckpoint(note, key, what) {
  const end = note.indexOf("\n\n");
  const body = note.slice(0, end + 1);
  const [origin, size, root, ...more] = body.split("\n");
  if (end < 0 || !origin || !size || !/^(0|[1-9][0-9]{0,14})$/.test(size) || !root || more.length < 1) throw new Wrong(`${what} is not a checkpoint.`);
  const ours = note.slice(end + 2).split("\n").filter((line) => line.startsWith(`— ${key.name} `));
  for (const line of ours) {
    const blob = unbase64(line.slice(`— ${key.name} `.length), `A signature under ${what.toLowerCase()}`);
    if (blob.length !== 68 || !same(blob.slice(0, 4), key.id)) continue;
    const imported = await crypto.subtle.importKey("raw", key.publicKey, "Ed25519", false, ["verify"]);
    if (!(await crypto.subtle.verify("Ed25519", imported, blob.slice(4), text.encode(body)))) throw new Wrong(`The signature under ${what.toLowerCase()} is false: it was changed or forged.`);
    return { origin, size: Number(size), root: unbase64(root, what) };
  }
  throw new Wrong(`${what} is not signed with this key.`);
}

/** @param {Uint8Array[]} bodies each an entry's exact bytes */
export function leafHashes(bodies) {
  return Promise.all(bodies.map((body) => sha256(joined(Uint8Array.of(0), body))));
}

/**
 * The Merkle tree hash over leaves (RFC 6962, 2.1). Layer by layer: an odd one at the end moves up as it is, which is the same tree.
 * @param {Uint8Array[]} leaves
 * @returns {Promise<Uint8Array>}
 */
export async function root(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array());
  let layer = leaves;
  while (layer.length > 1) {
    /** @type {Promise<Uint8Array>[]} */
    const above = [];
    for (let at = 0; at < layer.length; at += 2) {
      const [left, right] = [layer[at], layer[at + 1]];
      if (left) above.push(right ? sha256(joined(Uint8Array.of(1), left, right)) : Promise.resolve(left));
    }
    layer = await Promise.all(above);
  }
  return layer[0] ?? new Uint8Array();
}

/** @param {unknown} value @returns {string} JSON with sorted keys and nothing between */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${sorted.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** @param {string} line @param {number} place */
function checkForm(line, place) {
  let entry;
  try {
    entry = JSON.parse(line);
  } catch {
    throw new Wrong(`Entry ${place} cannot be read.`, place);
  }
  if (canonical(entry) !== line) throw new Wrong(`Entry ${place} is not in the one form of an entry.`, place);
  if (entry.seq !== place) throw new Wrong(`Where entry ${place} should be, there is one that says it is ${entry.seq}.`, place);
}

/**
 * Verify a bundle (JSON lines) with the log's public key and nothing else that anybody says.
 * @param {string} bundle
 * @param {string} keyLine
 * @param {{ earlier?: string, hints?: Uint8Array }} [more] a checkpoint that the auditor kept; the hashes that a database keeps beside its
 *   entries, which prove nothing, but tell which entry is the changed one
 * @returns {Promise<Verdict>}
 */
export async function verify(bundle, keyLine, { earlier = "", hints = new Uint8Array() } = {}) {
  try {
    const key = await parseKey(keyLine);
    const [first = "", ...rest] = bundle.split("\n");
    const head = await openCheckpoint(firstCheckpoint(first), key, "The newest head");
    if (rest.pop() !== "") throw new Wrong("The bundle was cut off.");
    const lines = rest.filter((line) => !line.startsWith('{"checkpoint":'));
    const leaves = await leafHashes(lines.map((line) => text.encode(line)));
    const over = leaves.slice(0, head.size);
    const whole = leaves.length >= head.size && same(await root(over), head.root);
    if (!whole) {
      const changed = await whichChanged(leaves, head, hints);
      if (changed !== null) throw new Wrong(`Entry ${changed} was changed.`, changed);
    }
    lines.forEach(checkForm);
    if (leaves.length < head.size) throw new Wrong(`${head.size - leaves.length} entries under the signed head are not there.`, leaves.length);
    if (!whole) throw new Wrong("The entries are not those that were signed.");
    if (leaves.length > head.size) throw new Wrong(`Entry ${head.size} and those after it are not signed.`, head.size);
    const since = earlier.trim() ? await compare(`${earlier.trim()}\n`, key, leaves, head) : "";
    return { ok: true, text: `${head.size.toLocaleString("en-GB")} entries, unbroken, under the signature of ${head.origin}.${since}`, size: head.size, root: hex(head.root), bad: null };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, text: error.message, size: 0, root: "", bad: error.bad };
  }
}

/** @param {string} line */
function firstCheckpoint(line) {
  try {
    const first = JSON.parse(line);
    if (first.bundle === "candour-log/v1" && typeof first.checkpoint === "string") return first.checkpoint;
  } catch {
    // said below
  }
  throw new Wrong("This is not the bundle of a log.");
}

/**
 * The first entry that is not what it was when the head was signed. The hints say so only when they themselves lead to the signed head.
 * @param {Uint8Array[]} leaves @param {Head} head @param {Uint8Array} hints
 */
async function whichChanged(leaves, head, hints) {
  if (hints.length < 32 * head.size) return null;
  const kept = Array.from({ length: head.size }, (_, at) => hints.slice(32 * at, 32 * at + 32));
  if (!same(await root(kept), head.root)) return null;
  return kept.findIndex((hash, at) => !same(hash, leaves[at] ?? new Uint8Array()));
}

/** @param {string} note @param {Key} key @param {Uint8Array[]} leaves @param {Head} head */
async function compare(note, key, leaves, head) {
  const kept = await openCheckpoint(note, key, "The checkpoint that you kept");
  if (kept.size > head.size) throw new Wrong(`The log was longer when your checkpoint was signed: ${kept.size - head.size} entries were taken out.`, head.size);
  if (!same(await root(leaves.slice(0, kept.size)), kept.root)) throw new Wrong(`Something among the first ${kept.size} entries was changed since your checkpoint was signed.`);
  return ` Nothing among the ${kept.size.toLocaleString("en-GB")} entries before your checkpoint has changed.`;
}
