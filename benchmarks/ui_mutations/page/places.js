// Places in a page: what belongs together, where else something could stand, and where it came from.
const CONTROLS = "input:not([type=hidden]), select, textarea, button, a[href], summary";
const NO_UNIT = "form, fieldset, dialog, main, body, tr, td, tbody, table";

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function holdsOthers(node, element) {
  return [...node.querySelectorAll(CONTROLS)].some((other) => other !== element);
}

// The element with its label: what a designer moves, hides or takes away as one.
function unit(element) {
  const labels = [...(element.labels ?? [])];
  if (!labels.length) return [element];
  const around = labels.find((label) => label.contains(element));
  if (around) return [around];
  let node = element.parentElement;
  for (; node && !node.matches(NO_UNIT) && !holdsOthers(node, element); node = node.parentElement) {
    if (labels.every((label) => node.contains(label))) return [node];
  }
  const follows = (a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  return [...labels, element].sort(follows);
}

// What can be used together with the element: an open dialog makes the rest of the page inert.
function area(element) {
  const root = element.getRootNode();
  return element.closest("dialog[open]") ?? element.closest("main") ?? (root === document ? document.body : root);
}

// The part of the page that the element is about.
function part(element) {
  const within = area(element);
  const near = element.closest("form") ?? element.closest("section, article, table, dl, details, aside, .head");
  if (near && near !== within && within.contains(near)) return near;
  let node = element;
  while (node.parentNode !== within) node = node.parentNode;
  return node;
}

// Called before the element leaves its place, where the page's own handlers and its form expect it.
function leaveHome(state) {
  const { original, truth } = state;
  if (!state.home) {
    state.home = document.createComment("");
    original.before(state.home);
  }
  if (!truth.matches("input:not([type=submit]), select, summary")) {
    truth.addEventListener("click", (event) => { if (event.isTrusted) goHome(state, event); });
  }
}

// The click of an element that was replaced or moved does at home what it did there.
function goHome(state, event) {
  const { truth, original, home } = state;
  if (!home.isConnected || event.currentTarget !== truth) return;
  if (truth !== original) {
    event.preventDefault();
    event.stopPropagation();
    original.hidden = true;
    home.after(original);
    original.click();
    original.remove();
    return;
  }
  const away = truth.getRootNode() !== home.getRootNode();
  const lost = away ? [] : lostAncestors(event.composedPath(), home);
  if (!away && !lost.length) return;
  const ghost = original.cloneNode(true);
  ghost.hidden = true;
  if (original.form && ghost.type === "submit") ghost.type = "button"; // it sends its form by itself
  if (ghost.localName === "a") ghost.removeAttribute("href"); // it leads there by itself
  home.after(ghost);
  lost.at(-1)?.addEventListener("click", (again) => again.stopPropagation(), { once: true });
  ghost.click();
  ghost.remove();
}

// From home outwards, up to the first that the click passes through anyway.
function lostAncestors(path, home) {
  const lost = [];
  for (let node = home.parentNode; node && !path.includes(node); node = node.parentNode) lost.push(node);
  return lost;
}
