// Which words of a page may be told: of controls only, never the text of a field or of a cell. A chip that copies a
// token is a control too: runs of 16 characters and more are dropped, before anything is cut short. What no one sees
// goes first: it would break such a run up, and it would steer the terminal that a failure is told on.
// Most texts are plain ASCII, for which the classes of Unicode, slow to compile, are not needed.
const isPlain = (text) => /^[\x00-\x7f]*$/.test(text);
const shown = (text) => (isPlain(text) ? text.replace(/\s+/g, " ").replace(/[\x00-\x1f\x7f]/g, "")
  : text.replace(/\p{Cf}/gu, "").replace(/\s+/g, " ").replace(/\p{Cc}/gu, ""));
const tidy = (text) => shown(text || "").replace(/\S{16,}/g, "…").replace(/ +/g, " ").trim();
// Texts that may be codes or pieces of a token are not told, not even as a hash: those with a run of mixed case, of
// letters and digits, with an underscore, of capitals or of three parts joined by hyphens, four digits, groups of one
// length, and those of which `tidy` has dropped a long run.
const MIXED = /…|_|\p{L}\p{N}|\p{N}\p{L}|\p{Ll}\p{Lu}\S{5,}|\p{Lu}{2,}-\p{Lu}{2,}|\S-\S+-\S|\p{N}(?:\P{N}*\p{N}){3}/u;
const PLAIN_MIXED = /_|[a-z][0-9]|[0-9][a-z]|[A-Z][0-9]|[0-9][A-Z]|[a-z][A-Z]\S{5,}|[A-Z]{2,}-[A-Z]{2,}|\S-\S+-\S|[0-9](?:[^0-9]*[0-9]){3}/;
const isGrouped = (text) => {
  const lengths = text.split(" ").map((word) => word.length);
  return lengths.length > 2 && lengths[0] > 2 && lengths.every((length) => length === lengths[0]);
};
const mayBeCode = (text) => (isPlain(text) ? PLAIN_MIXED : MIXED).test(text) || isGrouped(text);
const telling = (texts) => [...new Set(texts.map(tidy).filter((text) => text && !mayBeCode(text)))];
