// @ts-check
// Two minutes before the end of a session: a warning, and one key to stay. The server alone knows when the end is; another tab
// may have put it off. Asking does not count as being there.

const WARNING = 120_000;

/** @returns {Promise<number>} milliseconds left; 0 when it is over */
async function left() {
  const answer = await fetch("/session", { headers: { accept: "application/json" } });
  if (!answer.ok) return 0;
  const body = await answer.json();
  return body.seconds * 1000;
}

/** @param {string} path */
async function send(path) {
  await fetch(path, { method: "POST", headers: { accept: "application/json" } });
}

function gone() {
  // A page that records stays, and says itself what to do.
  if (!window.dispatchEvent(new Event("signed-out", { cancelable: true }))) return;
  // Away with the page: what is on it is for people who are signed in.
  const back = location.pathname === "/" ? "" : `?next=${encodeURIComponent(location.pathname + location.search)}`;
  location.replace(`/sign-in${back}`);
}

export function watchSession() {
  const dialog = document.getElementById("session-warning");
  const words = document.getElementById("session-warning-left");
  if (!(dialog instanceof HTMLDialogElement) || !words) return;
  let timer = 0;

  const look = async () => {
    window.clearTimeout(timer);
    let rest;
    try {
      rest = await left();
    } catch {
      // The server is not there; look again soon.
      timer = window.setTimeout(look, 15_000);
      return;
    }
    if (rest <= 0) return gone();
    if (rest > WARNING) {
      if (dialog.open) dialog.close();
      timer = window.setTimeout(look, Math.min(rest - WARNING, 60_000));
      return;
    }
    words.textContent = `${Math.max(1, Math.ceil(rest / 60_000))} ${rest > 60_000 ? "minutes" : "minute"} left.`;
    if (!dialog.open) dialog.showModal();
    timer = window.setTimeout(look, Math.min(rest, 15_000));
  };

  document.getElementById("session-stay")?.addEventListener("click", async () => {
    await send("/session/stay");
    dialog.close();
    await look();
  });
  document.getElementById("session-leave")?.addEventListener("click", async () => {
    await send("/sign-out");
    gone();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void look();
  });
  void look();
}
