// What a person does in a document, told as it was right before: in the panel's world, out of the page's reach. It runs in
// every frame, after the panel's own script, so that what is done in the panel is never heard here.
//
// Only what an input device has made counts (`isTrusted`); and since the browser trusts what a script's own `execCommand`
// writes, and a box that it ticks, a field counts only in a document in which a device was used before. Nothing that a page shares with this world is relied on: it may
// clear every timer and open its document anew, so that the upkeep comes from outside (`tick`).
// What stands in words.js, hints.js, prints.js, offers.js, own.js and fields.js is put before it.
if (Object.hasOwn(globalThis, "tokenbrokerRecorder")) return;
const RECORD = "tokenbrokerRecord";
const TOGGLES = "input[type=checkbox], input[type=radio]";
const FIELD = "input, textarea, select";
const PRESSABLE = `${ACTING}, textarea, [onclick], [aria-haspopup]`;
const NOTICES = "h1, h2, h3, [role=heading], dialog, [role=dialog], [role=alertdialog], [role=alert], [role=status]";
const SWALLOWED = ["pointerdown", "pointerup", "mousedown", "mouseup", "click", "dblclick", "auxclick", "contextmenu", "touchstart", "touchend"];
const TOKENISH = "code, output, kbd, samp, pre, input, textarea";
const MAX_NOTICES = 5;
const MAX_NOTICE_LETTERS = 120;
const MAX_TOKEN_LETTERS = 4000;
const documentId = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
let number = 0;
// By whole characters: so many take at most twice as many units.
const cut = (text, letters) => [...text.slice(0, 2 * letters)].slice(0, letters).join("");
const tell = (told) => globalThis[RECORD]?.(JSON.stringify({ document: documentId, url: location.href, ...told }));
const deepest = (event) => event.composedPath().find((each) => each instanceof Element) || null;

const factsOf = (element, how) => {
  const isField = element.matches(FIELD);
  return { tag: element.localName, label: tidyLabel(element), type: passwords.has(element) ? "password" : isField || element.tagName === "BUTTON" ? element.type : "",
    autocomplete: attribute(element, "autocomplete"), inputmode: attribute(element, "inputmode"), name: attribute(element, "name"),
    placeholder: attribute(element, "placeholder"), href: element.tagName === "A" && typeof element.href === "string" ? element.href : "",
    is_secret: isField && isSecret(element), max_length: Math.max(0, element.maxLength ?? 0) || 0, is_text: isText(element) || element.isContentEditable === true,
    is_code: element.tagName === "INPUT" && takesCode(element), asks_code: asksForCode(), is_readonly: element.readOnly === true,
    opens_list: element.matches("[role=combobox], [aria-haspopup]"), is_pointed: getComputedStyle(element).cursor === "pointer",
    acts: element.matches(PRESSABLE), is_token: Boolean(how.isToken), offers: offersOf(element, how), print: printOf(element) };
};
const tidyLabel = (element) => oneLine(accessibleName(element) ?? nameOf(element)) || calledOf(element);

// Elements are numbered as they are looked at; a field is looked at once, a control before each press.
const numbers = new WeakMap();
const before = new WeakMap();
const see = (element, { again = false } = {}) => {
  if (numbers.has(element) && !again) return numbers.get(element);
  number += 1;
  numbers.set(element, number);
  let facts = null;
  try { facts = factsOf(element, {}); } catch { facts = null; }
  if (!before.has(element)) before.set(element, element.isContentEditable ? element.innerText : element.value ?? "");
  tell({ told: "seen", number, facts });
  return number;
};
// The control that a press means: what it stands in, or all that the same hand-shaped pointer is drawn over.
const controlUnder = (target) => {
  const control = closest(target, PRESSABLE);
  if (control) return (control.tagName === "LABEL" && fieldOf(control)) || control;
  let each = target;
  const isPointed = (one) => one && one !== document.body && one !== document.documentElement && getComputedStyle(one).cursor === "pointer";
  if (isPointed(each)) while (isPointed(above(each)) && rootOf(above(each)) === rootOf(each)) each = above(each);
  return each;
};

