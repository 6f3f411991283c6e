// @ts-check
// The page on which a conversation is coded, put together: what is in hand, the codes, what is beside the text, and the recording.

import { Book } from "./book.js";
import { Hand } from "./hand.js";
import { draw, mark, placed } from "./margin.js";
import { Panel } from "./panel.js";
import { Picker } from "./picker.js";
import { Turns, compare, samePlace } from "./turns.js";
import { showDock } from "../review/dock.js";
import { Refusal, ask, say, send } from "../review/net.js";
import { Player } from "../review/player.js";
import { byId, counted, made } from "../review/text.js";

/** @typedef {import("./margin.js").Extract} Extract */
/** @typedef {import("./book.js").Code} Code */

const LATELY = 9;

const root = byId("coding", HTMLElement);
const facts = root.dataset;
const path = facts.path ?? "";
const person = facts.person ?? "";
const extractsPath = facts.extracts ?? "";
const editable = "editable" in facts;
const turns = new Turns(byId("turns", HTMLElement));

let book = new Book([]);
/** @type {Map<number, Extract>} */
let extracts = new Map();
/** @type {import("./margin.js").Placed[]} */
let shown = [];
/** Codes by when they were used last, the latest first. @type {string[]} */
let lately = [];
/** The extract that keys and panel are about. */
let inHand = 0;
/** An extract that lost its words, until others are chosen for it. */
let mending = 0;

// ---- the server

/** @type {Promise<unknown>} */
let last = Promise.resolve();

/** Ask for something after all that was asked before; what is refused is said. @template T @param {() => Promise<T>} what @returns {Promise<T | null>} */
function act(what) {
  const done = last.then(what).catch(async (refusal) => {
    if (!(refusal instanceof Refusal)) throw refusal;
    say(refusal.status === 401 ? "You are signed out; nothing was kept. Sign in again in another tab, then do it once more." : refusal.status ? refusal.sentence : "The server does not answer; nothing was kept.");
    if (refusal.status && refusal.status !== 401) await load().catch(() => {});
    return null;
  });
  last = done.catch(() => {});
  return done;
}

async function load() {
  know(await ask(`${path}/extracts${facts.beside ? `?with=${encodeURIComponent(facts.beside)}` : ""}`));
}

/** @param {{ codes: Code[], extracts: Extract[] }} found */
function know(found) {
  book = new Book(found.codes);
  extracts = new Map(found.extracts.map((one) => [one.number, one]));
  if (!lately.length) {
    const used = [...extracts.values()].filter((one) => one.coder === person).sort((one, other) => other.number - one.number);
    lately = [...new Set(used.flatMap((one) => one.codes))];
  }
  show();
}

/** @param {Extract | null} extract */
function take(extract) {
  if (!extract) return;
  if (extract.removed) extracts.delete(extract.number);
  else extracts.set(extract.number, extract);
  show();
}

// ---- what is shown

function show() {
  shown = placed(turns, extracts.values());
  const standing = [...extracts.values()];
  byId("count", HTMLElement).textContent = `${counted(standing.filter((one) => one.coder === person).length, "extract")} of yours`;
  panel.mend(standing.filter((one) => one.faults.length && one.changeable));
  if (inHand && !extracts.has(inHand)) inHand = 0;
  if (mending && !extracts.has(mending)) mending = 0;
  draw(turns, shown, book, { person, extracts: extractsPath });
  held();
  dressLately();
}

/** What belongs to the words in hand: the extract of just these words. */
function held() {
  const place = turns.all.length ? turns.place(hand.stretch) : null;
  const here = place ? shown.filter(({ extract }) => samePlace(extract.place, place)) : [];
  const own = here.find(({ extract }) => extract.number === inHand) ?? here.find(({ extract }) => extract.changeable) ?? here[0];
  inHand = own?.extract.number ?? 0;
  panel.show(extracts.get(mending || inHand) ?? null, book);
  mark(turns, (inHand && shown.find(({ extract }) => extract.number === inHand)) || null);
  if (place) byId("hand", HTMLElement).textContent = described();
}

function described() {
  const { from, to } = hand.stretch;
  const [first, second] = [turns.at(from.turn).number, turns.at(to.turn).number];
  const where = first === second ? `¶${first}` : `¶${first}–${second}`;
  if (hand.isTurn) return `${where}, the whole turn`;
  const quote = turns.quote(hand.stretch).replaceAll("\n", " / ");
  return `${where}: ${quote.length > 70 ? `${quote.slice(0, 34)} … ${quote.slice(-34)}` : quote}`;
}

function dressLately() {
  const place = document.getElementById("lately");
  place?.replaceChildren(
    ...recent().slice(0, LATELY).map((code, at) => {
      const button = made("button", "lately-code");
      button.type = "button";
      button.tabIndex = -1;
      button.title = `${code.name} (Alt+${at + 1})`;
      const swatch = made("span", "swatch");
      swatch.style.background = code.colour;
      button.append(made("span", "lately-key", String(at + 1)), swatch, made("span", "lately-name", code.name));
      button.addEventListener("pointerdown", (event) => event.preventDefault());
      button.addEventListener("click", () => void file(code));
      return button;
    }),
  );
}

