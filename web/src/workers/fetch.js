// Fetches or reads the .jpg of a picture and the sidecar beside it.

import { Refused } from "../errors.js";

/**
 * Derives the name of a picture's sidecar: photo.comrec.json for photo.comrec.jpg and for
 * photo.jpg.
 * @param {string} name of the .jpg
 * @returns {string}
 */
export function deriveSidecarName(name) {
  return `${name.replace(/\.jpe?g$/i, "").replace(/\.comrec$/, "")}.comrec.json`;
}

/**
 * Derives the URL of a picture's sidecar.
 * @param {string} url of the .jpg
 * @returns {string | null} null unless the URL is http: or https:
 */
export function deriveSidecarUrl(url) {
  const { protocol, pathname } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return null;
  const beside = new URL(url);
  beside.pathname = deriveSidecarName(pathname);
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

/**
 * Reads a file that a person chose.
 * @param {Blob} file
 * @param {number} maxBytes
 * @returns {Promise<{bytes: Uint8Array, type: string}>} `type` is its content type
 * @throws {Refused} if the file is larger than `maxBytes`, or cannot be read
 */
export async function readFile(file, maxBytes) {
  if (file.size > maxBytes) {
    throw new Refused(`larger than any such file can be (${maxBytes} bytes)`);
  }
  const buffer = await file.arrayBuffer().catch(() => null);
  if (!buffer) throw new Refused("it cannot be read: it was moved or changed, or is a folder");
  return { bytes: new Uint8Array(buffer), type: file.type };
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
