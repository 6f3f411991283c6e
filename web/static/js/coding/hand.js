// @ts-check
// What is in hand: a turn, or words of one or of several, taken with the mouse or by key. The turns are one Tab stop.

import { show } from "./colours.js";
import { compare } from "./turns.js";
import { placeOf } from "../review/text.js";

/** @typedef {import("./turns.js").Turns} Turns */
/** @typedef {import("./turns.js").Point} Point */
/** @typedef {import("./turns.js").Stretch} Stretch */

export class Hand {
  /**
   * @param {Turns} turns
   * @param {{ changed: () => void, type: (letter: string) => void, enter: () => void, pick: (point: Point) => boolean }} tell
   */
  constructor(turns, tell) {
    this.turns = turns;
    this.tell = tell;
    this.active = 0;
    /** Where the selection began, and the end that moves. @type {Point} */
    this.anchor = { turn: 0, char: 0 };
    /** @type {Point} */
    this.head = { turn: 0, char: 0 };
    const { list } = turns;
    for (const turn of turns.all) turn.element.tabIndex = -1;
    list.addEventListener("keydown", (event) => this._key(event));
    list.addEventListener("focusin", (event) => this._focus(event));
    list.addEventListener("pointerup", () => window.setTimeout(() => this._mouse()));
    list.addEventListener("click", (event) => this._click(event));
    document.addEventListener("selectionchange", () => this._touched());
    this._timer = 0;
  }

  /** The words in hand. @returns {Stretch} */
  get stretch() {
    const [from, to] = compare(this.anchor, this.head) <= 0 ? [this.anchor, this.head] : [this.head, this.anchor];
    return this.turns.trim({ from, to }) ?? this.turns.whole(this.active);
  }

  /** Whether a turn is in hand, and no words of it alone. */
  get isTurn() {
    const { from, to } = this.stretch;
    return from.turn === to.turn && from.char === 0 && to.char === this.turns.at(to.turn).text.length;
  }

  /** @param {Stretch} stretch @param {{ focus?: boolean }} [how] */
  take({ from, to }, { focus = true } = {}) {
    this.anchor = from;
    this.head = to;
    this._shown(focus, from.turn);
  }

  /** @param {number} turn */
  go(turn) {
    if (turn < 0 || turn >= this.turns.all.length) return;
    this.take(this.turns.whole(turn));
  }

  focus() {
    this.turns.at(this.active).element.focus({ preventScroll: true });
  }

  /** @param {boolean} focus @param {number} turn where the keys are now */
  _shown(focus, turn) {
    const before = this.turns.all[this.active];
    before?.element.classList.remove("turn--active");
    if (before) before.element.tabIndex = -1;
    this.active = turn;
    const { element } = this.turns.at(turn);
    element.tabIndex = 0;
    element.classList.add("turn--active");
    if (focus) {
      element.focus({ preventScroll: true });
      element.scrollIntoView({ block: "nearest" });
    }
    show(this.isTurn ? [] : this.turns.parts(this.stretch).map((part) => part.turn.range(part.from, part.to)));
    this.tell.changed();
  }

  /** @param {FocusEvent} event */
  _focus(event) {
    const turn = this.turns.of(event.target);
    if (turn >= 0 && turn !== this.active && event.target === this.turns.at(turn).element && getSelection()?.isCollapsed) {
      this.take(this.turns.whole(turn), { focus: false });
    }
  }

  /** A finger selects without a pointer going up inside. */
  _touched() {
    window.clearTimeout(this._timer);
    if (!getSelection()?.isCollapsed) this._timer = window.setTimeout(() => this._mouse(), 400);
  }

  /** Take over what the browser has selected. */
  _mouse() {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    const [from, to] = [this._point(range.startContainer, range.startOffset), this._point(range.endContainer, range.endOffset)];
    const stretch = from && to && compare(from, to) < 0 && this.turns.trim({ from, to });
    if (!stretch || (compare(stretch.from, this.stretch.from) === 0 && compare(stretch.to, this.stretch.to) === 0)) return;
    this.anchor = stretch.from;
    this.head = stretch.to;
    this._shown(false, stretch.to.turn);
    this.focus();
  }

