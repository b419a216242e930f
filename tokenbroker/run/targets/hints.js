// What may be written down of an element, so that a selector finds it again: its words and its names, less those that
// may be codes. Whether a selector made of them leads to it is proven by another look.
const MAX_CLASSES = 8;
const inWords = (mark) => mark.replace(/[-_.:]+/g, " ").replace(/(\p{Ll})(?=\p{Lu})/gu, "$1 ");
const markIn = (mark) => (telling([inWords(mark)]).length ? mark : "");
const hintsOf = (element, { role, name, labels, acts, attribute, isInForm }) => {
  const isField = ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName);
  const labelled = telling([...labels, attribute(element, "aria-label")])[0] || "";
  const text = isField ? telling(labels)[0] : acts ? telling([element.innerText])[0] : "";
  return {
    role, name: telling([name])[0] || "", label: isField ? labelled : "", text: text || "",
    placeholder: telling([attribute(element, "placeholder")])[0] || "",
    test_id: markIn(attribute(element, "data-testid")), id: markIn(attribute(element, "id")), named: markIn(attribute(element, "name")),
    tag: element.localName, type: attribute(element, "type"), is_in_form: isInForm,
    classes: attribute(element, "class").split(/\s+/).filter(Boolean).slice(0, MAX_CLASSES).map(markIn).filter(Boolean),
  };
};
