// @ts-check
// What takes a moment to count is filled in when the page is there; a table is read from a file into its field, and nowhere else.

import { ask } from "./review/net.js";
import { byId } from "./review/text.js";

/** @typedef {{ terms: Record<string, [string, boolean, number][]>, open: Record<string, number> }} Found */

/** @param {Found} found */
function show(found) {
  for (const row of document.querySelectorAll("#terms [data-term]")) {
    const forms = found.terms[row.getAttribute("data-term") ?? ""] ?? [];
    const words = forms.map(([said, exact, count]) => `${said}${exact ? "" : " (misspelt?)"}${count > 1 ? ` ${count}` : ""}`);
    const [cell, total] = [row.querySelector("[data-forms]"), row.querySelector("[data-count]")];
    if (cell) cell.textContent = words.join(", ");
    if (total) total.textContent = String(forms.reduce((sum, [, , count]) => sum + count, 0));
  }
  for (const item of document.querySelectorAll("#open [data-conversation]")) {
    const place = item.querySelector("[data-open]");
    if (place) place.textContent = `${found.open[item.getAttribute("data-conversation") ?? ""] ?? 0} open`;
  }
}

const file = byId("file", HTMLInputElement);
byId("file-group", HTMLElement).hidden = false;
file.addEventListener("change", async () => {
  const chosen = file.files?.[0];
  if (chosen) byId("table", HTMLTextAreaElement).value = await chosen.text();
  file.value = "";
});

const address = document.querySelector("form[action$='/names']")?.getAttribute("action") ?? "";
ask(`${address}/found`).then(show, () => {});
