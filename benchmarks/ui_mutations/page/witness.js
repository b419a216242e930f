// Tells which element a person's own event has reached. The right element is known by reference, in a place that
// no selector can see; what happened is said on the console at once, so that no navigation can swallow it.
const KEY = Symbol.for("ui-mutations");
const WATCHED = ["click", "input", "change", "keydown"];
const say = console.debug.bind(console);

function newState() {
  return { truth: null, original: null, home: null, console: "", decoys: new Set(), undo: [] };
}

function report(what) {
  say(NONCE + JSON.stringify(what));
}

function isRight(state, path) {
  const { truth } = state;
  return truth !== null && (path.includes(truth) || [...(truth.labels ?? [])].some((label) => path.includes(label)));
}

function saw(state, event) {
  const path = event.composedPath();
  const isChoice = path[0]?.localName === "select"; // Playwright chooses an option by events of its own making
  if (!event.isTrusted && !isChoice) return;
  if (event.type === "change" && !isChoice) return; // of the field that was left, which is none of this step's
  const right = isRight(state, path);
  report({ type: event.type, right });
  // The page's scripts look for the names that they know. By now nobody searches the page any more.
  if (right) for (const restore of state.undo.splice(0).reverse()) restore();
}

function said(state, element) {
  const words = (one) => (one.value ?? one.innerText ?? "").replace(/\s+/g, " ").trim();
  const { truth } = state;
  const near = truth && (truth.contains(element) || element.contains(truth)) && words(truth) === words(element);
  report({ type: "read", right: element === truth || Boolean(near) });
}

function watch(win, state) {
  if (!win[KEY]) {
    Object.defineProperty(win, KEY, { value: { state } });
    for (const type of WATCHED) win.addEventListener(type, (event) => saw(win[KEY].state, event), true);
  }
  return win[KEY];
}

// A frame that a mutation has made belongs to the page that made it.
function share(win, state) {
  Object.assign(watch(win, state), { state, read: (element) => said(state, element) });
}
