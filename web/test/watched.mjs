/** Runs in every page before its own scripts: notes what the page does to its visitor. */
export function watched() {
  const seen = { events: [], shifts: [], violations: [], blobs: new Map(), revoked: [] };
  globalThis.seen = seen;
  const shifts = (list) => list.getEntries().forEach(({ value }) => seen.shifts.push(value));
  new PerformanceObserver(shifts).observe({ type: "layout-shift", buffered: true });
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    seen.violations.push(`${violatedDirective} ${blockedURI}`),
  );
  for (const type of ["comrec-restored", "comrec-plain"]) {
    addEventListener(type, ({ target, detail }) => seen.events.push({ type, id: target.id, ...detail }));
  }
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    seen.blobs.set(url, blob);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    seen.revoked.push(url);
    revokeObjectURL.call(URL, url);
  };

  const until = async (isTrue) => {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  /** Waits for so many pictures to be restored or to stay plain. */
  seen.wait = (count) => until(() => seen.events.length >= count);
  seen.until = until;
  seen.sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  /** The file that an <img> shows, in base64; a page's policy may forbid to fetch it. */
  seen.file = async (img) => base64(new Uint8Array(await seen.blobs.get(img.currentSrc).arrayBuffer()));
  /** The pixels that a page's own decoder and canvas give of a .jpg, in base64. */
  seen.pixels = async (url, channels) => {
    const { decode } = await import("/src/format/browser-decoder.js");
    const file = await (await fetch(url)).blob();
    const { width, height } = await createImageBitmap(file);
    const decoded = await decode(file, { width, height });
    return base64(decoded.cut([0, height, 0, width], channels));
  };
  function base64(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; at += 0x8000) {
      text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    }
    return btoa(text);
  }
  seen.report = () => ({
    events: seen.events, shifts: seen.shifts, violations: seen.violations,
    made: [...seen.blobs.keys()], revoked: seen.revoked,
  });
}
