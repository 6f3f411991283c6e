// @ts-check
// The check beside the page, so that the page stays awake: gets the log or a file, answers with the verdict.

import { verify } from "./log.js";

/** @typedef {{ key: string, earlier: string, file: File | null }} Question */

/** @param {Question} question */
async function answer({ key, earlier, file }) {
  if (file) return verify(await file.text(), key, { earlier });
  const [bundle, leaves] = await Promise.all([fetch("/audit/bundle"), fetch("/audit/leaves")]);
  if (!bundle.ok || !leaves.ok) throw new Error("not to be had");
  const hints = new Uint8Array(await leaves.arrayBuffer());
  const log = await bundle.text();
  const begun = performance.now();
  const verdict = await verify(log, key, { earlier, hints });
  return { ...verdict, milliseconds: Math.round(performance.now() - begun) };
}

self.addEventListener("message", async (/** @type {MessageEvent<Question>} */ event) => {
  try {
    self.postMessage(await answer(event.data));
  } catch {
    self.postMessage({ ok: false, text: "The check could not be made: the log could not be read, or this browser lacks Ed25519.", bad: null });
  }
});
