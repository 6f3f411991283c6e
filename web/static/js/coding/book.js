// @ts-check
// The codes of the review, and which of them a person means by a few letters.

/** @typedef {{ id: string, name: string, colour: string, shortcut: string, aliases: string[], codable: boolean, description: string, above: string[] }} Code */

/** @param {string} text */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

export class Book {
  /** @param {Code[]} codes */
  constructor(codes) {
    this.codes = codes;
    this.byId = new Map(codes.map((code) => [code.id, code]));
    this._folded = codes
      .filter((code) => code.codable)
      .map((code) => ({ code, shortcut: fold(code.shortcut), names: [code.name, ...code.aliases].map(fold), rest: fold(code.above.join(" ")) }));
  }

  /** @param {string} id */
  name(id) {
    return this.byId.get(id)?.name ?? id;
  }

  /** @param {string} id */
  colour(id) {
    return this.byId.get(id)?.colour ?? "#A8A8A8";
  }

  /** The codes that letters may mean, the likeliest first. @param {string} letters @returns {Code[]} */
  find(letters) {
    const sought = fold(letters);
    if (!sought) return [];
    return this._folded
      .map((one) => ({ code: one.code, rank: rank(one, sought) }))
      .filter(({ rank: found }) => found < 9)
      .sort((one, other) => one.rank - other.rank)
      .map(({ code }) => code);
  }
}

/** @param {{ shortcut: string, names: string[], rest: string }} one @param {string} sought */
function rank(one, sought) {
  if (one.shortcut === sought || one.names.includes(sought)) return 0;
  // "C3.3 Workload" is found by its number, and by its words.
  const names = one.names.map((name) => name.split(/[^\p{L}\p{N}.]+/u));
  const words = names.flat();
  if (words[0] === sought) return 1;
  if (one.shortcut.startsWith(sought)) return 2;
  if (names.some(([first = "", second = ""]) => first.startsWith(sought) || (/\d|^.$/u.test(first) && second.startsWith(sought)))) return 3;
  if (words.some((word) => word.startsWith(sought))) return 4;
  if (one.names.some((name) => name.includes(sought))) return 5;
  if (sought.split(" ").every((part) => words.some((word) => word.startsWith(part)))) return 6;
  return one.rest.split(" ").some((word) => word.startsWith(sought)) ? 7 : 9;
}
