// What a page, and who looks into its console, are told of an <img>.

const NAME_MAX = 200; // a data: URL would fill the console

/** @param {HTMLImageElement} img @param {string} name of an event @param {object} detail */
export function tell(img, name, detail) {
  img.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

/** @param {HTMLImageElement} img that stays as it is @param {string} reason */
export function sayPlain(img, reason) {
  img.dataset.comrec = "plain";
  tell(img, "comrec-plain", { reason });
}

/** @param {string} url of a .jpg @param {string} reason why it is not restored */
export function warn(url, reason) {
  console.warn(`comrec: ${url.slice(0, NAME_MAX)} stays as it is: ${reason}`);
}
