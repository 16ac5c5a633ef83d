// Fetches the .jpg of a picture and the sidecar beside it.

import { Refused } from "../errors.js";

/**
 * Derives the URL of a picture's sidecar: photo.comrec.json for photo.comrec.jpg and for
 * photo.jpg.
 * @param {string} url of the .jpg
 * @returns {string | null} null unless the URL is http: or https:
 */
export function deriveSidecarUrl(url) {
  const { protocol, pathname } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return null;
  const beside = new URL(url);
  const base = pathname.replace(/\.jpe?g$/i, "").replace(/\.comrec$/, "");
  beside.pathname = `${base}.comrec.json`;
  return beside.href;
}

/**
 * Fetches a file.
 * @param {string} url
 * @param {{maxBytes: number, credentials?: RequestCredentials, signal?: AbortSignal}} options
 * @returns {Promise<{bytes: Uint8Array, type: string} | null>} null if the host has no such
 *   file; `type` is its content type
 * @throws {Refused} if the file is larger than `maxBytes`
 */
export async function fetchFile(url, { maxBytes, ...options }) {
  // The cached file is the one that the page shows; the host's may have changed.
  const response = await fetch(url, { cache: "force-cache", ...options });
  if (!response.ok) return null;
  const type = response.headers.get("content-type") ?? "";
  return { bytes: await readLimited(response.body, maxBytes), type };
}

async function readLimited(stream, maxBytes) {
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
