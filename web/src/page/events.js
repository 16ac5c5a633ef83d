// Reports an <img>'s state to the page (events, `data-comrec`) and to the console.

const NAME_MAX = 200; // a data: URL would fill the console

/**
 * Dispatches an event on an <img>.
 * @param {HTMLImageElement} img
 * @param {string} name of the event
 * @param {object} detail of the event
 */
export function dispatch(img, name, detail) {
  img.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

/**
 * Reports that an <img> keeps the plain JPEG.
 * @param {HTMLImageElement} img
 * @param {string} reason
 */
export function reportPlain(img, reason) {
  img.dataset.comrec = "plain";
  dispatch(img, "comrec-plain", { reason });
}

/**
 * Warns on the console that a picture is not restored.
 * @param {string} url of the .jpg
 * @param {string} reason
 */
export function warn(url, reason) {
  console.warn(`comrec: ${url.slice(0, NAME_MAX)} stays as it is: ${reason}`);
}