// What has come since the last act.
let known = new WeakSet();
let isDirty = true;
let lastOwn = "";
const noticesOf = () => rootsOf(document).flatMap((root) => [...root.querySelectorAll(NOTICES)]).filter(isSeen);
let isOwnDirty = true;
const changes = new MutationObserver(() => {
  [isDirty, isOwnDirty] = [true, true];
  hideToolbar();
});
const watchChanges = () => {
  for (const root of rootsOf(document)) changes.observe(root, { childList: true, subtree: true, characterData: true, attributes: true });
};
const lookForNotices = () => {
  const fresh = noticesOf().filter((each) => !known.has(each) && wordsOf(each)).slice(0, MAX_NOTICES);
  for (const each of fresh) {
    known.add(each);
    const role = playwrightRole(each) || "heading";
    const name = ["heading", "dialog", "alertdialog"].includes(role) ? accessibleName(each) || "" : wordsOf(each);
    tell({ told: "appeared", role, name: cut(name, MAX_NOTICE_LETTERS), offers: offersOf(each) });
  }
};
const settle = () => {
  if (hasToggled()) tell({ told: "toggled" });
  hideToolbar();
  if (!isDirty || !document.body) return;
  watchChanges();
  isDirty = false;
  lookForNotices();
};
const lookForOwn = () => {
  if (!isOwnDirty) return;
  isOwnDirty = false;
  const own = ownOf(document);
  const asked = JSON.stringify(own);
  if (asked !== lastOwn && own.length) tell({ told: "own", own });
  lastOwn = asked;
};
// Codegen's recorder draws a toolbar that would lie over the page, and nobody is to press it.
const hideToolbar = () => {
  for (const each of document.getElementsByTagName("x-pw-glass")) if (each.style.display !== "none") each.style.setProperty("display", "none", "important");
};

