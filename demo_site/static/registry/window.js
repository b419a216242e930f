// In the head and on the document: no click comes too early for it.
document.addEventListener("click", function (event) {
  if (event.target.id !== "done") return;
  if (window.opener) window.opener.postMessage("registry:token-made", location.origin);
  window.close();
});
