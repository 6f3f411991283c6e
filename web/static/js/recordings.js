// @ts-check
// The table keeps up with the machine while somebody looks at it: what is done of a transcription, and when a state changes.

const EVERY = 4_000;

/** @typedef {{ state: string, next: string, path: string, transcribed: number }} Progress */

/** What a person does next, and where, if they have a page for it. @param {string} reference @param {Progress} now */
function step(reference, now) {
  const made = document.createElement(now.path ? "a" : "span");
  made.textContent = now.next;
  made.dataset.next = "";
  if (made instanceof HTMLAnchorElement) {
    made.className = "govuk-link";
    made.href = now.path;
    made.setAttribute("aria-label", `${now.next} in ${reference}`);
  }
  return made;
}

/** @param {Record<string, Progress>} progress */
function show(progress) {
  for (const row of document.querySelectorAll("tr[data-conversation]")) {
    if (!(row instanceof HTMLElement)) continue;
    const reference = row.dataset.conversation ?? "";
    const now = progress[reference];
    if (!now) continue;
    const cell = row.querySelector("[data-next]");
    if (cell && (cell.textContent !== now.next || (cell.getAttribute("href") ?? "") !== now.path)) cell.replaceWith(step(reference, now));
    const bar = row.querySelector("progress");
    if (bar) {
      bar.value = now.transcribed;
      bar.hidden = now.state !== "recorded" || now.transcribed === 0;
    }
    if (row.dataset.state !== now.state) {
      row.dataset.state = now.state;
      const tag = row.querySelector(".govuk-tag");
      if (tag) tag.textContent = now.state;
      const live = document.getElementById("live");
      if (live) live.textContent = `${reference} is ${now.state}`;
    }
  }
}

async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch("/conversations/progress", { headers: { accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  } catch {
    // The server is not there; the table says what it said.
  }
}

if (document.getElementById("conversations")) window.setInterval(look, EVERY);
