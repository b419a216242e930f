// The widget: a tick opens the puzzle, the right tile closes it. Only what a person's own hand does counts:
// events that a script has made (`isTrusted` is false then) are passed over.
const widget = document.querySelector(".g-captcha-like");
const box = widget.querySelector("[data-captcha-checkbox]");
const challenge = widget.querySelector(".captcha-challenge");
const said = widget.querySelector(".captcha-said");
const submit = document.querySelector("#get-key > .sp-get");

async function ask(path, body) {
  const headers = { "X-CSRF-Token": widget.dataset.csrf, "Content-Type": "text/plain" };
  const answer = await fetch(path, { method: "POST", headers, body });
  if (answer.status === 401) location.assign("/login");
  return answer.json();
}

function line(pen, points, width, colour) {
  const place = ([x, y]) => [42 + 38 * x, 42 + 38 * y];
  pen.lineWidth = width;
  pen.strokeStyle = colour;
  pen.beginPath();
  pen.moveTo(...place(points[0]));
  for (const point of points.slice(1)) pen.lineTo(...place(point));
  pen.stroke();
}

function draw(tiles) {
  widget.querySelectorAll("canvas").forEach((canvas, at) => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, 84, 84);
    pen.lineCap = pen.lineJoin = "round";
    for (const points of tiles[at].noise) line(pen, points, 2, "#cdd6e4");
    for (const points of tiles[at].strokes) line(pen, points, 7, "#25416e");
  });
  challenge.hidden = false;
  widget.dataset.state = "puzzle";
}

async function open() {
  if (widget.dataset.state !== "waiting") return;
  widget.dataset.state = "loading";
  draw((await ask("/speech/api/puzzle")).tiles);
}

async function press(tile) {
  if (widget.dataset.state !== "puzzle") return;
  widget.dataset.state = "checking";
  const answer = await ask("/speech/api/puzzle/answer", tile);
  if (!answer.solution) {
    said.textContent = "That was another one. Here is a new puzzle.";
    draw(answer.tiles);
    return;
  }
  widget.querySelector("[name=g-captcha-like-response]").value = answer.solution;
  challenge.hidden = true;
  box.setAttribute("aria-checked", "true");
  submit.disabled = false;
  widget.dataset.state = "solved";
}

box.addEventListener("click", (event) => { if (event.isTrusted) open(); });
box.addEventListener("keydown", (event) => {
  if (!event.isTrusted || event.key !== " ") return;
  event.preventDefault();
  open();
});
challenge.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-tile]");
  if (tile && event.isTrusted) press(tile.dataset.tile);
});
