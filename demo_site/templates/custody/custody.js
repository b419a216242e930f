    // All markup of this page passes through one policy, and only `html` below uses it: values are escaped there.
    const { csrf, policy: policyName, delayMs } = document.body.dataset;
    const policy = (window.trustedTypes ?? { createPolicy: (_, rules) => rules })
      .createPolicy(policyName, { createHTML: (markup) => markup });
    const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
    const escape = (value) => String(value).replace(/[&<>"']/g, (mark) => marks[mark]);
    const html = (parts, ...values) => String.raw({ raw: parts }, ...values.map((v) => v?.markup ?? escape(v)));
    const listed = (items) => ({ markup: items.join("") });
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const app = document.getElementById("app");

    function draw(markup) {
      app.innerHTML = policy.createHTML(markup);
      app.setAttribute("aria-busy", "false");
    }

    async function ask(method, body) {
      const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": csrf };
      const answer = await fetch("/custody/api/keys", { method, headers, body: body && JSON.stringify(body) });
      if (answer.status === 401) location.assign("/login");
      const content = await answer.json();
      if (!answer.ok) throw new Error(content.error);
      return content;
    }

    async function overview() {
      await pause(Number(delayMs) / 2);
      const keys = await ask("GET");
      const rows = keys.map((key) => html`<li><b>${key.name}</b><code>${key.masked}</code>
        <time datetime="${key.created_at}">${key.created_at.slice(0, 10)}</time></li>`);
      draw(html`<section><h1>Signing keys</h1>
        <p>Every use is recorded. Nobody reads a key back, ourselves included.</p>
        <ul>${listed(rows.length ? rows : [html`<li class="wait">The vault is empty.</li>`])}</ul>
        <button type="button" data-go="form">Seal a new key</button></section>`);
    }

    function form(problem = "") {
      draw(html`<section><h1>Seal a new key</h1>
        ${listed(problem ? [html`<p role="alert">${problem}</p>`] : [])}
        <form data-form="seal">
          <label>Purpose<input name="purpose" maxlength="64" required autocomplete="off"></label>
          <label class="tick"><input type="checkbox" name="understood" required>
            I know that this key can do everything in the account</label>
          <button>Seal and show once</button>
          <button type="button" data-go="overview" class="plain">Back</button>
        </form></section>`);
    }

    async function seal(purpose) {
      app.setAttribute("aria-busy", "true");
      try {
        const [made] = await Promise.all([ask("POST", { name: purpose }), pause(Number(delayMs))]);
        draw(html`<section class="shown"><h1>${purpose}</h1>
          <p>Read it now. When this page closes, the key is out of sight for good.</p>
          <output aria-label="Signing key">${made.key}</output>
          <button type="button" data-go="overview">Close</button></section>`);
      } catch (error) {
        form(error.message);
      }
    }

    const places = { overview, form: () => form() };
    app.addEventListener("click", (event) => places[event.target.dataset?.go]?.());
    app.addEventListener("submit", (event) => {
      event.preventDefault();
      seal(new FormData(event.target).get("purpose"));
    });
    overview();
