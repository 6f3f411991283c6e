// @ts-check
// Sends what is recorded as it comes (tus 1.0.0, without a length until its end). What has not arrived waits in memory, and is
// sent again until it has; nothing is kept anywhere else.

import { Refusal, refusal } from "../review/net.js";
import { VERSION, again } from "../tus.js";

const MOST = 4 * 1024 * 1024;
// The server seals 64 KiB at a time; what it might ask for again after it was restarted is kept as long as that.
const KEPT = 256 * 1024;
const WAITS = [0.5, 1, 2, 4, 8];
const PATIENCE = 20_000;
const ENDING = 300_000;

// What is said once is final; at its beginning nothing is lost yet by taking more of it so.
const FINAL = [403, 404, 409, 410, 422];
const FINAL_AT_FIRST = [...FINAL, 401, 503];

/** Raises Refusal for what no further try would change. @param {Response} answer @param {number[]} final */
async function checked(answer, final = FINAL) {
  if (answer.ok) return answer;
  const refused = await refusal(answer);
  if (final.includes(answer.status) && !again(refused)) throw refused;
  throw new Error(answer.status === 401 ? "signed out" : refused.message);
}

export class Sender {
  /** @param {string} reference @param {() => void} changed */
  constructor(reference, changed) {
    this.reference = reference;
    this.changed = changed;
    /** @type {{ at: number, bytes: Uint8Array<ArrayBuffer>, time: number }[]} */
    this.pieces = [];
    this.place = "";
    this.total = 0;
    this.arrived = 0;
    this.trouble = "";
    this.ending = false;
    this.endSent = false;
    this.over = false;
    /** @type {number[]} */
    this.moments = [];
    this.momentsSent = 0;
    this.wake = () => {};
    this.online = () => {};
    window.addEventListener("online", () => this.online());
  }

  async begin() {
    const headers = { ...VERSION, "Upload-Defer-Length": "1" };
    const answer = await fetch(`/conversations/${this.reference}/upload`, { method: "POST", headers });
    this.place = (await checked(answer, FINAL_AT_FIRST)).headers.get("Location") ?? "";
    this.running = this.#run();
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  add(bytes) {
    if (bytes.length) this.pieces.push({ at: this.total, bytes, time: performance.now() });
    this.total += bytes.length;
    this.wake();
  }

  /** @param {number} seconds */
  mark(seconds) {
    this.moments.push(seconds);
    this.wake();
  }

  /** Seconds since the oldest sound that has not arrived was recorded. */
  get late() {
    const first = this.pieces.find((one) => one.at + one.bytes.length > this.arrived);
    return first ? (performance.now() - first.time) / 1000 : 0;
  }

  /** All was added: done when all has arrived and is the recording. */
  async end() {
    this.ending = true;
    this.wake();
    await this.running;
  }

  /** Tells the server that the page is still there, while nothing is recorded. */
  async greet() {
    await fetch(this.place, { method: "HEAD", headers: VERSION, signal: AbortSignal.timeout(PATIENCE) }).catch(() => {});
  }

  async #run() {
    let failures = 0;
    while (!this.over) {
      try {
        await this.#step();
        failures = 0;
        this.trouble = "";
      } catch (error) {
        if (error instanceof Refusal) throw error;
        this.trouble = error instanceof Error && error.message === "signed out" ? error.message : "cut off";
        this.changed();
        await this.#pause(1000 * (WAITS[Math.min(failures, WAITS.length - 1)] ?? 8));
        failures += 1;
        await this.#ask().catch((later) => {
          if (!(later instanceof Refusal)) return;
          // Its end had arrived, only the answer was lost.
          this.over = this.endSent && later.status === 404;
          if (!this.over) throw later;
        });
      }
      this.changed();
    }
  }

  async #step() {
    if (this.momentsSent < this.moments.length) {
      const count = this.moments.length;
      const body = new URLSearchParams(this.moments.map((one) => ["at", one.toFixed(2)]));
      const signal = AbortSignal.timeout(PATIENCE);
      await checked(await fetch(`${this.place}/moments`, { method: "POST", headers: VERSION, body, signal }));
      this.momentsSent = count;
    }
    const [body, last] = this.#next();
    if (!body.size && !last) return await this.#pause(1000);
    /** @type {Record<string, string>} */
    const headers = { ...VERSION, "Upload-Offset": String(this.arrived), "Content-Type": "application/offset+octet-stream" };
    if (last) headers["Upload-Length"] = String(this.total);
    this.endSent = last;
    const signal = AbortSignal.timeout(last ? ENDING : PATIENCE);
    const answer = await checked(await fetch(this.place, { method: "PATCH", headers, body, signal }));
    this.#reached(Number(answer.headers.get("Upload-Offset")));
    this.over = last;
  }

  /** @returns {[Blob, boolean]} what to send now, and whether it is all there will be */
  #next() {
    const parts = [];
    let size = 0;
    for (const one of this.pieces) {
      const skip = Math.max(0, this.arrived - one.at);
      if (skip >= one.bytes.length) continue;
      if (size + one.bytes.length - skip > MOST) return [new Blob(parts), false];
      parts.push(one.bytes.subarray(skip));
      size += one.bytes.length - skip;
    }
    return [new Blob(parts), this.ending && this.momentsSent === this.moments.length];
  }

  /** @param {number} offset */
  #reached(offset) {
    this.arrived = offset;
    while (this.pieces[0] && this.pieces[0].at + this.pieces[0].bytes.length < offset - KEPT) this.pieces.shift();
  }

  async #ask() {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await checked(await fetch(this.place, { method: "HEAD", headers: VERSION, signal }));
    const offset = Number(answer.headers.get("Upload-Offset"));
    if (this.pieces[0] && offset < this.pieces[0].at) {
      const message = "The server has lost more than this page still holds. What it has can be kept as the recording";
      throw new Refusal(410, { error: { kind: "", message } });
    }
    this.#reached(offset);
  }

  /** @param {number} milliseconds */
  #pause(milliseconds) {
    return new Promise((done) => {
      const timer = window.setTimeout(() => done(undefined), milliseconds);
      this.wake = () => {
        if (this.trouble) return;
        window.clearTimeout(timer);
        done(undefined);
      };
      this.online = () => {
        window.clearTimeout(timer);
        done(undefined);
      };
    });
  }
}
