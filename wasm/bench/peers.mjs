// The other parsers. Both are used as their owners use them, or in a cheaper way; all parsers get the same bytes.

import { createRequire } from "node:module";
import { resolve } from "node:path";

/**
 * Callbacks that do nothing, for llhttp in WebAssembly.
 *
 * The module passes them addresses in its memory.
 */
const SILENT = {
  wasm_on_message_begin: () => 0,
  wasm_on_url: () => 0,
  wasm_on_status: () => 0,
  wasm_on_header_field: () => 0,
  wasm_on_header_value: () => 0,
  wasm_on_headers_complete: () => 0,
  wasm_on_body: () => 0,
  wasm_on_message_complete: () => 0,
};

const REQUEST = 1;
const OK = 0;
const PAUSED_UPGRADE = 22;

/** An instance of undici's parser, `llhttp_simd.wasm`, with its callbacks. */
class Undici {
  /** @type {unknown[]} The fields of the latest head: names and values in turn. */
  fields = [];
  messages = 0;
  /** @type {Uint8Array} */
  input = new Uint8Array(0);

  /** @param {WebAssembly.Module} module @param {Partial<typeof SILENT>} callbacks */
  constructor(module, callbacks) {
    const counted = { wasm_on_message_complete: () => (this.messages++, 0) };
    this.exports = /** @type {any} */ (new WebAssembly.Instance(module, { env: { ...SILENT, ...counted, ...callbacks } }).exports);
    this.parser = this.exports.llhttp_alloc(REQUEST);
    this.size = 65_536;
    this.place = this.exports.malloc(this.size);
    // undici creates this view again for each piece of input.
    this.space = new Uint8Array(this.exports.memory.buffer, this.place, this.size);
  }

  /** @param {Uint8Array} bytes */
  execute(bytes) {
    this.input = bytes;
    this.space.set(bytes);
    const result = this.exports.llhttp_execute(this.parser, this.place, bytes.length);
    if (result === OK) return;
    if (result !== PAUSED_UPGRADE) throw new Error(`llhttp says ${result}`);
    this.exports.llhttp_resume_after_upgrade(this.parser);
  }
}

/**
 * Returns a parser whose callbacks only count the messages.
 * @param {WebAssembly.Module} module
 */
export function undiciSilent(module) {
  return new Undici(module, {});
}

/**
 * Returns a parser that creates headers as undici does.
 *
 * Each name and value is a Buffer that is not copied.
 * @param {WebAssembly.Module} module
 */
export function undiciBuffers(module) {
  const FastBuffer = /** @type {typeof Buffer} */ (/** @type {any} */ (Buffer)[Symbol.species]);
  /** Appends a field's name or value in the parser's memory to `fields`. @param {any} _parser @param {number} at @param {number} length */
  const push = (_parser, at, length) => {
    const { input } = peer;
    const start = at - peer.place + input.byteOffset;
    peer.fields.push(new /** @type {any} */ (FastBuffer)(input.buffer, start, length));
    return 0;
  };
  const peer = new Undici(module, {
    wasm_on_message_begin: () => ((peer.fields = []), 0),
    wasm_on_header_field: /** @type {any} */ (push),
    wasm_on_header_value: /** @type {any} */ (push),
  });
  return peer;
}

/**
 * Returns a parser that creates strings at once, which is faster than undici.
 * @param {WebAssembly.Module} module
 */
export function undiciStrings(module) {
  /** @param {any} _parser @param {number} at @param {number} length */
  const push = (_parser, at, length) => {
    peer.fields.push(memory.latin1Slice(at, at + length));
    return 0;
  };
  const peer = new Undici(module, {
    wasm_on_message_begin: () => ((peer.fields = []), 0),
    wasm_on_header_field: /** @type {any} */ (push),
    wasm_on_header_value: /** @type {any} */ (push),
  });
  const memory = /** @type {any} */ (Buffer.from(peer.exports.memory.buffer));
  return peer;
}

/** @param {string} folder the folder where undici is installed */
export function undici(folder) {
  const require = createRequire(resolve(folder, "package.json"));
  return {
    version: /** @type {string} */ (require("undici/package.json").version),
    module: new WebAssembly.Module(require("undici/lib/llhttp/llhttp_simd-wasm.js")),
  };
}

/**
 * The parser inside `node:http`, set up as for a server.
 *
 * It always creates strings: names and values in turn.
 */
export class Native {
  /** @type {string[]} */
  fields = [];
  messages = 0;

  constructor() {
    const { HTTPParser } = createRequire(import.meta.url)("node:_http_common");
    this.parser = new HTTPParser();
    this.parser.initialize(HTTPParser.REQUEST, {});
    /** @type {string[]} */
    let early = [];
    // Node's parser passes more than 32 field lines in several calls.
    this.parser[HTTPParser.kOnHeaders] = (/** @type {string[]} */ fields) => {
      early.push(...fields);
    };
    this.parser[HTTPParser.kOnHeadersComplete] = (/** @type {any} */ _major, /** @type {any} */ _minor, /** @type {string[]} */ fields) => {
      this.fields = fields ?? early;
      early = [];
      return 0;
    };
    this.parser[HTTPParser.kOnMessageComplete] = () => {
      this.messages++;
    };
  }

  /** @param {Uint8Array} bytes */
  execute(bytes) {
    const result = this.parser.execute(bytes);
    if (result !== bytes.length) throw new Error(`the native parser says ${result}`);
  }
}
