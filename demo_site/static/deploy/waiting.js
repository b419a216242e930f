// Ask how the approval stands until it is decided; then go on, or let the page say why not.
const ASK_AGAIN_MS = 500;

async function look() {
  let standing = "waiting";
  try {
    const answer = await fetch(`${location.pathname}/standing`, { headers: { Accept: "application/json" } });
    if (answer.ok) ({ standing } = await answer.json());
  } catch {
    // A dropped connection: the next round asks again.
  }
  if (standing === "approved") document.getElementById("made").requestSubmit();
  else if (standing === "waiting") setTimeout(look, ASK_AGAIN_MS);
  else location.reload();
}

look();
