// A server: a handler that answers requests, and the end of a connection.

import { Connection } from "../engine/connection.js";
import { ProtocolError } from "../engine/error.js";
import type { HeaderSource } from "../engine/args.js";
import type { ResponseHead } from "../engine/prepared.js";
import { remoteAddrOf, type RemoteAddr } from "./address.js";
import { ContentTooLargeError, contentOf, letGo, pump, soon, type Body, type Source } from "./content.js";
import { dated, hasField, listed } from "./fields.js";
import { ServerRequest } from "./request.js";
import type { Socket } from "./sockets.js";
import { DisconnectedError, HalfClosedError } from "./errors.js";
import type { Options } from "./options.js";
import { Wire } from "./wire.js";

/** A response to send: this, or the platform's `Response`. */
export interface ServerResponse {
  /**
   * 200 to 599; 200 unless given.
   *
   * A 2xx to CONNECT opens a tunnel: `ServerRequest.upgrade` sends it, and here it is an error.
   */
  readonly status?: number;
  /** The reason phrase; the usual one where it is left out. */
  readonly reason?: string;
  /**
   * The field lines.
   *
   * Content that is whole has its length added; what comes in pieces is chunked unless they say otherwise.
   */
  readonly headers?: HeaderSource;
  /**
   * The content of the response.
   *
   * In answer to HEAD it is left out; with a 204 or 304 there must be none.
   */
  readonly body?: Body | null;
  /**
   * A 426 that requires one of these protocols, in place of `status`.
   *
   * RFC 9110, section 15.5.22.
   */
  readonly requires?: readonly string[];
  /** Trailers after content that is chunked. */
  readonly trailers?: HeaderSource;
}

/** The facts of a connection beside its requests. */
export interface ServeInfo {
  /**
   * The address that the connection comes from, or `null`.
   *
   * `null` where the runtime does not say so.
   */
  readonly remoteAddr: RemoteAddr | null;
}

/**
 * A handler, which `serveConnection` calls with each request.
 *
 * What it returns is sent, unless it has called `upgrade`.
 */
export type Handler = (
  request: ServerRequest,
  info: ServeInfo,
) => ServerResponse | Response | void | Promise<ServerResponse | Response | void>;

/** The options of a server. */
export interface ServeOptions extends Options {
  /** The protocols that the handler speaks: see `ServerRequest.upgrade`. */
  readonly upgrades?: readonly string[];
  /**
   * `Date` is added to responses that have none; `true` unless given.
   *
   * RFC 9110, section 6.6.1.
   */
  readonly date?: boolean;
  /** Called with what the handler has thrown; unless given it is `console.error`. */
  readonly onError?: (error: unknown, request: ServerRequest) => void;
}

/** A connection that is being served: how it ends, and a way to end it in order. */
export interface ServeHandle extends Promise<ServeResult> {
  /**
   * Ends the connection after the request that is being answered.
   *
   * Its response says so where its head has not left; a connection without a request ends now. What is pipelined after
   * it is not answered. After a switch it changes nothing. Next: await the ending. RFC 9112, section 9.6.
   */
  shutdown(): Promise<ServeResult>;
}

/** The way in which a connection has ended. */
export interface ServeResult {
  /**
   * `closed`: in order, after the last response.
   *
   * `switched`: the handler has the streams. `refused`: the client broke the protocol or was too slow, and was answered
   * where that could be done. `gone`: the client is, or it was and the handler has thrown what the socket said of that.
   * `failed`: the handler has thrown or returned no response, or a 2xx to CONNECT. The client got a 500 where none had
   * begun, after that 2xx a 501. `aborted`: the signal has closed it.
   */
  readonly how: "closed" | "switched" | "refused" | "gone" | "failed" | "aborted";
  /** The error, but for `closed` and `switched`. */
  readonly error?: unknown;
}

/**
 * The time and bytes for which a server reads on after its last response.
 *
 * As long as there is no pause of `LINGER_IDLE`.
 */
const LINGER_MAX = 4_000;
const LINGER_IDLE = 1_000;
const LINGER_BYTES = 2 ** 20;

