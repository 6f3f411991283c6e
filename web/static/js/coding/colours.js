// @ts-check
// Codes in the text, shown without touching it: a tint and a line in the colour of each code, lines of overlapping ones below each other.

const supported = typeof Highlight === "function" && "highlights" in CSS;
const sheet = new CSSStyleSheet();
if (supported) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
/** @type {Set<string>} */
const ruled = new Set();
const DEPTHS = 3;

/** Show these stretches as what is in hand. @param {Range[]} ranges */
export function show(ranges) {
  if (!supported) return;
  const highlight = new Highlight(...ranges);
  highlight.priority = 1000;
  CSS.highlights.set("coding-hand", highlight);
}

/** Show all coded stretches. @param {Iterable<{ colour: string, lane: number, range: Range }>} coded */
export function paint(coded) {
  if (!supported) return;
  /** @type {Map<string, Range[]>} */
  const named = new Map();
  for (const { colour, lane, range } of coded) {
    const name = `coding-${colour.slice(1)}-${lane % DEPTHS}`;
    rule(name, colour, lane % DEPTHS);
    const ranges = named.get(name);
    if (ranges) ranges.push(range);
    else named.set(name, [range]);
  }
  for (const name of ruled) {
    const ranges = named.get(name);
    if (ranges) CSS.highlights.set(name, new Highlight(...ranges));
    else CSS.highlights.delete(name);
  }
}

/** @param {string} name @param {string} colour @param {number} depth */
function rule(name, colour, depth) {
  if (ruled.has(name)) return;
  ruled.add(name);
  const line = `text-decoration-line: underline; text-decoration-thickness: 3px; text-underline-offset: ${3 + 4 * depth}px;`;
  sheet.insertRule(`::highlight(${name}) { background-color: color-mix(in srgb, ${colour} 14%, transparent); ${line} text-decoration-color: ${colour}; }`);
  // Dark colours would be lost on a dark page.
  sheet.insertRule(
    `@media screen and (prefers-color-scheme: dark) { ::highlight(${name}) { background-color: color-mix(in srgb, ${colour} 30%, transparent); text-decoration-color: color-mix(in srgb, ${colour} 60%, white); } }`,
    sheet.cssRules.length,
  );
}
