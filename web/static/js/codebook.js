// @ts-check
// A codebook is chosen as a file instead of pasted. It goes into the form as text; nothing of it is kept.

export {};

const box = document.getElementById("import-file");
const choose = document.getElementById("choose");
const source = document.getElementById("source");

if (box && choose instanceof HTMLInputElement && source instanceof HTMLTextAreaElement) {
  box.hidden = false;
  choose.addEventListener("change", async () => {
    const file = choose.files?.[0];
    if (file) source.value = await file.text();
  });
}
