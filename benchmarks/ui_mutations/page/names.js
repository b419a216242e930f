// Names that only scripts, styles and tests see: ids, classes, test ids, `name`.
function hash(text, salt) {
  let value = 2166136261 ^ salt;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 16777619);
  return (value >>> 0).toString(36).padStart(7, "0").slice(-6);
}

// Every element of the document and of the open shadow roots in it.
function* everything(root = document) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) yield* everything(element.shadowRoot);
  }
}

function* roots() {
  yield document;
  for (const element of everything()) if (element.shadowRoot) yield element.shadowRoot;
}

// Sets or (with null) takes away an attribute until the right element is used: then the page's scripts need it.
function setForNow(state, element, name, value) {
  const before = element.getAttribute(name);
  if (before === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
  state.undo.push(() => {
    if (before === null) element.removeAttribute(name);
    else element.setAttribute(name, before);
  });
}

// The page keeps its looks: its style sheets learn the new names.
function renameInSheets(newName) {
  const sheets = new Set([...roots()].flatMap((root) => [...root.styleSheets, ...root.adoptedStyleSheets]));
  const renamed = (text) => text.replace(/([.#])(-?[A-Za-z_][\w-]*)/g, (all, mark, name) => mark + CSS.escape(newName(mark, name)));
  const visit = (rules) => {
    for (const rule of rules) {
      if (rule.selectorText) rule.selectorText = renamed(rule.selectorText);
      if (rule.cssRules) visit(rule.cssRules);
    }
  };
  for (const sheet of sheets) visit(sheet.cssRules);
}

function renameClasses(state, newName) {
  for (const element of everything()) {
    const names = element.getAttribute("class");
    if (names?.trim()) setForNow(state, element, "class", names.trim().split(/\s+/).map(newName).join(" "));
  }
}

function ids_and_classes_renamed(state, { salt }) {
  const nouns = ["box", "part", "pane", "unit", "area", "item", "slot", "cell", "zone", "view"];
  const given = new Map();
  const newName = (name) => {
    // Counted up, so that no two names become one.
    if (!given.has(name)) given.set(name, `${nouns[parseInt(hash(name, salt), 36) % nouns.length]}-${salt % 100 + given.size}`);
    return given.get(name);
  };
  for (const element of everything()) {
    if (element.id) setForNow(state, element, "id", newName(element.id));
    for (const name of REFERENCES) {
      const value = element.getAttribute(name);
      if (value) setForNow(state, element, name, value.trim().split(/\s+/).map(newName).join(" "));
    }
  }
  renameClasses(state, newName);
  renameInSheets((_mark, name) => newName(name));
}

function classes_hashed(state, { salt, style }) {
  const opaque = (name) => `css-${hash(name, salt)}`;
  const module = (name) => `${name.split(/[-_]+/).at(-1)}_${hash(name, salt).slice(0, 5)}__${hash(name, salt + 1).slice(0, 2)}`;
  const newName = style === "opaque" ? opaque : module;
  renameClasses(state, newName);
  renameInSheets((mark, name) => (mark === "." ? newName(name) : name));
}

function attributes_stripped(state) {
  for (const element of everything()) {
    for (const { name } of [...element.attributes]) {
      const isTestId = /^data-(test|testid|test-id|qa|cy)$/.test(name);
      // Radio buttons without a name would be no group any more.
      const isName = name === "name" && element.matches("input:not([type=hidden], [type=radio]), select, textarea, button");
      const isData = name.startsWith("data-") && element === state.truth;
      if (isTestId || isName || isData) setForNow(state, element, name, null);
    }
  }
}

function duplicate_ids(state, { before, as, heading, note, words }) {
  const { truth } = state;
  const place = part(truth);
  const made = headed("section", heading, note);
  if (as === "section") made.id = truth.id;
  else made.append(decoy(state, otherControl(truth, words), "decoy-same-id").closest("p"));
  if (before) place.before(made);
  else place.after(made);
}

// Another control of the same tag with the same id and words of its own, in a paragraph.
function otherControl(truth, words) {
  const tag = truth.localName === "td" ? "code" : truth.localName;
  const other = make(tag, { id: truth.id });
  const isField = tag === "input" || tag === "select";
  if (tag === "a") other.href = "#";
  if (tag === "button") other.type = "button";
  if (tag === "input") [other.type, other.readOnly] = [truth.type, truth.readOnly];
  if (tag === "select") other.append(make("option", {}, "–"));
  if (isField) make("p", {}, make("label", {}, words, " ", other));
  else make("p", {}, other).firstChild.append(words);
  return other;
}
