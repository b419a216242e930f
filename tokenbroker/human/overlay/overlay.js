// The panel that talks to the person, in a world of its own: the page's scripts can neither call it, read it nor press
// its buttons. It runs in every frame before the page's first script; only the outermost shows the panel, the others
// tell what the person does in them. It knows no secret: what it shows is given to it as words.
//
// A page shares some things with this world, and none is relied on: its timers (a page may clear them all), its DOM
// (the host may be removed, restyled, covered, made inert) and the events of what stands in the document. So the
// upkeep comes from outside (`tick`), the host is put back where it belongs, and a press counts only if a person made it
// while the browser itself says that nothing lies over the panel (Intersection Observer v2, `trackVisibility`).
(() => {
  // (Its own: an element with that id would answer to the name as well.)
  if (Object.hasOwn(globalThis, "tokenbrokerGuide")) return;
  const SAY = "tokenbrokerSay";
  const STYLES = "%STYLES%";
  const STEADY_MS = 500;
  const LEAST_PX = 120;
  const GAP = 16;
  const CLEAR = 10;
  const MAX_PATH = 8;
  const FIGHTS = 20;
  const CORNERS = [["right", "bottom"], ["left", "bottom"], ["left", "top"], ["right", "top"]];
  const TELLING_KEYS = /^(Enter|Tab|Escape|Backspace|Delete|Home|End|PageUp|PageDown|Arrow\w+|F\d+)$/;
  const GUARDED = ["keydown", "keypress", "keyup", "beforeinput", "input", "change", "compositionstart", "compositionupdate",
    "compositionend", "paste", "copy", "cut", "select", "selectstart", "pointerdown", "pointerup", "pointermove", "pointercancel",
    "pointerover", "pointerout", "mousedown", "mouseup", "mousemove", "mouseover", "mouseout", "click", "dblclick", "auxclick", "contextmenu",
    "touchstart", "touchmove", "touchend", "touchcancel", "focus", "blur", "focusin", "focusout", "drag", "dragstart", "dragover",
    "drop", "textInput"];
  const say = (told) => globalThis[SAY]?.(JSON.stringify(told));
  const rectOf = (element) => {
    const box = element.getBoundingClientRect();
    return [box.x, box.y, box.width, box.height];
  };

  // What a person does in the page: where, and never what was typed. Of the keys those only that say nothing of a text.
  const keyOf = (event) => {
    const isShortcut = (event.ctrlKey || event.metaKey) && !(event.ctrlKey && event.altKey);
    if (!TELLING_KEYS.test(event.key) && !isShortcut) return "";
    const held = [["Control", event.ctrlKey], ["Alt", event.altKey], ["Shift", event.shiftKey], ["Meta", event.metaKey]];
    return [...held.filter(([, is]) => is).map(([name]) => name), event.key].join("+");
  };
  const report = (event) => {
    if (!["click", "pointerdown", "keydown"].includes(event.type)) return;
    const key = event.type === "keydown" ? keyOf(event) : "";
    const path = event.composedPath().filter((each) => each instanceof Element).slice(0, MAX_PATH).map(rectOf);
    const isPointed = event.type !== "keydown" && (event.detail > 0 || event.type === "pointerdown");
    const frame = globalThis === globalThis.top ? "" : location.href;
    say({ act: event.type, key, at: isPointed ? [event.clientX, event.clientY] : null, path, frame });
  };

  // What the person types where a secret belongs, so that it is redacted from then on: told to nobody but the run.
  let listens = false;
  let host = null;
  addEventListener("input", (event) => {
    const field = event.composedPath()[0];
    const isField = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
    if (listens && event.isTrusted && isField) say({ typed: field.value });
  }, true);
  const listen = (on) => { listens = on; };

  if (globalThis !== globalThis.top) {
    for (const name of ["click", "pointerdown", "keydown"]) addEventListener(name, (event) => event.isTrusted && report(event), true);
    globalThis.tokenbrokerGuide = { listen };
    return;
  }

  const make = (tag, options = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  let root, panel, parts;
  let card = null;
  let wanted = false;
  let target = null;
  let corner = 0;
  let spot = null;
  let drag = null;
  let isSeen = false;
  let seenSince = 0;
  let changedAt = 0;
  let fights = 0;
  let raises = 0;

  const build = () => {
    const now = { h2: make("h2", { id: "what" }), detail: make("p", { class: "detail" }), literal: make("p", { class: "literal" }),
      hint: make("p", { class: "hint", role: "status" }), mark: make("span", { class: "mark" }), count: make("span"), bar: make("i"),
      buttons: make("div", { class: "buttons" }), frame: make("div", { class: "frame", "aria-hidden": "true", hidden: "" }) };
    now.move = make("button", { type: "button", class: "move", "aria-label": "Move this panel to another corner", title: "Move (or drag the bar)" }, "\u2725");
    now.fold = make("button", { type: "button", class: "fold", "aria-label": "Fold this panel", title: "Fold", "aria-expanded": "true" }, "\u2013");
    const head = make("div", { class: "head" }, make("b", {}, "tokenbroker"), now.mark, now.fold, now.move);
    const progress = make("p", { class: "count" }, now.count, make("span", { class: "bar", "aria-hidden": "true" }, now.bar));
    // Spoken as one when it changes; the focus stays with the person.
    const spoken = make("div", { role: "status", "aria-live": "polite", "aria-atomic": "true" }, now.h2, now.detail);
    now.panel = make("section", { class: "panel", "aria-label": "tokenbroker guide (Alt+Shift+G)" },
      head, make("div", { class: "body" }, progress, spoken, now.literal, now.hint, now.buttons));
    return now;
  };
  // The browser's own word that the panel is to be seen, with nothing over it.
  const watched = new IntersectionObserver((entries) => {
    const is = entries.at(-1).isVisible;
    if (is && !isSeen) seenSince = performance.now();
    if (is) raises = 0;
    isSeen = is;
  }, { trackVisibility: true, delay: 100, threshold: [0, 0.5, 1] });
  const raise = () => {
    host = document.createElement("div");
    root = host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    parts = build();
    panel = parts.panel;
    root.append(parts.frame, panel);
    watched.disconnect();
    watched.observe(panel);
    styled.disconnect();
    styled.observe(host, { attributes: true });
  };
  // Inline and important: no rule of the page's style sheets comes before that.
  const LOOK = { all: "initial", position: "fixed", inset: "0", width: "auto", height: "auto", margin: "0", padding: "0", border: "0",
    background: "none", overflow: "visible", display: "block", visibility: "visible", "pointer-events": "none", "z-index": "2147483647" };
  const dress = () => {
    for (const { name } of [...host.attributes]) if (name !== "style" && name !== "popover") host.removeAttribute(name);
    if (host.popover !== "manual") host.popover = "manual";
    host.style.cssText = "";
    for (const [name, value] of Object.entries(LOOK)) host.style.setProperty(name, value, "important");
    const zoom = host.parentElement?.currentCSSZoom ?? 1;
    if (zoom !== 1) host.style.setProperty("zoom", String(1 / zoom), "important");
    host.inert = false;
  };
  const mend = (act) => {
    fights += 1;
    if (fights <= FIGHTS) act();
  };
  const styled = new MutationObserver(() => { if (wanted) { mend(dress); styled.takeRecords(); } });
  const placed = new MutationObserver(() => { if (wanted && !host.isConnected) mend(stand); });

  // A dialog that is modal makes all else inert, so that the panel has to stand in it.
  const modals = () => {
    const roots = [document];
    for (const each of roots) for (const one of each.querySelectorAll("*")) if (one.shadowRoot) roots.push(one.shadowRoot);
    return roots.flatMap((each) => [...each.querySelectorAll("dialog:modal")]);
  };
  const isOnTop = () => {
    const box = panel.getBoundingClientRect();
    const spots = [[box.x + box.width / 2, box.y + 12], [box.x + box.width / 2, box.bottom - 12]];
    return box.width > 0 && spots.every(([x, y]) => host.getRootNode().elementFromPoint?.(x, y) === host);
  };
  const standIn = (place) => {
    if (host.parentNode !== place) place.append(host);
    dress();
    if (host.matches(":popover-open")) host.hidePopover();
    host.showPopover();
  };
  const stand = () => {
    if (!document.documentElement) return;
    standIn(document.documentElement);
    if (!isOnTop()) for (const each of modals().reverse()) {
      standIn(each);
      if (isOnTop()) break;
    }
    arrange();
    styled.takeRecords();
    placed.disconnect();
    placed.observe(document, { childList: true, subtree: true });
  };

  // The corner that the person chose, or the first one that leaves the target free.
  const arrange = () => {
    panel.classList.remove("slim");
    const { innerWidth: width, innerHeight: height } = globalThis;
    const overlaps = ([x, y, w, h]) => {
      if (!target) return 0;
      const [tx, ty, tw, th] = target;
      const across = Math.min(x + w, tx + tw + CLEAR) - Math.max(x, tx - CLEAR);
      const down = Math.min(y + h, ty + th + CLEAR) - Math.max(y, ty - CLEAR);
      return across > 0 && down > 0 ? across * down : 0;
    };
    const boxAt = ([side, edge]) => {
      const { width: w, height: h } = panel.getBoundingClientRect();
      return [side === "right" ? width - w - GAP : GAP, edge === "bottom" ? height - h - GAP : GAP, w, h];
    };
    const put = ([x, y]) => {
      const [left, top] = [`${Math.max(0, Math.round(x))}px`, `${Math.max(0, Math.round(y))}px`];
      if (panel.style.left === left && panel.style.top === top) return;
      panel.style.left = left;
      panel.style.top = top;
      changedAt = performance.now();
    };
    const own = spot && [Math.min(spot[0], width - 80), Math.min(spot[1], height - 60), ...rectOf(panel).slice(2)];
    if (own && overlaps(own) === 0) return put(own);
    const order = [...CORNERS.slice(corner), ...CORNERS.slice(0, corner)].map(boxAt);
    const free = order.find((box) => overlaps(box) === 0);
    if (free) return put(free);
    panel.classList.add("slim");
    const edges = [["left", "bottom"], ["left", "top"]].map(boxAt);
    put(edges.sort((one, other) => overlaps(one) - overlaps(other))[0]);
  };
  // In a small window of a site's the panel would cover all that it is about: there it begins as its bar alone.
  const [COVERS, SMALL_PX] = [0.5, 600];
  let isFolded = false;
  let wasFolded = false; // by the person, or once by itself
  const fold = (is) => {
    isFolded = is;
    panel.toggleAttribute("data-folded", is);
    parts.fold.setAttribute("aria-expanded", String(!is));
    parts.fold.setAttribute("aria-label", is ? "Unfold this panel" : "Fold this panel");
    parts.fold.title = is ? "Unfold" : "Fold";
    parts.fold.textContent = is ? "+" : "\u2013";
    changedAt = performance.now();
  };
  const foldIfSmall = () => {
    if (wasFolded || !card.may_fold) return;
    const { height } = panel.getBoundingClientRect();
    if (innerHeight < SMALL_PX && height > COVERS * innerHeight) { wasFolded = true; fold(true); }
  };
  const frame = () => {
    parts.frame.hidden = !target;
    if (!target) return;
    const [x, y, width, height] = target;
    Object.assign(parts.frame.style, { left: `${x - 6}px`, top: `${y - 6}px`, width: `${width + 12}px`, height: `${height + 12}px` });
  };

  const fill = () => {
    parts.mark.dataset.words = card.mark; // drawn by the style sheet: `window.find` looks into closed roots, and not there
    parts.count.textContent = card.count;
    parts.bar.style.width = `${Math.round(card.share * 100)}%`;
    parts.bar.parentElement.hidden = !card.share; // nothing is known of how far it is
    parts.h2.textContent = card.heading;
    parts.detail.textContent = card.detail;
    parts.literal.textContent = card.literal;
    parts.hint.textContent = card.hint;
    const label = JSON.stringify(card.buttons);
    if (parts.buttons.dataset.label === label) return;
    const focused = root.activeElement?.dataset?.press;
    parts.buttons.dataset.label = label;
    parts.buttons.replaceChildren(...card.buttons.map((each) => make("button",
      { type: "button", "data-press": each.id, class: each.is_primary ? "primary" : each.is_quiet ? "quiet" : "", ...(each.why_not ? { "aria-disabled": "true", title: each.why_not } : {}) },
      each.label)));
    if (focused) (root.querySelector(`[data-press="${focused}"]`) || parts.buttons.firstElementChild)?.focus();
    changedAt = performance.now();
  };

  // A page's `zoom` reaches the panel: what is as small as a dot is not seen, whatever the browser says.
  const isLegible = () => {
    const box = panel.getBoundingClientRect();
    return Math.abs((panel.currentCSSZoom ?? 1) - 1) < 0.05 && box.width >= LEAST_PX && box.height >= LEAST_PX / 3
      && box.left >= 0 && box.top >= 0 && box.right <= innerWidth + 1 && box.bottom <= innerHeight + 1;
  };
  const isReady = () => isSeen && isLegible() && performance.now() - Math.max(seenSince, changedAt) >= STEADY_MS;
  // What lay over the window is another program's, or another page's: nobody tells when it goes but the focus. (That also
  // goes to frames of the page and back, which is nothing.)
  let hadFocus = true;
  const lookAtFocus = () => {
    const has = document.hasFocus();
    if (!has || !hadFocus) changedAt = performance.now();
    hadFocus = has;
  };
  addEventListener("focus", lookAtFocus, true);
  addEventListener("resize", () => { changedAt = performance.now(); }, true);
  document.addEventListener("visibilitychange", () => { changedAt = performance.now(); }, true);
  const press = (button) => {
    if (button === parts.move) {
      [corner, spot] = [(corner + 1) % CORNERS.length, null];
      return arrange();
    }
    if (button === parts.fold) {
      wasFolded = true;
      fold(!isFolded);
      return arrange();
    }
    const id = button.dataset.press;
    if (!id || button.getAttribute("aria-disabled") === "true") return;
    if (!isReady()) {
      parts.hint.textContent = "The panel was covered, or has just changed. Look at it, and press again.";
      return arrange();
    }
    say({ press: id, serial: card.serial });
  };
  const own = (event) => {
    if (!event.isTrusted) return;
    const under = event.detail === 0 && event.type === "click" ? root.activeElement : root.elementFromPoint?.(event.clientX ?? -1, event.clientY ?? -1);
    const button = under?.closest?.("button");
    if (event.type === "click" && button) press(button);
    if (event.type === "pointerdown" && !button && under?.closest?.(".head")) {
      const [x, y] = rectOf(panel);
      drag = [event.clientX - x, event.clientY - y];
      event.preventDefault();
    }
  };
  const onEvent = (event) => {
    // In a dialog of a shadow tree, what the window is told as the target is that tree's own host.
    const isMine = wanted && (event.target === host || event.composedPath().includes(host));
    if (drag && event.isTrusted && event.type.startsWith("pointer")) {
      event.stopImmediatePropagation();
      if (event.type === "pointermove") { spot = [event.clientX - drag[0], event.clientY - drag[1]]; arrange(); }
      if (event.type === "pointerup" || event.type === "pointercancel") drag = null;
      return;
    }
    if (isMine) {
      event.stopImmediatePropagation();
      own(event);
    } else if (event.isTrusted && wanted) {
      if (event.type === "keydown" && event.altKey && event.shiftKey && event.code === "KeyG") {
        event.stopImmediatePropagation();
        event.preventDefault();
        parts.buttons.firstElementChild?.focus();
      } else report(event);
    }
  };
  // A page that opens its document anew (`document.open`) takes every listener off the window.
  const PROBE = "tokenbroker-guide-probe";
  let isGuarded = false;
  const guard = () => {
    isGuarded = false;
    dispatchEvent(new Event(PROBE));
    if (isGuarded) return;
    for (const name of GUARDED) addEventListener(name, onEvent, { capture: true, passive: false });
    addEventListener(PROBE, () => { isGuarded = true; }, true);
  };
  guard();

  globalThis.tokenbrokerGuide = {
    listen,
    show(told, box) {
      if (!host) raise();
      [card, target, wanted] = [told, box, true];
      fill();
      frame();
      const is = this.tick();
      foldIfSmall();
      return is;
    },
    point(box) {
      target = box;
      if (host) { frame(); arrange(); }
      return this.tick();
    },
    hide() {
      [wanted, target] = [false, null];
      placed.disconnect();
      host?.remove();
    },
    tick() {
      if (!wanted) return { shown: false, seen: false };
      guard();
      lookAtFocus();
      fights = Math.max(0, fights - 4);
      const stands = host.isConnected && host.matches(":popover-open") && isLegible() && isOnTop();
      // Covered by what takes no pointer, which no hit test tells: to the front once more; a busy browser gets time to see it.
      if (fights <= FIGHTS && (!stands || (!isSeen && !document.hidden && performance.now() - changedAt > STEADY_MS * 2 ** Math.min(raises, 3)))) {
        if (stands) [changedAt, raises] = [performance.now(), raises + 1];
        fights += 2;
        stand();
      }
      // In a window that is out of sight nothing is drawn: then it is not the page that covers the panel.
      return { shown: true, seen: (isSeen || document.hidden) && isLegible() && isOnTop(), ready: isReady() };
    },
  };
})();
