// @ts-check
// Records a conversation: microphones, recorder, sender, and what a person sees of them. Nothing stays in the browser.

import { Microphones, list } from "./microphones.js";
import { Sender } from "./sender.js";
import { Refusal } from "../review/net.js";
import { byId } from "../review/text.js";

const PIECE = 1000;
const RATE_OF_A_CHANNEL = 64_000;
const KIND = "audio/webm;codecs=opus";
// Quieter than any speech; as long as that, somebody should look at the microphone.
const QUIET = -50;
const QUIET_FOR = 20_000;
const LATE = 4;
// A clock that jumps by so much: the machine slept.
const SLEPT = 5_000;
const GREETING = 10_000;

const form = byId("record", HTMLFormElement);
const first = byId("first", HTMLSelectElement);
const second = byId("second", HTMLSelectElement);
const agreed = byId("agreed", HTMLInputElement);
const start = byId("start", HTMLButtonElement);
const listened = byId("try", HTMLButtonElement);
const before = byId("before", HTMLElement);
const desk = byId("desk", HTMLElement);
const state = byId("state", HTMLElement);
const clock = byId("clock", HTMLElement);
const arrived = byId("arrived", HTMLElement);
const warning = byId("warning", HTMLElement);
const problem = byId("error", HTMLElement);
const live = byId("live", HTMLElement);
const pause = byId("pause", HTMLButtonElement);
const mark = byId("mark", HTMLButtonElement);
const end = byId("end", HTMLButtonElement);
const marks = byId("marks", HTMLElement);
const events = byId("events", HTMLElement);
const meters = [byId("meter-1", HTMLMeterElement), byId("meter-2", HTMLMeterElement)];
const reference = form.dataset.conversation ?? "";

/** @type {Microphones | null} */
let microphones = null;
/** @type {Promise<unknown>} */
let listening = Promise.resolve();
/** @type {MediaRecorder | null} */
let recorder = null;
/** @type {Sender | null} */
let sender = null;
let recorded = 0;
let since = 0;
let heard = [0, 0];
let tick = Date.now();
let greeted = 0;
let saidLate = false;

