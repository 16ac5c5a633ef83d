// The divider of each picture, once it is restored: the JPEG as it came, left of it.

for (const figure of document.querySelectorAll("figure.restores")) follow(figure);

function follow(figure) {
  const source = figure.querySelector("h2 a").href;
  figure.addEventListener("comrec-restored", () => {
    say(figure, "");
    divide(figure, source);
  });
  figure.addEventListener("comrec-plain", () => {
    for (const part of figure.querySelectorAll(".before, .edge")) part.remove();
    say(figure, "The JPEG as it came; it was not restored here.");
  });
}

/** Shows why there is no divider, or the divider. */
function say(figure, text) {
  const state = figure.querySelector(".state");
  state.textContent = text;
  state.hidden = !text;
  figure.querySelector(".control label").hidden = Boolean(text);
}

function divide(figure, source) {
  if (figure.querySelector(".before")) return;
  const stage = figure.querySelector(".stage");
  const range = figure.querySelector(".control input");
  const before = new Image();
  before.className = "before";
  before.alt = "";
  before.src = source;
  const edge = document.createElement("div");
  edge.className = "edge";
  stage.append(before, edge);
  range.disabled = false;

  const show = () => {
    stage.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % JPEG, the rest restored`);
    edge.hidden = before.hidden = range.value === "0";
  };
  const drag = (event) => {
    const box = stage.getBoundingClientRect();
    range.value = String((100 * (event.clientX - box.left)) / box.width);
    show();
  };
  range.addEventListener("input", show);
  edge.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    edge.setPointerCapture(event.pointerId);
    edge.addEventListener("pointermove", drag);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    edge.addEventListener(end, () => edge.removeEventListener("pointermove", drag));
  }
  show();
}
