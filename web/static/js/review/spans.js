// @ts-check
// Stretches of the recording, as a union in order: what was heard.

/** @typedef {[number, number]} Span */

export class Spans {
  /** @param {string} [text] such as "0.50-12.00 15.20-90.00" */
  constructor(text = "") {
    /** @type {Span[]} */
    this.all = text ? text.split(" ").map((span) => /** @type {Span} */ (span.split("-").map(Number))) : [];
  }

  /** @param {number} from @param {number} to */
  add(from, to) {
    if (to <= from) return;
    /** @type {Span} */
    const joined = [from, to];
    const rest = this.all.filter(([start, end]) => {
      if (end < joined[0] || start > joined[1]) return true;
      joined[0] = Math.min(joined[0], start);
      joined[1] = Math.max(joined[1], end);
      return false;
    });
    this.all = [...rest, joined].sort((one, other) => one[0] - other[0]);
  }

  /** @param {number} time */
  has(time) {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Span} */ (this.all[middle])[0] <= time) low = middle + 1;
      else high = middle;
    }
    const span = this.all[low - 1];
    return span !== undefined && time <= span[1];
  }

  /** Whether every word of a turn was heard: the middle of each lies inside. @param {import("./model.js").Turn} turn */
  cover(turn) {
    return turn.starts.every((start, word) => this.has((start + /** @type {number} */ (turn.ends[word])) / 2));
  }

  get text() {
    return this.all.map(([from, to]) => `${from.toFixed(2)}-${to.toFixed(2)}`).join(" ");
  }
}
