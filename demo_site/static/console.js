// The workbench: a list that loads late, and a dialog of two steps that comes late, as behind a slow network.
import "./copy.js";

const delayMs = Number(document.getElementById("workbench").dataset.delayMs);
const csrf = document.querySelector("meta[name=csrf-token]").content;
const part = (id) => document.querySelector(`[data-testid=${id}]`);
const dialog = part("new-key-dialog");
const nameStep = part("name-step");
const keyStep = part("key-step");
const keyValue = part("new-key-value");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function ask(method, body) {
  const headers = { Accept: "application/json" };
  if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRF-Token": csrf });
  const answer = await fetch("/console/api/keys", { method, headers, body: body && JSON.stringify(body) });
  if (answer.status === 401) location.assign("/login");
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

function show(place, text) {
  place.textContent = text;
  place.hidden = !text;
}

function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function row(key) {
  const cells = [element("th", key.name, { scope: "row" }), ...Array.from({ length: 4 }, () => element("td"))];
  cells[1].append(element("code", key.masked));
  cells[2].append(...key.scopes.map((scope) => element("span", scope, { class: "tag" })));
  const created = new Date(key.created_at);
  const format = { dateStyle: "medium", timeStyle: "short" };
  cells[3].append(element("time", created.toLocaleString("en-GB", format), { datetime: key.created_at }));
  cells[4].className = "act";
  cells[4].append(element("a", "Revoke", {
    class: "button", role: "button", href: `/api-keys/${key.id}/revoke`, "aria-label": `Revoke ${key.name}`,
  }));
  const made = element("tr", "", { "data-testid": "key-row" });
  made.append(...cells);
  return made;
}

async function refresh() {
  await pause(delayMs);
  try {
    const { keys } = await ask("GET");
    const none = element("tr");
    none.append(element("td", "No keys yet.", { colspan: "5", class: "none" }));
    part("key-rows").replaceChildren(...(keys.length ? keys.map(row) : [none]));
    part("key-table").setAttribute("aria-busy", "false");
    show(part("console-error"), "");
  } catch {
    show(part("console-error"), "The keys could not be loaded. Reload the page to try again.");
  }
}

async function openDialog() {
  await pause(delayMs);
  if (dialog.open) return;
  nameStep.reset();
  nameStep.hidden = false;
  keyStep.hidden = true;
  show(part("dialog-error"), "");
  dialog.showModal();
}

async function generate(event) {
  event.preventDefault();
  const button = part("generate-key");
  // From here on a key may exist: nothing but "I have saved it" may close the dialog.
  lock(true);
  button.disabled = true;
  const scopes = [...nameStep.querySelectorAll("[name=scope]:checked")].map((box) => box.value);
  try {
    const [made] = await Promise.all([
      ask("POST", { name: part("key-name").value, scopes }),
      pause(delayMs * 4 / 3),
    ]);
    await reveal(made.key);
  } catch (error) {
    lock(false);
    show(part("dialog-error"), error.message);
  } finally {
    button.disabled = false;
  }
}

// The key comes in three looks: nothing, a mask, itself. A reader must wait for the last one.
async function reveal(key) {
  nameStep.hidden = true;
  keyStep.hidden = false;
  dialog.setAttribute("aria-busy", "true");
  await pause(delayMs / 3);
  keyValue.textContent = "•".repeat(16);
  await pause(delayMs / 3);
  keyValue.textContent = key;
  dialog.setAttribute("aria-busy", "false");
}

function lock(locked) {
  dialog.toggleAttribute("data-locked", locked);
  if (locked) dialog.setAttribute("closedby", "none");
  else dialog.removeAttribute("closedby");
  part("dismiss-dialog").disabled = locked;
}

function close() {
  keyValue.textContent = "";
  lock(false);
  dialog.close();
  refresh();
}

part("new-key").addEventListener("click", openDialog);
part("dismiss-dialog").addEventListener("click", () => dialog.close());
part("key-saved").addEventListener("click", close);
nameStep.addEventListener("submit", generate);
// Browsers that don't know `closedby` yet.
dialog.addEventListener("cancel", (event) => { if (dialog.hasAttribute("data-locked")) event.preventDefault(); });
refresh();
