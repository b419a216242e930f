// <telemetry-secret>: shows a key that it was given as a property; it is in no attribute.
import { Component, sheet } from "./parts.js";

const style = sheet(`
  figure { margin: 1.1rem 0; border: 1px dashed #b9ae9b; background: #fbf8f2; }
  figcaption { padding: .35rem .9rem; border-bottom: 1px dashed #b9ae9b; color: #6d6353; font-size: .82rem; }
  code { display: block; padding: .9rem; font: 600 .95rem ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
`);

class TelemetrySecret extends Component {
  constructor() {
    super(`<figure><figcaption>Ingest key</figcaption><code id="value"></code></figure>`, style);
  }

  set value(key) {
    this.find("value").textContent = key;
  }
}

customElements.define("telemetry-secret", TelemetrySecret);
