// @ts-check
// Beside the transcript: which panel is open, and what is known of the turn in hand: heard or not, notes, history.

import { Refusal, ask, say } from "./net.js";
import { byId, made } from "./text.js";

/** @typedef {import("./model.js").Turn} Turn */
/** @typedef {{ old: string, new: string }} Piece */
/** @typedef {{ author: string, at: string, what: string, counts: boolean, speaker: string | null, text: string | null }} Step */

const WHAT = new Map([
  ["revision", "changed"], ["split", "cut in two"], ["merge", "made one of two"], ["check", "checked"], ["undo", "took back"], ["redo", "did again"],
]);

/** @param {string} iso */
const when = (iso) => new Date(iso).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export class Tabs {
  /** @param {HTMLElement} side @param {(panel: string) => void} opened */
  constructor(side, opened) {
    this.tabs = /** @type {HTMLElement[]} */ ([...side.querySelectorAll("[role=tab]")]);
    this.opened = opened;
    const list = /** @type {HTMLElement} */ (side.querySelector("[role=tablist]"));
    list.hidden = false;
    list.addEventListener("click", (event) => {
      const tab = this.tabs.find((one) => one === event.target);
      if (tab) this.open(tab.id);
    });
    list.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const place = this.tabs.findIndex((one) => one === event.target);
      const tab = by && this.tabs[(place + by + this.tabs.length) % this.tabs.length];
      if (!tab) return;
      event.preventDefault();
      this.open(tab.id);
      tab.focus();
    });
  }

  /** @param {string} id */
  open(id) {
    for (const tab of this.tabs) {
      const present = tab.id === id;
      tab.setAttribute("aria-selected", String(present));
      tab.tabIndex = present ? 0 : -1;
      byId(tab.getAttribute("aria-controls") ?? "", HTMLElement).hidden = !present;
    }
    this.opened(id);
  }
}

export class TurnPanel {
  /**
   * @param {string} path
   * @param {{ heard: (turn: Turn) => boolean, note: (turn: Turn, text: string, of?: number) => Promise<boolean>, waive: (turn: Turn, reason: string) => Promise<boolean> }} tell
   */
  constructor(path, tell) {
    this.path = path;
    this.tell = tell;
    /** @type {Turn | null} */
    this.turn = null;
    this.details = byId("history", HTMLDetailsElement);
    this.details.addEventListener("toggle", () => void this._history());
    this._shown = "";
    this.waive = document.getElementById("waive");
    this.waive?.addEventListener("submit", (event) => this._waive(event));
    document.getElementById("note-form")?.addEventListener("submit", (event) => this._note(event));
  }

  /** @param {Turn | null} turn */
  show(turn) {
    this.turn = turn;
    if (!turn || byId("turn-panel", HTMLElement).hidden) return;
    byId("turn-title", HTMLElement).textContent = `Turn ${turn.number}, ${turn.speaker}`;
    const heard = this.tell.heard(turn);
    byId("turn-heard", HTMLElement).textContent = heard ? "All of it was heard." : "Not all of it was heard yet.";
    if (this.waive) this.waive.hidden = heard;
    byId("notes", HTMLElement).replaceChildren(...turn.notes.map((note) => this._item(turn, note)));
    void this._history();
  }

  /** @param {Turn} turn @param {import("./model.js").Note} note */
  _item(turn, note) {
    const item = made("li");
    const text = made("p", "note-text", note.text);
    text.translate = false;
    item.append(text, made("span", "app-quiet", `${note.author}, ${when(note.at)} `));
    if (this.waive) {
      const away = made("button", "link-button", "Remove");
      away.type = "button";
      away.addEventListener("click", () => void this.tell.note(turn, "", note.number));
      item.append(away);
    }
    return item;
  }

  /** @param {SubmitEvent} event */
  async _note(event) {
    event.preventDefault();
    event.stopPropagation();
    const field = byId("note-text", HTMLTextAreaElement);
    if (!this.turn || !field.value.trim()) return;
    if (await this.tell.note(this.turn, field.value)) {
      field.value = "";
      say("The note is kept.");
    }
  }

  /** @param {SubmitEvent} event */
  async _waive(event) {
    event.preventDefault();
    event.stopPropagation();
    const field = byId("waive-reason", HTMLInputElement);
    if (!this.turn || !field.value.trim()) return say("Say why nobody needs to hear it.");
    if (await this.tell.waive(this.turn, field.value)) field.value = "";
  }

  async _history() {
    const { turn } = this;
    const key = turn && `${turn.number}:${turn.version}:${turn.checkedBy}`;
    if (!turn || !key || !this.details.open || key === this._shown || byId("turn-panel", HTMLElement).hidden) return;
    this._shown = key;
    try {
      const found = await ask(`${this.path}/history/${turn.number}`);
      if (this.turn !== turn) return;
      byId("history-diff", HTMLElement).replaceChildren(.../** @type {Piece[]} */ (found.difference).flatMap(difference));
      byId("history-steps", HTMLElement).replaceChildren(.../** @type {Step[]} */ (found.steps).reverse().map(stepItem));
    } catch (refusal) {
      this._shown = "";
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status) say(refusal.sentence);
    }
  }
}

/** @param {Piece} piece */
function difference(piece) {
  if (piece.old === piece.new) return [`${piece.new} `];
  const parts = [];
  if (piece.old) parts.push(made("del", "", piece.old), " ");
  if (piece.new) parts.push(made("ins", "", piece.new), " ");
  return parts;
}

/** @param {Step} step */
function stepItem(step) {
  const item = made("li", step.counts ? "" : "step--back");
  const back = step.counts ? "" : " (taken back)";
  item.append(made("span", "app-quiet", `${step.author}, ${when(step.at)}: ${WHAT.get(step.what) ?? step.what}${back}`));
  if (step.text !== null && ["revision", "split", "merge"].includes(step.what)) {
    const text = made("p", "note-text", `${step.speaker}: ${step.text}`);
    text.translate = false;
    item.append(text);
  }
  return item;
}
