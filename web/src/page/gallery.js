// The page of a gallery: shows the divider of each picture once the picture is restored.

import { divide } from "./divider.js";

for (const figure of document.querySelectorAll("figure.restores")) follow(figure);

function follow(figure) {
  const source = figure.querySelector("h2 a").href;
  const control = figure.querySelector(".control");
  let remove = null;
  figure.addEventListener("comrec-restored", () => {
    say(control, "");
    remove ??= divide(figure.querySelector(".stage"), control, source);
  });
  figure.addEventListener("comrec-plain", () => {
    remove?.();
    remove = null;
    say(control, "The JPEG as it came; it was not restored here.");
  });
}

/** Shows why there is no divider, or the divider. */
function say(control, text) {
  const state = control.querySelector(".state");
  state.textContent = text;
  state.hidden = !text;
  for (const part of control.querySelectorAll("label, button")) part.hidden = Boolean(text);
}
