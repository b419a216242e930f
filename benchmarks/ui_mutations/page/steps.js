// The steps before a case's own, done in the page at once: nothing is measured by them.
(element, { verb, value }) => {
  if (verb === "click") element.click();
  else if (verb === "check") { if (!element.checked) element.click(); }
  else if (verb === "type" || verb === "select") {
    if (verb === "type") element.value = value;
    else element.selectedIndex = Number(value);
    for (const type of ["input", "change"]) element.dispatchEvent(new Event(type, { bubbles: true }));
  }
}
