// What a recorder would write down of the element: the first guess of each family, to be checked by its own engine.
// `reads`: the element's text is a key, so nothing of it may be written down.
(element, { reads }) => {
  const tidy = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const root = element.getRootNode();
  const tag = element.localName;
  const isControl = element.matches("button, a, summary, [type=submit], [type=button]");

  function label() {
    const [first] = element.labels ?? [];
    if (!first) return tidy(element.getAttribute("aria-label"));
    const copy = first.cloneNode(true);
    for (const inner of copy.querySelectorAll("input, select, textarea, script, style")) inner.remove();
    return tidy(copy.textContent);
  }

  const ownText = reads ? "" : tidy(element.type === "submit" && tag === "input" ? element.value : element.innerText);

  function role() {
    const given = element.getAttribute("role");
    if (given) return given;
    const types = { checkbox: "checkbox", radio: "radio", submit: "button", button: "button" };
    if (tag === "input") return types[element.type] ?? "textbox";
    return { a: "link", button: "button", select: "combobox", textarea: "textbox", output: "status" }[tag] ?? "";
  }

  const isByHand = (id) => /^[A-Za-z][A-Za-z_-]*\d{0,2}$/.test(id);
  const quoted = (value) => `"${value.replace(/["\\]/g, "\\$&")}"`;
  const classes = (one) => [...one.classList].map((name) => `.${CSS.escape(name)}`).join("");
  const isAlone = (css) => root.querySelectorAll(css).length === 1;

  function bases() {
    const made = [];
    const name = element.getAttribute("name");
    const value = element.matches("[type=checkbox], [type=radio]") ? `[value=${quoted(element.value)}]` : "";
    if (name) made.push(`${tag}[name=${quoted(name)}]${value}`);
    if (element.hasAttribute("type") && element.type !== "text") made.push(`${tag}[type=${quoted(element.type)}]`);
    if (element.classList.length) made.push(tag + classes(element));
    return [...made, tag];
  }

  function css() {
    if (element.id && isByHand(element.id) && isAlone(`#${element.id}`)) return `#${element.id}`;
    for (const base of bases()) {
      if (isAlone(base)) return base;
      for (let above = element.parentElement; above; above = above.parentElement) {
        const outer = above.id && isByHand(above.id) ? `#${above.id}` : above.classList.length ? classes(above) : above.localName;
        if (isAlone(`${outer} ${base}`)) return `${outer} ${base}`;
        if (isAlone(`${outer} > ${base}`)) return `${outer} > ${base}`;
      }
    }
    return byPlace();
  }

  function byPlace() {
    let path = "";
    for (let node = element; node?.parentElement; node = node.parentElement) {
      const alike = [...node.parentElement.children].filter((child) => child.localName === node.localName);
      path = `${node.localName}:nth-of-type(${alike.indexOf(node) + 1})${path && " > "}${path}`;
      const outer = node.parentElement.classList.length ? `${classes(node.parentElement)} > ` : "";
      if (isAlone(outer + path)) return outer + path;
    }
    return "";
  }

  function xpath() {
    if (root !== document) return "";
    const steps = [];
    for (let node = element; node !== document.documentElement; node = node.parentElement) {
      const alike = [...node.parentElement.children].filter((child) => child.localName === node.localName);
      if (node !== element && node.matches("form, main, dialog, table, body") && document.querySelectorAll(node.localName).length === 1) {
        return `//${[node.localName, ...steps].join("/")}`;
      }
      steps.unshift(alike.length === 1 ? node.localName : `${node.localName}[${alike.indexOf(node) + 1}]`);
    }
    return "";
  }

  return {
    test_id: element.getAttribute("data-testid") ?? "",
    role: role(),
    name: tidy(element.getAttribute("aria-label")) || (reads || !isControl ? label() : ownText),
    label: label(),
    placeholder: tidy(element.getAttribute("placeholder")),
    text: isControl ? ownText : "",
    css: css(),
    xpath: xpath(),
  };
}
