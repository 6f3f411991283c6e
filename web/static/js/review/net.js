// @ts-check
// Asking the server, and what it may answer.

export class Refusal extends Error {
  /** @param {number} status @param {{ error?: { kind: string, message: string }, standing?: import("./model.js").Shown }} body */
  constructor(status, body) {
    super(body.error?.message ?? (status ? `the server answered ${status}` : "the server does not answer"));
    this.status = status;
    this.kind = body.error?.kind ?? "";
    this.standing = body.standing ?? null;
  }

  /** The message as a sentence: without the step in front and the command that would help. */
  get sentence() {
    const text = this.message.replace(/^[^:]*: /, "").replace(/[:,;]? ?(?:see |with )?`candour [^`]*`/g, "").trim();
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  }

  /** Whether the same may work a little later. */
  get passing() {
    return this.status >= 500 || this.status === 0;
  }
}

/** @param {Response} answer one that is not ok */
export const refusal = async (answer) => new Refusal(answer.status, await answer.json().catch(() => ({})));

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} Raises Refusal. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { accept: "application/json" } });
  } catch {
    throw new Refusal(0, {});
  }
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** @typedef {Record<string, string | number | undefined>} Fields */

/** @param {string} path @param {Fields} fields @param {boolean} [keepalive] */
export function send(path, fields, keepalive = false) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.set(name, String(value));
  return ask(path, { method: "POST", body, keepalive });
}

let hiding = 0;

/** Say something that is spoken as well; `seen` also shows it for a moment. @param {string} words @param {boolean} [seen] */
export function say(words, seen = true) {
  const live = document.getElementById("live");
  const toast = document.getElementById("toast");
  const inside = document.getElementById("toast-words");
  if (live) live.textContent = words;
  if (!seen || !toast || !inside) return;
  inside.textContent = words;
  toast.hidden = false;
  window.clearTimeout(hiding);
  hiding = window.setTimeout(() => (toast.hidden = true), 5_000);
}
