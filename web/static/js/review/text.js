// @ts-check
// Places in a text: words, carets, and the way the server counts characters.

/** The text as the server keeps it: words with one space between them. @param {string} text */
export const plain = (text) => text.trim().replace(/\s+/g, " ");

/** Begin and end of each word, one after the other. @param {string} text @returns {number[]} */
export function wordPlaces(text) {
  const places = [];
  for (const found of text.matchAll(/\S+/g)) places.push(found.index, found.index + found[0].length);
  return places;
}

/** UTF-16 units as characters, which is what the server counts. @param {string} text @param {number} units */
export const characters = (text, units) => Array.from(text.slice(0, units)).length;

/** Characters as UTF-16 units. @param {string} text @param {number} count */
export const units = (text, count) => Array.from(text).slice(0, count).join("").length;

/** Where in the nodes of an element a place of its text is. @param {Element} element @param {number} place @returns {[Node, number]} */
export function pointAt(element, place) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let last = null;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (place <= length) return [node, place];
    place -= length;
    last = node;
  }
  return last ? [last, last.nodeValue?.length ?? 0] : [element, 0];
}

/** Where in the text of an element a point is. @param {Element} element @param {Node} node @param {number} offset */
export function placeOf(element, node, offset) {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.setEnd(node, offset);
  return range.toString().length;
}

/** The place of an element's text under the mouse. @param {Element} element @param {number} x @param {number} y */
export function placeUnder(element, x, y) {
  const found = document.caretPositionFromPoint?.(x, y);
  return found && element.contains(found.offsetNode) ? placeOf(element, found.offsetNode, found.offset) : null;
}

/** The place of the caret, when nothing is selected and it is in the element. @param {Element} element */
export function caretIn(element) {
  const selection = getSelection();
  if (!selection?.isCollapsed || !selection.anchorNode || !element.contains(selection.anchorNode)) return null;
  return placeOf(element, selection.anchorNode, selection.anchorOffset);
}

/** @param {Element} element @param {number} place */
export function putCaret(element, place) {
  const [node, offset] = pointAt(element, place);
  getSelection()?.collapse(node, offset);
}

/** 1:02:03, or 4:05. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} ${id}`);
  return found;
}

/**
 * A new element with a class and a text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {string} [className]
 * @param {string} [text]
 */
export function made(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