/** @returns {Code[]} */
const recent = () => lately.map((id) => book.byId.get(id)).filter((code) => code !== undefined).filter((code) => code.codable);

let saying = 0;
const hand = new Hand(turns, {
  changed: () => {
    held();
    window.clearTimeout(saying);
    if (!hand.isTurn) saying = window.setTimeout(() => say(`Selected: ${turns.quote(hand.stretch)}`, false), 300);
  },
  type: (letter) => picker?.open(letter),
  enter: () => picker?.open(""),
  pick: (point) => {
    const under = shown.filter(({ stretch }) => compare(stretch.from, point) <= 0 && compare(point, stretch.to) < 0);
    // Of those that lie above each other the shortest; the next click takes the next.
    under.sort((one, other) => one.extract.quote.length - other.extract.quote.length);
    const at = under.findIndex(({ extract }) => extract.number === inHand);
    const next = under[(at + 1) % Math.max(1, under.length)];
    if (next) pick(next.extract);
    return next !== undefined;
  },
});

/** Take an extract in hand. @param {Extract} extract */
function pick(extract) {
  inHand = extract.number;
  mending = extract.lost ? extract.number : 0;
  const stretch = extract.lost ? null : turns.stretch(extract.place);
  if (stretch) hand.take(stretch);
  else {
    const near = turns.find(extract.place[0]);
    if (near >= 0) hand.go(near);
    held();
    say("Select the words it stands for now, then choose “Put it on what is selected”.");
  }
}

const panel = new Panel({
  extracts: extractsPath,
  person,
  editable,
  fewer: (extract, code) => void change(extract, { fewer: code }),
  memo: async (extract, memo) => {
    if (await change(extract, { memo })) say("The memo is kept.");
  },
  pick,
});
const picker = editable
  ? new Picker({ find: (letters) => book.find(letters), lately: recent, chosen: (code, next) => void file(code, next), left: () => hand.focus() })
  : null;

// ---- what is done

function where() {
  const [first_turn, first_char, last_turn, last_char] = turns.place(hand.stretch);
  return { first_turn, first_char, last_turn, last_char };
}

/** File the words in hand under a code. @param {Code} code @param {boolean} [next] */
async function file(code, next = false) {
  const fields = { codes: code.id, ...where() };
  const said = described();
  if (next) hand.go(hand.stretch.to.turn + 1);
  lately = [code.id, ...lately.filter((id) => id !== code.id)];
  const filed = await act(() => send(`${path}/add`, fields));
  if (!filed) return;
  mending = 0;
  take(filed);
  say(`${code.name}: ${said}`, false);
}

async function inVivo() {
  const fields = { in_vivo: "yes", ...where() };
  const filed = await act(() => send(`${path}/add`, fields));
  if (!filed) return;
  await load().catch(() => {});
  say("Its own words are a code now.");
}

/** @param {Extract} extract @param {import("../review/net.js").Fields} fields */
async function change(extract, fields) {
  const changed = await act(() => send(`${extractsPath}/${extract.number}/change`, fields));
  take(changed);
  return changed !== null;
}

async function anchor() {
  const extract = extracts.get(mending || inHand);
  if (!extract?.changeable) return;
  if (!(await change(extract, where()))) return;
  mending = 0;
  inHand = extract.number;
  held();
  say("The extract stands on these words now.");
}

async function remove() {
  const extract = extracts.get(mending || inHand);
  if (!extract?.changeable || !editable) return;
  take(await act(() => send(`${extractsPath}/${extract.number}/remove`, {})));
  hand.focus();
  say(`Extract ${extract.number} is removed. Ctrl+Z brings it back.`);
}

/** @param {"undo" | "redo"} what */
async function undo(what) {
  const answer = await act(() => send(`${path}/${what}`, {}));
  if (!answer) return;
  await load().catch(() => {});
  const extract = extracts.get(answer.about[0]);
  if (extract) pick(extract);
  say(what === "undo" ? "Taken back" : "Done again");
}

/** To the extract before or after what is in hand. @param {number} by */
function beside(by) {
  const { from } = hand.stretch;
  const at = shown.findIndex(({ extract }) => extract.number === inHand);
  const next = at >= 0 ? shown[at + by] : by > 0 ? shown.find(({ stretch }) => compare(stretch.from, from) >= 0) : shown.findLast(({ stretch }) => compare(stretch.from, from) < 0);
  if (next) pick(next.extract);
  else say(shown.length ? "There is no other in this direction." : "Nothing is coded yet.");
}

// ---- the recording

