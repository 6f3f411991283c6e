// @ts-check
// What sending a file and sending what is recorded have in common (tus 1.0.0).

export const VERSION = { "Tus-Resumable": "1.0.0", accept: "application/json" };

const AGAIN = ["TwoAtOnce", "NotThere", "DraftBusy"];

/** Whether another try may change a refusal. An answer to HEAD has no body that tells why; the part that is sent next gets one. @param {import("./review/net.js").Refusal} refused */
export const again = ({ status, kind }) => AGAIN.includes(kind) || (status === 409 && kind === "");
