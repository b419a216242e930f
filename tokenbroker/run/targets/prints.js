// What an element is and what surrounds it: its role, its name, what stands over and beside it.
//
// Getters are taken from the prototypes, for a page can shadow those of an element (<input name="action">).
// What stands in words.js is put before it.
const CONTROL = "button, a, label, summary, [role=button], [role=link], [role=menuitem], [role=tab], [role=option]";
const ACTING = `${CONTROL}, input, option, [role=checkbox], [role=radio], [role=switch], [role=menuitemcheckbox], ` +
  "[role=menuitemradio], [role=treeitem]";
const CONTAINER = "fieldset, form, dialog, [role=dialog], section, article, li, tr, main, nav, aside, header, footer";
const CAPTIONS = "h1, h2, h3, h4, h5, h6, legend, caption, [role=heading]";
const NAMED = "button, a[href], input, select, textarea, [role=button]";
const LANDMARKS = { DIALOG: "dialog", MAIN: "main", NAV: "navigation", ASIDE: "complementary", HEADER: "banner", FOOTER: "contentinfo" };
const FIELD_ROLES = { checkbox: "checkbox", radio: "radio", range: "slider", number: "spinbutton", search: "searchbox",
  button: "button", submit: "button", reset: "button", image: "button" };
const TAG_ROLES = { BUTTON: "button", TEXTAREA: "textbox", OPTION: "option", SUMMARY: "button", OUTPUT: "status", IMG: "img", CODE: "code" };
const MAX_NEAR = 8;
const MAX_TEXTS = 2000;
const MAX_WORDS = 60;

const getter = (type, name) => Object.getOwnPropertyDescriptor(type.prototype, name).get;
const formOf = { INPUT: getter(HTMLInputElement, "form"), BUTTON: getter(HTMLButtonElement, "form"),
  SELECT: getter(HTMLSelectElement, "form"), TEXTAREA: getter(HTMLTextAreaElement, "form") };
const labelsOf = { INPUT: getter(HTMLInputElement, "labels"), BUTTON: getter(HTMLButtonElement, "labels"),
  SELECT: getter(HTMLSelectElement, "labels"), TEXTAREA: getter(HTMLTextAreaElement, "labels") };
const controlOf = getter(HTMLLabelElement, "control");
const fieldOf = (label) => (label ? controlOf.call(label) : null);
const attribute = (element, name) => Element.prototype.getAttribute.call(element, name) || "";
// A form has its fields by their names before all else: <input name="id">, <input name="children">.
const asked = (type, name) => { const get = getter(type, name); return (of) => get.call(of); };
const parentOf = asked(Node, "parentElement");
const pageOf = asked(Node, "ownerDocument");
const textOf = asked(Node, "textContent");
const previousOf = asked(Element, "previousElementSibling");
const childrenOf = asked(Element, "children");
const shadowOf = asked(Element, "shadowRoot");
const rootOf = (element) => Node.prototype.getRootNode.call(element);
const isLike = (element, selector) => Element.prototype.matches.call(element, selector);
const closestIn = (element, selector) => Element.prototype.closest.call(element, selector);
const allIn = (element, selector) => Element.prototype.querySelectorAll.call(element, selector);
const holdsIn = (element, other) => Node.prototype.contains.call(element, other);

// Up through shadow roots and frames of one origin: to a person, what stands in them stands where they stand.
// (What a document has is asked of its prototype: <img name="host"> gives a document one.)
const viewOf = (page) => getter(Document, "defaultView").call(page);
const hostOf = (element) => {
  const root = rootOf(element);
  return root.nodeType === Node.DOCUMENT_FRAGMENT_NODE ? root.host || null : null;
};
const frameOf = (page) => {
  const frame = viewOf(page)?.frameElement;
  return frame && viewOf(page).origin !== "null" && viewOf(page).origin === viewOf(frame.ownerDocument)?.origin ? frame : null;
};
const above = (element) => parentOf(element) || hostOf(element) || frameOf(pageOf(element));
const around = (element, selector) => {
  for (let each = element; each; each = above(each)) if (isLike(each, selector)) return each;
  return null;
};
// Up through shadow roots, which `closest` does not leave.
const closest = (element, selector) => {
  for (let each = element; each; each = hostOf(each)) {
    const found = closestIn(each, selector);
    if (found) return found;
  }
  return null;
};

