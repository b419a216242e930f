// Other elements around the target, another place for it, or another element instead of it.
function wrapped(state, { wrappers }) {
  for (const [tag, className] of wrappers) {
    const around = make(tag, { class: className });
    state.truth.before(around);
    around.append(state.truth);
  }
}

// A form's own field or button stays the form's, wherever on the page it stands.
function keepForm(state, form) {
  const { truth } = state;
  if (!form || truth.form === form) return;
  form.id ||= "main-form";
  truth.setAttribute("form", form.id);
}

function moved(state, { to, className }) {
  const { truth } = state;
  const { form } = truth;
  const nodes = unit(truth);
  leaveHome(state);
  const row = make("div", { class: className });
  if (to === "top") area(truth).prepend(row);
  else area(truth).append(row);
  row.append(...nodes);
  keepForm(state, form);
}

const NOT_TAKEN_OVER = new Set(["type", "value", "href", "target", "role", "name", "disabled", "form", "hidden"]);

// Another element with the same words, looks and names; what the old one did, it does.
function replaceTruth(state, made) {
  const { truth } = state;
  for (const { name, value } of truth.attributes) if (!NOT_TAKEN_OVER.has(name)) made.setAttribute(name, value);
  if (truth.localName === "input") made.append(truth.value);
  else made.append(...[...truth.childNodes].map((node) => node.cloneNode(true)));
  state.truth = made;
  leaveHome(state);
  truth.replaceWith(made);
}

function link_instead(state) {
  replaceTruth(state, make("a", { href: "#" }));
}

function button_instead(state) {
  replaceTruth(state, make("button", { type: "button" }));
}

function div_instead(state, { role }) {
  const made = make("div", { tabindex: "0", ...(role ? { role: "button" } : {}) });
  made.style.cursor = "pointer";
  replaceTruth(state, made);
}

function in_iframe(state, { title }) {
  const { truth } = state;
  const nodes = unit(truth);
  const height = Math.max(...nodes.map((node) => node.getBoundingClientRect().height));
  leaveHome(state);
  const frame = make("iframe", { title });
  nodes[0].before(frame);
  share(frame.contentWindow, state);
  const inner = frame.contentDocument;
  inner.documentElement.lang = document.documentElement.lang;
  inner.body.append(...nodes);
  Object.assign(frame.style, { width: "24rem", maxWidth: "100%", height: `${height + 60}px`, border: "0" });
  if (truth.localName === "a" && !truth.target) truth.target = "_parent";
}

function in_shadow_root(state, { tag }) {
  const nodes = unit(state.truth);
  leaveHome(state);
  const host = make(tag);
  host.style.display = "inline-block";
  nodes[0].before(host);
  host.attachShadow({ mode: "open" }).append(...nodes);
}
