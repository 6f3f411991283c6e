// @ts-check
// The doubts that are open: where they are in the text, one after the other, and one key to say that it is right now.

import { show } from "./highlights.js";
import { say } from "./net.js";
import { byId, counted } from "./text.js";

/** @typedef {import("./model.js").Turn} Turn */
/** @typedef {{ number: number, start: number, end: number, element: HTMLElement, turn: Turn | null, range: Range | null }} Doubt */

// A doubt is played with a little of what is said around it.
const BEFORE = 1;
const AFTER = 0.6;

export class Doubts {
  /**
   * @param {import("./model.js").Transcript} transcript
   * @param {{ go: (doubt: Doubt, from: number, to: number) => void, resolve: (number: number) => Promise<boolean>, left: (count: number) => void }} tell
   */
  constructor(transcript, tell) {
    this.transcript = transcript;
    this.tell = tell;
    this.list = byId("doubts", HTMLOListElement);
    /** @type {Doubt[]} */
    this.all = [...this.list.children].map((item) => {
      const element = /** @type {HTMLElement} */ (item);
      const { doubt, start, end } = element.dataset;
      return { number: Number(doubt), start: Number(start), end: Number(end), element, turn: null, range: null };
    });
    /** @type {Doubt | null} */
    this.present = null;
    this.list.addEventListener("click", (event) => this._click(event));
    this.list.addEventListener("submit", (event) => this._submit(event));
    this.place();
  }

  /** Find the words of doubts anew, of all or of those in some turns. @param {Turn[]} [turns] */
  place(turns) {
    for (const doubt of this.all) {
      if (turns && doubt.turn && !turns.includes(doubt.turn) && this.transcript.turns.includes(doubt.turn)) continue;
      doubt.turn = this.transcript.at((doubt.start + doubt.end) / 2);
      const words = doubt.turn?.wordsIn(doubt.start, doubt.end);
      doubt.range = words && doubt.turn ? doubt.turn.range(words.first, words.last) : null;
    }
    this._show();
  }

  _show() {
    show("doubt", this.all.map((doubt) => doubt.range));
    show("doubt-now", [this.present?.range ?? null]);
    const left = byId("doubts-left", HTMLElement);
    left.textContent = `${this.all.length} open`;
    byId("doubts-none", HTMLElement).hidden = this.all.length > 0;
    this.tell.left(this.all.length);
  }

  /** To the doubt after or before the present one, or after a moment where there is none. @param {number} by @param {number} time */
  move(by, time) {
    const { all, present } = this;
    if (!all.length) return say("No doubt is left.");
    let place = present ? all.indexOf(present) + by : by > 0 ? all.findIndex((doubt) => doubt.end > time) : all.findLastIndex((doubt) => doubt.start < time);
    if (place < 0 || place >= all.length) {
      place = by > 0 ? 0 : all.length - 1;
      say(by > 0 ? "From the start again" : "From the end again");
    }
    this.go(/** @type {Doubt} */ (all[place]));
  }

  /** @param {Doubt} doubt */
  go(doubt) {
    this.present?.element.removeAttribute("aria-current");
    this.present = doubt;
    doubt.element.setAttribute("aria-current", "true");
    doubt.element.scrollIntoView({ block: "nearest" });
    show("doubt-now", [doubt.range]);
    const why = doubt.element.querySelector(".doubt-why")?.textContent ?? "";
    say(`Doubt ${this.all.indexOf(doubt) + 1} of ${this.all.length}: ${doubt.range?.toString() ?? ""} ${why}`, false);
    this.tell.go(doubt, Math.max(0, doubt.start - BEFORE), doubt.end + AFTER);
  }

  /** The present doubt is right as it stands now; the next. */
  async accept() {
    const { present } = this;
    if (!present) return say("Go to a doubt first.");
    const place = this.all.indexOf(present);
    if (!(await this.resolve(present))) return;
    const next = this.all[place] ?? this.all[0];
    if (next) this.go(next);
    else say("That was the last doubt.");
  }

  /** @param {Doubt} doubt */
  async resolve(doubt) {
    if (!(await this.tell.resolve(doubt.number))) return false;
    this.all = this.all.filter((one) => one !== doubt);
    if (this.present === doubt) this.present = null;
    doubt.element.remove();
    this._show();
    return true;
  }

  /** Resolve the doubts of a turn that a person has heard; how many others are left in it. @param {Turn} turn @param {import("./spans.js").Spans} heard */
  async resolveHeard(turn, heard) {
    const here = this.all.filter((doubt) => doubt.turn === turn);
    for (const doubt of here) if (heard.has(doubt.start) && heard.has(doubt.end)) await this.resolve(doubt);
    const left = this.all.filter((doubt) => doubt.turn === turn).length;
    if (left) say(`Checked. ${counted(left, "doubt")} in it you have not heard yet.`);
  }

  /** @param {Event} event */
  _of(event) {
    const item = event.target instanceof Element ? event.target.closest("li") : null;
    return this.all.find((doubt) => doubt.element === item) ?? null;
  }

  /** @param {MouseEvent} event */
  _click(event) {
    const doubt = this._of(event);
    if (!doubt || !(event.target instanceof Element) || !event.target.closest("a")) return;
    event.preventDefault();
    this.go(doubt);
  }

  /** @param {SubmitEvent} event */
  _submit(event) {
    event.preventDefault();
    event.stopPropagation();
    const doubt = this._of(event);
    if (!doubt) return;
    const next = this.all[this.all.indexOf(doubt) + 1];
    void this.resolve(doubt).then(() => /** @type {HTMLElement | null} */ (next?.element.querySelector("button"))?.focus());
  }
}
