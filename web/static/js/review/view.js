// @ts-check
// What a turn looks like, apart from its words.

import { byId, clock, made, plain, caretIn, putCaret } from "./text.js";
import { Turn } from "./model.js";

/** @typedef {import("./model.js").Shown} Shown */
/** @typedef {import("./model.js").Transcript} Transcript */
/** @typedef {import("./model.js").Change} Change */

/** A new element for a turn that was not there before. @returns {Turn} */
export function newTurn() {
  const part = byId("turn-part", HTMLTemplateElement).content.cloneNode(true);
  return new Turn(/** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (part).firstElementChild));
}

/** Show who speaks, when, and what was said about a turn. @param {Turn} turn */
export function dress(turn) {
  const { element } = turn;
  element.dataset.turn = String(turn.number);
  element.id = `turn-${turn.number}`;
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  turn.body.id = `text-${turn.number}`;
  const head = /** @type {HTMLElement} */ (element.querySelector(".turn-head"));
  head.id = `head-${turn.number}`;
  element.setAttribute("aria-labelledby", `head-${turn.number} text-${turn.number}`);
  const time = /** @type {HTMLElement} */ (head.querySelector(".turn-time"));
  const start = clock(turn.start);
  // What stands there already is left alone: a new text is laid out again, and there are hundreds of turns.
  if (time.textContent !== start) time.textContent = start;
  time.setAttribute("aria-label", `Play from ${start}`);
  const who = /** @type {HTMLElement} */ (head.querySelector(".turn-who"));
  if (who.textContent !== turn.speaker) who.textContent = turn.speaker;
  if (who.dataset.who !== turn.speaker) who.dataset.who = turn.speaker;
  if (who instanceof HTMLButtonElement) who.setAttribute("aria-label", `${turn.speaker}: change who speaks`);
  element.classList.toggle("turn--checked", turn.checkedBy !== "");
  dressMarks(turn);
}

/** @param {Turn} turn */
function dressMarks(turn) {
  let marks = turn.element.querySelector(":scope > .turn-marks");
  const wanted = [];
  if (turn.checkedBy) wanted.push(made("span", "turn-mark turn-mark--checked", `Checked by ${turn.checkedBy}`));
  if (turn.corrected) wanted.push(made("span", "turn-mark", "Corrected"));
  for (const note of turn.notes) {
    const mark = made("span", "turn-mark turn-mark--note", `${note.author}: `);
    const text = made("q", "", note.text);
    text.translate = false;
    mark.append(text);
    wanted.push(mark);
  }
  if (!wanted.length) {
    marks?.remove();
    return;
  }
  if (!marks) {
    marks = made("p", "turn-marks");
    turn.body.after(marks);
  }
  marks.replaceChildren(...wanted);
}

/** Take over all that the server tells of a turn, but for its text. @param {Turn} turn @param {Shown} shown */
export function takeOver(turn, shown) {
  turn.number = shown.number;
  turn.version = shown.version;
  turn.speaker = shown.speaker;
  turn.checkedBy = shown.checked_by;
  turn.corrected = shown.corrected;
  turn.notes = shown.notes;
  turn.saved = plain(shown.text);
  if (!turn.underWay.length) turn.sent = turn.saved;
  turn.setTimes(shown.times);
  dress(turn);
}

/** Another text in a turn; a caret in it goes to the end of what has changed. @param {Turn} turn @param {string} text */
export function setText(turn, text) {
  const before = turn.text;
  const caret = caretIn(turn.body);
  let same = 0;
  const most = Math.min(before.length, text.length);
  while (same < most && before.at(-1 - same) === text.at(-1 - same)) same += 1;
  turn.body.textContent = text;
  if (caret !== null) putCaret(turn.body, text.length - same);
}

/**
 * Take over a change: turns it was about, and the order of all of them. A turn in which somebody writes keeps its text under
 * the caret, and where the server has another than it was sent, there are two texts of it.
 * @param {Transcript} transcript
 * @param {Change} change
 * @param {boolean} own whether it answers something that was done here
 * @returns {{ about: Turn[], two: [Turn, Shown][] }}
 */
export function apply(transcript, change, own) {
  /** @type {Turn[]} */
  const about = [];
  /** @type {[Turn, Shown][]} */
  const two = [];
  for (const shown of change.turns ?? []) {
    let turn = transcript.find(shown.number);
    if ([...transcript.leaving].some((one) => one.number === shown.number)) continue;
    if (!turn) {
      turn = newTurn();
      turn.number = shown.number;
      turn.version = -1;
      transcript.turns.push(turn);
    }
    const busy = turn.dirty || turn.underWay.length > 0 || turn.conflict !== null;
    // What others did is seen by the next save, which is then refused; taking their version over would overwrite them.
    if (!own && (busy || shown.version < turn.version)) continue;
    const other = plain(shown.text) !== turn.known;
    if (busy && other) {
      two.push([turn, shown]);
      continue;
    }
    takeOver(turn, shown);
    if (other) setText(turn, shown.text);
    about.push(turn);
  }
  if (change.order) arrange(transcript, change.order);
  // Versions in between are somebody else's; they are asked for.
  if (!own || change.version === transcript.version + 1) transcript.version = change.version;
  return { about, two };
}

/** @param {Transcript} transcript @param {number[]} order */
function arrange(transcript, order) {
  const known = new Map(transcript.turns.map((turn) => [turn.number, turn]));
  const turns = order.map((number) => known.get(number)).filter((turn) => turn !== undefined);
  // Half of a turn that is being cut has no number before the server gives it one.
  transcript.turns.forEach((turn, place) => {
    const before = transcript.turns[place - 1];
    if (!turn.number && before) turns.splice(turns.indexOf(before) + 1, 0, turn);
  });
  for (const turn of transcript.turns) if (!turns.includes(turn)) turn.element.remove();
  turns.forEach((turn, place) => {
    const here = transcript.list.children[place];
    if (here !== turn.element) transcript.list.insertBefore(turn.element, here ?? null);
  });
  transcript.turns = turns;
}
