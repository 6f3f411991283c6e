// @ts-check
// The turns of a transcript: their words with times, in order, and which of them are said at a moment.

import { plain, pointAt, wordPlaces } from "./text.js";

/** @typedef {{ number: number, author: string, at: string, text: string }} Note */
/**
 * A turn as the server tells it.
 * @typedef {{ number: number, version: number, speaker: string, text: string, times: string, checked_by: string,
 *   corrected: boolean, notes: Note[] }} Shown
 */
/** @typedef {{ version: number, turns?: Shown[], order?: number[], holder?: string, state?: string }} Change */

export class Turn {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.body = /** @type {HTMLElement} */ (element.querySelector(".turn-text"));
    this.number = Number(element.dataset.turn ?? 0);
    this.version = Number(element.dataset.version ?? 0);
    this.speaker = element.querySelector(".turn-who")?.textContent ?? "?";
    this.checkedBy = element.dataset.checked ?? "";
    this.corrected = "corrected" in element.dataset;
    /** @type {Note[]} */
    this.notes = [...element.querySelectorAll("[data-note]")].map((note) => {
      const { note: number, author = "", at = "" } = /** @type {HTMLElement} */ (note).dataset;
      return { number: Number(number), author, at, text: note.querySelector("q")?.textContent ?? "" };
    });
    /** What the server has, what it will have when all that was sent has arrived, and the texts in between, oldest first. */
    this.saved = plain(this.text);
    this.sent = this.saved;
    /** @type {string[]} */
    this.underWay = [];
    /** What somebody else made of it meanwhile. @type {Shown | null} */
    this.conflict = null;
    /** Saving: a timer that runs, and whether what is typed next is a step of its own. */
    this.timer = 0;
    this.fresh = true;
    this.typedAt = 0;
    /** @type {number[]} */
    this.starts = [];
    /** @type {number[]} */
    this.ends = [];
    this.start = Number(element.dataset.start ?? 0);
    this.end = Number(element.dataset.end ?? 0);
    if (element.dataset.times) this.setTimes(element.dataset.times);
    this._text = "";
    /** @type {number[]} */
    this._places = [];
  }

  get text() {
    return this.body.textContent ?? "";
  }

  /** A text is on its way. @param {string} text */
  depart(text) {
    this.sent = text;
    this.underWay.push(text);
  }

  /** The oldest text that was on its way has arrived. */
  arrive() {
    this.saved = this.underWay.shift() ?? this.saved;
  }

  /** It was refused. What was written is there, unsaved. */
  turnBack() {
    this.underWay.shift();
    if (!this.underWay.length) this.sent = this.saved;
  }

  /** What the server is thought to have now: not what is still on its way. */
  get known() {
    return this.underWay.length ? this.saved : this.sent;
  }

  /** Whether something is written that was not sent. */
  get dirty() {
    return plain(this.text) !== this.sent;
  }

  /** Two numbers a word: since the start of the one before, and how long, in hundredths of a second. @param {string} times */
  setTimes(times) {
    const numbers = times.split(" ").map(Number);
    let start = 0;
    this.starts = [];
    this.ends = [];
    for (let at = 0; at + 1 < numbers.length; at += 2) {
      start += /** @type {number} */ (numbers[at]);
      this.starts.push(start / 100);
      this.ends.push((start + /** @type {number} */ (numbers[at + 1])) / 100);
    }
    this.start = this.starts[0] ?? 0;
    this.end = Math.max(...this.ends, this.start);
  }

  /** Begin and end of every word in the text. */
  get places() {
    const text = this.text;
    if (text !== this._text) {
      this._text = text;
      this._places = wordPlaces(text);
    }
    return this._places;
  }

  /** The word that is said at a moment: the last that has begun. @param {number} time */
  wordAt(time) {
    let word = 0;
    while (word + 1 < this.starts.length && /** @type {number} */ (this.starts[word + 1]) <= time) word += 1;
    return word;
  }

  /** The word at a place of the text. @param {number} place */
  wordUnder(place) {
    const { places } = this;
    let word = 0;
    while (2 * word + 2 < places.length && /** @type {number} */ (places[2 * word + 2]) <= place) word += 1;
    return word;
  }

  /** When a word begins. @param {number} word */
  startOf(word) {
    return this.starts[Math.min(word, this.starts.length - 1)] ?? this.start;
  }

  /** The words whose middle lies in a stretch, as first and last; null where there is none. @param {number} from @param {number} to */
  wordsIn(from, to) {
    let first = -1;
    let last = -1;
    this.starts.forEach((start, word) => {
      const middle = (start + /** @type {number} */ (this.ends[word])) / 2;
      if (middle < from || middle > to) return;
      if (first < 0) first = word;
      last = word;
    });
    return first < 0 ? null : { first, last };
  }

  /** The letters of some words, to be shown. @param {number} first @param {number} last */
  range(first, last) {
    const begin = this.places[2 * first];
    const end = this.places[2 * Math.min(last, this.places.length / 2 - 1) + 1];
    return begin === undefined || end === undefined ? null : this.letters(begin, end);
  }

  /** @param {number} begin @param {number} end */
  letters(begin, end) {
    const range = document.createRange();
    range.setStart(...pointAt(this.body, begin));
    range.setEnd(...pointAt(this.body, end));
    return range;
  }
}

export class Transcript {
  /** @param {HTMLElement} list @param {number} version */
  constructor(list, version) {
    this.list = list;
    this.version = version;
    /** Turns made part of another, of which the server does not know yet. @type {Set<Turn>} */
    this.leaving = new Set();
    this.turns = [...list.querySelectorAll(".turn")].map((element) => new Turn(/** @type {HTMLElement} */ (element)));
  }

  /** @param {number} number */
  find(number) {
    return this.turns.find((turn) => turn.number === number) ?? null;
  }

  /** The turn of an element inside of it. @param {EventTarget | null} target */
  of(target) {
    const element = target instanceof Element ? target.closest(".turn") : null;
    return element ? (this.turns.find((turn) => turn.element === element) ?? null) : null;
  }

  /** @param {Turn} turn @param {number} by */
  beside(turn, by) {
    return this.turns[this.turns.indexOf(turn) + by] ?? null;
  }

  /** The turn that is said at a moment: of those that overlap the one that began last, else the last that has begun. @param {number} time */
  at(time) {
    let low = 0;
    let high = this.turns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Turn} */ (this.turns[middle]).start <= time) low = middle + 1;
      else high = middle;
    }
    for (let place = low - 1; place >= Math.max(0, low - 4); place -= 1) {
      const turn = this.turns[place];
      if (turn && turn.end >= time) return turn;
    }
    return this.turns[Math.max(0, low - 1)] ?? null;
  }
}
