// The other half of cover.js, in the same isolated world: takes the style sheet back, if there is one, and
// answers how many usable fonts the document has that a script made.
() => {
  if (Object.hasOwn(globalThis, "tokenbrokerUncover")) globalThis.tokenbrokerUncover();
  const fonts = Object.getOwnPropertyDescriptor(Document.prototype, "fonts").get.call(document);
  let scriptMade = 0;
  for (const face of [...fonts]) {
    if (face.status !== "loaded" && face.status !== "loading") continue;
    // `delete` answers true for fonts that a script added and false for those of @font-face rules.
    if (!fonts.delete(face)) continue;
    fonts.add(face);
    scriptMade += 1;
  }
  return scriptMade;
}
