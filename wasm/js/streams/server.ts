// A server: calls a handler for each request, and ends the connection in order.

import { Connection } from "../engine/connection.js";
import { ProtocolError } from "../engine/error.js";
import type { HeaderSource } from "../engine/args.js";
import type { ResponseHead } from "../engine/prepared.js";
import { remoteAddrOf, type RemoteAddr } from "./address.js";
import { ContentTooLargeError, contentOf, encodedInPlace, framed, isShortText, letGo, pump, soon, type Body, type Source } from "./content.js";
import { dated, framedBy, hasField, listed } from "./fields.js";
import { partsOf, type Parts } from "./parts.js";
import { ServerRequest } from "./request.js";
import type { Socket } from "./sockets.js";
import { DisconnectedError, HalfClosedError } from "./errors.js";
import type { Options } from "./options.js";
import { Turns } from "./turns.js";
import { Wire } from "./wire.js";

/** A response to send; the platform's `Response` may be used instead. */
export interface ServerResponse {
  /**
   * The status code, 200 to 599; 200 by default.
   *
   * A 2xx to CONNECT opens a tunnel: call `ServerRequest.upgrade` to send it. Returned from a handler it is an error.
   */
  readonly status?: number;
  /** The reason phrase; if omitted, the usual one of the status. */
  readonly reason?: string;
  /**
   * The field lines.
   *
   * Whole content gets a `Content-Length`, unless there are `trailers` or `requires`, or these fields have a
   * `Transfer-Encoding`. Other content is sent chunked, and to an HTTP/1.0 client close-delimited, unless these fields
   * have a framing.
   */
  readonly headers?: HeaderSource;
  /**
   * The content of the response.
   *
   * It is left out in a response to HEAD; with a 204, 205 or 304 there must be none.
   */
  readonly body?: Body | null;
  /**
   * The protocols that a 426 requires; the 426 is sent in place of `status`.
   *
   * RFC 9110, section 15.5.22.
   */
  readonly requires?: readonly string[];
  /** Trailers to send after chunked content. */
  readonly trailers?: HeaderSource;
}

/** Information about the connection, passed to the handler with each request. */
export interface ServeInfo {
  /** The TCP address of the peer; `null` if the runtime does not provide one. */
  readonly remoteAddr: RemoteAddr | null;
}

/**
 * A handler, which `serveConnection` calls with each request.
 *
 * Its result is sent as the response, unless `upgrade` has switched to a new protocol.
 */
export type Handler = (
  request: ServerRequest,
  info: ServeInfo,
) => ServerResponse | Response | void | Promise<ServerResponse | Response | void>;

/** The result of a handler, awaited. */
type Answer = ServerResponse | Response | void;

/** The promise of a handler's result. */
interface HandlerPromise {
  readonly answer: PromiseLike<Answer>;
}

/** The options of a server. */
export interface ServeOptions extends Options {
  /** The protocols that the handler supports: see `ServerRequest.upgrade`. */
  readonly upgrades?: readonly string[];
  /**
   * Set to add a `Date` to responses without one; `true` by default.
   *
   * RFC 9110, section 6.6.1.
   */
  readonly date?: boolean;
  /**
   * A callback for errors of the handler, its response or the response's body.
   *
   * It is `console.error` by default. It is not called for errors of the connection, such as a client that disconnects,
   * even if the handler throws them on.
   */
  readonly onError?: (error: unknown, request: ServerRequest) => void;
}

/** A connection that is being served: a promise of its outcome, with `shutdown`. */
export interface ServeHandle extends Promise<ServeResult> {
  /**
   * Ends the connection after the response to the current request.
   *
   * The response says so if its head is not sent yet. A connection without a request ends now. Requests that are
   * pipelined after the current one get no response. After a switch, it has no effect. Next: await the result. RFC
   * 9112, section 9.6.
   */
  shutdown(): Promise<ServeResult>;
}

