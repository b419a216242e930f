// A slow list that may fail, a button that is drawn late, a token that takes its time.
const root = document.getElementById("batch");
const place = root.querySelector(".bt-place");
const token = root.querySelector(".bt-token");
const delayMs = Number(root.dataset.delayMs);
const address = `/console-slow/api/keys?delay_ms=${delayMs}`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function show(state) {
  root.dataset.state = state;
}

function down(reason) {
  root.querySelector("[data-reason]").textContent = reason;
  show("down");
}

async function load() {
  show("loading");
  try {
    const answer = await fetch(address);
    if (answer.status === 401) location.assign("/login");
    const content = await answer.json();
    if (!answer.ok) return down(content.error);
    const items = content.keys.map((key) => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("b"), { textContent: key.name }));
      item.append(Object.assign(document.createElement("code"), { textContent: key.masked }));
      return item;
    });
    root.querySelector(".bt-list").replaceChildren(...items);
    place.replaceChildren();
    show("ready");
    await pause(delayMs);
    place.replaceChildren(form());
  } catch {
    down("No answer.");
  }
}

function form(problem = "") {
  const made = document.createElement("form");
  const field = Object.assign(document.createElement("input"), { type: "text", required: true, maxLength: 64 });
  field.setAttribute("aria-label", "Token name");
  field.placeholder = "Token name";
  const button = Object.assign(document.createElement("button"), { textContent: "Create token" });
  const said = Object.assign(document.createElement("p"), { className: "bt-problem", textContent: problem });
  made.append(field, button, said);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    create(field.value);
  });
  return made;
}

async function create(name) {
  place.replaceChildren();
  show("making");
  const headers = { "X-CSRF-Token": root.dataset.csrf, "Content-Type": "text/plain" };
  const answer = await fetch(address, { method: "POST", headers, body: name });
  const content = await answer.json();
  if (!answer.ok) {
    place.replaceChildren(form(content.error));
    show("ready");
    return;
  }
  show("made");
  await pause(delayMs);
  token.textContent = content.token;
}

root.querySelector("[data-act=retry]").addEventListener("click", load);
load();
