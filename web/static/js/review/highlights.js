// @ts-check
// What is shown in the text without touching it: the word that is said, doubts, and what was found.

/** @typedef {"word" | "doubt" | "doubt-now" | "found"} Kind */

const supported = typeof Highlight === "function" && "highlights" in CSS;

/** Show these stretches of text as this, and no others. @param {Kind} kind @param {Iterable<Range | null>} ranges */
export function show(kind, ranges) {
  if (!supported) return;
  const present = [];
  for (const range of ranges) if (range) present.push(range);
  const highlight = new Highlight(...present);
  highlight.priority = { doubt: 0, found: 1, "doubt-now": 2, word: 3 }[kind];
  CSS.highlights.set(`review-${kind}`, highlight);
}
