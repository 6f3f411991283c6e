// @ts-check
// Beside the turns: a bar along what each extract covers, those that overlap side by side, and the names of its codes.

import { paint } from "./colours.js";
import { compare } from "./turns.js";
import { made } from "../review/text.js";

/** @typedef {import("./turns.js").Turns} Turns */
/** @typedef {import("./turns.js").Turn} Turn */
/** @typedef {import("./turns.js").Stretch} Stretch */
/** @typedef {import("./turns.js").Place} Place */
/** @typedef {import("./book.js").Book} Book */
/**
 * An extract as the server tells it.
 * @typedef {{ number: number, place: Place, start: number, end: number, quote: string, codes: string[], memo: string, coder: string,
 *   faults: string[], lost: boolean, changeable: boolean, removed: boolean }} Extract
 */
/** @typedef {{ extract: Extract, stretch: Stretch, lane: number }} Placed */

const BAR = 9;
const LANES = 8;
// What is drawn at once, before and after what is on the screen; the rest follows when nothing else is to do.
const AROUND = 15;

let drawing = 0;
/** @type {Element | null} */
let marked = null;

/** Extracts in the order of the text, each in a lane that is free where it begins. @param {Turns} turns @param {Iterable<Extract>} extracts @returns {Placed[]} */
export function placed(turns, extracts) {
  /** @type {Placed[]} */
  const found = [];
  for (const extract of extracts) {
    const stretch = extract.lost || extract.removed ? null : turns.stretch(extract.place);
    if (stretch) found.push({ extract, stretch, lane: 0 });
  }
  found.sort((one, other) => compare(one.stretch.from, other.stretch.from) || compare(other.stretch.to, one.stretch.to) || one.extract.number - other.extract.number);
  /** @type {import("./turns.js").Point[]} */
  const ends = [];
  for (const one of found) {
    const free = ends.findIndex((end) => compare(end, one.stretch.from) <= 0);
    one.lane = free < 0 ? ends.length : free;
    ends[one.lane] = one.stretch.to;
  }
  return found;
}

/**
 * Draw all extracts, turns that have changed alone.
 * @param {Turns} turns @param {Placed[]} all @param {Book} book
 * @param {{ person: string, extracts: string }} facts
 */
export function draw(turns, all, book, facts) {
  /** @type {Map<Turn, { one: Placed, from: number, to: number }[]>} */
  const under = new Map();
  const coded = [];
  for (const one of all) {
    for (const { turn, from, to } of turns.parts(one.stretch)) {
      const here = under.get(turn) ?? [];
      here.push({ one, from, to });
      under.set(turn, here);
      const colour = book.colour(one.extract.codes[0] ?? "");
      coded.push({ colour, lane: one.lane, range: turn.range(from, to) });
    }
  }
  paint(coded);
  for (const turn of turns.all) {
    const here = under.get(turn) ?? [];
    const key = JSON.stringify(here.map(({ one, from, to }) => [one.extract.number, one.lane, from, to, one.extract.codes.map((id) => book.name(id)), one.extract.memo !== ""]));
    if (key === turn.drawn) continue;
    turn.drawn = key;
    turn.due = () => drawTurn(turn, turns, here, book, facts);
  }
  const first = turns.onScreen();
  for (const turn of turns.all.slice(Math.max(0, first - AROUND), first + 2 * AROUND)) turn.draw();
  window.cancelIdleCallback?.(drawing);
  drawing = later((rest) => drawRest(turns, 0, rest));
}

/** Draw what is due from a turn on for as long as nothing else is to do. @param {Turns} turns @param {number} from @param {IdleDeadline} rest */
function drawRest(turns, from, rest) {
  let at = from;
  while (at < turns.all.length && rest.timeRemaining() > 0) turns.at(at++).draw();
  if (at < turns.all.length) drawing = later((more) => drawRest(turns, at, more));
}

/** @param {IdleRequestCallback} what */
const later = (what) => window.requestIdleCallback?.(what) ?? window.setTimeout(() => what({ didTimeout: false, timeRemaining: () => 10 }), 0);

/** Mark the label of the extract in hand, and no other. @param {Turns} turns @param {Placed | null} one */
export function mark(turns, one) {
  marked?.removeAttribute("aria-current");
  const turn = one && turns.at(one.stretch.from.turn);
  turn?.draw();
  marked = turn?.labels.querySelector(`[data-extract="${one?.extract.number}"]`) ?? null;
  marked?.setAttribute("aria-current", "true");
}

/** @param {Turn} turn @param {Turns} turns @param {{ one: Placed, from: number, to: number }[]} here @param {Book} book @param {{ person: string, extracts: string }} facts */
function drawTurn(turn, turns, here, book, facts) {
  turn.said.querySelector(".turn-bars")?.remove();
  if (here.length) {
    const bars = made("div", "turn-bars");
    bars.setAttribute("aria-hidden", "true");
    for (const { one, from, to } of here) {
      const bar = made("span", one.extract.coder === facts.person ? "bar" : "bar bar--other");
      const { length } = turn.text;
      bar.style.left = `${Math.min(one.lane, LANES) * BAR}px`;
      bar.style.top = `${(100 * from) / length}%`;
      bar.style.bottom = `${100 - (100 * to) / length}%`;
      const colours = one.extract.codes.map((id) => book.colour(id));
      bar.style.background = colours.length > 1 ? `repeating-linear-gradient(${colours.map((colour, at) => `${colour} ${at * 8}px ${at * 8 + 8}px`).join(", ")})` : (colours[0] ?? "");
      bars.append(bar);
    }
    turn.said.append(bars);
  }
  const lanes = Math.max(0, ...here.map(({ one }) => Math.min(one.lane, LANES) + 1));
  turn.labels.style.paddingLeft = lanes ? `${lanes * BAR}px` : "";
  turn.labels.replaceChildren(...here.filter(({ one }) => turns.at(one.stretch.from.turn) === turn).map(({ one }) => label(one.extract, book, facts)));
}

/** @param {Extract} extract @param {Book} book @param {{ person: string, extracts: string }} facts */
function label(extract, book, { person, extracts }) {
  const item = made("li");
  const link = made("a", "turn-code");
  link.href = `${extracts}/${extract.number}`;
  link.dataset.extract = String(extract.number);
  link.tabIndex = -1;
  if (extract.coder !== person) link.append(made("b", "", `${extract.coder}: `));
  if (!extract.codes.length) link.append("No code");
  for (const id of extract.codes) {
    const part = made("span", "turn-code-name");
    const swatch = made("span", "swatch");
    swatch.style.background = book.colour(id);
    part.append(swatch, book.name(id));
    link.append(part);
  }
  if (extract.memo) link.append(made("span", "turn-code-memo", "memo"));
  item.append(link);
  return item;
}