/** @param {number} seconds */
function time(seconds) {
  const whole = Math.floor(seconds);
  const minutes = String(Math.floor(whole / 60) % 60).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${minutes}:${String(whole % 60).padStart(2, "0")}`;
}

/** @param {string} text */
function say(text) {
  live.textContent = text;
}

/** @param {string} text */
function refuse(text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

/** @param {unknown} error */
function words(error) {
  if (error instanceof Refusal) return error.sentence;
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "The browser may not use the microphone. Allow it beside the address, then try again.";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "No such microphone is there. Plug one in, then try again.";
  if (name === "NotReadableError") return "Another program holds the microphone. Close it, then try again.";
  if (name === "NotSupportedError") return "This browser cannot record in a form that can be kept. Use another one.";
  return "The server cannot be reached. Nothing was recorded; try again.";
}

/** Seconds of sound so far. */
function elapsed() {
  return recorded + (recorder?.state === "recording" ? (performance.now() - since) / 1000 : 0);
}

async function name() {
  const chosen = [first.value, second.value];
  const found = await list();
  for (const [select, keeps] of /** @type {[HTMLSelectElement, HTMLOptionElement[]][]} */ ([[first, []], [second, [...second.options].slice(0, 1)]])) {
    const options = found.map((one, number) => new Option(one.label || `Microphone ${number + 1}`, one.deviceId));
    select.replaceChildren(...keeps, ...options);
  }
  if (chosen[0]) first.value = chosen[0];
  if (chosen[1]) second.value = chosen[1];
}

/** Listens to what is chosen by then, once those before are closed. */
function listen() {
  const next = listening.then(hear, hear);
  listening = next;
  return next;
}

/** Shows that the microphones work. */
async function hear() {
  await microphones?.close();
  microphones = null;
  const ids = second.value && second.value !== first.value ? [first.value, second.value] : [first.value];
  microphones = await Microphones.open(ids);
  if (!first.value) await name();
  heard = microphones.analysers.map(() => performance.now());
  byId("levels", HTMLElement).hidden = false;
  const names = ids.length === 1 && microphones.channels === 2 ? ["Left channel", "Right channel"] : ["Microphone 1", "Microphone 2"];
  names.forEach((text, channel) => {
    byId(`meter-${channel + 1}-name`, HTMLElement).textContent = text;
  });
  byId("meter-2-row", HTMLElement).hidden = microphones.channels === 1;
  for (const [number, track] of microphones.tracks.entries()) {
    track.addEventListener("ended", () => {
      note(`Microphone ${number + 1} has gone`);
      say(`Microphone ${number + 1} has gone`);
    });
  }
  return microphones;
}

/** @param {string} text */
function note(text) {
  if (!sender) return;
  const at = elapsed();
  sender.mark(at);
  const line = document.createElement("li");
  line.textContent = `${time(at)}: ${text}`;
  marks.append(line);
  events.hidden = false;
}

/** Nothing is recorded before the recorder works and the server takes it. @param {Microphones} open */
async function record({ stream, channels }) {
  const made = new MediaRecorder(stream, { mimeType: KIND, audioBitsPerSecond: RATE_OF_A_CHANNEL * channels });
  const begun = new Sender(reference, show);
  let order = Promise.resolve();
  made.addEventListener("dataavailable", (event) => {
    order = order.then(async () => begun.add(new Uint8Array(await event.data.arrayBuffer())));
  });
  // First of all: what begins on the server stays there, even where the browser cannot record.
  made.start(PIECE);
  made.pause();
  try {
    await begun.begin();
  } catch (error) {
    made.stop();
    throw error;
  }
  made.addEventListener("stop", () => void order.then(finish));
  made.resume();
  [recorder, sender] = [made, begun];
  begun.running?.catch(stopped);
}

async function begin() {
  refuse("");
  if (!agreed.checked) {
    refuse("Ask first, and tick that the participant agrees to be recorded.");
    return agreed.focus();
  }
  // What is being begun holds the microphones that are open now.
  const choices = [first, second, listened, start];
  for (const one of choices) one.disabled = true;
  try {
    await listening.catch(() => {});
    await record(microphones ?? (await listen()));
  } catch (error) {
    for (const one of choices) one.disabled = false;
    return refuse(words(error));
  }
  since = performance.now();
  tick = Date.now();
  window.addEventListener("beforeunload", hold);
  window.addEventListener("signed-out", hold);
  before.hidden = true;
  desk.hidden = false;
  await awake();
  show();
  say("Recording");
  pause.focus();
}

/** The server wants no more of it. @param {unknown} error */
function stopped(error) {
  recorded = elapsed();
  if (recorder?.state === "recording") recorder.pause();
  refuse(`${words(error)} The recording has stopped. Reload this page to see what has arrived.`);
  for (const button of [pause, mark, end]) button.disabled = true;
  window.removeEventListener("beforeunload", hold);
  window.removeEventListener("signed-out", hold);
}

function toggle() {
  if (!recorder || recorder.state === "inactive") return;
  if (recorder.state === "recording") {
    recorded = elapsed();
    recorder.requestData();
    recorder.pause();
    say("Paused");
  } else {
    recorder.resume();
    since = performance.now();
    say("Recording again");
  }
  show();
}

function moment() {
  if (!recorder || recorder.state === "inactive") return;
  note("marked");
  say(`Marked at ${time(elapsed())}`);
}

function stop() {
  if (!recorder || recorder.state === "inactive") return;
  recorded = elapsed();
  recorder.stop();
  for (const button of [pause, mark, end]) button.disabled = true;
  show();
}

async function finish() {
  await microphones?.close();
  say("Sealing the last seconds");
  try {
    await sender?.end();
  } catch {
    // `stopped` has said why.
    return;
  }
  window.removeEventListener("beforeunload", hold);
  window.removeEventListener("signed-out", hold);
  window.location.assign(`/conversations/${reference}/recording?done=sealed`);
}

/** What stands on the page, from what is. */
function show() {
  if (!recorder || !sender) return;
  const paused = recorder.state === "paused";
  const over = recorder.state === "inactive";
  state.textContent = over ? "Ending" : paused ? "Paused" : "Recording";
  state.classList.toggle("govuk-tag--red", !paused && !over);
  state.classList.toggle("govuk-tag--yellow", paused);
  pause.textContent = paused ? "Go on" : "Pause";
  clock.textContent = time(elapsed());
  const late = sender.late;
  const missing = late > LATE || sender.trouble !== "";
  arrived.textContent = missing ? `Not yet arrived: ${Math.ceil(late)} s` : late === 0 ? "All of it has arrived and is sealed" : "All but the last second has arrived and is sealed";
  arrived.classList.toggle("app-overdue", missing);
  const why = sender.trouble === "signed out" ? "You have been signed out. Sign in again in another tab." : "The server cannot be reached.";
  const kept = "Keep this page open: the recording goes on, and what has not arrived is sent as soon as it can be.";
  tell(sender.trouble ? `${why} ${kept}` : quiet());
  if (missing !== saidLate) {
    saidLate = missing;
    say(missing ? `Not arriving. ${kept}` : "All has arrived");
  }
}

/** @param {string} text */
function tell(text) {
  if (warning.textContent !== text) warning.textContent = text;
  warning.hidden = text === "";
}

function quiet() {
  if (recorder?.state !== "recording") return "";
  const silent = heard.findIndex((at) => performance.now() - at > QUIET_FOR);
  return silent < 0 ? "" : `Nothing has been heard in channel ${silent + 1} for ${Math.round(QUIET_FOR / 1000)} seconds. Is it on?`;
}

function meter() {
  if (!microphones || microphones.context.state === "closed") return;
  microphones.levels().forEach((level, channel) => {
    const bar = meters[channel];
    if (bar) bar.value = Math.max(bar.min, level);
    if (level > QUIET || recorder?.state !== "recording") heard[channel] = performance.now();
  });
}

function second_() {
  const now = Date.now();
  if (recorder && now - tick > SLEPT && recorder.state === "recording") {
    const from = new Date(tick).toLocaleTimeString();
    note(`this machine slept from ${from} to ${new Date(now).toLocaleTimeString()}; little or nothing of that time was recorded`);
    void microphones?.context.resume();
  }
  tick = now;
  if (recorder?.state === "paused" && performance.now() - greeted > GREETING) {
    greeted = performance.now();
    void sender?.greet();
  }
  show();
}

async function awake() {
  if (document.visibilityState !== "visible" || recorder?.state !== "recording") return;
  await navigator.wakeLock?.request("screen").catch(() => {});
}

/** @param {Event} event */
function hold(event) {
  event.preventDefault();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void begin();
});
listened.addEventListener("click", () => {
  refuse("");
  listen().then(() => say("Listening: speak, and look at the level"), (error) => refuse(words(error)));
});
for (const select of [first, second]) {
  select.addEventListener("change", () => {
    if (microphones) listen().catch((error) => refuse(words(error)));
  });
}
pause.addEventListener("click", toggle);
mark.addEventListener("click", moment);
end.addEventListener("click", stop);
document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || event.repeat || desk.hidden) return;
  const action = { Space: toggle, KeyM: moment }[event.code];
  if (!action) return;
  event.preventDefault();
  action();
});
document.addEventListener("visibilitychange", () => void awake());
window.setInterval(meter, 80);
window.setInterval(second_, 500);
form.hidden = false;
