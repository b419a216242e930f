// Opens the key service's frame, makes it as tall as it asks to be, and closes it when the person is done there.
const developers = document.getElementById("developers");
const issuer = document.getElementById("issuer");
const place = document.getElementById("frame-place");
const problem = developers.querySelector("[role=alert]");
const { keysOrigin, csrf } = developers.dataset;

document.getElementById("open-issuer").addEventListener("click", async () => {
  problem.hidden = true;
  const answer = await fetch("/payments/api/frame", { method: "POST", headers: { "X-CSRF-Token": csrf } });
  if (!answer.ok) {
    problem.textContent = "The key service can't be reached. Reload the page and try again.";
    problem.hidden = false;
    return;
  }
  const frame = document.createElement("iframe");
  frame.title = "Key service";
  frame.name = "key-service";
  frame.height = 226; // until the frame tells its own
  frame.allow = "clipboard-write";
  frame.src = (await answer.json()).address;
  place.replaceChildren(frame);
  issuer.hidden = false;
});

document.getElementById("close-issuer").addEventListener("click", close);

addEventListener("message", ({ origin, source, data }) => {
  const frame = place.querySelector("iframe");
  if (origin !== keysOrigin || source !== frame?.contentWindow) return;
  if (data.kind === "height") frame.height = Math.min(Number(data.px), 900);
  if (data.kind === "done") location.reload();
});

function close() {
  place.replaceChildren();
  issuer.hidden = true;
}
