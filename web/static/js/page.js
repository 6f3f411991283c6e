// @ts-check
// On every page: what a person should see first has the focus, a form is sent once, and nobody is signed out without a warning.

import { watchSession } from "./session.js";

const first = document.querySelector("[data-focus]");
if (first instanceof HTMLElement) {
  if (!first.hasAttribute("tabindex")) first.setAttribute("tabindex", "-1");
  first.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  // A form that answers with a file leaves its page standing, and may be sent again.
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || form.hasAttribute("data-again")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});

// The browser brings a page back as it was left; its forms may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
});

watchSession();

for (const button of document.querySelectorAll("[data-print]")) {
  button.removeAttribute("hidden");
  button.addEventListener("click", () => window.print());
}
