// What arrives shows by itself, as on a phone.
const list = document.getElementById("messages");
const arriving = document.createElement("template");

async function refresh() {
  try {
    const answer = await fetch(`${location.pathname}/messages`);
    if (answer.ok) arriving.innerHTML = await answer.text();
    // Only what is new is drawn: a button must not be replaced while a finger is on it.
    if (answer.ok && arriving.innerHTML.trim() !== list.innerHTML.trim()) {
      list.innerHTML = arriving.innerHTML;
      list.scrollTop = list.scrollHeight;
    }
  } catch {
    // The site is gone or restarts; the next round asks again.
  }
  setTimeout(refresh, 800);
}

list.scrollTop = list.scrollHeight;
refresh();
