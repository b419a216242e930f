// What a person reads: the target's own words, or all words of the page.
const SILENT = "script, style, noscript, template, code, kbd, samp, pre, tt, output, time, svg, [data-secret], [data-credential]";
const SPOKEN = ["aria-label", "placeholder", "title", "alt"];

function* texts(node, skipped) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.data.trim() && !text.parentElement?.closest(skipped)) yield text;
  }
}

// The words go into the first piece of text; the others, which said the rest, go.
function say_instead(node, words) {
  const [first, ...others] = texts(node, "script, style, select, textarea");
  if (first) first.data = first.data.replace(/\S(?:.*\S)?/s, words);
  for (const other of others) other.data = "";
}

function label_reworded(state, { words, short, placeholder }) {
  const { truth } = state;
  if (placeholder && truth.placeholder?.trim()) truth.placeholder = placeholder;
  const spoken = truth.hasAttribute("aria-label");
  if (spoken) truth.setAttribute("aria-label", words);
  const labels = [...(truth.labels ?? [])];
  if (labels.length) for (const label of labels) say_instead(label, words);
  else if (truth.localName === "input") { if (truth.type === "submit") truth.value = words; }
  else if (!truth.matches("output")) say_instead(truth, spoken ? short : words);
}

function translated(state, { phrases, words, names }) {
  document.documentElement.lang = "de";
  const speak = (text) => translation(text, phrases, words, names);
  document.title = speak(document.title);
  for (const root of roots()) {
    const top = root === document ? document.body : root;
    for (const text of [...texts(top, SILENT)]) {
      if (!state.reads || !state.truth.contains(text)) text.data = speak(text.data);
    }
  }
  for (const element of everything()) {
    for (const name of SPOKEN) {
      const value = element.getAttribute(name);
      if (value?.trim()) element.setAttribute(name, speak(value));
    }
    if (element.matches("input[type=submit], input[type=button]")) element.value = speak(element.value);
  }
}

// A phrase that is known as a whole; else word by word, and a word that nobody knows by its sounds.
function translation(text, phrases, words, names) {
  const [, open, said, close] = text.match(/^(\s*)(.*?)(\s*)$/s);
  const known = phrases[said.replace(/\s+/g, " ")];
  if (known) return open + known + close;
  const kept = names.filter((name) => said.includes(name));
  const isData = (token) => kept.includes(token) || /[\d@_/.]\S/.test(token);
  const speak = (token) => (isData(token) ? token : token.replace(/\p{L}+/gu, (word) => oneWord(word, words)));
  return open + said.split(new RegExp(`(${[...kept, "\\s+"].join("|")})`)).map(speak).join("") + close;
}

function oneWord(word, words) {
  const known = words[word.toLowerCase()] ?? sounds(word.toLowerCase());
  if (word.length > 1 && word === word.toUpperCase()) return known.toUpperCase();
  return word[0] === word[0].toUpperCase() ? known[0].toUpperCase() + known.slice(1) : known;
}

const VOWELS = "aeiouy";
const CONSONANTS = "bcdfghjklmnpqrstvwxz";

function sounds(word) {
  const shift = (row, letter) => row[(row.indexOf(letter) + 2) % row.length];
  const row = (letter) => [VOWELS, CONSONANTS].find((letters) => letters.includes(letter));
  const turned = [...word].map((letter) => (row(letter) ? shift(row(letter), letter) : letter));
  return turned.join("") + (word.length > 3 ? "en" : "");
}
