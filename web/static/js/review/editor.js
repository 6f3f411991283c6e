// @ts-check
// The turns as one thing on the page: one Tab stop, arrows inside, one turn that can be written in, and what is done to turns.

import { Refusal, say } from "./net.js";
import { apply, dress, newTurn, setText, takeOver } from "./view.js";
import { byId, caretIn, characters, placeUnder, plain, putCaret } from "./text.js";

/** @typedef {import("./model.js").Turn} Turn */
/** @typedef {import("./model.js").Transcript} Transcript */
/** @typedef {import("./model.js").Change} Change */
/** @typedef {import("./saver.js").Saver} Saver */

const NEXT_SPEAKER = new Map([["?", "Interviewer"], ["Interviewer", "Participant"], ["Participant", "?"]]);

export class Editor {
  /**
   * @param {Transcript} transcript
   * @param {Saver | null} saver null where nothing can be changed
   * @param {{ active: (turn: Turn) => void, changed: (turns: Turn[]) => void, jump: (time: number, play: boolean) => void, caret: (turn: Turn) => number,
   *   resync: () => Promise<void> }} tell
   */
  constructor(transcript, saver, tell) {
    this.transcript = transcript;
    this.saver = saver;
    this.tell = tell;
    /** @type {Turn | null} */
    this.active = null;
    /** @type {Turn | null} */
    this.editing = null;
    const { list } = transcript;
    list.addEventListener("click", (event) => this._click(event));
    list.addEventListener("keydown", (event) => this._key(event));
    list.addEventListener("focusin", (event) => this._focus(event));
    list.addEventListener("focusout", (event) => this._blur(event));
    list.addEventListener("beforeinput", (event) => this._before(event));
    list.addEventListener("input", () => this.editing && this.saver?.touch(this.editing));
    const first = transcript.turns[0];
    if (first) {
      this.active = first;
      first.element.tabIndex = 0;
    }
  }

