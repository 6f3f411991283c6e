// @ts-check
// The page of a transcript, put together: the recording, the turns, what is beside them, and the keys.

import { showDock } from "./dock.js";
import { Doubts } from "./doubts.js";
import { Editor } from "./editor.js";
import { Find } from "./find.js";
import { show } from "./highlights.js";
import { Keys } from "./keys.js";
import { Transcript } from "./model.js";
import { Refusal, ask, say, send } from "./net.js";
import { Heard, Player } from "./player.js";
import { Ribbon } from "./ribbon.js";
import { Saver } from "./saver.js";
import { Tabs, TurnPanel } from "./side.js";
import { Spans } from "./spans.js";
import { byId, clock } from "./text.js";
import { dress } from "./view.js";

/** @typedef {import("./model.js").Turn} Turn */

// Who presses "right" when the next turn has just begun means the one before.
const GRACE = 1.5;
const POLL = 10_000;
const SCROLLED = 5_000;
const LONGEST_NAME = 80;

const root = byId("review", HTMLElement);
const facts = root.dataset;
const path = facts.path ?? "";
const seconds = Number(facts.seconds);
const editable = "editable" in facts;
const heard = new Spans(facts.heard);
const transcript = new Transcript(byId("turns", HTMLElement), Number(facts.version ?? 0));

/** @type {Turn | null} */
let said = null;
let saidSince = 0;
let word = -1;
let scrolled = -SCROLLED;
let counting = 0;
let placing = 0;

// ---- saving

const saver = editable
  ? new Saver(`${path}/transcript`, { state: showSaved, saved: (turn, change) => answeredText(turn, change), refused: (turn, refusal) => editor.notSaved(turn, refusal) })
  : null;

/** @param {import("./saver.js").State} state */
function showSaved(state) {
  const words = { saved: `Saved ${new Date().toLocaleTimeString("en-GB")}`, saving: "Saving", retrying: "Not saved, trying again", out: "Not saved: signed out", two: "Two texts" };
  const place = byId("saved", HTMLElement);
  // What is said at each save would never stop; the eye sees it.
  place.textContent = words[state];
  place.dataset.state = state;
  const dialog = byId("signed-out", HTMLDialogElement);
  if (state === "out" && !dialog.open) dialog.showModal();
  if (state === "saved" && dialog.open) dialog.close();
}

/** @param {Turn} turn @param {import("./model.js").Change} change */
function answeredText(turn, change) {
  editor.answered(change, true);
  if (turn.dirty) saver?.touch(turn);
}

// ---- turns

const editor = new Editor(transcript, saver, {
  active: (turn) => {
    panel?.show(turn);
    place();
  },
  changed: (turns) => {
    doubts?.place(turns);
    find?.show();
    if (editor.active && turns.includes(editor.active)) panel?.show(editor.active);
    said = null;
    showTime(player?.time ?? 0);
    figures();
  },
  jump: (time, play) => {
    if (!player) return;
    const within = editor.active && player.time >= editor.active.start && player.time <= editor.active.end && time === editor.active.start;
    if (!within || play) player.seek(time);
    if (play) player.play();
  },
  caret: (turn) => (player && turn === transcript.at(player.time) ? (turn.places[2 * turn.wordAt(player.time)] ?? 0) : 0),
  resync,
});
for (const turn of transcript.turns) dress(turn);

/** Ask for what others have done since. @param {boolean} [everything] */
async function news(everything = false) {
  if (saver?.unsaved && !everything) return;
  const before = transcript.version;
  const change = await ask(`${path}/transcript/since?version=${everything ? "all" : before}`);
  if (transcript.version !== before || (saver?.unsaved && !everything)) return;
  if (change.holder !== undefined) held(change.holder === facts.person ? "" : change.holder);
  if (change.turns) editor.answered(change, false);
  const tag = document.querySelector("#state .govuk-tag");
  if (tag && change.state) tag.textContent = change.state;
}

async function resync() {
  await news(true).catch(quietly);
}

/** @param {unknown} refusal */
function quietly(refusal) {
  if (!(refusal instanceof Refusal)) throw refusal;
}

/** @param {string} who */
function held(who) {
  const banner = document.getElementById("held");
  if (!banner) return;
  banner.hidden = who === "";
  byId("held-by", HTMLElement).textContent = who;
}

/**
 * Do something that is no edit of turns. @param {string} what @param {import("./net.js").Fields} fields
 * @returns {Promise<any>} null when it was refused
 */
