const SCREEN_MS = 50; // some frames, until what is painted is on the screen
const OTHERS_MS = 3000; // how long to wait for JPEGs that do not come

/**
 * Waits until an <img> shows a picture, and the page all that are looked at; in a hidden
 * page, until it is looked at.
 * @param {HTMLImageElement} img
 */
export async function painted(img) {
  do {
    if (!isLoaded(img)) await event(img, "load");
    await new Promise(requestAnimationFrame);
    await sleep(SCREEN_MS);
  } while (!isLoaded(img)); // it has another one by now
  const others = [...document.images].filter((other) => !other.complete && isInView(other));
  await Promise.race([Promise.all(others.map(settled)), sleep(OTHERS_MS)]);
}

function isLoaded(img) {
  return img.complete && img.naturalWidth > 0;
}

function isInView(img) {
  const { bottom, left, right, top } = img.getBoundingClientRect();
  return bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
}

function settled(img) {
  return Promise.race([event(img, "load"), event(img, "error")]);
}

function event(img, name) {
  return new Promise((resolve) => img.addEventListener(name, resolve, { once: true }));
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
