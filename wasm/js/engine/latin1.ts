// Bytes as characters, one each: RFC 9110 (5.5) gives those above 0x7f no other meaning.

/** The decoder of Node, Deno and Bun, asked for as no bundler follows. */
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

// A host name that begins with U+FEFF is another than the one after it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** @internal What decodes bytes of that memory, from one place to another. */
export function decoderOf(memory: Uint8Array<ArrayBuffer>): (start: number, end: number) => string {
  if (Buffer === undefined) return (start, end) => latin1(memory.subarray(start, end));
  const buffer = Buffer.from(memory.buffer);
  // What `toString` calls, after a look at its arguments.
  const { latin1Slice } = buffer;
  if (latin1Slice !== undefined) return (start, end) => latin1Slice.call(buffer, start, end);
  return (start, end) => buffer.toString("latin1", start, end);
}

/**
 * Tells whether `latin1` is read as windows-1252, as Node and browsers do.
 *
 * That is another thing; for ASCII it is UTF-8 too.
 */
function latin1(bytes: Uint8Array): string {
  try {
    const text = decoder.decode(bytes);
    // Other characters are encoded as more bytes than one.
    if (text.length === bytes.length) return text;
  } catch {
    // Not UTF-8 at all.
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