async function act(what, fields) {
  try {
    return await saver?.act(what, () => fields);
  } catch (refusal) {
    quietly(refusal);
    await editor.refused(/** @type {Refusal} */ (refusal));
    return null;
  }
}

// ---- the recording

const told = new Heard(async (spans) => {
  if (editable) await send(`${path}/transcript/heard`, { spans }, document.visibilityState === "hidden");
});
const player = "playable" in facts
  ? new Player(byId("sound", HTMLAudioElement), `${path}/playback`, {
      time: showTime,
      state: showPlayer,
      heard: (from, to) => {
        if (!editable) return;
        heard.add(from, to);
        told.add(from, to);
        figures();
      },
      failed: () => say("The recording cannot be played. It may have been destroyed; load the page again to see."),
    })
  : null;
const ribbon = player && new Ribbon(byId("ribbon", HTMLElement), byId("ribbon-canvas", HTMLCanvasElement), seconds, (time) => player.seek(time));

function showPlayer() {
  if (!player) return;
  byId("icon-play", HTMLElement).hidden = player.playing;
  byId("icon-pause", HTMLElement).hidden = !player.playing;
  byId("play-words", HTMLElement).textContent = player.playing ? "Pause" : "Play";
  byId("speed", HTMLElement).textContent = `${player.audio.playbackRate.toFixed(1)}×`;
  if (!player.playing) told.flush();
}

/** @param {number} time */
function showTime(time) {
  const turn = transcript.at(time);
  const now = turn ? turn.wordAt(time) : -1;
  const text = clock(time);
  const place = byId("now", HTMLElement);
  if (place.textContent !== text) place.textContent = text;
  ribbon?.at(time);
  if (turn === said && now === word) return;
  word = now;
  const range = turn && time > 0 ? turn.range(now, now) : null;
  show("word", [range]);
  if (turn !== said) entered(turn);
  if (player?.playing && range) follow(range);
}

/** Another turn is said now: while nobody writes, it is the one that keys are about. @param {Turn | null} turn */
function entered(turn) {
  const before = said;
  said = turn;
  saidSince = performance.now();
  const inside = editor.active?.element.contains(document.activeElement) ?? false;
  if (turn && player?.playing && !editor.editing && before === editor.active && !player.loop) editor.go(turn, { focus: inside });
}

/** Keep what is said in sight, unless somebody looks elsewhere. @param {Range} range */
function follow(range) {
  if (performance.now() - scrolled < SCROLLED || (editor.editing && editor.editing !== said)) return;
  const { top, bottom } = range.getBoundingClientRect();
  const low = window.innerHeight - byId("dock", HTMLElement).offsetHeight - 60;
  if (top < 60 || bottom > low) window.scrollBy({ top: top - window.innerHeight * 0.3 });
}
for (const kind of ["wheel", "touchmove"]) window.addEventListener(kind, () => (scrolled = performance.now()), { passive: true });

// ---- beside

const doubts = document.getElementById("doubts") && editable
  ? new Doubts(transcript, {
      go: (doubt, from, to) => {
        if (doubt.turn) editor.go(doubt.turn, { focus: editor.editing === null, edit: false });
        scrolled = -SCROLLED;
        player?.once(from, to);
        const start = doubt.range?.getBoundingClientRect();
        if (start && (start.top < 80 || start.bottom > window.innerHeight - 160)) window.scrollBy({ top: start.top - window.innerHeight * 0.3 });
      },
      resolve: async (number) => (await act("doubts", { doubts: number })) !== null,
      left: (count) => {
        byId("dock-doubts", HTMLElement).textContent = String(count);
        figures();
      },
    })
  : null;
const panel = document.getElementById("turn-panel")
  ? new TurnPanel(`${path}/transcript`, {
      heard: (turn) => heard.cover(turn),
      note: async (turn, text, of) => (await editor._act("note", () => ({ turn: turn.number, text, of: of ?? "" }))) !== null,
      waive: async (turn, reason) => {
        const answer = await act("waive", { turns: turn.number, reason });
        if (answer) for (const [from, to] of new Spans(answer.heard).all) heard.add(from, to);
        figures();
        panel?.show(turn);
        return answer !== null;
      },
    })
  : null;
const find = document.getElementById("find-form")
  ? new Find(`${path}/transcript`, transcript, {
      ready: async () => {
        saver?.flushAll();
        await saver?.settled();
      },
      go: (turn) => editor.go(turn, { focus: false }),
      replace: async (fields) => (await editor._act("replace", () => fields)) !== null,
    })
  : null;
