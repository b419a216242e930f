// Ways that lead to an element, and at this moment to nothing else, in the terms of Playwright's own engines: test id,
// role with name, label, placeholder, text, CSS. Names are computed as Playwright computes them; where that would take
// more than is done here (a label that holds another field), no way by name is offered.
// What stands in words.js, hints.js and prints.js is put before it.
const FROM_CONTENT = new Set(["button", "cell", "checkbox", "columnheader", "gridcell", "heading", "link", "menuitem", "menuitemcheckbox",
  "menuitemradio", "option", "radio", "row", "rowheader", "switch", "tab", "tooltip", "treeitem"]);
const OWN_ROLES = { BUTTON: "button", TEXTAREA: "textbox", OPTION: "option", OUTPUT: "status", IMG: "img", CODE: "code", DIALOG: "dialog",
  H1: "heading", H2: "heading", H3: "heading", H4: "heading", H5: "heading", H6: "heading" };
const INPUT_ROLES = { checkbox: "checkbox", radio: "radio", range: "slider", number: "spinbutton", button: "button", submit: "button",
  reset: "button", image: "button", file: "button", hidden: "" };
const WITH_LABELS = new Set(["BUTTON", "METER", "OUTPUT", "PROGRESS", "SELECT", "TEXTAREA"]);
const HINTING = new Set(["text", "password", "search", "tel", "email", "url"]);
const PLACES = ["dialog", "[role=dialog]", "main", "[role=main]", "form", "aside", "section", "article"];
const MAX_DATA = 4;
const oneLine = (text) => (text || "").replace(/[\u200b\u00ad]/g, "").replace(/\s+/g, " ").trim();

