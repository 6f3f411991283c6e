// @ts-check
// What each key does. Three sets to begin from, and every key can be changed; a foot pedal is a key too.

import { Refusal, ask, say, send } from "./net.js";
import { byId, made } from "./text.js";

/**
 * @typedef {"play" | "back" | "forward" | "backMore" | "forwardMore" | "slower" | "faster" | "loop" | "check" | "uncheck" | "next" | "previous"
 *   | "interviewer" | "participant" | "nobody" | "nextDoubt" | "previousDoubt" | "accept" | "nextUnheard" | "note" | "undo" | "redo"
 *   | "find" | "swap" | "side" | "pane" | "keys"} Action
 */
/** @typedef {Partial<Record<Action, string[]>>} Combos */
/** @typedef {{ set?: string, own?: Combos, rewind?: number }} Settings */

/** What each action is called; those with true work in every field, not only in the transcript. @type {[Action, string, boolean][]} */
const ACTIONS = [
  ["play", "Play or pause", true], ["back", "Back 2 seconds", true], ["forward", "Forward 2 seconds", true], ["backMore", "Back 10 seconds", true],
  ["forwardMore", "Forward 10 seconds", true], ["slower", "Slower", true], ["faster", "Faster", true], ["loop", "Repeat this turn", true],
  ["check", "This turn is right, next", true], ["uncheck", "This turn is not right after all", false], ["next", "Next turn", true],
  ["previous", "Previous turn", true], ["interviewer", "The interviewer speaks", true], ["participant", "The participant speaks", true],
  ["nobody", "Nobody knows who speaks", true], ["nextDoubt", "Next doubt", true], ["previousDoubt", "Previous doubt", true],
  ["accept", "This doubt is right now, next", true], ["nextUnheard", "Next turn not heard", true], ["note", "Note on this turn", false],
  ["undo", "Undo", false], ["redo", "Redo", false], ["find", "Find and replace", true], ["swap", "Swap the two speakers everywhere", false],
  ["side", "Show or hide what is beside", true], ["pane", "To the next part of the page", true], ["keys", "These keys", true],
];

/** @type {Combos} */
const CANDOUR = {
  play: ["Escape", "Ctrl+Space"], back: ["F2"], forward: ["F3"], backMore: ["Shift+F2"], forwardMore: ["Shift+F3"], slower: ["F7"], faster: ["F8"],
  loop: ["F9"], check: ["Ctrl+Enter"], uncheck: ["Ctrl+Shift+Enter"], next: ["Ctrl+ArrowDown"], previous: ["Ctrl+ArrowUp"], interviewer: ["Ctrl+1"],
  participant: ["Ctrl+2"], nobody: ["Ctrl+3"], nextDoubt: ["Ctrl+."], previousDoubt: ["Ctrl+,"], accept: ["Alt+Enter"], nextUnheard: ["Alt+ArrowDown"],
  note: ["Ctrl+M"], undo: ["Ctrl+Z"], redo: ["Ctrl+Y", "Ctrl+Shift+Z"], find: ["Ctrl+H"], pane: ["F6"], keys: ["Ctrl+/"],
};

/** @type {Record<string, { name: string, keys: Combos }>} */
const SETS = {
  candour: { name: "Candour", keys: CANDOUR },
  otranscribe: {
    name: "oTranscribe",
    keys: {
      ...CANDOUR, back: ["F1", "Ctrl+1"], forward: ["F2", "Ctrl+2"], slower: ["F3", "Ctrl+3"], faster: ["F4", "Ctrl+4"], backMore: ["Shift+F1"],
      forwardMore: ["Shift+F2"], interviewer: ["Alt+1"], participant: ["Alt+2"], nobody: ["Alt+3"],
    },
  },
  pedals: {
    name: "F keys and foot pedals",
    keys: { ...CANDOUR, play: ["F4", "Escape", "Ctrl+Space"], back: ["F3"], forward: ["F5"], backMore: ["Shift+F3"], forwardMore: ["Shift+F5"] },
  },
};
const ALONE = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "Dead", "Process", "Tab"]);
const DRAWN = new Map([["ArrowDown", "↓"], ["ArrowUp", "↑"], ["ArrowLeft", "←"], ["ArrowRight", "→"], ["Escape", "Esc"]]);

