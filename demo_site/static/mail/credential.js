// The page comes without the key; this asks for it, once, and puts it into the field.
const credential = document.getElementById("credential");
const field = document.getElementById("api_key");
const help = document.getElementById("api_key_help");
const { csrf, secret, masked, delayMs } = credential.dataset;

const answer = await fetch(secret, { method: "POST", headers: { "X-CSRF-Token": csrf } });
await new Promise((done) => setTimeout(done, Number(delayMs)));
if (answer.ok) {
  field.value = (await answer.json()).api_key;
  field.addEventListener("focus", () => field.select());
} else {
  field.value = masked;
  help.textContent = "This key was shown when it was made, and can't be shown again.";
}
