// A response with the interface of the platform's, which is made only if something asks for it.

import { WithLine, type HeaderSource } from "../engine/args.js";
import { isBytes } from "../engine/bytes.js";
import { inspect } from "../engine/inspect.js";
import { hasField, isBodiless, withField } from "./fields.js";
import { setPartsOf, type Parts } from "./parts.js";

const TEXT = "text/plain;charset=UTF-8";
const JSON_TYPE = "application/json";
const TYPE = ["content-type"];
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Matches a field value or reason phrase that the native class keeps unchanged. */
const VALUE = /^(?:[!-~\x80-\xff](?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?$/;

/**
 * Returns the parts of a response, or `undefined` if it needs a native `Response`.
 *
 * It needs one if the body is neither text, bytes nor `null`, or if the headers are no array or
 * plain object. It also does if the native class would refuse or change the arguments.
 */
function plainParts(body: unknown = null, init: ResponseInit = {}): Parts | undefined {
  if (typeof init !== "object" || init === null) return undefined;
  const { status = 200, statusText = "", headers = {} } = init;
  if (!(body === null || typeof body === "string" || isBytes(body))) return undefined;
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  // Responses with these statuses have no content.
  if (body !== null && isBodiless(status)) return undefined;
  if (typeof statusText !== "string" || !VALUE.test(statusText) || !isPlain(headers)) return undefined;
  return { status, statusText, body, headers: typeof body === "string" ? withField(headers, "Content-Type", TEXT, TYPE) : headers };
}

/**
 * Returns whether headers are an array of pairs, or a plain object, of strings.
 *
 * The names and values must be such that a native response keeps them unchanged.
 */
function isPlain(headers: unknown): headers is HeaderSource {
  if (typeof headers !== "object" || headers === null) return false;
  if (Array.isArray(headers)) return headers.every((line) => Array.isArray(line) && line.length === 2 && isLine(line[0], line[1]));
  if (Object.getPrototypeOf(headers) !== Object.prototype) return false;
  for (const name of Object.keys(headers)) if (!isLine(name, (headers as Record<string, unknown>)[name])) return false;
  return true;
}

function isLine(name: unknown, value: unknown): boolean {
  return typeof name === "string" && typeof value === "string" && NAME.test(name) && VALUE.test(value);
}

function nativeHeaders(lines: HeaderSource): Headers {
  if (!(lines instanceof WithLine)) return new Headers(lines as HeadersInit);
  const headers = nativeHeaders(lines.lines);
  headers.append(lines.name, lines.value);
  return headers;
}

/**
 * Makes `append`, `delete` and `set` of these headers throw; returns the headers.
 *
 * They are those of a shared response: a field for one client must not reach another.
 */
function immutable(headers: Headers): Headers {
  const refuse = (): never => {
    throw new TypeError("the headers of a shared response are immutable: clone() it");
  };
  for (const name of ["append", "delete", "set"]) Object.defineProperty(headers, name, { value: refuse });
  return headers;
}

/** The descriptor of the global `Response`, which Node loads at its first use. */
const declared = declaredBy(globalThis);
let native: typeof Response | undefined;

/**
 * Returns the descriptor of the property `Response` of an object.
 *
 * In Workers, a prototype of the object has it.
 */
function declaredBy(object: object | null): PropertyDescriptor | undefined {
  return object === null ? undefined : (Object.getOwnPropertyDescriptor(object, "Response") ?? declaredBy(Object.getPrototypeOf(object)));
}

/**
 * Returns the platform's `Response`, also if `FastResponse` replaces the global.
 *
 * The first call makes `FastResponse` inherit from it. Node takes long to load it, so this is
 * called only if it is needed.
 */
function platform(): typeof Response {
  return native ?? derive((native = findNative()));
}

function findNative(): typeof Response {
  const current = globalThis.Response;
  if (!isFast(current)) return current;
  const found: unknown = declared?.value ?? declared?.get?.call(globalThis);
  // Node's getter puts the native one back.
  globalThis.Response = current;
  if (!found) throw new TypeError("make a FastResponse before it replaces Response");
  return found as typeof Response;
}

/** Makes `FastResponse` inherit from `type`, the native class, and returns `type`. */
function derive(type: typeof Response): typeof Response {
  const { prototype } = FastResponse;
  Object.setPrototypeOf(FastResponse, type);
  Object.setPrototypeOf(prototype, type.prototype);
  // The getters of Workers are for native responses alone. Its constructor takes no `cf` that is null.
  for (const [name, value] of [["webSocket", null], ["cf", undefined]] as const) {
    if (name in type.prototype) Object.defineProperty(prototype, name, { get: () => value, configurable: true });
  }
  // A member of later platforms. Others are inherited: an app's own ones need this response, with its headers.
  if ("textStream" in type.prototype) Object.defineProperty(prototype, "textStream", { value: textStream, writable: true, configurable: true });
  return type;
}

function textStream(this: Response): unknown {
  return (madeOf(this) as Response & { textStream(): unknown }).textStream();
}

/** Returns the native response of a FastResponse. */
let madeOf: (response: Response) => Response;

function isFast(type: typeof Response): boolean {
  return type === FastResponse || Object.prototype.isPrototypeOf.call(FastResponse, type);
}

/** The type of `FastResponse`: the platform's class and a static method `shared`. */
type FastResponseClass = typeof Response & {
  /**
   * Returns a response for any number of requests; its headers are immutable.
   *
   * Each reader gets the whole content. Throws a TypeError for content other than text, bytes or
   * none, and for headers that are no plain object or array. Next: return it from the handler; to
   * change its headers, `clone()` it.
   */
  shared(body?: string | Uint8Array | null, init?: ResponseInit): Response;
};

/**
 * A class of responses for `serveConnection` that are cheaper than native ones.
 *
 * It is used like the platform's: same arguments, same members, `instanceof Response` holds. Content and field lines are
 * kept as they are given. A native response is made once the content is read, or if the arguments need it, such as a
 * stream. Do not change bytes or field lines that are given until they have been sent. One response is for one request,
 * as some middleware adds headers for one client; `FastResponse.shared` is for all. Next: return it from the handler.
 */
export const FastResponse = class FastResponse {
  readonly #parts: Parts | undefined;
  #headers: Headers | undefined;
  /** True for a response to any number of requests. */
  #isShared = false;
  #isSent = false;
  #native: Response | undefined;

  constructor(body?: BodyInit | null, init?: ResponseInit) {
    const type = platform();
    this.#parts = plainParts(body, init);
    if (!this.#parts) this.#native = new type(body, init);
  }

  /**
   * Returns true for instances of this class; for `FastResponse`, native ones too.
   *
   * `fetch` returns native responses.
   */
  static [Symbol.hasInstance](value: unknown): boolean {
    const own = this === (FastResponse as unknown) ? platform() : this;
    return Function.prototype[Symbol.hasInstance].call(own, value);
  }

  static shared(body: string | Uint8Array | null = null, init: ResponseInit = {}): Response {
    const response = new FastResponse(body as BodyInit | null, init);
    if (!response.#parts) throw new TypeError("a shared response needs text, bytes or no content, and a plain object or array of headers");
    response.#isShared = true;
    return response as unknown as Response;
  }

  static error(): Response {
    return platform().error();
  }

  static redirect(url: string | URL, status?: number): Response {
    return platform().redirect(url, status);
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const { status = 200, statusText = "", headers = {} } = init;
    const text: unknown = isPlain(headers) ? JSON.stringify(data) : undefined;
    if (typeof text !== "string") return platform().json(data, init);
    const lines = Array.isArray(headers) ? headers : Object.entries(headers as Record<string, string>);
    const typed: HeadersInit = hasField(lines, TYPE) ? lines : [...lines, ["Content-Type", JSON_TYPE]];
    return new FastResponse(text, { status, statusText, headers: typed }) as unknown as Response;
  }

  static {
    setPartsOf(FastResponse.#partsOf);
    madeOf = (response) => (response as unknown as FastResponse).#made;
  }

  /**
   * Returns the parts of a `FastResponse` that is about to be sent.
   *
   * Returns `undefined` for other values, for a response made as a native one, and if the content
   * was read. Throws if a response that is not shared was sent before.
   */
  static #partsOf(response: unknown): Parts | undefined {
    if (typeof response !== "object" || response === null || !(#parts in response)) return undefined;
    const parts = response.#parts;
    if (!parts || response.#native?.bodyUsed) return undefined;
    if (response.#isShared) return parts;
    if (response.#isSent) throw new TypeError("the response is that of another request: use FastResponse.shared(), or clone() it");
    response.#isSent = true;
    return response.#headers ? { ...parts, headers: response.#headers } : parts;
  }

  get status(): number {
    return this.#parts?.status ?? this.#made.status;
  }

  get statusText(): string {
    return this.#parts?.statusText ?? this.#made.statusText;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get type(): ResponseType {
    return this.#native?.type ?? "default";
  }

  get url(): string {
    return this.#native?.url ?? "";
  }

  get redirected(): boolean {
    return this.#native?.redirected ?? false;
  }

  get headers(): Headers {
    // Each reader of a shared one gets its own, which no other sees even if it is changed by a trick.
    if (this.#parts && this.#isShared) return immutable(nativeHeaders(this.#parts.headers));
    return (this.#headers ??= this.#parts ? nativeHeaders(this.#parts.headers) : this.#made.headers);
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#parts?.body === null ? null : this.#made.body;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? false;
  }

  /**
   * The native response, made at first use; for a shared response, at each use.
   *
   * If it is made from the parts, it lacks the given field lines.
   */
  get #made(): Response {
    if (this.#native) return this.#native;
    const { status, statusText, body } = this.#parts as Parts;
    const made = new (platform())(body as BodyInit | null, { status, statusText });
    // Each reader of a shared one gets a response of its own.
    if (!this.#isShared) this.#native = made;
    return made;
  }

  clone(): Response {
    const { status, statusText, headers } = this;
    if (!this.#parts || this.bodyUsed) return new (platform())(this.#made.clone().body, { status, statusText, headers });
    const copy = new FastResponse(this.#parts.body as BodyInit | null, { status, statusText, headers: [...headers] });
    if (!headers.has("content-type")) copy.headers.delete("content-type");
    return copy as unknown as Response;
  }

  text(): Promise<string> {
    return this.#made.text();
  }

  json(): Promise<unknown> {
    return this.#made.json();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#made.arrayBuffer();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#made.arrayBuffer());
  }

  async blob(): Promise<Blob> {
    return (await this.#typed()).blob();
  }

  async formData(): Promise<FormData> {
    return (await this.#typed()).formData();
  }

  /**
   * @internal Returns a description for a console.
   *
   * The inherited one would describe a native response, which is not made here.
   */
  [inspect](): object {
    const { status, statusText, ok, headers, bodyUsed, type, url, redirected } = this;
    return { status, statusText, ok, headers, bodyUsed, type, url, redirected };
  }

  /** Returns a native response with the content and the type of this one. */
  async #typed(): Promise<Response> {
    const type = this.headers.get("content-type");
    return new (platform())(await this.#made.arrayBuffer(), { headers: type === null ? {} : { "Content-Type": type } });
  }
} as unknown as FastResponseClass;
/** A response that `FastResponse` has made. */
export type FastResponse = Response;
