// Decoding of bytes as Latin-1, one character each. RFC 9110 (5.5) gives bytes above 0x7f no other meaning.

/** The used part of `node:buffer`, loaded so that bundlers do not include it. */
interface Buffers {
  readonly Buffer: {
    from(memory: ArrayBuffer): {
      toString(encoding: "latin1", start: number, end: number): string;
      latin1Slice?(start: number, end: number): string;
    };
  };
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): Buffers };
}

const Buffer = (globalThis as Host).process?.getBuiltinModule?.("node:buffer").Buffer;

// `ignoreBOM` keeps a leading U+FEFF: a host name with it differs from the same name without it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** @internal Returns a function that decodes the bytes of `memory` between two offsets. */
export function decoderOf(memory: Uint8Array<ArrayBuffer>): (start: number, end: number) => string {
  if (Buffer === undefined) return (start, end) => latin1(memory.subarray(start, end));
  const buffer = Buffer.from(memory.buffer);
  // `toString` calls `latin1Slice` after checking its arguments, so this is faster.
  const { latin1Slice } = buffer;
  if (latin1Slice !== undefined) return (start, end) => latin1Slice.call(buffer, start, end);
  return (start, end) => buffer.toString("latin1", start, end);
}

/**
 * Decodes bytes as Latin-1 without `Buffer`.
 *
 * `TextDecoder("latin1")` cannot be used: browsers and Node decode windows-1252 by it. A UTF-8 decoder is right for
 * ASCII.
 */
function latin1(bytes: Uint8Array): string {
  try {
    const text = decoder.decode(bytes);
    // UTF-8 encodes every character outside ASCII as several bytes, so equal lengths mean that all is ASCII.
    if (text.length === bytes.length) return text;
  } catch {
    // The bytes are not UTF-8, so they are decoded below.
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