/**
 * Serves one connection, from its first byte to its last.
 *
 * Calls `handler` with each request, sends what it returns, and closes the socket. After `upgrade` the streams are the
 * handler's, and only a handler that fails has them closed for it. Its `shutdown` ends the connection in order.
 *
 * It fails with TypeError and the like for wrong arguments; all else is an `ServeResult`, also that the signal has
 * closed the socket. RFC 9112, section 9.
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
  }
}

/** Refuses what are no protocols, before there is a client. */
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
  #isStopping = false;
  /**
   * The connection has ended, and no request had begun.
   *
   * None was awaited any more.
   */
  isIdle = false;

  constructor(wire: Wire, handler: Handler, options: Required<Pick<ServeOptions, "upgrades" | "date" | "onError">>) {
    this.#wire = wire;
    this.#handler = handler;
    this.#options = options;
    this.#remote = remoteAddrOf(wire.socket);
  }

  /** Stops after the current response: no request follows. */
  shutdown(): void {
    this.#isStopping = true;
    if (this.#wire.isOver) return;
    this.isIdle = this.#wire.connection.awaiting === "request";
    this.#stop();
    this.#wire.nudge();
  }

  #stop(): void {
    try {
      this.#wire.connection.closeAfterResponse();
    } catch (error) {
      // The head of a response has left: it is said again after that. Or there is nothing to end any more.
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Request after request. */
  async run(): Promise<ServeResult> {
    for (;;) {
      const request = await this.#next();
      if ("how" in request) return request;
      const ending = await this.#exchange(request);
      if (ending) return ending;
    }
  }

  /** Returns the next request, or the outcome of the connection. */
  async #next(): Promise<ServerRequest | ServeResult> {
    const wire = this.#wire;
    try {
      if (this.#isStopping) this.#stop();
      for (;;) {
        const event = await wire.nextEvent();
        if (event.kind === "request") return new ServerRequest(wire, event, this.#options.upgrades);
        if (event.kind === "paused") return { how: "closed" };
      }
    } catch (error) {
      return this.#refused(error);
    }
  }

  /**
   * Plays one request and its response.
   *
   * Returns the outcome of the connection, if it has ended.
   */
  async #exchange(request: ServerRequest): Promise<ServeResult | undefined> {
    const wire = this.#wire;
    try {
      const info = { remoteAddr: await wire.until(this.#remote) };
      const answered = Promise.resolve().then(() => this.#handler(request, info));
      const response = await wire.until(answered).catch((error: unknown) => {
        answered.then(discard, () => {});
        throw error;
      });
      if (request.switched) {
        discard(response);
        return { how: "switched" };
      }
      if (!response) throw new TypeError("the handler has returned no response");
      if (request.method === "CONNECT" && isSuccess(response)) {
        discard(response);
        throw new UntakenTunnelError();
      }
      await respond(wire, response, this.#options.date ? dated : (headers) => headers);
      if (wire.isBroken) throw new DisconnectedError("a response was not sent whole");
      await request.skip();
      return undefined;
    } catch (thrown) {
      const error = this.#reasonOf(thrown);
      if (!request.switched) return await this.#refused(error, request);
      if (wire.failure) return { how: "aborted", error: wire.failure.reason };
      const isGone = wire.hasNoted(error) || (await request.switched.hasFailedWith(error));
      if (isGone && !(error instanceof HalfClosedError)) wire.transport.close(error);
      // After an end in order a client that reads would take the half for all.
      else wire.transport.reset();
      if (!isGone) this.#tell(error, request);
      return { how: isGone ? "gone" : "failed", error };
    } finally {
      await request.finish();
    }
  }

  /** Answers after an error, where that can still be done. */
  async #refused(error: unknown, request?: ServerRequest): Promise<ServeResult> {
    const wire = this.#wire;
    if (wire.failure) return { how: "aborted", error: wire.failure.reason };
    const how = this.#blame(error);
    if (how === "failed" && request) this.#tell(error, request);
    const { connection } = wire;
    this.isIdle = connection.awaiting === "request";
    // Who has ended its direction may still read.
    const isGone = error instanceof DisconnectedError && !(error instanceof HalfClosedError);
    if (wire.isBroken || this.isIdle || (how === "gone" && isGone)) return { how, error };
    const headers = this.#options.date ? dated([]) : [];
    try {
      await wire.send(connection.reject({ status: statusOf(error, how), headers }));
    } catch {
      // An answer has begun, or the client is gone.
      wire.isBroken ||= connection.owes === "content";
    }
    return { how, error };
  }

  /**
   * Returns the reason of the request's signal in an error of the platform.
   *
   * A function of the platform has wrapped it.
   */
  #reasonOf(error: unknown): unknown {
    return error instanceof Error && error.name === "AbortError" && this.#wire.hasNoted(error.cause) ? error.cause : error;
  }

  #tell(error: unknown, request: ServerRequest): void {
    try {
      this.#options.onError(error, request);
    } catch (own) {
      console.error(own);
    }
  }

  #blame(error: unknown): "refused" | "gone" | "failed" {
    if (!this.#wire.hasNoted(error)) return "failed";
    return error instanceof DisconnectedError || (error instanceof ProtocolError && error.kind === "truncated") ? "gone" : "refused";
  }
}

/** Returns the status to answer with after that. */
function statusOf(error: unknown, how: ServeResult["how"]): number {
  if (error instanceof UntakenTunnelError) return 501;
  if (how === "failed" || error instanceof HalfClosedError) return 500;
  if (error instanceof ContentTooLargeError) return 413;
  return error instanceof ProtocolError ? (error.status ?? 400) : 408;
}

/**
 * The error of a response that opens a tunnel which nothing takes.
 *
 * The client would wait for what never comes (RFC 9110, section 9.3.6).
 */
class UntakenTunnelError extends TypeError {
  constructor() {
    super("a 2xx to CONNECT opens a tunnel, and nothing takes it: call request.upgrade(), or answer with another status");
  }
}

/** Sends a response. Where its content fails, the connection cannot go on. */
async function respond(
  wire: Wire,
  response: ServerResponse | Response,
  finished: (headers: HeaderSource) => HeaderSource,
): Promise<void> {
  const { connection } = wire;
  const { requires, trailers } = response as ServerResponse;
  const asked = headOf(response);
  const source = contentOf(response.body);
  let first: Uint8Array;
  let pieces: Source;
  try {
    const head = { ...asked, headers: finished(listed(asked.headers ?? [])) };
    // As a response of `fetch` may have it: no length is added then.
    const isChunked = hasField(head.headers, "transfer-encoding");
    const content = source instanceof Uint8Array ? source : await wire.until(soon(source));
    const isWhole = content instanceof Uint8Array && !requires && !trailers && !isChunked;
    if (isWhole) return wire.send(connection.respond(head, content));
    first = requires ? connection.require(requires, head.headers) : connection.sendResponse(head);
    pieces = content instanceof Uint8Array ? once(content) : content;
  } catch (error) {
    // The head is refused, or the client is gone: no one reads the content.
    letGo(source, error);
    throw error;
  }
  if (connection.owes !== "content") {
    pieces.cancel(undefined);
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
 * The end of content.
 *
 * Trailers that have no place there, as without chunks, are left out (RFC 9110, section 6.5.1).
 */
function endOf(connection: Connection, trailers: HeaderSource | undefined): Uint8Array {
  try {
    return connection.sendEnd(trailers);
  } catch (error) {
    if (error instanceof ProtocolError && error.kind === "trailer-forbidden" && error.field === null) return connection.sendEnd();
    throw error;
  }
}

/** Drops the content of a response that is not sent. */
function discard(response: ServerResponse | Response | undefined | void): void {
  try {
    letGo(contentOf(response?.body), undefined);
  } catch {
    // It is no content, or someone reads it.
  }
}

function headOf(response: ServerResponse | Response): ResponseHead {
  if (typeof response !== "object" || response === null) throw new TypeError("the handler must return a response");
  if ("bodyUsed" in response && response.bodyUsed) throw new TypeError("the body of the response was read already");
  const { status = 200, headers = [] } = response;
  const reason = "reason" in response ? response.reason : "statusText" in response ? response.statusText : "";
  return reason ? { status, headers, reason } : { status, headers };
}

/** RFC 9110, section 15.3. */
function isSuccess(response: ServerResponse | Response): boolean {
  const { status = 200, requires } = response as ServerResponse;
  return !requires && status >= 200 && status <= 299;
}

function once(content: Uint8Array): Source {
  const pieces = [content];
  return { next: async () => pieces.shift() ?? null, cancel: () => {} };
}

/**
 * Ends our direction and reads on for a while.
 *
 * To close with bytes of the client unread would reset the connection, and take our last response away from it (RFC
 * 9112, section 9.6). The error where the end of that response has not left.
 */
async function leave(wire: Wire, isIdle: boolean): Promise<DisconnectedError | undefined> {
  let isCut = wire.isBroken || wire.connection.closing === "reset";
  const lingers = wire.connection.closing === "linger" && !isIdle;
  const { isQueued } = wire.transport;
  try {
    if (isCut) return undefined;
    // What has not left when the time is over is missing.
    isCut = true;
    await wire.end();
    isCut = false;
    const end = performance.now() + LINGER_MAX;
    for (let dropped = 0, length = 1; lingers && length > 0 && dropped < LINGER_BYTES && performance.now() < end; dropped += length) {
      length = await wire.drop(LINGER_IDLE);
    }
  } catch (cause) {
    // The client is gone or says no more, or the signal has ended it.
    const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
    if (isCut && (isLate || isQueued)) return new DisconnectedError("the end of a response was not sent", cause);
  } finally {
    wire.close(undefined, { reset: isCut });
  }
  return undefined;
}
