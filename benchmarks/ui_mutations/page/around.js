// What else is on the page, and whether the target is there at all.
function look_alike(state, { before, box, heading, note, text }) {
  const place = part(state.truth);
  const made = headed(box, heading, note, ...twin(state, "archived", "decoy-look-alike", text));
  if (before) place.before(made);
  else place.after(made);
}

function cookie_banner(state, { at, text, buttons }) {
  const bar = make("div", { role: "region", "aria-label": "Cookies" }, make("p", {}, text));
  for (const words of buttons) {
    bar.append(decoy(state, make("button", { type: "button" }, words), "decoy-cookie-banner"));
  }
  Object.assign(bar.style, {
    position: "fixed", left: "0", right: "0", zIndex: "2147483000", padding: "12px 24px", background: "#fff",
    color: "#222", boxShadow: "0 0 12px #0005",
  });
  document.body.append(bar);
  if (!dock(bar, state.truth, at)) dock(bar, state.truth, at === "top" ? "bottom" : "top");
}

// The bar lies at that edge, and the page has room for it; answers whether the target can be scrolled clear of it.
function dock(bar, target, at) {
  const [room, edge] = [`${bar.getBoundingClientRect().height}px`, at === "top" ? "Top" : "Bottom"];
  for (const name of ["top", "bottom"]) bar.style[name] = name === at ? "0" : "auto";
  for (const name of ["Top", "Bottom"]) {
    document.body.style[`padding${name}`] = name === edge ? room : "";
    document.documentElement.style[`scrollPadding${name}`] = name === edge ? room : "";
  }
  const [x, y] = [scrollX, scrollY];
  target.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, top, width, height } = target.getBoundingClientRect();
  const covered = bar.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  scrollTo({ left: x, top: y, behavior: "instant" });
  return !covered;
}

// What goes when the target goes: it and its label.
function goes(state) {
  return state.truth.matches("summary, td") ? [state.truth] : unit(state.truth);
}

// What comes after these nodes in the form that holds them.
function restOfForm(nodes, form) {
  const rest = [];
  for (let node = nodes.at(-1); form?.contains(node) && node !== form; node = node.parentElement) {
    for (let next = node.nextElementSibling; next; next = next.nextElementSibling) rest.push(next);
  }
  return rest;
}

// Takes nodes out; answers the marks at their places, and a function that puts them back there.
function takeOut(nodes) {
  const marks = nodes.map((node) => {
    const mark = document.createComment("");
    node.replaceWith(mark);
    return mark;
  });
  return { marks, putBack: () => marks.forEach((mark, at) => mark.replaceWith(nodes[at])) };
}

function delayed(state, { ms, skeleton }) {
  const { marks, putBack } = takeOut(goes(state));
  let bone = null;
  if (skeleton) {
    bone = make("span", { class: "skeleton", "aria-busy": "true" });
    Object.assign(bone.style, { display: "inline-block", width: "9rem", height: "2rem", background: "#8883" });
    marks[0].before(bone);
  }
  setTimeout(() => {
    bone?.remove();
    putBack();
  }, ms);
}

function step_split(state, { words, note, instead }) {
  const place = part(state.truth);
  const first = goes(state);
  const isField = state.truth.matches("input:not([type=submit]), select");
  const { marks, putBack } = takeOut(isField ? [...first, ...restOfForm(first, state.truth.form)] : first);
  const next = decoy(state, make("button", { type: instead ? "submit" : "button" }, words), "decoy-next-step");
  const row = make("div", { class: "step-row" }, make("small", {}, note), " ", next);
  next.addEventListener("click", () => {
    row.remove();
    putBack();
  });
  if (instead) marks[0].before(row);
  else place.after(row);
}

function removed(state) {
  takeOut(goes(state));
}
