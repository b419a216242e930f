// What kind of content a field takes: a password, a one-time code, or anything else.
// What stands in words.js and prints.js is put before it.
const FIND_CODE_FIELDS = "%FIND%";
const SECRET = /pass(word|phrase|code|wort)|kennwort|contrase|secret/i;
const isText = (element) => element.matches("textarea, input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset], [type=image], [type=file])");

// Fields that have been password fields at any time, each with the type that it was last seen with.
const passwords = new Map();
const secretMarks = new Set();
const marksOf = (element) => [attribute(element, "id"), attribute(element, "name")].filter(Boolean);
const notePasswords = () => {
  for (const root of rootsOf(document)) {
    for (const each of root.querySelectorAll("input[type=password]")) {
      if (!passwords.has(each)) passwords.set(each, "password");
      marksOf(each).forEach((mark) => secretMarks.add(mark));
    }
  }
};
const isSecret = (element) => passwords.has(element) || element.type === "password" || marksOf(element).some((mark) => secretMarks.has(mark) || SECRET.test(mark))
  || /\b(current|new)-password\b/.test(attribute(element, "autocomplete")) || (isText(element) && SECRET.test(nameOf(element)));
// Whether a press has only shown or hidden a password.
const hasToggled = () => {
  let has = false;
  for (const [field, type] of passwords) {
    const now = field.isConnected ? field : marksOf(field).map((mark) => document.querySelector(`input[id=${JSON.stringify(mark)}], input[name=${JSON.stringify(mark)}]`)).find(Boolean);
    if (!now || now.type === type) continue;
    passwords.delete(field);
    passwords.set(now, now.type);
    has = true;
  }
  return has;
};
const codeFields = () => {
  try { return FIND_CODE_FIELDS(); } catch { return []; }
};
const isDeclaredCode = (element) => /\bone-time-code\b/.test(attribute(element, "autocomplete"));
// A short numeric field may be a telephone number or a year as well: what it is called decides.
const CODE = /code|otp|2fa|mfa|verif|\bpin\b/i;
const OTHER_NUMBER = /phone|mobile|\btel\b|zip|post|year|month|day|card|cvc|amount|quantity|\bport\b|expir|limit|number/i;
const isOtherNumber = (element) => {
  const called = [nameOf(element), attribute(element, "name"), attribute(element, "id"), attribute(element, "autocomplete")].join(" ");
  return OTHER_NUMBER.test(called) && !CODE.test(called);
};
const takesCode = (element) => isDeclaredCode(element) || (codeFields().includes(element) && !isOtherNumber(element));
const asksForCode = () => codeFields().some((each) => !isOtherNumber(each)) || rootsOf(document).some((root) => [...root.querySelectorAll("input[autocomplete~=one-time-code]")].some(isSeen));
