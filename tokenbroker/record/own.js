// What a page shows as the account's own: pre-filled fields, and what stands behind words such as "Signed in as".
// What stands in words.js and prints.js is put before it.
const MAX_OWN = 200;
const MAX_OWN_LETTERS = 200;
const E_MAIL = /[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/g;
const AREAS = "header, nav, [role=banner], [role=navigation], [aria-label*=account i], [aria-label*=profile i], [class*=account i], [class*=profile i], [class*=avatar i], [class*=user i]";
const TITLED = "[title*='@'], [aria-label*='@']";
const SAID = /^\s*(signed in as|logged in as|welcome(?! back\W*$)(?: back)?,?|hello,?|hi,?)\s+(?!(?:to|there|again|world)\b)(.+?)\s*[.!]?\s*$/i;
const CALLED = { email: /^e-?mail\b/i, phone: /^(phone|mobile|telephone)\b/i, username: /^(user ?name|login|user|user id|signed in as|logged in as)$/i,
  name: /^(full|first|last|given|family|your|account) name$/i, account: /^(account|customer|client|tenant|organi[sz]ation|org|subscription)( ?(id|number|no\.?))?$/i };
const FIELD_KINDS = [["email", /email/], ["phone", /\btel/], ["username", /username/], ["name", /\b(given-|family-|additional-)?name\b/]];
const kindByName = (words) => Object.keys(CALLED).find((kind) => CALLED[kind].test(words.replace(/\s*[:*]\s*$/, "").trim())) || "";
const ownOf = (page) => {
  const own = [];
  const add = (what, value) => {
    const text = (value || "").replace(/\s+/g, " ").trim();
    if (text.length > 1 && text.length <= MAX_OWN_LETTERS && own.length < MAX_OWN) own.push([what, text]);
  };
  const mails = (text) => { for (const [each] of (text || "").slice(0, 20_000).matchAll(E_MAIL)) add("email", each); };
  for (const root of rootsOf(page)) {
    for (const each of root.querySelectorAll("input, textarea")) {
      if (!each.defaultValue || each.type === "hidden" || each.type === "password") continue;
      const said = `${each.type} ${attribute(each, "autocomplete")} ${attribute(each, "name")}`.toLowerCase();
      const kind = FIELD_KINDS.find(([, words]) => words.test(said))?.[0] || kindByName(nameOf(each));
      if (kind) add(kind, each.defaultValue);
    }
    for (const each of root.querySelectorAll(AREAS)) mails(each.textContent);
    for (const each of root.querySelectorAll(TITLED)) { mails(attribute(each, "title")); mails(attribute(each, "aria-label")); }
    for (const each of root.querySelectorAll("dt, th, label, strong, b, span, p, li, a, div, button, summary")) {
      const text = each.childElementCount > 3 ? "" : each.textContent;
      if (!text || text.length > MAX_OWN_LETTERS) continue;
      const said = SAID.exec(text);
      if (said) { add("username", said[2]); mails(said[2]); continue; }
      // What holds a field calls that field so: what stands beside it is another one.
      const beside = each.querySelector("input:not([type=hidden]), select, textarea") ? null : each.nextElementSibling;
      const kind = text.length < 30 && beside ? kindByName(text) : "";
      // The head of a column has another head beside it: what it is about stands below, once for each row.
      if (kind && !beside.matches("input, select, textarea, form, th, dt, label") && beside.textContent.length <= MAX_OWN_LETTERS) add(kind, beside.textContent);
      const [, word, rest] = /^\s*([\w ]{2,24}):\s*(\S.*?)\s*$/s.exec(text) || [];
      if (word && kindByName(word) && !each.matches("label")) add(kindByName(word), rest);
    }
  }
  return own;
};
