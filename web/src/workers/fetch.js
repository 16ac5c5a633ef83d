// What is fetched of a picture: the .jpg, and the sidecar beside it.

import { Refused } from "../errors.js";

/**
 * Where the sidecar of a picture is: photo.comrec.jpg and photo.jpg both have
 * photo.comrec.json beside them.
 * @param {string} url of the .jpg
 * @returns {string | null} null where nothing can be beside it
 */
export function sidecarUrl(url) {
  const { protocol, pathname } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return null;
  const beside = new URL(url);
  const base = pathname.replace(/\.jpe?g$/i, "").replace(/\.comrec$/, "");
  beside.pathname = `${base}.comrec.json`;
  return beside.href;
}

/**
 * @param {string} url
 * @param {{maxBytes: number, credentials?: RequestCredentials, signal?: AbortSignal}} how
 * @returns {Promise<{bytes: Uint8Array, type: string} | null>} null where there is none
 */
export async function fetched(url, { maxBytes, ...how }) {
  // What the page shows already comes out of the cache, and as it is there.
  const response = await fetch(url, { cache: "force-cache", ...how });
  if (!response.ok) return null;
  const type = response.headers.get("content-type") ?? "";
  return { bytes: await limited(response.body, maxBytes), type };
}

async function limited(stream, maxBytes) {
  const reader = stream.getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw new Refused(`larger than any such file can be (${maxBytes} bytes)`);
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
