// @ts-check
// The turns of a pseudonymised transcript, and places in them. A place is a turn and a character of it; the text never changes here.

import { characters, units } from "../review/text.js";

/** @typedef {{ turn: number, char: number }} Point a turn by its place in the list, from 0, and a UTF-16 unit of its text */
/** @typedef {{ from: Point, to: Point }} Stretch half open, from before to */
/** @typedef {[number, number, number, number]} Place first turn and character, last turn and character; turns by their numbers, characters as the server counts them */

const WORD = /[\p{L}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*/gu;

export class Turn {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.number = Number(element.dataset.turn);
    this.start = Number(element.dataset.start);
    this.end = Number(element.dataset.end);
    this.body = /** @type {HTMLElement} */ (element.querySelector(".turn-text"));
    this.said = /** @type {HTMLElement} */ (element.querySelector(".turn-said"));
    this.labels = /** @type {HTMLElement} */ (element.querySelector(".turn-codes"));
    this.text = this.body.textContent ?? "";
    /** What is drawn beside it, so that it is drawn again only when that changes, and how, where it still has to be. */
    this.drawn = "";
    /** @type {(() => void) | null} */
    this.due = null;
    /** @type {[number, number][] | null} */
    this._words = null;
  }

  draw() {
    this.due?.();
    this.due = null;
  }

  /** Begin and end of each word. */
  get words() {
    this._words ??= [...this.text.matchAll(WORD)].map((found) => [found.index, found.index + found[0].length]);
    return this._words;
  }

  /** @param {number} from @param {number} to */
  range(from, to) {
    const range = document.createRange();
    const text = this.body.firstChild ?? this.body;
    range.setStart(text, from);
    range.setEnd(text, to);
    return range;
  }
}

/** @param {Point} one @param {Point} other below zero when `one` is earlier */
export const compare = (one, other) => one.turn - other.turn || one.char - other.char;

/** @param {Place} one @param {Place} other */
export const samePlace = (one, other) => one.every((part, at) => part === other[at]);

export class Turns {
  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
    this.all = [...list.querySelectorAll(".turn")].map((element) => new Turn(/** @type {HTMLElement} */ (element)));
    this._byNumber = new Map(this.all.map((turn, at) => [turn.number, at]));
  }

  /** @param {number} at */
  at(at) {
    return /** @type {Turn} */ (this.all[at]);
  }

  /** @param {number} number */
  find(number) {
    return this._byNumber.get(number) ?? -1;
  }

  /** The first turn that is not above the screen. */
  onScreen() {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).element.getBoundingClientRect().bottom <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The turn that an element is in. @param {EventTarget | null} target */
  of(target) {
    const element = target instanceof Element ? target.closest(".turn") : null;
    return element ? this.find(Number(/** @type {HTMLElement} */ (element).dataset.turn)) : -1;
  }

  /** @param {number} turn @returns {Stretch} */
  whole(turn) {
    return { from: { turn, char: 0 }, to: { turn, char: this.at(turn).text.length } };
  }

  /** Without white space at its ends, and without a turn of which it has nothing. @param {Stretch} stretch @returns {Stretch | null} */
  trim({ from, to }) {
    let [first, last] = [{ ...from }, { ...to }];
    const blank = (/** @type {string | undefined} */ letter) => letter === undefined || /\s/.test(letter);
    while (compare(first, last) < 0 && blank(this.at(first.turn).text[first.char])) {
      first = first.char >= this.at(first.turn).text.length ? { turn: first.turn + 1, char: 0 } : { ...first, char: first.char + 1 };
    }
    while (compare(first, last) < 0 && blank(this.at(last.turn).text[last.char - 1])) {
      last = last.char <= 0 ? { turn: last.turn - 1, char: this.at(last.turn - 1).text.length } : { ...last, char: last.char - 1 };
    }
    return compare(first, last) < 0 ? { from: first, to: last } : null;
  }

  /** @param {Stretch} stretch @returns {Place} */
  place({ from, to }) {
    const counted = (/** @type {Point} */ { turn, char }) => characters(this.at(turn).text, char);
    return [this.at(from.turn).number, counted(from), this.at(to.turn).number, counted(to)];
  }

  /** Where a place of the server is; null when there is no such place. @param {Place} place @returns {Stretch | null} */
  stretch([firstTurn, firstChar, lastTurn, lastChar]) {
    const [first, last] = [this.find(firstTurn), this.find(lastTurn)];
    if (first < 0 || last < first) return null;
    const [begin, end] = [this.at(first).text, this.at(last).text];
    if (firstChar > characters(begin, begin.length) || lastChar > characters(end, end.length)) return null;
    return { from: { turn: first, char: units(begin, firstChar) }, to: { turn: last, char: units(end, lastChar) } };
  }

  /** The part of each turn that a stretch has. @param {Stretch} stretch @returns {{ turn: Turn, from: number, to: number }[]} */
  parts({ from, to }) {
    const parts = [];
    for (let at = from.turn; at <= to.turn; at += 1) {
      const turn = this.at(at);
      const [begin, end] = [at === from.turn ? from.char : 0, at === to.turn ? to.char : turn.text.length];
      if (begin < end) parts.push({ turn, from: begin, to: end });
    }
    return parts;
  }

  /** @param {Stretch} stretch */
  quote(stretch) {
    return this.parts(stretch).map(({ turn, from, to }) => turn.text.slice(from, to)).join("\n");
  }

  /** When a stretch is said, spread evenly over the letters of each turn. @param {Stretch} stretch @returns {[number, number]} */
  times({ from, to }) {
    /** @param {Point} point */
    const moment = ({ turn, char }) => {
      const { start, end, text } = this.at(turn);
      return start + ((end - start) * char) / Math.max(1, text.length);
    };
    return [moment(from), moment(to)];
  }

  /** The point a word further, forward or back; at the end of a turn on to the next. @param {Point} point @param {number} by @returns {Point} */
  wordFrom({ turn, char }, by) {
    for (let at = turn; at >= 0 && at < this.all.length; at += by) {
      const { words, text } = this.at(at);
      const here = at === turn ? char : by > 0 ? -1 : text.length + 1;
      const found = by > 0 ? words.find(([, end]) => end > here) : words.findLast(([begin]) => begin < here);
      if (found) return { turn: at, char: by > 0 ? found[1] : found[0] };
    }
    return { turn, char };
  }

  /** @param {Point} point @param {number} by @returns {Point} */
  letterFrom({ turn, char }, by) {
    const { text } = this.at(turn);
    const next = characters(text, char) + by;
    if (next >= 0 && next <= characters(text, text.length)) return { turn, char: units(text, next) };
    const beside = this.all[turn + by];
    return beside ? { turn: turn + by, char: by > 0 ? 0 : beside.text.length } : { turn, char };
  }
}
