// Pieces of HTML come from the server; a key comes only when somebody copies it, and goes to the clipboard only.
const maps = document.getElementById("maps");
const tiles = document.getElementById("tiles");
const form = document.getElementById("new-map-key");
const refusal = form.querySelector("[role=alert]");
const pause = () => new Promise((done) => setTimeout(done, Number(maps.dataset.delayMs)));
// A key that the clipboard has refused: the server gives it once, so it waits here for the next try.
const waiting = new Map();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const add = form.querySelector("button");
  add.disabled = true;
  refusal.hidden = true;
  try {
    const [answer] = await Promise.all([
      fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }),
      pause(),
    ]);
    const text = await answer.text();
    if (!answer.ok) throw new Error(answer.status === 422 ? text : "The key could not be made. Reload the page.");
    tiles.querySelector(".maps-none")?.remove();
    tiles.insertAdjacentHTML("afterbegin", text);
    form.reset();
    form.closest("details").open = false;
  } catch (error) {
    refusal.textContent = error.message;
    refusal.hidden = false;
  } finally {
    add.disabled = false;
  }
});

tiles.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-action=copy]");
  if (!button) return;
  const note = button.closest("article").querySelector("[role=status]");
  const { address } = button.dataset;
  button.disabled = true;
  try {
    if (!waiting.has(address)) waiting.set(address, await ask(address));
    await navigator.clipboard.writeText(waiting.get(address));
    waiting.delete(address);
    button.textContent = "Copied";
    note.textContent = "On your clipboard. Paste it where it belongs.";
  } catch (error) {
    button.disabled = false;
    note.textContent = error.name === "NotAllowedError"
      ? "Your browser doesn't let this page use the clipboard. Allow it and press again."
      : error.message;
  }
});

async function ask(address) {
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRF-Token": maps.dataset.csrf } });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content.key;
}
