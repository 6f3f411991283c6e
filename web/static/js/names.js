// @ts-check
// Names decided one after another, by key: the page goes on at once, and what was decided is sent behind it, in order.
// Without this script the same forms do the same, with a page in between.

import { Refusal, send } from "./review/net.js";
import { byId } from "./review/text.js";

/** Nothing where only the candidate itself was settled. @typedef {{ open?: Record<string, string[]>, terms: [string, string][], proposals: Record<string, string> }} Left */

const NEAR = 3;

class Names {
  constructor() {
    this.path = byId("names", HTMLElement).dataset.path ?? "";
    this.card = byId("card", HTMLElement);
    this.word = byId("word", HTMLElement);
    this.context = byId("context", HTMLElement);
    this.problem = byId("problem", HTMLElement);
    this.term = byId("term", HTMLSelectElement);
    this.replacement = byId("replacement", HTMLInputElement);
    this.kind = byId("kind", HTMLSelectElement);
    this.here = this.card.dataset.candidate ?? "";
    /** @type {Map<string, HTMLElement>} */
    this.items = new Map();
    for (const item of document.querySelectorAll("#list > li")) {
      if (item instanceof HTMLElement) this.items.set(item.dataset.candidate ?? "", item);
    }
    /** Decided here, and not yet known to have arrived. @type {Set<string>} */
    this.going = new Set();
    this.last = Promise.resolve();
    this.waiting = 0;
    this.stale = false;
    byId("keys", HTMLElement).hidden = false;
    this._listen();
  }

