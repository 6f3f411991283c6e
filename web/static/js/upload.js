// @ts-check
// Sends a recording in parts of 4 MiB (tus 1.0.0). The server knows how far it is; nothing of the file is kept in the browser.

import { Refusal, refusal } from "./review/net.js";
import { byId } from "./review/text.js";
import { VERSION, again } from "./tus.js";

const PART = 4 * 1024 * 1024;
const WAITS = [1, 2, 4, 8, 15, 30];
const STOPS = 5;

const form = byId("upload", HTMLFormElement);
const file = byId("file", HTMLInputElement);
const bar = byId("bar", HTMLProgressElement);
const said = byId("said", HTMLElement);
const live = byId("live", HTMLElement);
const problem = byId("error", HTMLElement);
const send = byId("send", HTMLButtonElement);
const pause = byId("pause", HTMLButtonElement);
const stop = byId("stop", HTMLButtonElement);
const reference = form.dataset.conversation ?? "";

let place = "";
/** Aborted by whoever pauses it or gives it up. */
let sending = new AbortController();
/** The sending that goes on, or the last one. @type {Promise<void>} */
let underWay = Promise.resolve();

/** @param {number} bytes */
function size(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

/** @param {number} seconds */
function left(seconds) {
  if (seconds < 60) return "less than a minute left";
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} minute${minutes === 1 ? "" : "s"} left` : `about ${Math.round(minutes / 60)} hours left`;
}

/** The digest of a file's beginning tells whether the same one is chosen again. @param {File} chosen */
async function markOf(chosen) {
  const digest = await crypto.subtle.digest("SHA-256", await chosen.slice(0, 1 << 20).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text */
function tell(text) {
  if (said.textContent !== text) said.textContent = text;
}

/** @param {Refusal} refused */
function words({ status, sentence }) {
  return status === 401 ? "You have been signed out. Sign in again in another tab, then go on here." : sentence;
}

/** @param {string} text */
function refuse(text) {
  problem.textContent = text;
  problem.hidden = false;
}

/** Raises Refusal for what no further try would change. @param {Response} answer */
async function checked(answer) {
  if (answer.ok) return answer;
  const refused = await refusal(answer);
  throw refused.status >= 500 || again(refused) ? new Error(refused.message) : refused;
}

/** @param {number} milliseconds @param {AbortSignal} [signal] */
function wait(milliseconds, signal) {
  return new Promise((done) => {
    window.setTimeout(done, milliseconds);
    window.addEventListener("online", done, { once: true });
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** @param {AbortSignal} signal */
async function offset(signal) {
  const answer = await checked(await fetch(place, { method: "HEAD", headers: VERSION, signal }));
  return Number(answer.headers.get("Upload-Offset"));
}

/** Whether all of it is there; it is not where `signal` was aborted. @param {File} chosen @param {AbortSignal} signal */
async function upload(chosen, signal) {
  const headers = { ...VERSION, "Upload-Length": String(chosen.size), "Upload-Metadata": `mark ${await markOf(chosen)}` };
  let answer = await checked(await fetch(`/conversations/${reference}/upload`, { method: "POST", headers }));
  place = answer.headers.get("Location") ?? "";
  stop.hidden = false;
  let at = Number(answer.headers.get("Upload-Offset"));
  const [from, begun] = [at, performance.now()];
  let failures = 0;
  while (at < chosen.size || chosen.size === 0) {
    if (signal.aborted) return false;
    try {
      answer = await checked(await fetch(place, {
        method: "PATCH",
        headers: { ...VERSION, "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" },
        body: chosen.slice(at, at + PART),
        signal,
      }));
      at = Number(answer.headers.get("Upload-Offset"));
      failures = 0;
      if (chosen.size === 0) break;
    } catch (error) {
      if (signal.aborted) return false;
      if (error instanceof Refusal) throw error;
      tell(`The connection was cut at ${size(at)}. Trying again.`);
      await wait(1000 * (WAITS[Math.min(failures, WAITS.length - 1)] ?? 30), signal);
      if (signal.aborted) return false;
      failures += 1;
      at = await offset(signal).catch((later) => {
        if (!(later instanceof Refusal)) return at;
        // All of it had arrived, only the answer was lost.
        if (later.status === 404 && at + PART >= chosen.size) return chosen.size;
        throw later;
      });
    }
    bar.value = at / chosen.size;
    const pace = (at - from) / ((performance.now() - begun) / 1000);
    tell(`${size(at)} of ${size(chosen.size)} sealed${pace > 0 ? `, ${left((chosen.size - at) / pace)}` : ""}`);
  }
  return true;
}

/** @param {boolean} running */
function show(running) {
  send.hidden = running;
  file.disabled = running;
  pause.hidden = !running;
  stop.hidden = place === "";
  send.textContent = place ? "Go on" : "Seal and upload";
  byId("progress", HTMLElement).hidden = !running && place === "";
}

async function go() {
  const chosen = file.files?.[0];
  if (!chosen) return refuse("Choose the recording first.");
  problem.hidden = true;
  sending = new AbortController();
  show(true);
  window.addEventListener("beforeunload", hold);
  try {
    if (await upload(chosen, sending.signal)) {
      window.removeEventListener("beforeunload", hold);
      tell("All of it is sealed. Its levels are being looked at, which takes some seconds.");
      live.textContent = said.textContent;
      window.location.assign(`/conversations/${reference}/recording?done=sealed`);
      return;
    }
    tell(`Paused. ${said.textContent}`);
  } catch (error) {
    refuse(error instanceof Refusal ? words(error) : "The server cannot be reached. Try again; it goes on where it was.");
    if (error instanceof Refusal) place = "";
  }
  window.removeEventListener("beforeunload", hold);
  show(false);
}

/** Raises Refusal, and what `fetch` raises. */
async function remove() {
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(place, { method: "DELETE", headers: VERSION });
    if (answer.ok) return;
    const refused = await refusal(answer);
    // The server still reads the part that was broken off.
    if (!again(refused) || tries === STOPS) throw refused;
    await wait(300);
  }
}

async function giveUp() {
  problem.hidden = true;
  try {
    await remove();
    place = "";
    bar.value = 0;
    tell("Given up: nothing of it was kept.");
    live.textContent = said.textContent;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) {
      // Given up already, or its last part had arrived and only the answer was lost.
      place = "";
      refuse("It is not on its way any more. Look at the conversation: it has its recording, or nothing of this file was kept.");
    } else {
      const why = error instanceof Refusal ? words(error) : "The server cannot be reached.";
      refuse(`${why} What has arrived is still sealed on the server: give it up once more, or go on. Left alone, it is given up after a day.`);
    }
  }
}

/** @param {BeforeUnloadEvent} event */
function hold(event) {
  event.preventDefault();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  underWay = go();
});
pause.addEventListener("click", () => sending.abort());
stop.addEventListener("click", async () => {
  sending.abort();
  send.disabled = stop.disabled = true;
  // What is still asked is answered first; where it was refused, nothing is left to give up.
  await underWay;
  if (place) await giveUp();
  send.disabled = stop.disabled = false;
  show(false);
  byId("progress", HTMLElement).hidden = place === "" && !problem.hidden;
});
form.hidden = false;
