// @ts-check
// Copies the words of an extract together with where they stand.

export {};

for (const button of document.querySelectorAll("[data-copy]")) {
  const extract = button.closest(".extract");
  if (!(extract instanceof HTMLElement)) continue;
  button.removeAttribute("hidden");
  button.addEventListener("click", async () => {
    const quote = extract.dataset.quote ?? extract.querySelector(".extract-quote")?.textContent ?? "";
    const where = extract.querySelector("[data-reference]")?.textContent?.trim() ?? "";
    await navigator.clipboard.writeText(`“${quote.replaceAll("\n", " / ")}” (${where})`);
    const live = document.getElementById("live");
    if (live) live.textContent = `Copied: ${where}`;
  });
}
