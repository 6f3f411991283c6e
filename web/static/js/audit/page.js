// @ts-check
// The page of the check: asks the worker, says what it found, and where to look.

/** @typedef {{ ok: boolean, text: string, root?: string, bad: number | null, milliseconds?: number }} Verdict */

const form = document.getElementById("verify");
const result = document.getElementById("result");

function worker() {
  const path = new URL("worker.js", import.meta.url).pathname;
  // Trusted Types: the one address that this page may start a worker from.
  const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("candour-log", { createScriptURL: () => path });
  return new Worker(policy ? policy.createScriptURL("") : path, { type: "module" });
}

/** @param {Verdict} verdict */
function show(verdict) {
  const box = document.createElement("div");
  box.className = verdict.ok ? "app-box app-box--good" : "app-box app-box--bad";
  const heading = document.createElement("h2");
  heading.className = "govuk-heading-m";
  heading.textContent = verdict.ok ? "Verified" : "Not verified";
  const words = document.createElement("p");
  words.className = "govuk-body govuk-!-margin-bottom-1";
  words.textContent = verdict.text + (verdict.milliseconds === undefined ? "" : ` Checked in ${verdict.milliseconds} ms.`);
  box.append(heading, words);
  if (verdict.root) {
    const root = document.createElement("code");
    root.textContent = verdict.root;
    box.append(root);
  }
  if (verdict.bad !== null) {
    const link = document.createElement("a");
    link.className = "govuk-link";
    link.href = `/audit/entries/${verdict.bad}`;
    link.textContent = `Look at entry ${verdict.bad}`;
    box.append(link);
  }
  result?.replaceChildren(box);
}

if (form instanceof HTMLFormElement && result) {
  const checker = worker();
  const start = document.getElementById("start");
  checker.addEventListener("message", (event) => {
    start?.removeAttribute("disabled");
    show(event.data);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const file = fields.get("file");
    start?.setAttribute("disabled", "");
    result.textContent = "Checking…";
    checker.postMessage({ key: fields.get("key"), earlier: fields.get("earlier"), file: file instanceof File && file.size ? file : null });
  });
}
