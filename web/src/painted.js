const SCREEN_MS = 50; // some frames, until what is painted is on the screen

/**
 * Waits until an <img> shows a picture; in a hidden page, until it is looked at.
 * @param {HTMLImageElement} img
 */
export async function painted(img) {
  if (!img.complete || !img.naturalWidth) await loaded(img);
  await img.decode().catch(() => {}); // it has another one by now
  await new Promise(requestAnimationFrame); // which paints it
  await new Promise((resolve) => setTimeout(resolve, SCREEN_MS));
}

function loaded(img) {
  return new Promise((resolve) => img.addEventListener("load", resolve, { once: true }));
}
