// <telemetry-wizard>: three dialogs, one after the other: name the source, confirm what it may do, see the key.
import { call, Component, pause, sheet } from "./parts.js";
import "./secret.js";

const style = sheet(`
  dialog { width: min(32rem, calc(100vw - 2rem)); padding: 1.7rem; border: 1px solid #26221c; border-radius: 3px; color: inherit; box-shadow: 7px 7px 0 #26221c26; }
  dialog::backdrop { background: #26221c80; }
  p { margin: .5rem 0 1rem; color: #6d6353; }
  .step { margin: 0 0 .4rem; color: #b4491f; font-size: .82rem; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; }
  label { display: block; font-weight: 600; }
  input[type=text] { width: 100%; margin-top: .3rem; padding: .55rem .7rem; border: 1px solid #b9ae9b; border-radius: 2px; font: inherit; font-weight: 400; }
  .may { display: flex; gap: .6rem; padding: .55rem 0; border-top: 1px solid #e6dfd2; font-weight: 400; }
  .may input { accent-color: #e8562a; }
  .refused { color: #a3230f; }
  .foot { display: flex; gap: .6rem; justify-content: flex-end; margin-top: 1.3rem; }
`);

const html = `
  <dialog id="name" aria-labelledby="name-title">
    <form method="dialog">
      <div class="step">1 of 3</div>
      <h2 id="name-title">New source</h2>
      <p>A source is one service that sends to you.</p>
      <label>Source name <input id="source" type="text" maxlength="64" required autocomplete="off"></label>
      <div class="foot"><button type="button" data-cancel>Cancel</button><button class="strong" value="next">Continue</button></div>
    </form>
  </dialog>
  <dialog id="scopes" aria-labelledby="scopes-title">
    <form method="dialog">
      <div class="step">2 of 3</div>
      <h2 id="scopes-title">Confirm scopes</h2>
      <p>What may <b id="named"></b> do with its key?</p>
      <label class="may"><input type="checkbox" name="permission" value="ingest" checked> Send logs, traces and metrics</label>
      <label class="may"><input type="checkbox" name="permission" value="query"> Query what was sent</label>
      <p class="refused" id="refused" role="alert" hidden></p>
      <div class="foot"><button type="button" data-cancel>Cancel</button><button class="strong" id="create" value="create">Confirm and create</button></div>
    </form>
  </dialog>
  <dialog id="reveal" aria-labelledby="reveal-title">
    <div class="step">3 of 3</div>
    <h2 id="reveal-title">Your ingest key</h2>
    <p>Put it into the configuration of your collector. It won't be shown again.</p>
    <telemetry-secret id="secret"></telemetry-secret>
    <div class="foot"><button class="strong" id="finish">Finish</button></div>
  </dialog>`;

class TelemetryWizard extends Component {
  constructor() {
    super(html, style);
    for (const button of this.shadowRoot.querySelectorAll("[data-cancel]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    this.find("name").addEventListener("submit", (event) => this.#confirm(event));
    this.find("scopes").addEventListener("submit", (event) => this.#create(event));
    this.find("finish").addEventListener("click", () => this.#finish());
    // A key exists while this one is open: Escape must not lose it.
    this.find("reveal").addEventListener("cancel", (event) => event.preventDefault());
    this.find("reveal").setAttribute("closedby", "none");
  }

  async start({ csrf, delayMs }) {
    Object.assign(this, { csrf, delayMs });
    for (const form of this.shadowRoot.querySelectorAll("form")) form.reset();
    this.find("refused").hidden = true;
    await pause(delayMs / 2);
    if (!this.find("name").open) this.find("name").showModal();
  }

  async #confirm(event) {
    event.preventDefault();
    this.find("named").textContent = this.find("source").value;
    this.find("name").close();
    await pause(this.delayMs / 2);
    this.find("scopes").showModal();
  }

  async #create(event) {
    event.preventDefault();
    const boxes = this.shadowRoot.querySelectorAll("[name=permission]:checked");
    this.find("create").disabled = true;
    this.find("refused").hidden = true;
    try {
      const permissions = [...boxes].map((box) => box.value);
      const made = await call("POST", this.csrf, { source: this.find("source").value, permissions });
      this.find("scopes").close();
      await pause(this.delayMs / 2);
      this.find("reveal").showModal();
      await pause(this.delayMs / 2);
      this.find("secret").value = made.ingest_key;
    } catch (error) {
      this.find("refused").textContent = error.message;
      this.find("refused").hidden = false;
    } finally {
      this.find("create").disabled = false;
    }
  }

  #finish() {
    this.find("secret").value = "";
    this.find("reveal").close();
    this.dispatchEvent(new CustomEvent("source-made"));
  }
}

customElements.define("telemetry-wizard", TelemetryWizard);
