// @ts-check
// What sending a file and sending what is recorded have in common (tus 1.0.0).

export const VERSION = { "Tus-Resumable": "1.0.0", accept: "application/json" };

/** The kinds of refusals that another try may change. */
export const AGAIN = ["TwoAtOnce", "NotThere", "DraftBusy"];
