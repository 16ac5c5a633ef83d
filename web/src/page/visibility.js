// What happens to the pictures of a page: they come near, into view, and leave.

const SOON = "100%"; // of the window beyond its edges: near enough to begin

/**
 * @typedef {object} Watched
 * @property {HTMLImageElement} img
 * @property {(isNear: boolean) => void} nears
 * @property {(isInView: boolean) => void} shows
 * @property {() => void} leaves called once, when it was in the page and is not any more
 */

const watched = new Map(); // <img> to {Watched, whether it has been in the page}
const near = intersections(SOON, (picture, isSeen) => picture.nears(isSeen));
const inView = intersections("0px", (picture, isSeen) => picture.shows(isSeen));
const removals = new MutationObserver((changes) => {
  if (changes.some(({ removedNodes }) => removedNodes.length)) watched.forEach(check);
});

function intersections(rootMargin, tell) {
  const told = (entries) => {
    for (const { target, isIntersecting } of entries) {
      const found = watched.get(target);
      if (found) tell(found.picture, isIntersecting);
    }
  };
  return new IntersectionObserver(told, { rootMargin });
}

function check(found, img) {
  const was = found.isInPage;
  found.isInPage = img.isConnected;
  if (img.isConnected && !was) listen(img);
  if (was && !img.isConnected) found.picture.leaves();
}

function listen(img) {
  // Changes in a shadow tree are told to nobody outside.
  for (let root = img.getRootNode(); root; root = root.host?.getRootNode()) {
    removals.observe(root, { childList: true, subtree: true });
  }
}

/** @param {Watched} picture */
export function watch(picture) {
  const found = { picture, isInPage: false };
  watched.set(picture.img, found);
  check(found, picture.img);
  near.observe(picture.img);
  inView.observe(picture.img);
}

/** @param {Watched} picture */
export function unwatch({ img }) {
  near.unobserve(img);
  inView.unobserve(img);
  watched.delete(img);
}