// The person points at the token.
let picks = 0;
let isPicked = false;
let lastPick = 0;
let pointed = null;
const mayBeToken = (text) => (text.match(/[^\s"'<>]{12,}/g) || []).some((run) => mayBeCode(run));
const tokenUnder = (target) => {
  const held = closest(target, TOKENISH);
  if (held && held.textContent.length <= MAX_TOKEN_LETTERS) return held;
  const control = closest(target, CONTROL);
  if (control) return control;
  let each = target;
  while (!mayBeToken(each.textContent) && each.parentElement && each.parentElement.textContent.length <= 200 && mayBeToken(each.parentElement.textContent)) each = each.parentElement;
  return each;
};
const sourceOf = (element) => {
  if (element.matches("input, textarea")) return "value";
  return element.matches(ACTING) && !mayBeToken(element.innerText || "") ? "clipboard" : "text";
};
const pick = (element) => {
  const source = sourceOf(element);
  const chosen = String(getSelection() || "");
  const text = source === "value" ? element.value : source === "text" ? (element.innerText ?? element.textContent).trim() : "";
  const inner = source === "text" ? [...element.querySelectorAll(`${CONTROL}, small, [role=note], [role=tooltip]`)].map((each) => oneLine(each.textContent)).filter(Boolean) : [];
  number += 1;
  let facts = null;
  try { facts = factsOf(element, { isToken: source !== "clipboard" }); } catch { facts = null; }
  tell({ told: "seen", number, facts });
  tell({ told: "picked", number, source, text: cut(text, MAX_TOKEN_LETTERS), selected: chosen && text.includes(chosen.trim()) ? chosen.trim() : "", inner });
};
const onPicking = (event) => {
  if (event.type === "pointermove") {
    const element = tokenUnder(deepest(event));
    if (element === pointed) return;
    pointed = element;
    const box = element.getBoundingClientRect();
    tell({ told: "pointed", box: [box.x, box.y, box.width, box.height] });
  } else if (event.type === "keydown" && event.key === "Escape") {
    swallow(event);
    tell({ told: "escaped" });
  } else if (SWALLOWED.includes(event.type)) {
    swallow(event);
    if (event.type === "pointerdown") {
      [picks, isPicked, lastPick] = [0, true, picks];
      pick(tokenUnder(deepest(event)));
    }
    if (event.type === "click" || event.type === "auxclick") isPicked = false;
  }
};
const swallow = (event) => {
  event.stopImmediatePropagation();
  if (event.type !== "pointerdown" && event.type !== "touchstart") event.preventDefault();
};

let down = null;
let key = null;
const onPress = (event) => {
  const target = deepest(event);
  if (!target || target === document.documentElement || target === document.body) return;
  key = null;
  notePasswords();
  settle();
  const control = controlUnder(target);
  down = { control, seen: see(control, { again: !control.matches(FIELD) }) };
};
const onKey = (event) => {
  const target = deepest(event);
  if (!target || event.isComposing) return;
  const isTyped = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (isTyped && event.key !== " ") return;
  if (!["Enter", " ", "Escape"].includes(event.key) || event.repeat) return;
  const control = controlUnder(target);
  const isWritten = isText(control) || target.isContentEditable;
  if (event.key === " " && isWritten) return;
  notePasswords();
  settle();
  key = { control, event, seen: target === document.body ? 0 : see(control, { again: !control.matches(FIELD) }) };
  if (event.key !== " " && control.tagName !== "TEXTAREA" && !target.isContentEditable) tell({ told: "key", number: key.seen, key: event.key });
};
const onKeyUp = (event) => {
  if (key?.event.key !== event.key) return;
  if (key.event.defaultPrevented) tell({ told: "handled" });
  key = null;
};
const onClick = (event) => {
  const target = deepest(event);
  if (!target || event.button !== 0 || target === document.documentElement || target === document.body) return;
  const label = target.closest("label");
  if (label && fieldOf(label) && !fieldOf(label).contains(target)) return; // the field hears of it next
  const control = controlUnder(target);
  if (control.matches(TOGGLES) || control.tagName === "OPTION") return; // told when it changes
  if (event.detail === 0 && key && key.control !== control) return; // what Enter in a field has pressed
  const seen = event.detail !== 0 && down?.control === control ? down.seen : event.detail === 0 && key?.control === control ? key.seen : see(control);
  tell({ told: "click", number: seen, detail: event.detail });
};
// Nobody takes longer from the last press or key to what comes of it.
const DEVICES = new Set(["pointerdown", "keydown", "paste", "drop"]);
const USED_MS = 60_000;
let usedAt = -Infinity;
const onInput = (event) => {
  if (event.timeStamp - usedAt > USED_MS) return undefined;
  const target = deepest(event);
  const field = target?.isContentEditable ? closest(target, "[contenteditable]") || target : target;
  if (!field || field.type === "file") return undefined;
  // Not when they change: out of a shadow root nothing tells of that.
  if (field.matches(TOGGLES)) return tell({ told: "checked", number: see(field), is_checked: field.checked });
  if (field.tagName === "SELECT") return tell({ told: "selected", number: see(field), value: oneLine(field.selectedOptions[0]?.label) });
  if (!numbers.has(field)) notePasswords();
  const how = event.inputType || "";
  return tell({ told: "input", number: see(field), value: field.isContentEditable ? field.innerText : field.value, how, before: before.get(field) });
};
const onEvent = (event) => {
  if (!event.isTrusted) return undefined;
  if (DEVICES.has(event.type)) usedAt = event.timeStamp;
  if (event.type === "pointerdown" || event.type === "keydown") isPicked = false; // what is disabled is never clicked
  if (picks || isPicked) return onPicking(event);
  if (event.type === "click" || event.type === "submit" || event.type === "pointerdown") isDirty = true;
  switch (event.type) {
    case "pointerdown": return onPress(event);
    case "focusin": { const field = deepest(event); if (field?.matches(FIELD) && !numbers.has(field)) { notePasswords(); see(field); } return undefined; }
    case "keydown": return onKey(event);
    case "keyup": return onKeyUp(event);
    case "click": return onClick(event);
    case "input": return onInput(event);
    case "submit": return tell({ told: "submitted" });
    default: return undefined;
  }
};
const HEARD = [...SWALLOWED, "pointermove", "keydown", "keyup", "paste", "drop", "focusin", "input", "submit"];
const PROBE = "tokenbroker-recorder-probe";
let isHeard = false;
const attend = () => {
  isHeard = false;
  dispatchEvent(new Event(PROBE));
  if (isHeard) return;
  for (const name of HEARD) addEventListener(name, onEvent, { capture: true, passive: false });
  addEventListener(PROBE, () => { isHeard = true; }, true);
  watchChanges();
};
attend();

globalThis.tokenbrokerRecorder = {
  tick(looksForOwn, asked) {
    attend();
    const now = asked === lastPick ? 0 : asked; // the recorder may not have heard yet that it was answered
    if (picks !== now) {
      [picks, pointed] = [now, null];
      // The focus is in the panel, which tells nobody of keys: Escape is to be heard.
      if (picks && document.activeElement?.matches("div[popover=manual]")) document.activeElement.blur();
    }
    settle();
    if (looksForOwn && document.body) lookForOwn();
  },
  address: () => location.href,
  // What the page asks for that only a person can answer.
  asks() {
    if (asksForCode()) return "otp";
    const fields = [...document.querySelectorAll(`${FIELD}, iframe`)].filter((each) => each.type !== "hidden" && isSeen(each) && !each.disabled);
    return fields.length ? "action" : "device";
  },
  frame(element) {
    const name = attribute(element, "name") || attribute(element, "id");
    const led = offersOf(element, { isToken: true }).filter(([family]) => family === "css" || family === "test_id");
    const [family, value] = led.find(([, selector]) => !selector.includes(" ")) || led[0] || ["css", ""];
    return { name, selector: family === "test_id" ? `[data-testid="${value}"]` : value };
  },
};
