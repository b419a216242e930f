// What all components share: a base with an open root, a style sheet made by script, and calls to the service.
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export function sheet(rules) {
  const made = new CSSStyleSheet();
  made.replaceSync(rules);
  return made;
}

export const common = sheet(`
  :host { color: #26221c; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
  *, *::before, *::after { box-sizing: border-box; }
  h1, h2 { margin: 0; font-family: Georgia, "DejaVu Serif", serif; font-weight: 600; letter-spacing: -.01em; }
  button { padding: .5rem 1.1rem; border: 1px solid #26221c; border-radius: 2px; background: #fff; color: #26221c; font: inherit; font-weight: 600; cursor: pointer; }
  button.strong { background: #e8562a; border-color: #c8431b; color: #fff; }
  button:disabled { opacity: .5; }
  :focus-visible { outline: 3px solid #e8562a66; outline-offset: 1px; }
`);

export class Component extends HTMLElement {
  constructor(html, ...sheets) {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [common, ...sheets];
    root.innerHTML = html;
  }

  find(id) {
    return this.shadowRoot.getElementById(id);
  }
}

export async function call(method, csrf, body) {
  const headers = body ? { "Content-Type": "application/json", "X-CSRF-Token": csrf } : {};
  const answer = await fetch("/telemetry/api/sources", { method, headers, body: body && JSON.stringify(body) });
  const content = await answer.json();
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok) throw new Error(content.error);
  return content;
}
