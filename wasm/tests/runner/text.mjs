// Bytes as text, in the format of `tests/rust/src/text.rs`.

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const ESCAPES = Array.from({ length: 256 }, (_, byte) => {
  const named = { 13: "\\r", 10: "\\n", 9: "\\t", 0: "\\0", 92: "\\\\" }[byte];
  return named ?? (byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : `\\x${HEX[byte]}`);
});

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return bytes.length === 0 ? "-" : Array.from(bytes, (byte) => HEX[byte]).join("");
}

/** @param {string} text with one character per byte */
export function escape(text) {
  let out = "";
  for (let at = 0; at < text.length; at++) out += ESCAPES[text.charCodeAt(at)];
  return out;
}

/** Escapes a text, with long runs of one byte written as a repetition. @param {string} text */
export function compact(text) {
  return text.replace(/([^])\1*/g, (run, one) =>
    run.length >= 24 ? `\\{${run.length}*${escape(one)}}` : escape(run),
  );
}

/** Returns the bytes as escaped text, or for long ones their number and checksum. @param {Uint8Array} bytes */
export function summary(bytes) {
  if (bytes.length <= 160) return `"${escape(String.fromCharCode(...bytes))}"`;
  return `${bytes.length} bytes ${checksum(bytes)}`;
}

/** Returns the 64-bit FNV-1a hash, computed in two halves of 32 bits. @param {Uint8Array} bytes */
export function checksum(bytes) {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let at = 0; at < bytes.length; at++) {
    low = (low ^ /** @type {number} */ (bytes[at])) >>> 0;
    // The prime is 2 ** 40 + 0x1b3; each product stays below 2 ** 53.
    const product = low * 0x1b3;
    high = (high * 0x1b3 + (low << 8 >>> 0) + Math.floor(product / 2 ** 32)) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