  _listen() {
    for (const form of this.card.querySelectorAll("form")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const pick = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
        this._decide(form.dataset.decision ?? "", pick);
      });
    }
    byId("again", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const way = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "undo";
      this._send(`${this.path}/again`, { way }, "");
    });
    byId("skip", HTMLElement).addEventListener("click", (event) => {
      event.preventDefault();
      this._go(this._next(), true);
    });
    byId("list", HTMLElement).addEventListener("click", (event) => {
      const item = event.target instanceof Element ? event.target.closest("li") : null;
      if (!item) return;
      event.preventDefault();
      this._go(item.dataset.candidate ?? "", true);
    });
    this.kind.addEventListener("change", () => this._untouched() && this._propose());
    this.card.addEventListener("keydown", (event) => this._key(event));
    window.addEventListener("beforeunload", (event) => {
      if (this.waiting) event.preventDefault();
    });
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const field = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (field && event.key === "Escape") return this.word.focus();
    if (event.target === this.term && event.key === "Enter" && this.term.value) {
      event.preventDefault();
      return this._decide("is", "");
    }
    if (field) return;
    const act = this._acts()[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @returns {Record<string, () => void>} */
  _acts() {
    const picks = [...byId("near", HTMLElement).querySelectorAll("button")];
    return {
      ...Object.fromEntries(picks.map((button, number) => [String(number + 1), () => this._decide("is", button.value)])),
      i: () => this.term.focus(),
      n: () => this.replacement.select(),
      x: () => this._decide("not-a-name", ""),
      s: () => this._go(this._next(), true),
      u: () => this._send(`${this.path}/again`, { way: "undo" }, ""),
      r: () => this._send(`${this.path}/again`, { way: "redo" }, ""),
    };
  }

  /** @param {string} decision @param {string} pick */
  _decide(decision, pick) {
    const candidate = this.here;
    const term = pick || this.term.value;
    if (this.going.has(candidate)) return;
    if (decision === "is" && !term) return this._complain("Choose what it is.");
    if (decision === "new" && !this.replacement.value.trim()) return this._complain("Say what stands in its place.");
    /** @type {Record<string, Record<string, string>>} */
    const fields = { is: { term }, new: { replacement: this.replacement.value, kind: this.kind.value } };
    const next = this._next();
    this.going.add(candidate);
    this._show();
    this._go(next, false);
    this._send(this.path, { candidate, decision, ...fields[decision] }, candidate);
  }

  /** Sends one thing after another. @param {string} path @param {Record<string, string>} fields @param {string} candidate */
  _send(path, fields, candidate) {
    this.waiting += 1;
    this.last = this.last.then(async () => {
      try {
        const left = await send(path, fields);
        this.going.delete(candidate);
        this.waiting -= 1;
        this._arrived(left, candidate);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.going.delete(candidate);
        this.waiting -= 1;
        // What was decided just before has settled this one too.
        if (error.kind === "NoCandidate") return window.location.replace(`${this.path}?at=${this.here}`);
        this._show();
        if (candidate) this._go(candidate, true);
        this._complain(error.status === 0 ? "The server does not answer; nothing of this was decided." : error.sentence);
      }
    });
  }

  /** What is open now. @param {Left} left @param {string} candidate that was decided; empty when something was taken back */
  _arrived(left, candidate) {
    const again = left.open ? this._renew(left.open) : [];
    const item = this.items.get(candidate);
    if (item && !left.open) item.dataset.gone = "yes";
    if (left.open) this._offer(left);
    this._show();
    const open = this._open();
    if (!this.waiting && (this.stale || !open.length)) return window.location.replace(`${this.path}?at=${this.here}`);
    if (!candidate && again[0]) this._go(again[0], true);
    else if (!open.includes(this.here)) this._go(open[0] ?? "", false);
    else this._near();
  }

  /** Which candidates are open, and which of them are so again. @param {Record<string, string[]>} open */
  _renew(open) {
    /** @type {string[]} */
    const again = [];
    for (const [handle, near] of Object.entries(open)) {
      const item = this.items.get(handle);
      if (!item) this.stale = true;
      else {
        if (item.dataset.gone) again.push(handle);
        delete item.dataset.gone;
        item.dataset.near = near.join(" ");
      }
    }
    for (const [handle, item] of this.items) if (!(handle in open)) item.dataset.gone = "yes";
    return again;
  }

  /** Terms to choose from and replacements to propose. @param {Left} left */
  _offer(left) {
    const chosen = this.term.value;
    this.term.replaceChildren(new Option("", ""), ...left.terms.map(([id, label]) => new Option(label, id)));
    this.term.value = chosen;
    const form = this.term.closest("form");
    if (form) form.hidden = !left.terms.length;
    const untouched = this._untouched();
    for (const option of this.kind.options) option.dataset.proposal = left.proposals[option.value] ?? "";
    if (untouched) this._propose();
  }

  /** Whether what stands in the field was proposed, and not typed. */
  _untouched() {
    return [...this.kind.options].some((option) => option.dataset.proposal === this.replacement.value);
  }

  _propose() {
    this.replacement.value = this.kind.selectedOptions[0]?.dataset.proposal ?? "";
  }

  _open() {
    return [...this.items].filter(([handle, item]) => !item.dataset.gone && !this.going.has(handle)).map(([handle]) => handle);
  }

  _next() {
    const handles = [...this.items.keys()];
    const open = new Set(this._open());
    const at = handles.indexOf(this.here);
    const order = [...handles.slice(at + 1), ...handles.slice(0, at)];
    return order.find((handle) => open.has(handle)) ?? this.here;
  }

  _show() {
    const open = new Set(this._open());
    for (const [handle, item] of this.items) item.hidden = !open.has(handle);
    const count = byId("left", HTMLElement).querySelector("strong");
    if (count) count.textContent = open.size === 1 ? "1 candidate" : `${open.size} candidates`;
  }

  /** Take a candidate in hand. @param {string} handle @param {boolean} always whether the focus goes there from wherever it is */
  _go(handle, always) {
    const item = this.items.get(handle);
    const link = item?.querySelector("a");
    if (!item || !link) return;
    const inside = this.card.contains(document.activeElement);
    this._keepContext();
    this.here = handle;
    this.card.dataset.candidate = handle;
    for (const one of document.querySelectorAll("#list a[aria-current]")) one.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    link.scrollIntoView({ block: "nearest" });
    this.word.textContent = link.textContent;
    byId("why", HTMLElement).textContent = item.dataset.why ?? "";
    const lines = item.querySelector(".names-lines");
    if (lines) this.context.replaceChildren(lines);
    for (const input of this.card.querySelectorAll("input[name=candidate]")) {
      if (input instanceof HTMLInputElement) input.value = handle;
    }
    this.problem.hidden = true;
    this.term.value = "";
    this.kind.value = item.dataset.kind ?? "other";
    this._propose();
    this._near();
    if (inside || always) this.word.focus();
  }

  /** The lines of the candidate in hand go back to its item. */
  _keepContext() {
    const lines = this.context.querySelector(".names-lines");
    const item = this.items.get(this.here);
    if (!lines || !item) return;
    const place = item.querySelector(".names-context") ?? item.appendChild(document.createElement("div"));
    place.className = "names-context";
    if (place instanceof HTMLElement) place.hidden = true;
    place.replaceChildren(lines);
  }

  /** The terms that the candidate in hand is most like, each a button with a key. */
  _near() {
    const labels = new Map([...this.term.options].map((option) => [option.value, option.text]));
    const near = (this.items.get(this.here)?.dataset.near ?? "").split(" ").filter((id) => labels.has(id) && id);
    byId("near", HTMLElement).replaceChildren(
      ...near.slice(0, NEAR).map((id, number) => {
        const button = document.createElement("button");
        button.className = "govuk-button govuk-button--secondary names-pick";
        button.name = "pick";
        button.value = id;
        const key = document.createElement("kbd");
        key.textContent = String(number + 1);
        button.append(key, ` ${labels.get(id)}`);
        return button;
      }),
    );
  }

  /** @param {string} words */
  _complain(words) {
    this.problem.textContent = words;
    this.problem.hidden = false;
  }
}

if (document.getElementById("names")) new Names();
