// A selector engine of ours, in Playwright's isolated world: the page's scripts can neither see nor change it. It
// takes note of which way led to which element while one selector is evaluated, and tells it all at its end:
//
//   tokenbroker=begin:LOOK >> internal:or(WAY >> tokenbroker=mark:0 >> visible=true >> tokenbroker=seen:0) >> … >> tokenbroker=tell
//
// What stands in words.js, hints.js and prints.js is put before it.
(() => {
  const PRESSED = "button, a[href], summary, [role=button], [role=link], [role=menuitem], input[type=submit], input[type=button], input[type=image]";
  const MAX_TOLD = 40;

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
    ...(flags.includes("print") ? { print: printOf(element, sheets.alike) } : {}),
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
