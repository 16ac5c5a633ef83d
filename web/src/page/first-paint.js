const FRAMES_MS = 50; // a few frames, until painted pixels reach the screen
const OTHERS_MS = 3000; // limit of the wait for other pictures

/**
 * Waits until an <img> has painted its picture and all pictures in view have loaded. In a
 * hidden page, waits until the page is visible.
 * @param {HTMLImageElement} img
 */
export async function waitForFirstPaint(img) {
  do {
    if (!isLoaded(img)) await waitForEvent(img, "load");
    await new Promise(requestAnimationFrame);
    await sleep(FRAMES_MS);
  } while (!isLoaded(img)); // false if the page has changed the picture meanwhile
  const others = [...document.images].filter((other) => !other.complete && isInView(other));
  await Promise.race([Promise.all(others.map(waitUntilSettled)), sleep(OTHERS_MS)]);
}

function isLoaded(img) {
  return img.complete && img.naturalWidth > 0;
}

function isInView(img) {
  const { bottom, left, right, top } = img.getBoundingClientRect();
  return bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
}

function waitUntilSettled(img) {
  return Promise.race([waitForEvent(img, "load"), waitForEvent(img, "error")]);
}

function waitForEvent(img, name) {
  return new Promise((resolve) => img.addEventListener(name, resolve, { once: true }));
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