/** The outcome of a connection. */
export interface ServeResult {
  /**
   * The way in which the connection has ended.
   *
   * - `closed`: in order, after the last response.
   * - `switched`: the handler has the streams of a new protocol.
   * - `refused`: the client violated the protocol, sent too much or was too slow; it got an error response if possible.
   * - `gone`: the client disconnected, or after a switch the handler threw an error of the socket.
   * - `failed`: the handler or the body threw an error, or the response was missing, invalid or a 2xx to CONNECT. The
   *   client got a 500, or a 501 for that 2xx, unless a response had begun. Also if the handler took longer than
   *   `timeouts.exchange`: the client got a 503.
   * - `aborted`: the signal has closed the connection, or `timeouts.exchange` during a response.
   */
  readonly how: "closed" | "switched" | "refused" | "gone" | "failed" | "aborted";
  /** The error, except for `closed` and `switched`. */
  readonly error?: unknown;
}

/**
 * The maximum time in milliseconds to read on after the last response.
 *
 * It stops earlier after a pause of `LINGER_IDLE` milliseconds, or after `LINGER_BYTES` bytes.
 */
const LINGER_MAX = 4_000;
const LINGER_IDLE = 1_000;
const LINGER_BYTES = 2 ** 20;

/**
 * Serves one connection from its first byte to its last.
 *
 * Calls `handler` with each request, sends the response that it returns, and closes the socket. After `upgrade` the
 * handler must close the streams; they are closed only if it fails. `shutdown` of the result ends the connection in
 * order.
 *
 * The promise rejects only for wrong arguments, with a `TypeError` and the like. All other outcomes, including an abort
 * by the signal, are a `ServeResult`. RFC 9112, section 9.
 */
export function serveConnection(socket: Socket, handler: Handler, options: ServeOptions = {}): ServeHandle {
  let server: Server | undefined;
  const ended = served(socket, handler, options, (begun) => void (server = begun));
  const shutdown = (): Promise<ServeResult> => {
    server?.shutdown();
    return ended;
  };
  return Object.assign(ended, { shutdown });
}

async function served(socket: Socket, handler: Handler, options: ServeOptions, begins: (server: Server) => void): Promise<ServeResult> {
  const { upgrades = [], date = true, onError = (error: unknown) => console.error(error) } = options;
  if (typeof handler !== "function") throw new TypeError("handler must be a function");
  if (options.config?.http2Preface) throw new TypeError("http2Preface: there is no request to call the handler with");
  check(upgrades);
  const wire = new Wire(socket, "server", options);
  try {
    const server = new Server(wire, handler, { upgrades, date, onError });
    begins(server);
    const ending = await server.run();
    const missing = wire.isOver ? undefined : await leave(wire, server.isIdle);
    if (wire.failure) return { how: "aborted", error: wire.failure.reason };
    return missing && ending.how === "closed" ? { how: "gone", error: missing } : ending;
  } catch (error) {
    wire.close(error);
    throw error;
  } finally {
    wire.connection.free();
    // In Workers nothing goes on once this has returned.
    await wire.cleanup;
  }
}

/** Throws if the protocols are not an array of strings. */
function check(upgrades: readonly string[]): void {
  const connection = new Connection("server");
  try {
    connection.select(upgrades);
  } finally {
    connection.free();
  }
}

class Server {
  readonly #wire: Wire;
  readonly #handler: Handler;
  readonly #options: Required<Pick<ServeOptions, "upgrades" | "date" | "onError">>;
  readonly #remote: Promise<RemoteAddr | null>;
  /** The client's address, once it is known. */
  #remoteAddr: RemoteAddr | null | undefined;
  readonly #turns = new Turns();
  #isStopping = false;
  /** The latest request. */
  #request: ServerRequest | undefined;
  /** The request whose handler is awaited. */
  #awaited: ServerRequest | undefined;
  /** The error of an exchange that has taken too long. */
  #overdue: DOMException | undefined;
  #resolve: (ending: ServeResult | Promise<ServeResult>) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  /** True if the connection has ended while waiting for a request. */
  isIdle = false;

  constructor(wire: Wire, handler: Handler, options: Required<Pick<ServeOptions, "upgrades" | "date" | "onError">>) {
    this.#wire = wire;
    this.#handler = handler;
    this.#options = options;
    this.#remote = remoteAddrOf(wire.socket);
    wire.onGivenUp(this.#givenUp);
  }

  /** Ends the connection after the current response. */
  shutdown(): void {
    this.#isStopping = true;
    // After an early switch the wire is in use, but no response follows.
    if (this.#wire.isOver || this.#request?.switched) return;
    this.isIdle = this.#wire.connection.awaiting === "request";
    this.#stop();
    this.#wire.nudge();
  }

  #stop(): void {
    try {
      this.#wire.connection.closeAfterResponse();
    } catch (error) {
      // Either the response head was sent, and `#next` calls this again; or the connection has ended.
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Handles requests until the connection ends; returns the outcome. */
  run(): Promise<ServeResult> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#read();
    });
  }