// The role that Playwright gives it.
const playwrightRole = (element) => {
  const said = attribute(element, "role").trim().split(/\s+/)[0];
  if (/^[a-z]{2,20}$/.test(said)) return said;
  const tag = element.tagName;
  if (tag === "A") return element.hasAttribute("href") ? "link" : "";
  if (tag === "SELECT") return element.multiple || element.size > 1 ? "listbox" : "combobox";
  if (tag !== "INPUT") return OWN_ROLES[tag] || "";
  const type = element.type;
  if (type in INPUT_ROLES) return INPUT_ROLES[type];
  if (element.list) return "combobox";
  return type === "search" ? "searchbox" : "textbox";
};
const isHiddenFromAria = (element) => {
  if (!element.checkVisibility({ visibilityProperty: true })) return true;
  for (let each = element; each; each = parentOf(each) || hostOf(each)) if (attribute(each, "aria-hidden") === "true") return true;
  return false;
};
const drawnBy = (element, place) => {
  const { content } = getComputedStyle(element, place);
  const text = /^"((?:[^"\\]|\\.)*)"$/.exec(content);
  return text ? text[1].replace(/\\(.)/g, "$1") : "";
};
// All that stands in it, as one hears it; null where that depends on what a field holds.
const spokenIn = (element, besides) => {
  const slotted = element.localName === "slot" ? element.assignedNodes() : [];
  const nodes = slotted.length ? slotted : shadowOf(element) ? shadowOf(element).childNodes : element.childNodes;
  let text = drawnBy(element, "::before");
  for (const each of nodes) {
    if (each.nodeType === Node.TEXT_NODE) text += each.data;
    if (each.nodeType !== Node.ELEMENT_NODE || each === besides) continue;
    const spoken = spokenOf(each, besides);
    if (spoken === null) return null;
    text += each.tagName === "BR" || getComputedStyle(each).display !== "inline" ? ` ${spoken} ` : spoken;
  }
  return text + drawnBy(element, "::after");
};
const spokenOf = (element, besides) => {
  if (["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName) || isHiddenFromAria(element)) return "";
  if (["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName)) return null;
  const said = oneLine(attribute(element, "aria-label")) || (element.tagName === "IMG" ? oneLine(attribute(element, "alt")) : "");
  if (said) return said;
  if (element.tagName === "svg") return oneLine(element.querySelector("title")?.textContent);
  const inside = spokenIn(element, besides);
  return inside === null ? null : oneLine(inside) ? inside : attribute(element, "title");
};
const referredBy = (element) => {
  const root = rootOf(element);
  return attribute(element, "aria-labelledby").split(/\s+/).filter(Boolean).map((id) => root.getElementById?.(id)).filter(Boolean);
};
const joined = (texts) => (texts.includes(null) ? null : oneLine(texts.join(" ")));
const labelsFor = (element) => (labelsOf[element.tagName] ? [...(labelsOf[element.tagName].call(element) || [])] : []);
// The accessible name; null where it is not known for sure.
const accessibleName = (element) => {
  const referred = referredBy(element);
  if (referred.length) return joined(referred.map((each) => spokenIn(each, null)));
  const said = oneLine(attribute(element, "aria-label"));
  if (said) return said;
  const { tagName: tag, type } = element;
  const title = oneLine(attribute(element, "title"));
  if (tag === "INPUT" && ["submit", "button", "reset"].includes(type)) return oneLine(element.value) || { submit: "Submit", reset: "Reset" }[type] || title;
  const labels = labelsFor(element).map((each) => spokenIn(each, element));
  if (labels.length) return joined(labels);
  if (tag === "INPUT" || tag === "TEXTAREA" || tag === "SELECT") {
    return title || (tag === "TEXTAREA" || (tag === "INPUT" && HINTING.has(type)) ? oneLine(attribute(element, "placeholder")) : "");
  }
  if (tag === "IMG") return oneLine(attribute(element, "alt")) || title;
  if (!FROM_CONTENT.has(playwrightRole(element))) return title;
  const inside = spokenIn(element, null);
  return inside === null ? null : oneLine(inside) || title;
};
// The texts by which Playwright finds it as labelled.
const labelTexts = (element) => {
  const referred = referredBy(element);
  if (referred.length) return referred.map((each) => oneLine(each.textContent));
  const said = oneLine(attribute(element, "aria-label"));
  if (said) return [said];
  return WITH_LABELS.has(element.tagName) || element.tagName === "INPUT" ? labelsFor(element).map((each) => oneLine(each.textContent)) : [];
};
const ownerOf = (element) => fieldOf(element.closest("label")) || element.closest(CONTROL) || element;
const isWordy = (element) => element.tagName === "INPUT" && ["submit", "button"].includes(element.type);
const wordsOf = (element) => (isWordy(element) ? element.value : textOf(element)).replace(/\s+/g, " ").trim();
const mayBeCalled = (element, name, role) => {
  if (element.hasAttribute("aria-labelledby")) return true;
  const rough = [element.textContent, ...["aria-label", "title", "placeholder", "alt", "value"].map((each) => attribute(element, each)),
    element.value ?? "", ...labelsFor(element).map((each) => each.textContent), role === "button" ? "Submit Reset" : ""].join(" ");
  return rough.includes(name.split(" ")[0]) || Boolean(element.querySelector?.("[aria-label], img, svg") || element.shadowRoot);
};
// A short way down to it by tags and numbers, in its own tree: it says where it stands, and no more.
const pathTo = (element) => {
  const steps = [];
  for (let each = element; each && steps.length < 6; each = parentOf(each)) {
    if (each === document.body || each === document.documentElement) break;
    const alike = [...(parentOf(each) ? childrenOf(parentOf(each)) : [])].filter((one) => one.localName === each.localName);
    steps.unshift(alike.length > 1 ? `${each.localName}:nth-of-type(${alike.indexOf(each) + 1})` : each.localName);
  }
  return steps.join(" > ");
};
// What it stands in, of a mere text that has no name of its own: by role, id or class, the nearest first.
const holdersOf = (element) => {
  const holders = [];
  for (let each = parentOf(element); each && each !== document.body && holders.length < MAX_DATA; each = parentOf(each)) {
    const role = attribute(each, "role");
    if (/^(status|alert|region|note|log)$/.test(role)) holders.push(`[role=${role}]`);
    if (markIn(attribute(each, "id"))) holders.push(`#${attribute(each, "id")}`);
    holders.push(...attribute(each, "class").split(/\s+/).filter(markIn).map((name) => `.${name}`));
  }
  return holders.slice(0, MAX_DATA);
};
const stylesFor = (element, hints, isToken) => {
  const { tag, type } = hints;
  const named = [...(hints.id ? [`#${hints.id}`] : []), ...(hints.named ? [`${tag}[name="${hints.named}"]`] : [])];
  // That it is a text field or a button is true of too many.
  const typed = type && !["text", "button"].includes(type) ? [`${tag}[type=${type}]`, ...(hints.is_in_form ? [`form ${tag}[type=${type}]`] : [])] : [];
  const classes = hints.classes.map((each) => `${tag}.${each}`);
  if (!isToken) return [...named, ...typed, ...classes];
  const data = [...element.attributes].map((each) => each.name).filter((each) => each.startsWith("data-") && each !== "data-testid" && markIn(each));
  return [...named, ...classes, ...data.slice(0, MAX_DATA).map((each) => `${tag}[${each}]`), ...PLACES.map((place) => `${place} ${tag}`),
    ...holdersOf(element).map((place) => `${place} ${tag}`)];
};
// What leads to it: [family, value, name] each, the most lasting first.
const offersOf = (element, { isToken = false } = {}) => {
  const role = playwrightRole(element);
  const labels = labelTexts(element);
  const acts = element.matches(ACTING);
  const hints = hintsOf(element, { role, name: "", labels: labelsOfElement(element), acts, attribute, isInForm: Boolean(closest(element, "form")) });
  const name = role && !isHiddenFromAria(element) ? accessibleName(element) : "";
  const isField = ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName);
  const text = isToken ? "" : isField ? (labelsFor(element).length === 1 ? wordsOf(labelsFor(element)[0]) : isWordy(element) ? wordsOf(element) : "") : wordsOf(element);
  const placeholder = attribute(element, "placeholder");
  const ways = [];
  if (hints.test_id) ways.push({ say: ["test_id", hints.test_id], leads: (each) => attribute(each, "data-testid") === hints.test_id });
  if (role && name) {
    ways.push({ say: ["role", role, name], leads: (each) => playwrightRole(each) === role && mayBeCalled(each, name, role) && !isHiddenFromAria(each) && accessibleName(each) === name });
  }
  // A label around a list has all of its entries for text.
  const isSaid = !(element.tagName === "SELECT" && labelsFor(element).some((each) => each.contains(element)));
  if (isSaid && labels.length === 1 && labels[0]) ways.push({ say: ["label", labels[0]], leads: (each) => labelTexts(each).includes(labels[0]) });
  if (placeholder && placeholder === oneLine(placeholder)) ways.push({ say: ["placeholder", placeholder], leads: (each) => attribute(each, "placeholder") === placeholder });
  const holds = (each) => textOf(each).length <= text.length * 3 + 40 && wordsOf(each) === text;
  if (text && isSaid && text.length <= MAX_WORDS) {
    ways.push({ say: ["text", text], to: ownerOf, leads: (each) => !["SCRIPT", "STYLE", "HEAD"].includes(each.tagName) && holds(each) && ![...childrenOf(each)].some(holds) && isSeen(each) });
  }
  const found = ways.map(() => new Set());
  const roots = rootsOf(document);
  for (const root of roots) {
    for (const each of root.querySelectorAll("*")) ways.forEach((way, number) => { if (way.leads(each)) found[number].add(way.to ? way.to(each) : each); });
  }
  const led = ways.filter((_, number) => found[number].size === 1 && found[number].has(element)).map((way) => way.say);
  const isOnly = (selector) => {
    try {
      if (selector.includes(" ") && roots.length > 1) return false; // Playwright looks through the roots, this one not
      const all = roots.flatMap((root) => [...root.querySelectorAll(selector)]);
      return all.length === 1 && all[0] === element;
    } catch { return false; }
  };
  const styles = stylesFor(element, hints, isToken).filter(isOnly).map((each) => ["css", each]);
  if (styles.length || led.length) return [...led, ...styles];
  const path = pathTo(element);
  return [...(path.includes(" ") ? [["css", path]].filter(() => isOnly(path)) : isOnly(path) ? [["css", path]] : []),
    ...(element.id && roots.length === 1 && isOnly(`[id=${JSON.stringify(element.id)}]`) ? [["xpath", `//*[@id=${JSON.stringify(element.id)}]`]] : [])];
};