const side = document.getElementById("side");
const tabs = side && new Tabs(side, (id) => {
  if (id === "tab-turn") panel?.show(editor.active);
  if (id === "tab-find") void Promise.all([find?.look(), find?.suggest()]);
  else find?.clear();
});

/** @param {string} id @param {string} field */
function openSide(id, field) {
  root.classList.remove("review--alone");
  root.classList.add("review--side");
  tabs?.open(id);
  document.getElementById(field)?.focus();
}

// ---- figures, ribbon, address

function figures() {
  if (!counting) counting = window.setTimeout(count, 200);
}

function count() {
  counting = 0;
  const { turns } = transcript;
  let checked = 0;
  let [all, done] = [0, 0];
  /** @type {import("./spans.js").Span[]} */
  const stretches = [];
  for (const turn of turns) {
    if (!turn.starts.length) continue;
    const covered = heard.cover(turn);
    turn.element.classList.toggle("turn--heard", covered);
    all += turn.end - turn.start;
    if (covered) done += turn.end - turn.start;
    if (turn.checkedBy) {
      checked += 1;
      stretches.push([turn.start, turn.end]);
    }
  }
  if (editable) {
    byId("share-heard", HTMLElement).textContent = `${all ? Math.floor((done / all) * 100) : 100} % heard`;
    byId("share-checked", HTMLElement).textContent = `${checked} of ${turns.length} checked`;
  }
  if (!ribbon) return;
  ribbon.marks = { heard: heard.all, checked: stretches, doubts: doubts?.all.map((doubt) => doubt.start) ?? [] };
  ribbon.draw();
}

/** The address knows turn and second, so that signing in again leads back to them. */
function place() {
  window.clearTimeout(placing);
  placing = window.setTimeout(() => {
    const address = new URL(location.href);
    address.hash = "";
    if (editor.active) address.searchParams.set("turn", String(editor.active.number));
    address.searchParams.set("at", (player?.time ?? 0).toFixed(1));
    history.replaceState(null, "", address);
    for (const link of document.querySelectorAll("a[data-view]")) {
      const other = new URL(/** @type {HTMLAnchorElement} */ (link).href);
      for (const name of ["turn", "at"]) other.searchParams.set(name, address.searchParams.get(name) ?? "");
      /** @type {HTMLAnchorElement} */ (link).href = other.href;
    }
  }, 500);
}

// ---- keys

/** @param {number} by */
const jump = (by) => player?.seek(player.time + by);

async function right() {
  const { active } = editor;
  if (!active || !saver) return;
  const before = transcript.beside(active, -1);
  const late = !editor.editing && player?.playing && active === said && performance.now() - saidSince < GRACE * 1000;
  const turn = late && before && !before.checkedBy && heard.cover(before) ? before : active;
  const next = transcript.beside(turn, 1);
  if (turn === active && next) {
    editor.move(1);
    if (editor.editing) editor.go(next, { edit: true, caret: 0 });
  }
  if (await editor.check(turn, true)) await doubts?.resolveHeard(turn, heard);
}

function nextUnheard() {
  const from = editor.active ? transcript.turns.indexOf(editor.active) + 1 : 0;
  const { turns } = transcript;
  const turn = [...turns.slice(from), ...turns.slice(0, from)].find((one) => !heard.cover(one));
  if (!turn) return say("All of it was heard.");
  editor.go(turn);
  player?.seek(turn.start);
}

function loop() {
  if (!player) return;
  const turn = editor.active;
  player.loop = player.loop || !turn ? null : { start: turn.start, end: turn.end };
  for (const tool of document.querySelectorAll("[data-action=loop]")) tool.setAttribute("aria-pressed", String(player.loop !== null));
  if (player.loop) {
    player.seek(player.loop.start);
    player.play();
  }
  say(player.loop ? "This turn again and again" : "Going on", false);
}

/** F6 goes round the parts of the page. */
function pane() {
  const parts = [editor.active?.element, document.querySelector(".side [role=tab][aria-selected=true]"), document.querySelector("[data-action=play]")]
    .filter((part) => part instanceof HTMLElement && part.offsetParent !== null);
  const groups = [transcript.list, side, byId("dock", HTMLElement)];
  const here = parts.findIndex((part) => groups.some((group) => group?.contains(document.activeElement) && group.contains(part ?? null)));
  const next = parts[(here + 1) % parts.length];
  if (next instanceof HTMLElement) next.focus();
}