  /**
   * Make a turn the one that keys are about.
   * @param {Turn} turn
   * @param {{ focus?: boolean, edit?: boolean, caret?: number }} [how]
   */
  go(turn, { focus = true, edit = false, caret = 0 } = {}) {
    if (this.editing && (this.editing !== turn || !edit)) this.leave();
    const before = this.active;
    if (before !== turn) {
      before?.element.classList.remove("turn--active");
      if (before) before.element.tabIndex = -1;
      this.active = turn;
      this.tell.active(turn);
    }
    turn.element.classList.add("turn--active");
    turn.element.tabIndex = this.editing === turn ? -1 : 0;
    if (edit && this.saver) this._edit(turn, caret);
    else if (focus) turn.element.focus({ preventScroll: true });
    if (focus || edit) turn.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {Turn} turn @param {number} caret */
  _edit(turn, caret) {
    const { body } = turn;
    if (this.editing !== turn) {
      this.editing = turn;
      body.contentEditable = "plaintext-only";
      body.setAttribute("role", "textbox");
      body.setAttribute("aria-multiline", "true");
      body.setAttribute("aria-labelledby", `head-${turn.number}`);
      turn.element.classList.add("turn--editing");
      turn.element.tabIndex = -1;
      turn.fresh = true;
    }
    body.focus({ preventScroll: true });
    putCaret(body, caret);
  }

  /** Nothing can be written in any more, until somebody says so again. */
  leave() {
    const turn = this.editing;
    if (!turn) return;
    this.editing = null;
    this.saver?.flush(turn);
    turn.body.removeAttribute("contenteditable");
    for (const name of ["role", "aria-multiline", "aria-labelledby"]) turn.body.removeAttribute(name);
    turn.element.classList.remove("turn--editing");
    turn.element.tabIndex = turn === this.active ? 0 : -1;
  }

  /** @param {MouseEvent} event */
  _click(event) {
    const turn = this.transcript.of(event.target);
    if (!turn || !(event.target instanceof Element) || event.target.closest(".conflict")) return;
    if (event.target.closest(".turn-time")) {
      this.go(turn);
      this.tell.jump(turn.start, true);
    } else if (event.target.closest("button.turn-who")) {
      this.go(turn, { focus: false });
      this.speaker(NEXT_SPEAKER.get(turn.speaker) ?? "?");
    } else if (event.target.closest(".turn-text")) {
      const place = placeUnder(turn.body, event.clientX, event.clientY);
      if (event.altKey || event.ctrlKey || event.metaKey) {
        if (place !== null) this.tell.jump(turn.startOf(turn.wordUnder(place)), false);
      } else if (this.editing !== turn && getSelection()?.isCollapsed !== false) {
        this.go(turn, { edit: true, caret: place ?? 0 });
      }
    } else this.go(turn);
  }

  /** @param {FocusEvent} event */
  _focus(event) {
    const turn = this.transcript.of(event.target);
    if (turn && event.target === turn.element && turn !== this.active) this.go(turn, { focus: false });
    else if (turn && event.target === turn.element) turn.element.classList.add("turn--active");
  }

  /** @param {FocusEvent} event */
  _blur(event) {
    // Another window came to the front: the caret is still here.
    if (!document.hasFocus()) return;
    if (event.target === this.editing?.body && event.relatedTarget !== this.editing?.body) this.leave();
  }

  /** @param {InputEvent} event */
  _before(event) {
    // Undo and redo are those of the server, which outlive the page; a turn has one paragraph.
    if (event.inputType.startsWith("history") || ["insertParagraph", "insertLineBreak"].includes(event.inputType)) {
      event.preventDefault();
      if (event.inputType === "historyUndo") this.undo("undo");
      if (event.inputType === "historyRedo") this.undo("redo");
    }
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const done = this.editing ? this._editKey(event) : this._readKey(event);
    if (done) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  _readKey(event) {
    const turn = this.transcript.of(event.target);
    if (!turn || event.target !== turn.element) return false;
    switch (event.key) {
      case "ArrowDown":
        return this.move(1);
      case "ArrowUp":
        return this.move(-1);
      case "Home":
        return this._end(0);
      case "End":
        return this._end(-1);
      case "Enter":
        this.go(turn, { edit: true, caret: this.tell.caret(turn) });
        return true;
      default:
        return false;
    }
  }

  /** @param {KeyboardEvent} event */
  _editKey(event) {
    const turn = /** @type {Turn} */ (this.editing);
    const caret = caretIn(turn.body);
    const { length } = turn.text;
    if (event.key === "Enter") return this.split();
    if (caret === null || event.shiftKey) return false;
    if (event.key === "Backspace" && caret === 0) return this.merge(-1);
    if (event.key === "Delete" && caret === length) return this.merge(1);
    if (event.key === "ArrowUp" && caret === 0) return this.move(-1);
    if (event.key === "ArrowDown" && caret === length) return this.move(1);
    return false;
  }

  /** @param {number} place */
  _end(place) {
    const turn = this.transcript.turns.at(place);
    if (turn) this.go(turn);
    return true;
  }

  /** To the turn before or after, going on with writing when somebody writes. @param {number} by */
  move(by) {
    const from = this.active;
    const turn = from && this.transcript.beside(from, by);
    if (!turn) return true;
    this.go(turn, { edit: this.editing !== null, caret: by < 0 ? turn.text.length : 0 });
    this.tell.jump(turn.start, false);
    return true;
  }

  /** Cut the turn in two where the caret is. */
  split() {
    const turn = this.editing;
    const caret = turn && caretIn(turn.body);
    if (!turn || caret === null || !this.saver) return true;
    const text = turn.text;
    const [left, right] = [plain(text.slice(0, caret)), plain(text.slice(caret))];
    if (!left || !right) return true;
    this.saver.flush(turn);
    const second = newTurn();
    // Shown at once, so that nothing typed meanwhile lands in the wrong half; the server gives the number.
    setText(turn, left);
    second.body.textContent = right;
    turn.depart(left);
    second.depart(right);
    second.speaker = turn.speaker;
    second.setTimes(`${Math.round(turn.startOf(turn.wordUnder(caret)) * 100)} 0`);
    this.transcript.turns.splice(this.transcript.turns.indexOf(turn) + 1, 0, second);
    turn.element.after(second.element);
    dress(second);
    this.go(second, { edit: true, caret: 0 });
    const at = characters(left, left.length);
    void this._act("split", () => ({ turn: turn.number, at, base: turn.version }), {
      shown: [turn, second],
      before: (change) => {
        const known = new Set(this.transcript.turns.map((one) => one.number));
        second.number = change.turns?.find((shown) => !known.has(shown.number))?.number ?? 0;
      },
      // Whole again, with all that was written in the halves meanwhile.
      refused: () => {
        setText(turn, plain(`${turn.text} ${second.text}`));
        setText(second, second.sent);
        this.transcript.turns = this.transcript.turns.filter((one) => one !== second);
        if (this.active === second) this.go(turn);
        second.element.remove();
      },
    });
    return true;
  }

  /** Make one turn of this and the one before or after. @param {number} by */
  merge(by) {
    const turn = this.editing ?? this.active;
    const other = turn && this.transcript.beside(turn, by);
    if (!turn || !other || !this.saver) return true;
    const [first, second] = by < 0 ? [other, turn] : [turn, other];
    const writing = this.editing !== null;
    this.leave();
    this.saver.flush(second);
    const caret = plain(first.text).length + (first.text && second.text ? 1 : 0);
    setText(first, plain(`${first.text} ${second.text}`));
    const whole = plain(first.text);
    first.depart(whole);
    this.transcript.turns = this.transcript.turns.filter((one) => one !== second);
    this.transcript.leaving.add(second);
    second.element.remove();
    this.go(first, { edit: writing, caret });
    void this._act("merge", () => ({ turn: first.number, base: Math.max(first.version, second.version) }), {
      shown: [first],
      done: () => this.transcript.leaving.delete(second),
      // The second comes back with the next look; what was written in both together stays where it is.
      refused: () => plain(first.text) === whole && setText(first, first.saved),
    });
    return true;
  }

  /** @param {string} speaker */
  speaker(speaker) {
    const turn = this.active;
    if (!turn || turn.speaker === speaker) return;
    turn.speaker = speaker;
    dress(turn);
    void this._act("speaker", () => ({ turns: turn.number, speaker, base: turn.version }));
  }

  /** Say that turns are right, or no longer. @param {Turn} turn @param {boolean} right */
  check(turn, right) {
    return this._act("check", () => ({ turns: turn.number, checked: right ? "yes" : "", base: turn.version }));
  }

  /** @param {"undo" | "redo"} what */
  async undo(what) {
    const change = await this._act(what, () => ({}));
    const first = change?.turns?.[0];
    const turn = first && this.transcript.find(first.number);
    if (turn && turn !== this.editing) this.go(turn, { focus: this.editing === null, edit: false });
    if (change) say(what === "undo" ? "Taken back" : "Done again");
  }

  /**
   * Ask the server for something, and show what came of it.
   * @param {string} what
   * @param {() => import("./net.js").Fields} fields
   * @param {object} [how]
   * @param {Turn[]} [how.shown] turns that show it already
   * @param {() => void} [how.done] what to do first, whatever the answer
   * @param {(change: Change) => void} [how.before] what to do with the answer first
   * @param {() => void} [how.refused] how turns that show it already are put back
   * @returns {Promise<Change | null>}
   */
  async _act(what, fields, { shown = [], done = () => {}, before = () => {}, refused = () => {} } = {}) {
    if (!this.saver) return null;
    try {
      const change = await this.saver.act(what, fields);
      done();
      for (const turn of shown) turn.arrive();
      before(change);
      this.answered(change, true);
      for (const turn of shown) if (turn.dirty) this.saver.touch(turn);
      return change;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      done();
      for (const turn of shown) turn.turnBack();
      refused();
      for (const turn of shown) if (turn.number && turn.dirty) this.saver.touch(turn);
      await this.refused(refusal);
      return null;
    }
  }

  /** @param {Change} change @param {boolean} own */
  answered(change, own) {
    const { about, two } = apply(this.transcript, change, own);
    for (const [turn, theirs] of two) this._conflict(turn, theirs);
    if (this.active && !this.transcript.turns.includes(this.active)) this._replaceActive();
    this.tell.changed(about);
  }

  _replaceActive() {
    this.editing = null;
    this.active = null;
    const turn = this.transcript.turns[0];
    if (turn) this.go(turn, { focus: false });
  }

  /** @param {Refusal} refusal */
  async refused(refusal) {
    say(refusal.kind === "Stale" ? "Somebody else has changed this turn meanwhile. Look at it again." : refusal.sentence);
    await this.tell.resync();
  }

  /** A turn was not saved. @param {Turn} turn @param {Refusal} refusal */
  notSaved(turn, refusal) {
    // Half of a turn that could not be cut: its text is in the whole again.
    if (!this.transcript.turns.includes(turn)) return;
    if (refusal.standing) {
      this._conflict(turn, refusal.standing);
      return;
    }
    this.saver?.touched.add(turn);
    void this.refused(refusal);
  }

  /** Somebody else was faster: both texts, and a choice. @param {Turn} turn @param {import("./model.js").Shown} theirs */
  _conflict(turn, theirs) {
    turn.conflict = theirs;
    this.saver?.touched.add(turn);
    turn.element.querySelector(".conflict")?.remove();
    const part = byId("conflict-part", HTMLTemplateElement).content.cloneNode(true);
    const box = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (part).firstElementChild);
    /** @type {HTMLElement} */ (box.querySelector(".conflict-mine")).textContent = plain(turn.text);
    /** @type {HTMLElement} */ (box.querySelector(".conflict-theirs")).textContent = theirs.text;
    box.addEventListener("click", (event) => {
      const choice = event.target instanceof HTMLElement ? event.target.dataset.choice : "";
      if (!choice) return;
      box.remove();
      turn.conflict = null;
      takeOver(turn, theirs);
      if (choice === "theirs") setText(turn, theirs.text);
      this.saver?.touch(turn);
      this.tell.changed([turn]);
      this.go(turn);
    });
    turn.element.append(box);
    box.scrollIntoView({ block: "nearest" });
    say("Somebody else changed this turn while you did. Both texts are shown.", false);
  }
}
