// What the frame tells the console: how tall it is, and that the person is done. Never the key.
import "/static/copy.js";

const shell = document.documentElement.dataset.console;
const tell = (message) => parent.postMessage(message, shell);

const done = document.querySelector("[data-done]");
if (done) {
  done.addEventListener("click", () => tell({ kind: "done" }));
  done.disabled = false;
}
new ResizeObserver(() => tell({ kind: "height", px: document.documentElement.offsetHeight })).observe(document.documentElement);
