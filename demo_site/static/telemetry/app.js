// <telemetry-app>: the page itself.
import { call, Component, sheet } from "./parts.js";
import "./wizard.js";

const style = sheet(`
  :host { display: block; min-height: 100vh; }
  header { display: flex; gap: 1.2rem; align-items: center; padding: .8rem 2rem; border-bottom: 3px double #26221c; background: #fffdf8; }
  header a { color: inherit; text-decoration: none; }
  header strong { font-family: Georgia, "DejaVu Serif", serif; font-size: 1.2rem; }
  header span { margin-left: auto; color: #6d6353; font-size: .9rem; }
  main { max-width: 62rem; margin: 0 auto; padding: 2.2rem 2rem; }
  .spark { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; margin: 1.5rem 0 2rem; }
  .spark div { padding: .9rem 1rem 0; border: 1px solid #d9d0bf; background: #fffdf8; color: #6d6353; font-size: .88rem; }
  .spark b { display: block; color: #26221c; font-size: 1.25rem; }
  .spark svg { display: block; width: 100%; height: 44px; margin-top: .4rem; }
  .head { display: flex; align-items: center; justify-content: space-between; }
  ul { margin: 1rem 0 0; padding: 0; border-top: 1px solid #26221c; list-style: none; }
  li { display: flex; gap: 1rem; padding: .7rem .2rem; border-bottom: 1px solid #d9d0bf; }
  li b { flex: 1; overflow-wrap: anywhere; }
  li code, li time { color: #6d6353; }
`);

const line = (points) => `<svg viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true"><polyline points="${points}" fill="none" stroke="#e8562a" stroke-width="1.5" vector-effect="non-scaling-stroke"/></svg>`;
const html = `
  <header><a href="/products">← Products</a><strong>Telemetry</strong><span id="account"></span></header>
  <main>
    <h1>Sources</h1>
    <div class="spark">
      <div><b>18.4 k/s</b>log lines${line("0,22 9,19 18,21 27,12 36,16 45,9 54,14 63,8 72,12 81,6 90,11 100,7")}</div>
      <div><b>212 ms</b>95th percentile${line("0,12 9,14 18,11 27,15 36,13 45,18 54,12 63,14 72,13 81,20 90,15 100,16")}</div>
      <div><b>0.04 %</b>errors${line("0,26 9,26 18,25 27,26 36,26 45,10 54,24 63,26 72,26 81,25 90,26 100,26")}</div>
    </div>
    <div class="head"><h2>Ingest keys</h2><button class="strong" id="new">Add source</button></div>
    <ul id="sources" aria-busy="true"></ul>
    <telemetry-wizard id="wizard"></telemetry-wizard>
  </main>`;

class TelemetryApp extends Component {
  constructor() {
    super(html, style);
  }

  connectedCallback() {
    const csrf = this.getAttribute("csrf");
    const delayMs = Number(this.getAttribute("delay-ms"));
    this.find("account").textContent = this.getAttribute("account");
    this.find("new").addEventListener("click", () => this.find("wizard").start({ csrf, delayMs }));
    this.find("wizard").addEventListener("source-made", () => this.#list());
    this.#list();
  }

  async #list() {
    const sources = await call("GET");
    this.find("sources").replaceChildren(...sources.map(item));
    this.find("sources").setAttribute("aria-busy", "false");
  }
}

function item({ source, hint, since }) {
  const made = document.createElement("li");
  const parts = [["b", source], ["code", `exk_live_…${hint}`], ["time", since.slice(0, 10)]];
  made.append(...parts.map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })));
  return made;
}

customElements.define("telemetry-app", TelemetryApp);
