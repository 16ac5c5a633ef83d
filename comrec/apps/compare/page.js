// Two pictures in one place: a divider, zoom and pan in step, flip, difference.
"use strict";

const STEP = 1.25;       // of one press of + or -
const MOST = 16;         // screen pixels for a pixel of the picture
const CLOSE = 2;         // from here on pixels are shown as squares

for (const section of document.querySelectorAll(".picture")) open(section);

function open(section) {
  const stage = section.querySelector(".stage");
  const handle = section.querySelector(".handle");
  const said = section.querySelector("[aria-live]");
  const sides = ["left", "right"].map((side) => ({
    select: section.querySelector(`select.${side}`),
    image: section.querySelector(`.layer.${side} img`),
    tag: section.querySelector(`.tag.${side}`),
  }));
  const sources = JSON.parse(section.querySelector("script.sources").textContent);
  const width = Number(section.dataset.width), height = Number(section.dataset.height);
  const view = { x: 0, y: 0, zoom: 1, at: 50, fitted: true };
  const pointers = new Map();

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const fit = () => Math.min(stage.clientWidth / width, stage.clientHeight / height);
  const least = () => Math.min(fit(), 1);

  function draw() {
    const room = [stage.clientWidth, stage.clientHeight];
    const size = [width * view.zoom, height * view.zoom];
    // No further than its edge to the middle; centred while it is smaller.
    const held = (value, i) => size[i] <= room[i]
      ? (room[i] - size[i]) / 2
      : clamp(value, room[i] / 2 - size[i], room[i] / 2);
    view.x = held(view.x, 0);
    view.y = held(view.y, 1);
    // Whole pixels of the screen: else each would show some of its neighbour.
    const [x, y] = [Math.round(view.x), Math.round(view.y)];
    for (const { image } of sides) {
      image.style.width = `${Math.round(size[0])}px`;
      image.style.height = `${Math.round(size[1])}px`;
      image.style.transform = `translate(${x}px, ${y}px)`;
    }
    stage.classList.toggle("close", view.zoom >= CLOSE);
    stage.style.setProperty("--at", `${view.at}%`);
    handle.setAttribute("aria-valuenow", String(Math.round(view.at)));
    handle.setAttribute("aria-valuetext",
      `${Math.round(view.at)} % ${sides[0].select.value}, the rest ${sides[1].select.value}`);
    stage.dataset.zoom = view.zoom.toFixed(4);
    stage.dataset.x = view.x.toFixed(1);
    stage.dataset.y = view.y.toFixed(1);
  }

  function say(text) { said.textContent = text; }

  function zoomTo(zoom, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const next = clamp(zoom, least(), Math.max(MOST, fit()));
    view.x = x - (x - view.x) * next / view.zoom;
    view.y = y - (y - view.y) * next / view.zoom;
    view.zoom = next;
    view.fitted = false;
    draw();
    say(`${Math.round(100 * next)} percent`);
  }

  function fitted() {
    view.zoom = fit();
    view.fitted = true;
    draw();
  }

  function whole() {
    fitted();
    say("whole picture");
  }

  function goTo(x, y, side) {
    view.zoom = clamp(0.8 * Math.min(stage.clientWidth, stage.clientHeight) / side, least(), MOST);
    view.x = stage.clientWidth / 2 - x * view.zoom;
    view.y = stage.clientHeight / 2 - y * view.zoom;
    view.fitted = false;
    draw();
  }

  function choose() {
    for (const { select, image, tag } of sides) {
      const source = sources[select.value];
      image.src = document.getElementById(source.id).src;
      image.alt = source.text;
      tag.textContent = `${select.value}${source.bytes ? `, ${source.bytes}` : ""}`;
    }
    draw();
  }

  function divide(at) {
    view.at = clamp(at, 0, 100);
    draw();
  }

  function flip() {
    divide(view.at > 50 ? 0 : 100);
    say(sides[view.at > 50 ? 0 : 1].select.value);
  }

  function swap() {
    const [left, right] = sides.map(({ select }) => select.value);
    [sides[0].select.value, sides[1].select.value] = [right, left];
    choose();
  }

  const difference = section.querySelector("button.difference");
  function differ() {
    if (document.activeElement === handle) stage.focus();  // which it hides
    const on = stage.classList.toggle("difference");
    difference.setAttribute("aria-pressed", String(on));
    say(on ? "difference, times 8" : "side by side");
  }

  const byKey = {
    "+": () => zoomTo(view.zoom * STEP), "=": () => zoomTo(view.zoom * STEP),
    "-": () => zoomTo(view.zoom / STEP), "0": whole, "1": () => zoomTo(1),
    "f": flip, "s": swap, "d": differ,
  };
  const byArrow = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  section.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLSelectElement) return;
    const action = byKey[event.key.toLowerCase()];
    const arrow = byArrow[event.key];
    if (action) action();
    else if (event.target === handle && arrow) {
      divide(view.at + (arrow[1] - arrow[0]) * (event.shiftKey ? 10 : 1));
    } else if (event.target === handle && event.key === "Home") divide(0);
    else if (event.target === handle && event.key === "End") divide(100);
    else if (event.target === stage && arrow) {
      view.x += 60 * arrow[0];
      view.y += 60 * arrow[1];
      draw();
    } else return;
    event.preventDefault();
  });

  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(view.zoom * Math.exp(-clamp(event.deltaY, -200, 200) / 400), ...place(event));
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { at: place(event), divides: event.target === handle });
    stage.classList.toggle("panning", event.target !== handle);
  });
  stage.addEventListener("pointermove", (event) => {
    const moved = pointers.get(event.pointerId);
    if (!moved) return;
    const before = moved.at, now = place(event);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, p]) => p.at);
      const apart = (a) => Math.max(Math.hypot(a[0] - other[0], a[1] - other[1]), 1);
      zoomTo(view.zoom * apart(now) / apart(before),
        (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else if (moved.divides) divide(100 * now[0] / stage.clientWidth);
    else {
      view.x += now[0] - before[0];
      view.y += now[1] - before[1];
      draw();
    }
    moved.at = now;
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    stage.addEventListener(name, (event) => {
      pointers.delete(event.pointerId);
      stage.classList.remove("panning");
    });
  }

  for (const { select } of sides) select.addEventListener("change", choose);
  const press = (name, action) =>
    section.querySelector(`button.${name}`).addEventListener("click", action);
  press("in", () => zoomTo(view.zoom * STEP));
  press("out", () => zoomTo(view.zoom / STEP));
  press("whole", whole);
  press("actual", () => zoomTo(1));
  press("flip", flip);
  press("swap", swap);
  press("difference", differ);
  for (const crop of section.querySelectorAll(".crops button")) {
    crop.addEventListener("click", () => {
      goTo(Number(crop.dataset.x), Number(crop.dataset.y), Number(crop.dataset.side));
      stage.scrollIntoView({ block: "nearest" });
    });
  }
  new ResizeObserver(() => { if (view.fitted) view.zoom = fit(); draw(); }).observe(stage);
  choose();
  fitted();
}
