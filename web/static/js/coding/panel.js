// @ts-check
// The extract in hand, beside the transcript: its codes, its memo, and what can be done to it.

import { byId, made } from "../review/text.js";

/** @typedef {import("./margin.js").Extract} Extract */
/** @typedef {import("./book.js").Book} Book */

export class Panel {
  /** @param {{ extracts: string, person: string, editable: boolean, fewer: (extract: Extract, code: string) => void, memo: (extract: Extract, text: string) => Promise<void>, pick: (extract: Extract) => void }} tell */
  constructor(tell) {
    this.tell = tell;
    /** @type {Extract | null} */
    this.extract = null;
    this.memo = document.getElementById("memo");
    document.getElementById("memo-form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      void this.keep();
    });
    this.memo?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.ctrlKey) return;
      event.preventDefault();
      void this.keep();
    });
    // Who goes on to other words has not given up the memo.
    this.memo?.addEventListener("blur", () => void this.keep());
  }

  get _text() {
    return this.memo instanceof HTMLTextAreaElement ? this.memo.value.trim() : "";
  }

  async keep() {
    const { extract } = this;
    if (extract?.changeable && this._text !== extract.memo) await this.tell.memo(extract, this._text);
  }

  /** @param {Extract | null} extract @param {Book} book */
  show(extract, book) {
    const same = extract?.number === this.extract?.number;
    const typed = this._text !== this.extract?.memo;
    this.extract = extract;
    byId("panel-inside", HTMLElement).hidden = !extract;
    byId("panel-hint", HTMLElement).hidden = extract !== null;
    byId("panel-title", HTMLElement).textContent = extract ? `Extract ${extract.number}${extract.coder === this.tell.person ? "" : `, ${extract.coder}’s`}` : "No extract in hand";
    if (!extract) return;
    const may = this.tell.editable && extract.changeable;
    byId("panel-quote", HTMLElement).textContent = extract.quote;
    byId("panel-fault", HTMLElement).textContent = extract.faults.length ? `To mend: ${extract.faults.join("; ")}.` : "";
    byId("panel-codes", HTMLElement).replaceChildren(...extract.codes.map((id) => this._code(extract, id, book, may)));
    byId("panel-page", HTMLAnchorElement).href = `${this.tell.extracts}/${extract.number}`;
    byId("panel-memo", HTMLElement).textContent = may ? "" : extract.memo;
    const form = document.getElementById("memo-form");
    if (form) form.hidden = !may;
    // What is being written is not overwritten by an answer to something else.
    if (this.memo instanceof HTMLTextAreaElement && !(same && typed && document.activeElement === this.memo)) this.memo.value = extract.memo;
    for (const button of document.querySelectorAll("#panel-inside [data-do=anchor], #panel-inside [data-do=remove]")) {
      /** @type {HTMLElement} */ (button).hidden = !may;
    }
  }

  /** @param {Extract} extract @param {string} id @param {Book} book @param {boolean} may */
  _code(extract, id, book, may) {
    const item = made("li");
    const swatch = made("span", "swatch");
    swatch.style.background = book.colour(id);
    item.append(swatch, book.name(id));
    if (may) {
      const off = made("button", "link-button", "Take off");
      off.type = "button";
      off.append(made("span", "govuk-visually-hidden", ` ${book.name(id)}`));
      off.addEventListener("click", () => this.tell.fewer(extract, id));
      item.append(" ", off);
    }
    return item;
  }

  /** The extracts that somebody has to look at. @param {Extract[]} extracts */
  mend(extracts) {
    byId("mend", HTMLElement).hidden = extracts.length === 0;
    byId("mend-count", HTMLElement).textContent = String(extracts.length);
    byId("mend-list", HTMLElement).replaceChildren(
      ...extracts.map((extract) => {
        const item = made("li");
        const quote = made("q", "", extract.quote.length > 90 ? `${extract.quote.slice(0, 88)} …` : extract.quote);
        quote.translate = false;
        const take = made("button", "link-button", "Mend");
        take.type = "button";
        take.append(made("span", "govuk-visually-hidden", ` extract ${extract.number}`));
        take.addEventListener("click", () => this.tell.pick(extract));
        item.append(quote, " ", made("span", "app-quiet", `¶${extract.place[0]}, ${extract.faults.join("; ")}`), " ", take);
        return item;
      }),
    );
  }
}
