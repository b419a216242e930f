// What the pages of a service need of a script: dialogs that open and close, and the browser's own question.
for (const button of document.querySelectorAll("[data-opens]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}
for (const button of document.querySelectorAll("[data-closes]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
for (const form of document.querySelectorAll("[data-question]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.question)) event.preventDefault();
  });
}
for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal();
