// @ts-check
// Find and replace: every place is shown before anything changes, each can be left out, and all of it is one step to undo.

import { show } from "./highlights.js";
import { Refusal, ask, say, send } from "./net.js";
import { byId, counted, made, plain, units } from "./text.js";

/** @typedef {{ turn: number, start: number, end: number, before: string, text: string, after: string }} Hit */

const SHOWN = 300;

export class Find {
  /**
   * @param {string} path
   * @param {import("./model.js").Transcript} transcript
   * @param {{ ready: () => Promise<void>, go: (turn: import("./model.js").Turn) => void, replace: (fields: import("./net.js").Fields) => Promise<boolean> }} tell
   */
  constructor(path, transcript, tell) {
    this.path = path;
    this.transcript = transcript;
    this.tell = tell;
    this.form = byId("find-form", HTMLFormElement);
    this.sought = byId("find-sought", HTMLInputElement);
    this.replacement = byId("find-replacement", HTMLInputElement);
    this.list = byId("hits", HTMLUListElement);
    this.count = byId("find-count", HTMLElement);
    this.button = byId("find-replace", HTMLButtonElement);
    /** @type {Hit[]} */
    this.hits = [];
    this.version = 0;
    this._asked = 0;
    this._timer = 0;
    this._suggested = false;
    this.form.addEventListener("input", (event) => {
      if (event.target === this.replacement) return;
      window.clearTimeout(this._timer);
      this._timer = window.setTimeout(() => this.look(), 120);
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      void this._replace();
    });
    this.list.addEventListener("change", () => this._picked());
    this.list.addEventListener("click", (event) => {
      const item = event.target instanceof Element ? event.target.closest("li") : null;
      const turn = this.transcript.find(Number(item?.dataset.turn));
      if (turn && event.target instanceof HTMLButtonElement) this.tell.go(turn);
    });
  }

  /** What may be a term of the glossary heard wrongly, asked for once: a click puts it into the fields. */
  async suggest() {
    if (this._suggested) return;
    this._suggested = true;
    /** @type {{ written: string, term: string, times: number }[]} */
    const found = await ask(`${this.path}/lookalikes`).catch(() => []);
    byId("lookalikes", HTMLElement).hidden = !found.length;
    const items = found.map(({ written, term, times }) => {
      const item = made("li");
      const button = made("button", "link-button", `${written} → ${term}`);
      button.type = "button";
      button.translate = false;
      button.addEventListener("click", () => {
        this.sought.value = written;
        this.replacement.value = term;
        void this.look();
      });
      item.append(button, made("span", "app-quiet", ` ${counted(times, "place")}`));
      return item;
    });
    byId("lookalikes-list", HTMLElement).replaceChildren(...items);
  }

  /** Look for what is asked for, in what is saved. */
  async look() {
    const asked = (this._asked += 1);
    const fields = Object.fromEntries([...new FormData(this.form)].map(([name, value]) => [name, String(value)]));
    let found = { version: 0, hits: /** @type {Hit[]} */ ([]) };
    let words = "";
    if (/[\p{L}\p{N}]/u.test(this.sought.value)) {
      try {
        await this.tell.ready();
        found = await send(`${this.path}/find`, fields);
        words = found.hits.length ? counted(found.hits.length, "place") : "Nothing found";
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        words = refusal.sentence;
      }
    }
    if (asked !== this._asked) return;
    this.hits = found.hits;
    this.version = found.version;
    this.count.textContent = this.hits.length > SHOWN ? `${words}; the first ${SHOWN} are listed` : words;
    this.list.replaceChildren(...this.hits.slice(0, SHOWN).map((hit, place) => this._item(hit, place)));
    this._picked();
  }

  /** @param {Hit} hit @param {number} place */
  _item(hit, place) {
    const item = made("li");
    item.dataset.turn = String(hit.turn);
    const box = made("input");
    box.type = "checkbox";
    box.checked = true;
    box.autocomplete = "off";
    box.value = String(place);
    box.setAttribute("aria-label", `Replace in turn ${hit.turn}, place ${place + 1}`);
    const button = made("button", "link-button hit");
    button.type = "button";
    button.translate = false;
    button.append(`${hit.before.slice(-24)}`, made("mark", "", hit.text), hit.after.slice(0, 24));
    item.append(box, button);
    return item;
  }

  /** The hits that are to be replaced: those that are picked, and those that are too many to be listed. */
  get picked() {
    const left = new Set();
    for (const box of this.list.querySelectorAll("input")) if (!box.checked) left.add(Number(box.value));
    return this.hits.filter((_, place) => !left.has(place));
  }

  _picked() {
    const { length } = this.picked;
    this.button.disabled = length === 0;
    this.button.textContent = length ? `Replace ${counted(length, "place")}` : "Replace";
    this.show();
  }

  show() {
    show(
      "found",
      this.hits.map(({ turn: number, start, end }) => {
        const turn = this.transcript.find(number);
        return turn && plain(turn.text) === turn.saved ? turn.letters(units(turn.text, start), units(turn.text, end)) : null;
      }),
    );
  }

  /** Nothing is looked for any more. */
  clear() {
    this._asked += 1;
    this.hits = [];
    this.list.replaceChildren();
    this.count.textContent = "";
    this._picked();
  }

  async _replace() {
    const { picked } = this;
    if (!picked.length) return;
    const hits = picked.map((hit) => `${hit.turn}:${hit.start}-${hit.end}`).join(" ");
    if (!(await this.tell.replace({ hits, replacement: this.replacement.value, base: this.version }))) return;
    say(`Replaced ${counted(picked.length, "place")}. Undo takes all of it back.`);
    await this.look();
  }
}