const player = "playable" in facts
  ? new Player(byId("sound", HTMLAudioElement), facts.sound ?? "", {
      time: () => {},
      state: () => (byId("play-words", HTMLElement).textContent = player?.playing ? "Pause" : "Hear it"),
      heard: () => {},
      failed: () => say("The recording cannot be played. It may have been destroyed; load the page again to see."),
    })
  : null;

function play() {
  if (!player) return say("There is no recording any more.");
  if (player.playing) return player.toggle();
  const [from, to] = turns.times(hand.stretch);
  player.once(from, to);
}

// ---- keys and buttons

/** @type {Record<string, () => void>} */
const DO = {
  play,
  anchor: () => void anchor(),
  remove: () => void remove(),
  "in-vivo": () => void inVivo(),
  undo: () => void undo("undo"),
  redo: () => void undo("redo"),
  side: () => beSide(!root.classList.contains("review--side")),
};
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const button = event.target.closest("[data-do]");
  if (button) DO[/** @type {HTMLElement} */ (button).dataset.do ?? ""]?.();
  const label = event.target.closest("[data-extract]");
  const open = event.target.closest(".turn-open");
  if (!(label || open) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const extract = label && extracts.get(Number(/** @type {HTMLElement} */ (label).dataset.extract));
  if (extract) pick(extract);
  if (open) {
    hand.go(turns.of(open));
    picker?.open("");
  }
});
// Buttons are for the mouse beside the keyboard: what is selected stays selected.
document.addEventListener("pointerdown", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-do]")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const { target, key } = event;
  const writing = (target instanceof HTMLInputElement && target.value !== "") || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
  const ctrl = event.ctrlKey || event.metaKey;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  /** @type {(() => void) | undefined} */
  let does;
  if (ctrl && key === ".") does = () => beside(1);
  else if (ctrl && key === ",") does = () => beside(-1);
  else if (editable && ctrl && key.toLowerCase() === "m") does = memo;
  else if (editable && event.altKey && digit) {
    const code = recent()[Number(digit) - 1];
    does = () => code && void file(code);
  } else if (editable && event.altKey && event.code === "KeyI") does = DO["in-vivo"];
  else if (editable && ctrl && !writing && key.toLowerCase() === "z") does = event.shiftKey ? DO.redo : DO.undo;
  else if (editable && ctrl && !writing && key.toLowerCase() === "y") does = DO.redo;
  else if (target instanceof Element && target.classList.contains("turn") && !ctrl && !event.altKey) {
    if (key === "Delete" && editable) does = DO.remove;
    if (key === " ") does = play;
  }
  if (!does) return;
  event.preventDefault();
  does();
});

/** On a narrow page what is beside the text lies above the bar, when it is wanted. @param {boolean} open */
function beSide(open) {
  root.classList.toggle("review--side", open);
  byId("side-button", HTMLElement).setAttribute("aria-expanded", String(open));
}

function memo() {
  const field = document.getElementById("memo");
  if (!extracts.has(mending || inHand) || !(field instanceof HTMLElement)) return say("Code it first; a memo belongs to an extract.");
  beSide(true);
  field.focus();
}
document.getElementById("memo")?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  hand.focus();
});

/** What is copied says where it comes from. */
document.addEventListener("copy", (event) => {
  const { activeElement: active } = document;
  if (active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement) return;
  const selection = getSelection();
  if (selection && !selection.isCollapsed && !turns.list.contains(selection.anchorNode)) return;
  if (selection?.isCollapsed !== false && !turns.list.contains(active)) return;
  const { from, to } = hand.stretch;
  const [first, second] = [turns.at(from.turn).number, turns.at(to.turn).number];
  const quote = turns.quote(hand.stretch).replaceAll("\n", " / ");
  event.clipboardData?.setData("text/plain", `“${quote}” (${facts.reference} ¶${first === second ? first : `${first}–${second}`})`);
  event.preventDefault();
});

// ---- beginning and end

root.classList.add("review--live");
byId("live-side", HTMLElement).hidden = false;
showDock(byId("dock", HTMLElement));
for (const form of root.querySelectorAll(".turn-form")) form.remove();
for (const open of root.querySelectorAll(".turn-open")) /** @type {HTMLElement} */ (open).tabIndex = -1;
for (const button of document.querySelectorAll("#panel-inside [data-do=play]")) /** @type {HTMLElement} */ (button).hidden = !player;

if (turns.all.length) hand.take(turns.whole(0), { focus: false });
// The page brings what it shows: to ask for it again would have every extract opened twice.
know(JSON.parse(facts.coded ?? ""));
delete root.dataset.coded;
const wanted = new URL(location.href).searchParams;
const wantedExtract = extracts.get(Number(wanted.get("extract")));
const wantedTurn = turns.find(Number(wanted.get("turn") ?? /^#turn-(\d+)$/.exec(location.hash)?.[1]));
if (wantedExtract) pick(wantedExtract);
else if (wantedTurn >= 0) hand.go(wantedTurn);
window.addEventListener("beforeunload", () => void panel.keep());
document.documentElement.dataset.ready = "yes";