  /** @param {Node} node @param {number} offset @returns {Point | null} */
  _point(node, offset) {
    const element = node instanceof Element ? node : node.parentElement;
    const turn = this.turns.of(element);
    if (turn < 0) return null;
    const { body, text } = this.turns.at(turn);
    if (body.contains(node)) return { turn, char: placeOf(body, node, offset) };
    // Beside the words of a turn: before them, or behind them.
    return { turn, char: body.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING ? text.length : 0 };
  }

  /** @param {MouseEvent} event */
  _click(event) {
    const turn = this.turns.of(event.target);
    if (turn < 0 || !(event.target instanceof Element) || event.target.closest("a, button, form")) return;
    if (getSelection()?.isCollapsed === false) return;
    const found = event.target.closest(".turn-text") && document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const point = found && this._point(found.offsetNode, found.offset);
    if (!point || !this.tell.pick(point)) this.go(turn);
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.defaultPrevented || event.isComposing || event.altKey || this.turns.of(event.target) < 0) return;
    if (event.target instanceof Element && !event.target.classList.contains("turn")) return;
    if (this._move(event)) {
      event.preventDefault();
      getSelection()?.removeAllRanges();
    } else if (!event.ctrlKey && !event.metaKey && /^[\p{L}\p{N}]$/u.test(event.key)) {
      event.preventDefault();
      this.tell.type(event.key);
    } else if (!event.ctrlKey && !event.metaKey && event.key === "Enter") {
      event.preventDefault();
      this.tell.enter();
    }
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key meant something here */
  _move(event) {
    const { key, shiftKey, ctrlKey } = event;
    const by = key === "ArrowDown" || key === "ArrowRight" ? 1 : -1;
    if (key === "ArrowUp" || key === "ArrowDown") {
      if (ctrlKey) return false;
      if (shiftKey) this._byTurn(by);
      else this.go(this.active + by);
      return true;
    }
    if (key === "ArrowLeft" || key === "ArrowRight") {
      if (ctrlKey && !shiftKey) return false;
      if (shiftKey) this._extend(ctrlKey ? this.turns.letterFrom(this.head, by) : this.turns.wordFrom(this.head, by));
      else this._byWord(by);
      return true;
    }
    if ((key === "Home" || key === "End") && !ctrlKey) {
      const last = key === "End";
      if (shiftKey) this._extend({ turn: this.head.turn, char: last ? this.turns.at(this.head.turn).text.length : 0 });
      else this.go(last ? this.turns.all.length - 1 : 0);
      return true;
    }
    if (key === "Escape") {
      this.go(this.active);
      return true;
    }
    return false;
  }

  /** @param {Point} head */
  _extend(head) {
    if (compare(head, this.anchor) === 0) return;
    this.head = head;
    this._shown(true, head.turn);
  }

  /** To the word before or after; from a whole turn to its first or last. @param {number} by */
  _byWord(by) {
    const { from, to } = this.stretch;
    const beyond = this.isTurn
      ? this.turns.wordFrom(by > 0 ? from : to, by)
      : this.turns.wordFrom(by > 0 ? to : from, by);
    const other = this.turns.wordFrom(beyond, -by);
    const [begin, end] = by > 0 ? [other, beyond] : [beyond, other];
    this.take({ from: begin, to: end });
  }

  /** One turn more, or one less. @param {number} by */
  _byTurn(by) {
    const turn = this.head.turn + by;
    if (turn < 0 || turn >= this.turns.all.length) return;
    const whole = this.turns.whole(this.anchor.turn);
    const first = this.anchor.turn;
    // What was begun with whole turns goes on with whole turns, in either direction.
    if (this.anchor.char === 0 || this.anchor.char === whole.to.char) this.anchor = turn >= first ? whole.from : whole.to;
    this._extend(turn >= first ? this.turns.whole(turn).to : this.turns.whole(turn).from);
  }
}
