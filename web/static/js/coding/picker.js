// @ts-check
// The field in which a code is named by a few letters, and the list of those that are meant.

import { byId, made } from "../review/text.js";

/** @typedef {import("./book.js").Code} Code */

const MOST = 12;

export class Picker {
  /**
   * @param {{ find: (letters: string) => Code[], lately: () => Code[], chosen: (code: Code, next: boolean) => void, left: () => void }} tell
   */
  constructor(tell) {
    this.tell = tell;
    this.field = byId("code", HTMLInputElement);
    this.list = byId("codes", HTMLElement);
    /** @type {Code[]} */
    this.codes = [];
    this.place = 0;
    this.field.addEventListener("input", () => this._look());
    this.field.addEventListener("focus", () => this._look());
    this.field.addEventListener("blur", () => this._close());
    this.field.addEventListener("keydown", (event) => this._key(event));
    // The field keeps the focus while a code is chosen with the mouse.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      const code = option && this.codes[[...this.list.children].indexOf(option)];
      if (code) this._choose(code, event.shiftKey);
    });
  }

  /** Begin, with the first letter typed elsewhere. @param {string} letters */
  open(letters) {
    this.field.value = letters;
    this.field.focus();
    this._look();
  }

  _look() {
    const letters = this.field.value.trim();
    this.codes = (letters ? this.tell.find(letters) : this.tell.lately()).slice(0, MOST);
    this.place = 0;
    this.list.replaceChildren(
      ...this.codes.map((code, at) => {
        const option = made("li", "picker-option");
        option.id = `code-option-${at}`;
        option.role = "option";
        const swatch = made("span", "swatch");
        swatch.style.background = code.colour;
        const above = code.above.at(-1);
        option.append(swatch, made("span", "picker-name", code.name));
        if (above) option.append(made("span", "app-quiet picker-above", above));
        if (code.shortcut) option.append(made("kbd", "", code.shortcut));
        option.title = code.description;
        return option;
      }),
    );
    if (letters && !this.codes.length) {
      const none = made("li", "picker-option", "No code is called like that");
      none.role = "option";
      none.setAttribute("aria-disabled", "true");
      this.list.append(none);
    }
    this.list.hidden = !this.list.children.length;
    this.field.setAttribute("aria-expanded", String(!this.list.hidden));
    this._mark();
  }

  _mark() {
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.place && this.codes.length > 0)));
    const here = this.codes.length ? this.list.children[this.place] : null;
    if (here) this.field.setAttribute("aria-activedescendant", here.id);
    else this.field.removeAttribute("aria-activedescendant");
    here?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const code = this.codes[this.place];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const count = this.codes.length;
      if (count) this.place = (this.place + (event.key === "ArrowDown" ? 1 : -1) + count) % count;
      this._mark();
    } else if (event.key === "Enter") {
      if (code) this._choose(code, event.shiftKey);
    } else if (event.key === "Escape") {
      this._leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Code} code @param {boolean} next */
  _choose(code, next) {
    this._leave();
    this.tell.chosen(code, next);
  }

  _leave() {
    this.field.value = "";
    this._close();
    this.tell.left();
  }

  _close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }
}
