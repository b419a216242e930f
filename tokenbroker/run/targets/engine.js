// A selector engine of ours, in Playwright's isolated world: the page's scripts can neither see nor change it. It
// takes note of which way led to which element while one selector is evaluated, and tells it all at its end:
//
//   tokenbroker=begin:LOOK >> internal:or(WAY >> tokenbroker=mark:0 >> visible=true >> tokenbroker=seen:0) >> … >> tokenbroker=tell
//
// Getters are taken from the prototypes, for a page can shadow those of an element (<input name="action">).
// What stands in words.js and hints.js is put before it.
(() => {
  const CONTROL = "button, a, label, summary, [role=button], [role=link], [role=menuitem], [role=tab], [role=option]";
  const ACTING = `${CONTROL}, input, option, [role=checkbox], [role=radio], [role=switch], [role=menuitemcheckbox], ` +
    "[role=menuitemradio], [role=treeitem]";
  const PRESSED = "button, a[href], summary, [role=button], [role=link], [role=menuitem], input[type=submit], input[type=button], input[type=image]";
  const CONTAINER = "fieldset, form, dialog, [role=dialog], section, article, li, tr, main, nav, aside, header, footer";
  const CAPTIONS = "h1, h2, h3, h4, h5, h6, legend, caption, [role=heading]";
  const NAMED = "button, a[href], input, select, textarea, [role=button]";
  const LANDMARKS = { DIALOG: "dialog", MAIN: "main", NAV: "navigation", ASIDE: "complementary", HEADER: "banner", FOOTER: "contentinfo" };
  const FIELD_ROLES = { checkbox: "checkbox", radio: "radio", range: "slider", number: "spinbutton", search: "searchbox",
    button: "button", submit: "button", reset: "button", image: "button" };
  const TAG_ROLES = { BUTTON: "button", TEXTAREA: "textbox", OPTION: "option", SUMMARY: "button", OUTPUT: "status", IMG: "img", CODE: "code" };
  const MAX_TOLD = 40;
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

  // Up through shadow roots and frames of one origin: to a person, what stands in them stands where they stand.
  // (What a document has is asked of its prototype: <img name="host"> gives a document one.)
  const viewOf = (page) => getter(Document, "defaultView").call(page);
  const hostOf = (element) => {
    const root = element.getRootNode();
    return root.nodeType === Node.DOCUMENT_FRAGMENT_NODE ? root.host || null : null;
  };
  const frameOf = (page) => {
    const frame = viewOf(page)?.frameElement;
    return frame && viewOf(page).origin !== "null" && viewOf(page).origin === viewOf(frame.ownerDocument)?.origin ? frame : null;
  };
  const above = (element) => element.parentElement || hostOf(element) || frameOf(element.ownerDocument);
  const around = (element, selector) => {
    for (let each = element; each; each = above(each)) if (each.matches(selector)) return each;
    return null;
  };
  // Up through shadow roots, which `closest` does not leave.
  const closest = (element, selector) => {
    for (let each = element; each; each = hostOf(each)) {
      const found = each.closest(selector);
      if (found) return found;
    }
    return null;
  };

  // A proof takes notes of its own: what the look before it has told of stays to be acted on.
  const unwritten = () => ({ look: "", marked: [], seen: [], told: [], alike: new Map() });
  const books = { look: unwritten(), proof: unwritten() };
  let sheets = books.look;
  // What was acted on last, before the act that goes on now, and the number of that act.
  let acted = null;
  let before = null;
  let act = "";
  const toRead = new Map();
  const actsOn = (element, number) => {
    if (number !== act) [before, act] = [acted, number];
    acted = element;
    return [element];
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
    const root = element.getRootNode();
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
      if (!each.matches(CONTAINER)) continue;
      const others = [...each.querySelectorAll(NAMED)].filter((one) => one !== element && !one.contains(element) && !element.contains(one));
      const names = telling(others.map(nameOf));
      if (names.length) return names.slice(0, MAX_NEAR);
    }
    return [];
  };
  // What stands over it: the label of a container around it, or the last caption before it. The captions inside of
  // another container are about that one.
  const captionOf = (element) => {
    for (let each = element; each; each = above(each)) {
      const labelled = each !== element && each.matches(CONTAINER) ? attribute(each, "aria-label") : "";
      const before = [];
      for (let one = each.previousElementSibling; one; one = one.previousElementSibling) {
        const inside = one.matches(CONTAINER) ? [] : [...one.querySelectorAll(CAPTIONS)].filter((text) => !one.contains(text.closest(CONTAINER)));
        before.push(...inside.reverse(), ...(one.matches(CAPTIONS) ? [one] : []));
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
    for (const root of roots) for (const each of root.querySelectorAll("*")) if (each.shadowRoot) roots.push(each.shadowRoot);
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
  // How many are to be seen that are of the same kind; asked from the cheapest question to the dearest, and once a look.
  const alikeOf = (element) => {
    const kind = kindOf(element);
    const asked = JSON.stringify(kind);
    if (sheets.alike.has(asked)) return sheets.alike.get(asked);
    let alike = 0;
    for (const root of rootsOf(document)) {
      for (const each of root.querySelectorAll("*")) {
        if (roleOf(each) === kind.role) {
          const other = kindOf(each);
          if (Object.keys(kind).every((key) => kind[key] === other[key]) && isSeen(each)) alike += 1;
        }
      }
    }
    sheets.alike.set(asked, alike);
    return alike;
  };
  // The name; of a mere text, what stands before it and tells what it is.
  const calledOf = (element) => {
    const name = nameOf(element);
    if (name || element.matches(ACTING)) return telling([name])[0] || "";
    for (let each = element, level = 0; each && level < 3 && !each.matches(CONTAINER); each = above(each), level += 1) {
      const before = each.previousElementSibling;
      if (before) return telling([before.textContent.length <= MAX_WORDS ? before.textContent : ""])[0] || "";
    }
    return "";
  };
  const printOf = (element) => ({ ...kindOf(element), name: calledOf(element), row: rowOf(element), caption: captionOf(element), near: nearOf(element), alike: alikeOf(element) });

  const shownOf = (element, flags) => {
    const control = element.closest(CONTROL);
    const kind = attribute(element, "type");
    const box = element.getBoundingClientRect();
    const wordless = flags.includes("wordless");
    const said = control && !wordless ? tidy(attribute(control, "aria-label") || control.innerText) : "";
    const words = isGrouped(said) ? "…" : said.replace(/\S{8,}/g, (run) => (mayBeCode(run) ? "…" : run));
    return { tag: element.tagName.toLowerCase(), type: /^[a-z-]{1,15}$/.test(kind) ? kind : "", id: wordless ? "" : tidy(element.id),
      words: words.slice(0, MAX_WORDS), box: [box.x, box.y, box.width, box.height] };
  };
  const ways = (lists, element) => lists.flatMap((list, way) => (list?.has(element) ? [way] : []));
  const told = (element, flags) => ({
    seen: ways(sheets.seen, element), isActed: element === acted, acts: element.matches(ACTING), presses: element.matches(PRESSED),
    isEmpty: element.matches(":not([role], [tabindex], [contenteditable], textarea, select)") && !element.matches(ACTING) && !element.shadowRoot
      && !element.textContent.trim() && !element.querySelector("img, svg, canvas, input"),
    ...shownOf(element, flags),
    ...(flags.includes("print") ? { print: printOf(element) } : {}),
  });
  const asReport = (what) => {
    const report = document.createElement("span");
    report.textContent = JSON.stringify(what);
    return report;
  };
  const innerTextOf = getter(HTMLElement, "innerText");
  const textContentOf = getter(Node, "textContent");
  const SOURCES = {
    text: (element) => (element instanceof HTMLElement ? innerTextOf : textContentOf).call(element),
    // What an element of the page's own making answers is known to the page's own world only.
    value: (element) => (element.localName.includes("-") && element.value === undefined ? null : String(element.value ?? "")),
    content: (element) => SOURCES[element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? "value" : "text"](element),
    attribute: (element, name) => Element.prototype.getAttribute.call(element, name) ?? "",
  };
  const reading = (element, [source, name]) => ({ text: element.isConnected ? SOURCES[source](element, name) : "",
    age_ms: performance.now(), parsing: document.readyState === "loading" });
  const tell = (flags) => {
    const every = new Set(sheets.seen.flatMap((list) => [...(list || [])]));
    // What most ways lead to comes first: nothing of that is cut off.
    sheets.told = [...every].map((element) => [ways(sheets.seen, element).length, element]).sort(([one], [other]) => other - one)
      .slice(0, MAX_TOLD).map(([, element]) => element);
    const candidates = sheets.told.map((element) => told(element, flags));
    const page = flags.includes("print") ? { captions: captionsOfPage(), names: namesOfPage() } : { captions: [], names: [] };
    return asReport({ candidates, ...page, total: every.size, counts: sheets.seen.map((list) => list?.size || 0), hidden: sheets.marked.map((list) => [...(list || [])].filter((each) => !isSeen(each)).length) });
  };
  const note = (lists, way, element) => { (lists[way] ||= new Set()).add(element); return [element]; };
  const toldAt = (place) => {
    const [look, index] = place.split(".");
    return Object.values(books).find((each) => each.look === look)?.told[Number(index)] || null;
  };
  const still = (element) => {
    if (!element?.isConnected) throw new Error("tokenbroker: the element is not attached any more");
    return [element];
  };

  const commands = {
    begin: (root, look) => {
      sheets = Object.assign(look.startsWith("proof") ? books.proof : books.look, unwritten(), { look });
      return document.documentElement ? [document.documentElement] : [];
    },
    mark: (root, way) => note(sheets.marked, Number(way), root),
    // The control that the element stands in, if any.
    control: (root) => [root.closest(CONTROL) || root],
    // The field that the element labels, if any; else the control that it stands in.
    field: (root) => [fieldOf(root.closest("label")) || root],
    owner: (root) => [fieldOf(root.closest("label")) || root.closest(CONTROL) || root],
    seen: (root, way) => note(sheets.seen, Number(way), root),
    tell: (root, flags) => (root === document.documentElement ? [tell((flags || "").split(","))] : []),
    // The element that was told of, and no other; from now on it is the one that was acted on last.
    act: (root, place) => {
      const [element] = still(toldAt(place));
      return actsOn(element, place.split(".")[0]);
    },
    pick: (root, place) => still(toldAt(place)),
    hints: (root) => [asReport(hintsOf(root, { role: roleOf(root), name: nameOf(root), labels: labelsOfElement(root),
      acts: root.matches(ACTING), attribute, isInForm: Boolean(closest(root, "form")) }))],
    // What an element has, told if one was read since the last `empty`, and only one.
    empty: () => {
      toRead.clear();
      return document.documentElement ? [document.documentElement] : [];
    },
    none: () => [],
    read: (root, source) => {
      toRead.set(root, source.split(/:(.*)/s));
      return [root];
    },
    reading: (root) => (root === document.documentElement ? [asReport(toRead.size === 1 ? reading(...[...toRead][0]) : {})] : []),
    acting: (root, number) => actsOn(root, number),
    // The act that was going on came to nothing.
    undo: (_root, number) => {
      if (number === act) acted = before;
      return [];
    },
    acted: () => still(acted),
  };
  const queryAll = (root, body) => {
    const [, command, argument] = /^(\w+):?(.*)$/s.exec(body);
    return commands[command](root, argument);
  };
  return { queryAll, query: (root, body) => queryAll(root, body)[0] ?? null };
})()
