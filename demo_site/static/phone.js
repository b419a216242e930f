// New messages arrive by themselves, as on a phone.
const list = document.getElementById("messages");
let shown = "";

async function refresh() {
  try {
    const answer = await fetch(`${location.pathname}/messages`);
    const text = answer.ok ? await answer.text() : shown;
    if (text !== shown) {
      shown = text;
      list.innerHTML = text;
      list.scrollTop = list.scrollHeight;
    }
  } catch {
    // The site is gone or restarts; the next round asks again.
  }
  setTimeout(refresh, 800);
}

refresh();
