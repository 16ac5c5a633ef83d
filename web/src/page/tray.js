// Lists the pictures that were dropped, each with its preview and words.

const KEYS = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 };

/** Shows pictures in a list, whose arrow keys choose and whose Delete key removes. */
export class Tray {
  #list;
  #onChoose;
  #onRemove;
  #rows = new Map(); // <li> by picture
  #chosen = null;

  /**
   * @param {HTMLElement} list
   * @param {(picture: import("./dropped.js").Dropped | null) => void} onChoose
   * @param {(picture: import("./dropped.js").Dropped) => void} onRemove
   */
  constructor(list, onChoose, onRemove) {
    this.#list = list;
    this.#onChoose = onChoose;
    this.#onRemove = onRemove;
    list.addEventListener("keydown", (event) => this.#press(event));
  }

  get chosen() {
    return this.#chosen;
  }

  /** @param {import("./dropped.js").Dropped} picture */
  add(picture) {
    const template = document.getElementById("row").content;
    const row = template.cloneNode(true).firstElementChild;
    row.querySelector(".name").textContent = picture.name;
    row.querySelector("button").addEventListener("click", () => this.choose(picture));
    this.#rows.set(picture, row);
    this.#list.append(row);
    picture.addEventListener("change", () => this.#show(picture, row));
    this.#show(picture, row);
  }

  /** @param {import("./dropped.js").Dropped | null} picture to show large */
  choose(picture) {
    this.#rows.get(this.#chosen)?.querySelector("button").removeAttribute("aria-current");
    this.#chosen = picture;
    this.#rows.get(picture)?.querySelector("button").setAttribute("aria-current", "true");
    this.#onChoose(picture);
  }

  /** @param {import("./dropped.js").Dropped} picture whose neighbour is chosen in its place */
  remove(picture) {
    const row = this.#rows.get(picture);
    const hadFocus = row.contains(document.activeElement);
    const neighbour = this.#findNeighbour(row);
    row.remove();
    this.#rows.delete(picture);
    if (picture === this.#chosen) this.choose(neighbour);
    if (hadFocus) this.#focus(neighbour);
  }

  #findNeighbour(row) {
    const beside = row.nextElementSibling ?? row.previousElementSibling;
    return this.#pictures.find((picture) => this.#rows.get(picture) === beside) ?? null;
  }

  get #pictures() {
    return [...this.#rows.keys()];
  }

  #show({ state, words, preview }, row) {
    row.dataset.state = state;
    row.querySelector(".words").textContent = words;
    const canvas = row.querySelector("canvas");
    if (!preview || !canvas.hidden) return;
    canvas.width = preview.width;
    canvas.height = preview.height;
    canvas.getContext("2d").drawImage(preview, 0, 0);
    canvas.hidden = false;
  }

  #press(event) {
    const at = this.#pictures.findIndex((each) => this.#rows.get(each).contains(event.target));
    const picture = this.#pictures[at];
    if (!picture || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Delete") this.#onRemove(picture);
    else if (!KEYS[event.key]) return;
    else this.#step(this.#pictures[at + KEYS[event.key]]);
    event.preventDefault();
  }

  #step(picture) {
    if (!picture) return;
    this.choose(picture);
    this.#focus(picture);
  }

  #focus(picture) {
    this.#rows.get(picture)?.querySelector("button").focus();
  }
}
