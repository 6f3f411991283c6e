// @ts-check
// What a person does goes to the server in order, one thing at a time, and is tried again until it has arrived.

import { Refusal, send } from "./net.js";
import { plain } from "./text.js";

/** @typedef {import("./model.js").Turn} Turn */
/** @typedef {import("./net.js").Fields} Fields */
/** @typedef {"saved" | "saving" | "retrying" | "out" | "two"} State */

const AFTER = 250;
// Who goes on writing within this time goes on with the same step.
const STEP = 2_000;

export class Saver {
  /**
   * @param {string} path
   * @param {{ state: (state: State) => void, saved: (turn: Turn, change: any) => void, refused: (turn: Turn, refusal: Refusal) => void }} tell
   */
  constructor(path, tell) {
    this.path = path;
    this.tell = tell;
    /** @type {Set<Turn>} */
    this.touched = new Set();
    this._waiting = 0;
    /** @type {Promise<unknown>} */
    this._last = Promise.resolve();
    this._again = () => {};
  }

  get unsaved() {
    return this._waiting > 0 || this.touched.size > 0;
  }

  /** Somebody has written in a turn: it is saved a moment after the first letter, not after the last. @param {Turn} turn */
  touch(turn) {
    const now = performance.now();
    if (now - turn.typedAt > STEP) turn.fresh = true;
    turn.typedAt = now;
    this.touched.add(turn);
    this._tell();
    if (!turn.timer && !turn.conflict) turn.timer = window.setTimeout(() => this._due(turn), AFTER);
  }

  /** A slow server gets one text of a turn at a time; the next is sent when this one has arrived. @param {Turn} turn */
  _due(turn) {
    turn.timer = 0;
    if (!turn.underWay.length) this.flush(turn);
  }

  /** Save what was written in a turn. @param {Turn} turn */
  flush(turn) {
    window.clearTimeout(turn.timer);
    turn.timer = 0;
    if (turn.conflict) return;
    this.touched.delete(turn);
    if (!turn.dirty) return this._tell();
    const text = plain(turn.text);
    turn.depart(text);
    const fields = () => {
      const typing = turn.fresh ? "" : "yes";
      turn.fresh = false;
      return { turn: turn.number, text, base: turn.version, typing };
    };
    this._queue("text", fields).then(
      (change) => {
        turn.arrive();
        this.tell.saved(turn, change);
      },
      (refusal) => {
        turn.turnBack();
        this.tell.refused(turn, refusal);
      },
    );
  }

  flushAll() {
    for (const turn of this.touched) this.flush(turn);
  }

  /**
   * Do something after all that was written before has been saved. Raises Refusal.
   * @param {string} what
   * @param {() => Fields} fields asked for when it is sent
   * @returns {Promise<any>}
   */
  act(what, fields) {
    this.flushAll();
    return this._queue(what, fields);
  }

  /** When all that was sent so far has arrived or was refused. */
  async settled() {
    await this._last;
  }

  /** Try again now. */
  again() {
    this._again();
  }

  /** @param {string} what @param {() => Fields} fields @returns {Promise<any>} */
  _queue(what, fields) {
    this._waiting += 1;
    this._tell();
    const done = this._last.then(() => this._send(what, fields()));
    this._last = done.catch(() => {}).then(() => {
      this._waiting -= 1;
      this._tell();
    });
    return done;
  }

  _tell() {
    const two = [...this.touched].some((turn) => turn.conflict);
    this.tell.state(this._waiting ? "saving" : two ? "two" : this.touched.size ? "saving" : "saved");
  }

  /** @param {string} what @param {Fields} fields */
  async _send(what, fields) {
    for (let pause = 1_000; ; pause = Math.min(10_000, 2 * pause)) {
      try {
        return await send(`${this.path}/${what}`, fields);
      } catch (refusal) {
        if (!(refusal instanceof Refusal) || !(refusal.passing || refusal.status === 401)) throw refusal;
        this.tell.state(refusal.status === 401 ? "out" : "retrying");
        await new Promise((resolve) => {
          this._again = () => resolve(null);
          if (refusal.status !== 401) window.setTimeout(resolve, pause);
        });
        this.tell.state("saving");
      }
    }
  }
}