const roleOf = (element) => {
  const said = attribute(element, "role").trim().split(/\s+/)[0];
  if (/^[a-z]{2,20}$/.test(said)) return said;
  if (element.tagName === "A") return element.hasAttribute("href") ? "link" : "";
  if (element.tagName === "INPUT") return FIELD_ROLES[element.type] || (element.type === "hidden" ? "" : "textbox");
  if (element.tagName === "SELECT") return element.multiple || element.size > 1 ? "listbox" : "combobox";
  return TAG_ROLES[element.tagName] || "";
};
const labelsOfElement = (element) => (labelsOf[element.tagName] ? [...(labelsOf[element.tagName].call(element) || [])].map((each) => each.textContent) : []);
const nameOf = (element) => {
  const root = rootOf(element);
  const by = attribute(element, "aria-labelledby").split(/\s+/).filter(Boolean).map((id) => root.getElementById?.(id)?.textContent);
  const labels = labelsOfElement(element);
  const own = element.tagName === "INPUT" && ["submit", "button", "reset"].includes(element.type) ? element.value
    : element.matches(ACTING) && !(element.tagName in { INPUT: 1, SELECT: 1, TEXTAREA: 1 }) ? element.innerText || element.textContent : "";
  const ways = [by.join(" "), attribute(element, "aria-label"), labels.join(" "), own, attribute(element, "alt"),
    attribute(element, "title"), attribute(element, "placeholder")];
  return ways.map(tidy).find(Boolean) || "";
};
const formOfElement = (element) => (formOf[element.tagName] ? formOf[element.tagName].call(element) : null) || closest(element, "form");
const actionOf = (form) => {
  if (!form) return "";
  try {
    const url = new URL(attribute(form, "action") || document.location.href, document.baseURI);
    return url.origin + url.pathname;
  } catch { return "invalid:"; }
};
const landmarkOf = (element) => {
  for (let each = above(element); each; each = above(each)) {
    const role = attribute(each, "role");
    if (Object.values(LANDMARKS).includes(role)) return role;
    if (LANDMARKS[each.tagName]) return LANDMARKS[each.tagName];
  }
  return "";
};
// The names of the controls beside it, in the innermost container that has any.
const nearOf = (element) => {
  for (let each = above(element); each; each = above(each)) {
    if (!isLike(each, CONTAINER)) continue;
    const others = [...allIn(each, NAMED)].filter((one) => one !== element && !one.contains(element) && !element.contains(one));
    const names = telling(others.map(nameOf));
    if (names.length) return names.slice(0, MAX_NEAR);
  }
  return [];
};
// What stands over it: the label of a container around it, or the last caption before it. The captions inside of
// another container are about that one.
const captionOf = (element) => {
  for (let each = element; each; each = above(each)) {
    const labelled = each !== element && isLike(each, CONTAINER) ? attribute(each, "aria-label") : "";
    const before = [];
    for (let one = previousOf(each); one; one = previousOf(one)) {
      const inside = isLike(one, CONTAINER) ? [] : [...allIn(one, CAPTIONS)].filter((text) => !holdsIn(one, text.closest(CONTAINER)));
      before.push(...inside.reverse(), ...(isLike(one, CAPTIONS) ? [one] : []));
    }
    const [text] = telling([labelled, ...before.map((one) => one.textContent)]);
    if (text) return text;
  }
  return "";
};
// The head of the row that it stands in: what a table says that the row is about.
const rowOf = (element) => {
  const head = around(element, "tr, [role=row]")?.querySelector("th, [role=rowheader], td");
  return head && !head.contains(element) ? telling([head.textContent])[0] || "" : "";
};
// These documents and their open shadow roots, however deep.
const rootsOf = (...documents) => {
  const roots = documents;
  for (const root of roots) for (const each of root.querySelectorAll("*")) if (shadowOf(each)) roots.push(shadowOf(each));
  return roots;
};
const documentsAround = () => {
  const documents = [document];
  for (const each of documents) documents.push(...(frameOf(each) ? [frameOf(each).ownerDocument] : []));
  return documents;
};
// All of a page that may stand over an element, and all names that may stand beside it.
const captionsOfPage = () => telling(rootsOf(...documentsAround()).flatMap((root) => [
  ...[...root.querySelectorAll(CONTAINER)].map((each) => attribute(each, "aria-label")),
  ...[...root.querySelectorAll(`${CAPTIONS}, th, [role=rowheader], tr > td:first-child`)].map((each) => each.textContent)])).slice(0, MAX_TEXTS);
const namesOfPage = () => telling(rootsOf(...documentsAround()).flatMap((root) => [...root.querySelectorAll(NAMED)].map(nameOf))).slice(0, MAX_TEXTS);
const kindOf = (element) => {
  const form = formOfElement(element);
  const typed = element.tagName === "BUTTON" || element.tagName === "INPUT";
  const role = roleOf(element);
  const autocomplete = attribute(element, "autocomplete").trim().toLowerCase();
  return { role, tag: role ? "" : element.tagName.toLowerCase(), type: typed ? element.type : "",
    autocomplete: /^[a-z-]{2,30}(?: [a-z-]{2,30}){0,3}$/.test(autocomplete) ? autocomplete : "", form: actionOf(form), landmark: landmarkOf(element) };
};
const isSeen = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true });
};
// How many are to be seen that are of the same kind; asked from the cheapest question to the dearest, and once for all
// elements that share `known`.
const alikeOf = (element, known) => {
  const kind = kindOf(element);
  const asked = JSON.stringify(kind);
  if (known.has(asked)) return known.get(asked);
  let alike = 0;
  for (const root of rootsOf(document)) {
    for (const each of root.querySelectorAll("*")) {
      if (roleOf(each) === kind.role) {
        const other = kindOf(each);
        if (Object.keys(kind).every((key) => kind[key] === other[key]) && isSeen(each)) alike += 1;
      }
    }
  }
  known.set(asked, alike);
  return alike;
};
// The name; of a mere text, what stands before it and tells what it is.
const calledOf = (element) => {
  const name = nameOf(element);
  if (name || element.matches(ACTING)) return telling([name])[0] || "";
  for (let each = element, level = 0; each && level < 3 && !isLike(each, CONTAINER); each = above(each), level += 1) {
    const before = previousOf(each);
    if (before) return telling([before.textContent.length <= MAX_WORDS ? before.textContent : ""])[0] || "";
  }
  return "";
};
const printOf = (element, known = new Map()) => ({ ...kindOf(element), name: calledOf(element), row: rowOf(element), caption: captionOf(element), near: nearOf(element), alike: alikeOf(element, known) });
