// The page that restores the JPEGs and pairs that a person drops, chooses or pastes.

import { Dropped } from "./dropped.js";
import { Line } from "./line.js";
import { pairUp, sortFile } from "./pairing.js";
import { Tray } from "./tray.js";
import { Viewer } from "./viewer.js";

const find = (id) => document.getElementById(id);
const viewer = new Viewer(find("viewer"));
const tray = new Tray(find("tray"), (picture) => viewer.open(picture), remove);
find("tray").addEventListener("click", () => find("viewer").scrollIntoView({ block: "nearest" }));
const unused = new Map(); // rows of sidecars whose pictures are missing, by file
let line = null;

start().catch((error) => say(`This page cannot restore: ${error.message}. Load it again.`));

/** Reads how the site restores, and then takes files. */
async function start() {
  const url = new URL("./restoring.json", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} is missing (${response.status})`);
  const { max_pixels: maxPixels, presets, ...restoring } = await response.json();
  line = new Line({
    networks: new URL("./networks.json", import.meta.url).href,
    maxPixels, presets, restoring, backend: "auto", credentials: "same-origin",
  });
  listen();
  find("choose").disabled = false;
}

function listen() {
  const input = find("files");
  find("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => take([...event.clipboardData.files]));
  find("viewer").querySelector(".remove").addEventListener("click", () => remove(tray.chosen));
  find("remove-all").addEventListener("click", () => line.pictures.slice().forEach(remove));
}

/** Adds files to the list: every one of them is restored, or said not to be. */
function take(files) {
  const sorted = { picture: [], sidecar: [], other: [] };
  for (const file of files) sorted[sortFile(file)].push(file);
  const waiting = line.pictures.filter(({ takesSidecar }) => takesSidecar);
  const added = [...waiting.map(({ file }) => file), ...sorted.picture];
  const known = [...sorted.sidecar, ...unused.keys()];
  const found = pairUp(added, known);
  for (const file of known) if (!found.unused.includes(file)) dismiss(file);
  waiting.forEach((picture, i) => found.sidecars[i] && picture.complete(found.sidecars[i]));
  const pictures = sorted.picture.map(
    (file, i) => add(new Dropped(file, found.sidecars[waiting.length + i])),
  );
  for (const file of found.unused) if (!unused.has(file)) keepUnused(file);
  for (const file of sorted.other) addFailed(file, "only JPEGs and comrec's pairs are restored");
  if (pictures.length && !tray.chosen?.png) tray.choose(pictures[0]);
  else if (!tray.chosen && line.pictures.length) tray.choose(line.pictures[0]);
  line.run();
  count();
}

function add(picture) {
  picture.addEventListener("change", () => {
    if (picture.state !== "restoring") count();
  });
  tray.add(picture);
  line.add(picture);
  return picture;
}

function addFailed(file, reason) {
  const picture = new Dropped(file, null);
  picture.fail(reason);
  return add(picture);
}

/** Keeps a sidecar until its picture is dropped too. */
function keepUnused(file) {
  unused.set(file, addFailed(file, "its picture is missing. Drop the .jpg of the same name too"));
}

function dismiss(file) {
  const picture = unused.get(file);
  if (picture) remove(picture);
}

function remove(picture) {
  unused.delete(picture.file);
  tray.remove(picture);
  line.remove(picture);
  count();
}

/** Says how far the pictures are. */
function count() {
  const { pictures, isFull } = line;
  const have = (state) => pictures.filter((picture) => picture.state === state).length;
  const parts = [
    [have("restored"), "restored"], [have("unchanged"), "shown unchanged"],
    [have("failed"), "not restored"], [have("waiting") + have("restoring"), "to come"],
  ];
  const texts = parts.filter(([number]) => number).map(([number, what]) => `${number} ${what}`);
  document.body.classList.toggle("filled", pictures.length > 0);
  find("remove-all").hidden = pictures.length < 2;
  const full = isFull && have("waiting")
    ? " The restored pictures take a gigabyte: save and remove some, then the next ones follow."
    : "";
  say(pictures.length ? `${texts.join(", ")}.${full}` : "");
}

function say(text) {
  find("said").textContent = text;
}