  /** Goes on with what has been read; `error` is that of reading it. */
  readonly #read = (error?: unknown): void => {
    try {
      if (error === undefined) this.#turn(undefined);
      else this.#resolve(this.#refused(error));
    } catch (own) {
      this.#reject(own);
    }
  };

  /** Goes on after an exchange: others have their turn first if it is time. */
  readonly #goOn = (): void => {
    try {
      this.#turn(this.#turns.step());
    } catch (own) {
      this.#reject(own);
    }
  };

  /** Ends the connection if there is an outcome, else goes on. */
  readonly #goOnUnless = (ending: ServeResult | undefined): void => {
    if (ending) this.#resolve(ending);
    else this.#goOn();
  };

  /** Handles requests that have come, until one is awaited or the connection ends. */
  #turn(others: Promise<undefined> | undefined): void {
    const wire = this.#wire;
    for (; ; others = this.#turns.step()) {
      if (others) {
        wire.flush();
        return void others.then(this.#read, this.#reject);
      }
      let request: ServerRequest | ServeResult | undefined;
      try {
        request = this.#next();
      } catch (error) {
        return this.#resolve(this.#refused(error));
      }
      if (!request) {
        wire.flush();
        return wire.whenMore(this.#read);
      }
      if ("how" in request) return this.#resolve(request);
      this.#request = request;
      wire.beginExchange(this.#isOverdue);
      const ending = this.#exchange(request);
      if (!ending) continue;
      if ("how" in ending) return this.#resolve(ending);
      wire.flushSoon();
      if (ending instanceof Promise) ending.then(this.#goOnUnless, this.#reject);
      else this.#await(request, ending);
      return;
    }
  }

  /**
   * Returns the next request, or the outcome if the connection has ended.
   *
   * `undefined` if bytes have to be awaited.
   */
  #next(): ServerRequest | ServeResult | undefined {
    if (this.#isStopping) this.#stop();
    for (let event; (event = this.#wire.poll()); ) {
      if (event.kind === "request") return new ServerRequest(this.#wire, event, this.#options.upgrades);
      if (event.kind === "paused") return { how: "closed" };
    }
    return undefined;
  }

  /**
   * Calls the handler, and sends the response that it returns.
   *
   * Returns the outcome if the connection has ended, a promise if it has to be awaited, or that of the handler.
   * Otherwise `undefined`: nothing is awaited if the handler returns a response with whole content, and the socket has
   * room for it.
   */
  #exchange(request: ServerRequest): ServeResult | undefined | Promise<ServeResult | undefined> | HandlerPromise {
    try {
      const remoteAddr = this.#remoteAddr;
      const answer = remoteAddr === undefined ? this.#handled(request) : this.#handler(request, { remoteAddr });
      return isPromise(answer) ? { answer } : this.#answer(request, answer);
    } catch (error) {
      return this.#ended(request, Promise.reject(error));
    }
  }

  /** Calls the handler with the first request, once the client's address is known. */
  async #handled(request: ServerRequest): Promise<Answer> {
    const remoteAddr = (this.#remoteAddr = await this.#wire.until(this.#remote));
    return this.#handler(request, { remoteAddr });
  }

  /** Goes on once the handler has returned; cancels content that it returns too late. */
  #await(request: ServerRequest, { answer }: HandlerPromise): void {
    const came = (response: Answer, error?: { readonly reason: unknown }): void => {
      if (this.#awaited !== request) return discard(response);
      this.#awaited = undefined;
      const ending = error ? this.#ended(request, Promise.reject(error.reason)) : this.#answer(request, response);
      if (ending instanceof Promise) ending.then(this.#goOnUnless, this.#reject);
      else this.#goOnUnless(ending);
    };
    this.#awaited = request;
    (answer instanceof Promise ? answer : Promise.resolve(answer)).then(came, (reason: unknown) => came(undefined, { reason }));
    if (this.#wire.failure) this.#givenUp(this.#wire.failure.reason);
  }

  /** Ends an exchange that has taken too long, by a 503 if no response has begun. */
  readonly #isOverdue = (error: DOMException): void => {
    this.#overdue = error;
    if (!this.#awaited || this.#wire.connection.owes === "content") return this.#wire.giveUp(error);
    this.#wire.onGone?.(error);
    this.#givenUp(error);
  };

  /** Ends the wait for a handler, since the signal has closed the connection. */
  readonly #givenUp = (reason: unknown): void => {
    const request = this.#awaited;
    this.#awaited = undefined;
    if (request) this.#ended(request, Promise.reject(reason)).then(this.#goOnUnless, this.#reject);
  };

  /** Sends the response of the handler; returns as `#exchange` does. */
  #answer(request: ServerRequest, answer: Answer): ServeResult | undefined | Promise<ServeResult | undefined> {
    const wire = this.#wire;
    let sending: Promise<void> | undefined;
    try {
      sending = this.#respond(request, answer);
    } catch (error) {
      sending = Promise.reject(error);
    }
    if (sending || request.switched || wire.isBroken || !request.isRead) return this.#ended(request, sending);
    void request.finish();
    return wire.connection.persists ? undefined : { how: "closed" };
  }

  /** Sends the response of the handler; throws if it is invalid. */
  #respond(request: ServerRequest, response: Answer): Promise<void> | undefined {
    if (request.switched) {
      discard(response);
      return undefined;
    }
    if (!response) throw new TypeError("the handler has returned no response");
    if (request.method === "CONNECT" && isSuccess(response)) {
      discard(response);
      throw new UntakenTunnelError();
    }
    return respond(this.#wire, request, response, this.#options.date ? dated : (headers) => headers);
  }

  /**
   * Ends an exchange once its response is sent; returns the outcome.
   *
   * Unread content is discarded.
   */
  async #ended(request: ServerRequest, sending?: Promise<void>): Promise<ServeResult | undefined> {
    const wire = this.#wire;
    try {
      if (sending) await sending;
      wire.endExchange();
      if (request.switched) return { how: "switched" };
      if (wire.isBroken) throw new DisconnectedError("a response was not sent whole");
      // What follows the last response is read while the connection ends.
      if (!wire.connection.persists) return { how: "closed" };
      if (!request.isRead) {
        wire.flush();
        await request.skip();
      }
      return undefined;
    } catch (thrown) {
      const error = this.#reasonOf(thrown);
      if (!request.switched) return await this.#refused(error, request);
      if (wire.failure) return { how: "aborted", error: wire.failure.reason };
      const isGone = wire.hasNoted(error) || (await request.switched.hasFailedWith(error));
      if (isGone && !(error instanceof HalfClosedError)) wire.transport.close(error);
      // After an orderly close, the client would take a partial message for complete.
      else wire.transport.reset();
      if (!isGone) this.#tell(error, request);
      return { how: isGone ? "gone" : "failed", error };
    } finally {
      const finished = request.finish();
      if (finished) await finished;
    }
  }

  /** Sends an error response, if that is still possible, and returns the outcome. */
  async #refused(error: unknown, request?: ServerRequest): Promise<ServeResult> {
    const wire = this.#wire;
    if (wire.failure) return { how: "aborted", error: wire.failure.reason };
    const how = this.#blame(error);
    if (how === "failed" && request) this.#tell(error, request);
    const { connection } = wire;
    this.isIdle = connection.awaiting === "request";
    // A client that has closed its sending side may still read.
    const isGone = error instanceof DisconnectedError && !(error instanceof HalfClosedError);
    if (wire.isBroken || this.isIdle || (how === "gone" && isGone)) return { how, error };
    const headers = this.#options.date ? dated([]) : [];
    try {
      await wire.send(connection.reject({ status: this.#overdue && error === this.#overdue ? 503 : statusOf(error, how), headers }));
    } catch {
      // A response has begun, or the client has disconnected.
      wire.isBroken ||= connection.owes === "content";
    }
    return { how, error };
  }

  /**
   * Returns the cause of `thrown` that is an error of this connection, or `thrown`.
   *
   * `fetch` with the request's body throws an error of its own; an `AbortError` has the signal's reason as its cause.
   */
  #reasonOf(thrown: unknown): unknown {
    let error = thrown;
    for (let depth = 0; depth < CAUSES && error instanceof Error && !this.#wire.hasNoted(error); depth++) error = error.cause;
    return this.#wire.hasNoted(error) ? error : thrown;
  }

  #tell(error: unknown, request: ServerRequest): void {
    // An asynchronous callback may fail later.
    const told = async (): Promise<void> => this.#options.onError(error, request);
    told().catch((own: unknown) => console.error(own));
  }

  #blame(error: unknown): "refused" | "gone" | "failed" {
    if (!this.#wire.hasNoted(error)) return "failed";
    return error instanceof DisconnectedError || (error instanceof ProtocolError && error.kind === "truncated") ? "gone" : "refused";
  }
}

/** The depth to which `#reasonOf` searches the causes of an error. */
const CAUSES = 4;

/** Returns the status code of the response to an error. */
function statusOf(error: unknown, how: ServeResult["how"]): number {
  if (error instanceof UntakenTunnelError) return 501;
  if (how === "failed" || error instanceof HalfClosedError) return 500;
  if (error instanceof ContentTooLargeError) return 413;
  return error instanceof ProtocolError ? (error.status ?? 400) : 408;
}

/**
 * The error for a 2xx to CONNECT from a handler that did not open the tunnel.
 *
 * The client would wait for the tunnel forever (RFC 9110, section 9.3.6).
 */
class UntakenTunnelError extends TypeError {
  constructor() {
    super("a 2xx to CONNECT opens a tunnel, and nothing takes it: call request.upgrade(), or answer with another status");
  }
}

/** Sends a response; returns `undefined` if that was done without waiting. */
function respond(
  wire: Wire,
  request: ServerRequest,
  answer: ServerResponse | Response,
  finished: (headers: HeaderSource) => HeaderSource,
): Promise<void> | undefined {
  const response = partsOf(answer) ?? answer;
  const { requires, trailers } = response as ServerResponse;
  const head = headOf(response);
  const { body } = response;
  try {
    head.headers = finished(listed(head.headers));
  } catch (error) {
    wire.cleanup = letGo(contentOf(body), error);
    throw error;
  }
  // The response of a `fetch` may have this field; no length is added then.
  const isWhole = !requires && !trailers && !hasField(head.headers, CODING);
  if (isWhole && isShortText(body)) return respondWhole(wire, request, head, encodedInPlace(body));
  const content = contentOf(body);
  if (isWhole && content instanceof Uint8Array) return respondWhole(wire, request, head, content);
  return respondInPieces(wire, request, head, content, isWhole, response as ServerResponse);
}

function respondWhole(
  wire: Wire,
  request: ServerRequest,
  head: OwnHead,
  content: Uint8Array,
): Promise<void> | undefined {
  // Nothing that makes content reads the request any more.
  request.markUnwanted();
  // The engine refuses content with a status that allows none.
  const isLarge = content.length >= LARGE && !BODILESS.has(head.status);
  if (isLarge && !hasField(head.headers, LENGTH)) return respondLarge(wire, head, content);
  const bytes = wire.connection.respond(head, content);
  return wire.sendNow(bytes) ? undefined : wire.send(bytes);
}

/** The statuses of responses without content (RFC 9110, section 6.4.1). */
const BODILESS = new Set([204, 205, 304]);
const CODING = ["transfer-encoding"];
const LENGTH = ["content-length"];
/** The number of bytes from which whole content does not pass through the engine. */
const LARGE = 32_768;

async function respondLarge(wire: Wire, head: OwnHead, content: Uint8Array): Promise<void> {
  const { connection } = wire;
  await wire.send(connection.sendResponse({ ...head, headers: framedBy(head.headers, content.length) }));
  if (connection.owes !== "content") return;
  try {
    await wire.send(framed(wire, content));
    await wire.send(connection.sendEnd());
  } catch (error) {
    wire.isBroken = true;
    throw error;
  }
}

/** Sends a response; if its content fails after the head, nothing more can be sent. */
async function respondInPieces(
  wire: Wire,
  request: ServerRequest,
  head: OwnHead,
  source: Uint8Array | Source,
  isWhole: boolean,
  { requires, trailers }: ServerResponse,
): Promise<void> {
  const { connection } = wire;
  let first: Uint8Array;
  let pieces: Source;
  try {
    const content = source instanceof Uint8Array ? source : await wire.until(soon(source));
    if (content instanceof Uint8Array && isWhole) return await respondWhole(wire, request, head, content);
    if (content instanceof Uint8Array) request.markUnwanted();
    // The code that makes it may still read the request, or not.
    else if (!request.bodyUsed && connection.content.length > wire.drain) connection.closeAfterResponse();
    first = requires ? connection.require(requires, head.headers) : connection.sendResponse(head);
    pieces = content instanceof Uint8Array ? once(content) : content;
  } catch (error) {
    // The head was rejected, or the client has disconnected: the content is not needed.
    wire.cleanup = letGo(source, error);
    throw error;
  }
  if (connection.owes !== "content") {
    void pieces.cancel(undefined);
    return wire.send(first);
  }
  try {
    await pump(wire, { next: () => wire.whilePresent(pieces.next()), cancel: pieces.cancel }, first);
    await wire.send(endOf(connection, trailers));
  } catch (error) {
    wire.isBroken = true;
    throw error;
  }
}

/**
 * Returns the bytes that end the content.
 *
 * Without chunked coding, trailers are left out (RFC 9110, section 6.5.1).
 */
function endOf(connection: Connection, trailers: HeaderSource | undefined): Uint8Array {
  try {
    return connection.sendEnd(trailers);
  } catch (error) {
    if (error instanceof ProtocolError && error.kind === "trailer-forbidden" && error.field === null) return connection.sendEnd();
    throw error;
  }
}

/** Cancels the content of a response that is not sent. */
function discard(response: ServerResponse | Response | undefined | void): void {
  try {
    void letGo(contentOf(response?.body), undefined);
  } catch {
    // The content is invalid, or its stream is locked.
  }
}

/** The head of a response, which this layer completes. */
interface OwnHead extends ResponseHead {
  headers: HeaderSource;
}

function headOf(response: ServerResponse | Response | Parts): OwnHead {
  if (typeof response !== "object" || response === null) throw new TypeError("the handler must return a response");
  if ("bodyUsed" in response && response.bodyUsed) throw new TypeError("the body of the response was read already");
  const { status = 200, headers = [] } = response;
  const reason = "reason" in response ? response.reason : "statusText" in response ? response.statusText : "";
  return reason ? { status, headers, reason } : { status, headers };
}

/** Returns whether the status to send is 2xx (RFC 9110, section 15.3). */
function isSuccess(response: ServerResponse | Response): boolean {
  const { status = 200, requires } = response as ServerResponse;
  return !requires && status >= 200 && status <= 299;
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function once(content: Uint8Array): Source {
  const pieces = [content];
  return { next: async () => pieces.shift() ?? null, cancel: async () => {} };
}

/**
 * Closes our sending side, reads on if that is required, then closes the socket.
 *
 * Closing with unread bytes would reset the connection, and the client could lose our last response (RFC 9112, section
 * 9.6). Returns an error if closing shows that the end of that response was not sent.
 */
async function leave(wire: Wire, isIdle: boolean): Promise<DisconnectedError | undefined> {
  let isCut = wire.isBroken || wire.connection.closing === "reset";
  const lingers = wire.connection.closing === "linger" && !isIdle;
  wire.flush();
  const { isQueued } = wire.transport;
  try {
    if (isCut) return undefined;
    // If this throws, part of the response was not sent.
    isCut = true;
    await wire.end();
    isCut = false;
    const end = performance.now() + LINGER_MAX;
    for (let dropped = 0, length = 1; lingers && length > 0 && dropped < LINGER_BYTES && performance.now() < end; dropped += length) {
      length = await wire.drop(LINGER_IDLE);
    }
  } catch (cause) {
    // The client disconnected or stopped sending, or the signal aborted.
    const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
    if (isCut && (isLate || isQueued)) return new DisconnectedError("the end of a response was not sent", cause);
  } finally {
    wire.close(undefined, { reset: isCut });
  }
  return undefined;
}
