// Watches pictures come near the window, enter it, and be removed from the page.

const NEAR_MARGIN = "100%"; // of the window's size, beyond its edges

/**
 * @typedef {object} Watched
 * @property {HTMLImageElement} img
 * @property {(isNear: boolean) => void} onNear called when the <img> comes near or goes away
 * @property {(isInView: boolean) => void} onInView called when the <img> enters or leaves view
 * @property {() => void} onRemoved called when the <img> is removed from the page
 */

/** @type {Map<HTMLImageElement, {picture: Watched, isInPage: boolean}>} */
const entries = new Map();
const near = createObserver(NEAR_MARGIN, (picture, isInside) => picture.onNear(isInside));
const inView = createObserver("0px", (picture, isInside) => picture.onInView(isInside));
const removals = new MutationObserver((changes) => {
  if (changes.some(({ removedNodes }) => removedNodes.length)) entries.forEach(checkPresence);
});

function createObserver(rootMargin, notify) {
  const handle = (changes) => {
    for (const { target, isIntersecting } of changes) {
      const entry = entries.get(target);
      if (entry) notify(entry.picture, isIntersecting);
    }
  };
  return new IntersectionObserver(handle, { rootMargin });
}

function checkPresence(entry, img) {
  const wasInPage = entry.isInPage;
  entry.isInPage = img.isConnected;
  if (img.isConnected && !wasInPage) observeRemovals(img);
  if (wasInPage && !img.isConnected) entry.picture.onRemoved();
}

function observeRemovals(img) {
  // Observers of a document do not see changes in its shadow trees.
  for (let root = img.getRootNode(); root; root = root.host?.getRootNode()) {
    removals.observe(root, { childList: true, subtree: true });
  }
}

/**
 * Starts to watch a picture.
 * @param {Watched} picture
 */
export function watch(picture) {
  const entry = { picture, isInPage: false };
  entries.set(picture.img, entry);
  checkPresence(entry, picture.img);
  near.observe(picture.img);
  inView.observe(picture.img);
}

/**
 * Stops watching a picture.
 * @param {Watched} picture
 */
export function unwatch({ img }) {
  near.unobserve(img);
  inView.unobserve(img);
  entries.delete(img);
}