function toggleSide() {
  const narrow = matchMedia("(max-width: 63.99em)").matches;
  root.classList.toggle(narrow ? "review--side" : "review--alone");
  const open = narrow ? root.classList.contains("review--side") : !root.classList.contains("review--alone");
  for (const tool of document.querySelectorAll("[data-action=side]")) tool.setAttribute("aria-pressed", String(open));
}

const keys = new Keys(
  {
    play: () => player?.toggle(),
    back: () => jump(-2),
    forward: () => jump(2),
    backMore: () => jump(-10),
    forwardMore: () => jump(10),
    slower: () => player?.faster(-1),
    faster: () => player?.faster(1),
    loop,
    check: () => void right(),
    uncheck: () => editor.active && void editor.check(editor.active, false),
    next: () => editor.move(1),
    previous: () => editor.move(-1),
    interviewer: () => editor.speaker("Interviewer"),
    participant: () => editor.speaker("Participant"),
    nobody: () => editor.speaker("?"),
    nextDoubt: () => doubts?.move(1, player?.time ?? 0),
    previousDoubt: () => doubts?.move(-1, player?.time ?? 0),
    accept: () => void doubts?.accept(),
    nextUnheard,
    note: () => openSide("tab-turn", "note-text"),
    undo: () => void editor.undo("undo"),
    redo: () => void editor.undo("redo"),
    find: () => openSide("tab-find", "find-sought"),
    swap: () => void editor._act("swap", () => ({})).then((change) => change && say("Interviewer and participant have changed places.")),
    side: toggleSide,
    pane,
    keys: () => keys.open(),
  },
  (settings) => {
    if (player) player.rewind = settings.rewind ?? 1.5;
  },
);

// ---- beginning and end

showDock(byId("dock", HTMLElement));
root.classList.add("review--live");
if (!player) byId("ribbon", HTMLElement).hidden = byId("dock-player", HTMLElement).hidden = true;
const wide = matchMedia("(min-width: 64em)").matches;
for (const tool of document.querySelectorAll("[data-action=side]")) tool.setAttribute("aria-pressed", String(wide));
held(facts.holder && facts.holder !== facts.person ? facts.holder : "");
document.getElementById("held-over")?.addEventListener("click", async () => {
  await send(`${path}/transcript/lease`, {}).catch(quietly);
  held("");
  saver?.flushAll();
});
document.getElementById("signed-out-again")?.addEventListener("click", () => saver?.again());

const wanted = new URL(location.href);
const number = Number(wanted.searchParams.get("turn") ?? /^#turn-(\d+)$/.exec(wanted.hash)?.[1]);
const begin = (number && transcript.find(number)) || editor.active;
if (begin) editor.go(begin, { focus: number > 0 });
const at = Number(wanted.searchParams.get("at") ?? (number && begin ? begin.start : 0));
if (at > 0) player?.seek(at);
window.addEventListener("hashchange", () => {
  const turn = transcript.find(Number(/^#turn-(\d+)$/.exec(location.hash)?.[1]));
  if (turn) editor.go(turn);
});

if (ribbon) {
  fetch(`${path}/waveform`)
    .then(async (answer) => {
      if (!answer.ok) return;
      ribbon.peaks = new Int8Array(await answer.arrayBuffer());
      ribbon.channels = Number(facts.channels);
      ribbon.draw();
    })
    .catch(() => {});
}
count();
void keys.load();
if (editable) {
  window.setInterval(() => {
    if (document.visibilityState === "visible") news().catch(quietly);
  }, POLL);
}
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden") return;
  saver?.flushAll();
  told.flush();
});
window.addEventListener("beforeunload", (event) => {
  saver?.flushAll();
  if (saver?.unsaved) event.preventDefault();
});
window.addEventListener("pagehide", () => {
  told.flush();
  if (editable) send(`${path}/transcript/lease`, { leave: "yes" }, true).catch(() => {});
});
document.documentElement.dataset.ready = "yes";
// Only now: what is read is there before what is heard, and the server makes one after the other.
if (player) player.audio.preload = "metadata";

// ---- a name nobody was asked about: what is selected in the text is offered for the name key

const real = document.getElementById("name-real");
document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  const words = String(selection ?? "").trim();
  const inside = selection?.anchorNode?.parentElement?.closest(".turn-text");
  if (real instanceof HTMLInputElement && inside && words && words.length <= LONGEST_NAME) real.value = words;
});
