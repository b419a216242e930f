// Controls that a mutation has put in: pressed by mistake, they tell the site.
function decoy(state, element, control) {
  state.decoys.add(element);
  const tell = () => navigator.sendBeacon("/usage", JSON.stringify({ console: state.console, control }));
  for (const type of ["click", "input"]) {
    element.addEventListener(type, (event) => {
      if (event.type === "click" && element.matches("a, button, [type=submit]")) event.preventDefault();
      tell();
    });
  }
  return element;
}

// A part of the page with a heading and a frame of its own; `box` is "fieldset" or "section".
function headed(box, heading, note, ...children) {
  const title = make(box === "fieldset" ? "legend" : "h3", {}, heading);
  const made = make(box, {}, title, make("p", {}, note), ...children);
  Object.assign(made.style, { border: "1px solid #8888", borderRadius: "6px", padding: "10px 16px 16px", margin: "18px 0" });
  return made;
}

const REFERENCES = ["for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list"];

// A second one like the element, label and all, under names of its own; it holds no value of the first.
function twin(state, prefix, control, text) {
  const { truth } = state;
  const source = truth.matches("summary, td") ? [truth.parentElement] : unit(truth);
  truth.setAttribute("data-twin", "");
  const copies = source.map((node) => node.cloneNode(true));
  truth.removeAttribute("data-twin");
  const all = copies.flatMap((copy) => [copy, ...copy.querySelectorAll("*")]);
  const copy = all.find((element) => element.hasAttribute("data-twin"));
  copy.removeAttribute("data-twin");
  if (text) wordless(copy, text);
  for (const element of all) rename(element, prefix);
  if (copy.localName === "summary") {
    copy.parentElement.open = false;
    copy.parentElement.replaceChildren(copy, make("p", {}, text || "Nothing here."));
  }
  if (copy.matches("[type=checkbox], [type=radio]")) copy.checked = false;
  else if (copy.matches("input:not([type=submit])")) copy.value = text;
  decoy(state, copy, control);
  return truth.localName === "td" ? [make("table", {}, ...copies)] : copies;
}

function wordless(copy, text) {
  if (copy.localName === "input") return;
  copy.replaceChildren(text);
}

function rename(element, prefix) {
  for (const name of ["id", "name", "data-testid", ...REFERENCES]) {
    const value = element.getAttribute(name);
    if (value) element.setAttribute(name, value.split(" ").map((word) => `${prefix}-${word}`).join(" "));
  }
  for (const name of ["href", "action"]) if (element.hasAttribute(name)) element.setAttribute(name, "#");
  element.removeAttribute("autofocus");
}