/** A key with those held down, as Ctrl+Shift+Z; empty for one that means nothing alone. @param {KeyboardEvent} event */
export function combo(event) {
  if (ALONE.has(event.key) || event.isComposing) return "";
  // The digits of a keyboard where they need Shift are digits all the same.
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  const key = digit ?? (event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const shift = event.shiftKey && (event.key.length > 1 || /\p{L}/u.test(event.key)) ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

/** Whether a key would otherwise be typed (WCAG 2.1.4). @param {string} key */
const typed = (key) => /^(Shift\+)?(.|Space|Enter|Backspace|Delete|Home|End|Page\w+|Arrow\w+)$/u.test(key);

export class Keys {
  /** @param {Record<Action, () => void>} actions @param {(settings: Settings) => void} changed */
  constructor(actions, changed) {
    this.actions = actions;
    this.changed = changed;
    /** @type {Settings} */
    this.settings = {};
    /** @type {Action | null} */
    this._learning = null;
    this.dialog = byId("keys-dialog", HTMLDialogElement);
    this.words = byId("keys-learn", HTMLElement);
    this._hint = this.words.textContent ?? "";
    document.addEventListener("keydown", (event) => this._key(event), true);
    document.addEventListener("click", (event) => {
      const name = event.target instanceof Element ? event.target.closest("[data-action]")?.getAttribute("data-action") : "";
      if (name) this.actions[/** @type {Action} */ (name)]();
    });
    // Tools are for the mouse beside the keyboard: the caret stays in the text.
    document.addEventListener("mousedown", (event) => {
      if (event.target instanceof Element && event.target.closest(".tool[data-action]")) event.preventDefault();
    });
    this._dialog();
    this._apply({});
  }

  get combos() {
    const set = SETS[this.settings.set ?? "candour"] ?? SETS.candour;
    return { .../** @type {{ keys: Combos }} */ (set).keys, ...this.settings.own };
  }

  /** Take over what this person has chosen before. */
  async load() {
    try {
      this._apply(await ask("/review-keys"));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
    }
  }

  open() {
    this._learning = null;
    this.words.textContent = this._hint;
    this._table();
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (event.defaultPrevented || event.isComposing) return;
    const key = combo(event);
    if (!key) return;
    if (this._learning && this.dialog.open) return this._learn(event, key);
    if (document.querySelector("dialog[open]")) return;
    const { target } = event;
    const field = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
    const reading = target instanceof Element && target.classList.contains("turn");
    for (const [action, , everywhere] of ACTIONS) {
      const here = this.combos[action]?.includes(key) || (action === "play" && key === "Space" && reading);
      if (!here || (field && !everywhere)) continue;
      event.preventDefault();
      event.stopPropagation();
      this.actions[action]();
      return;
    }
  }

  /** @param {KeyboardEvent} event @param {string} key */
  _learn(event, key) {
    event.preventDefault();
    event.stopPropagation();
    const action = /** @type {Action} */ (this._learning);
    if (typed(key)) {
      this.words.textContent = "This key is needed for writing. Press it together with Ctrl or Alt, or choose another.";
      return;
    }
    this._learning = null;
    /** @type {Combos} */
    const own = { ...this.settings.own, [action]: [key] };
    const lost = ACTIONS.find(([other]) => other !== action && this.combos[other]?.includes(key));
    if (lost) own[lost[0]] = (this.combos[lost[0]] ?? []).filter((one) => one !== key);
    this._save({ ...this.settings, own });
    this.words.textContent = lost ? `Kept. “${lost[1]}” has lost this key.` : "Kept.";
    document.getElementById(`change-${action}`)?.focus();
  }

  /** @param {Settings} settings */
  _apply(settings) {
    this.settings = settings;
    for (const tool of document.querySelectorAll("[data-action]")) {
      const name = /** @type {Action} */ (tool.getAttribute("data-action"));
      const keys = this.combos[name] ?? [];
      const words = tool.querySelector(".govuk-visually-hidden")?.textContent ?? "";
      tool.setAttribute("title", keys.length ? `${words} (${keys.map(drawn).join(" or ")})` : words);
      if (keys.length) tool.setAttribute("aria-keyshortcuts", keys.map((key) => key.replace("Ctrl", "Control")).join(" "));
      else tool.removeAttribute("aria-keyshortcuts");
    }
    byId("keys-preset", HTMLSelectElement).value = settings.set ?? "candour";
    byId("keys-rewind", HTMLSelectElement).value = String(settings.rewind ?? 1.5);
    this.changed(settings);
  }

  /** @param {Settings} settings */
  _save(settings) {
    this._apply(settings);
    this._table();
    const { set = "candour", own = {}, rewind = 1.5 } = settings;
    const keys = Object.entries(own).map(([action, combos]) => `${action} ${combos.join(" ")}`.trim());
    send("/review-keys", { set, rewind, keys: keys.join("\n") }).catch(() => say("Your keys could not be kept for the next time."));
  }

  _dialog() {
    const preset = byId("keys-preset", HTMLSelectElement);
    for (const [id, { name }] of Object.entries(SETS)) preset.add(new Option(name, id));
    preset.addEventListener("change", () => this._save({ ...this.settings, set: preset.value, own: {} }));
    const rewind = byId("keys-rewind", HTMLSelectElement);
    rewind.addEventListener("change", () => this._save({ ...this.settings, rewind: Number(rewind.value) }));
    byId("keys-reset", HTMLElement).addEventListener("click", () => this._save({ ...this.settings, own: {} }));
    byId("keys-table", HTMLElement).addEventListener("click", (event) => {
      const id = event.target instanceof HTMLButtonElement ? event.target.id : "";
      const action = ACTIONS.find(([name]) => id === `change-${name}`);
      if (!action) return;
      this._learning = action[0];
      this.words.textContent = `Press the key, or your pedal, for “${action[1]}” now.`;
    });
  }

  _table() {
    const rows = ACTIONS.map(([action, words]) => {
      const row = made("tr", "govuk-table__row");
      const head = made("th", "govuk-table__header", words);
      head.scope = "row";
      const keys = made("td", "govuk-table__cell");
      for (const key of this.combos[action] ?? []) keys.append(made("kbd", "", drawn(key)), " ");
      const last = made("td", "govuk-table__cell");
      const change = made("button", "link-button", "Change");
      change.type = "button";
      change.id = `change-${action}`;
      change.append(made("span", "govuk-visually-hidden", ` the key for: ${words}`));
      last.append(change);
      row.append(head, keys, last);
      return row;
    });
    byId("keys-table", HTMLElement).replaceChildren(...rows);
  }
}

/** @param {string} key */
const drawn = (key) => key.split(/\+(?=.)/).map((part) => DRAWN.get(part) ?? part).join("+");
