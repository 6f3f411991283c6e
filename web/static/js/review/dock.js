// @ts-check
// The player at the bottom, which the text must not lie behind.

/** Show it, and tell those that make room for it how high it is. @param {HTMLElement} dock */
export function showDock(dock) {
  dock.hidden = false;
  const makers = [document.documentElement, .../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".review, .side, .toast"))];
  new ResizeObserver(() => {
    const height = `${dock.offsetHeight}px`;
    for (const one of makers) one.style.setProperty("--dock", height);
  }).observe(dock);
}
