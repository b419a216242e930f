// A tap anywhere on the card copies the key, without its line breaks.
const secret = document.querySelector("[data-secret]");

async function copy() {
  const said = secret.querySelector(".card__copy");
  const key = [...secret.querySelectorAll(".card__line")].map((line) => line.textContent).join("");
  try {
    await navigator.clipboard.writeText(key);
    said.textContent = "Copied";
  } catch {
    said.textContent = "Select the lines and press Ctrl-C";
  }
}

secret?.addEventListener("click", copy);
secret?.addEventListener("keydown", (event) => { if (event.key === "Enter") copy(); });
