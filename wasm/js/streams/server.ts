// A server: calls a handler for each request, and ends the connection in order.

import { Connection } from "../engine/connection.js";
import { ProtocolError } from "../engine/error.js";
import { GoneError } from "../engine/gone-error.js";
import { remoteAddrOf, type RemoteAddr } from "./address.js";
import { snapshot } from "./context.js";
import { ContentTooLargeError } from "./content.js";
import { dated } from "./fields.js";
import type { Handler, ServeHandle, ServeOptions, ServeResult, ServerResponse } from "./handler.js";
import { leave } from "./leaving.js";
import { ServerRequest } from "./request.js";
import { discard, respond } from "./responding.js";
import type { Socket } from "./sockets.js";
import { DisconnectedError, HalfClosedError } from "./errors.js";
import { Turns } from "./turns.js";
import { Wire } from "./wire.js";

/** The result of a handler, awaited. */
type Answer = ServerResponse | Response | void;

/** An object with the promise of a handler's result. */
interface HandlerPromise {
  readonly answer: PromiseLike<Answer>;
}

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
    const missing = wire.life.isOver ? undefined : await leave(wire, server.isIdle);
    if (wire.life.failure) return { how: "aborted", error: wire.life.failure.reason };
    return missing && ending.how === "closed" ? { how: "gone", error: missing } : ending;
  } catch (error) {
    wire.close(error);
    if (!(error instanceof GoneError)) throw error;
    // The engine has trapped, perhaps in a call of another connection.
    return { how: "failed", error };
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
  /** Calls the handler in the asynchronous context in which the connection began. */
  readonly #within = snapshot();
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
    wire.life.onGivenUp(this.#givenUp);
  }

  /** Ends the connection after the current response. */
  shutdown(): void {
    this.#isStopping = true;
    // After an early switch the wire is in use, but no response follows.
    if (this.#wire.life.isOver || this.#request?.switched) return;
    this.isIdle = this.#wire.connection.awaiting === "request";
    this.#stop();
    this.#wire.receiver.nudge();
  }

  #stop(): void {
    try {
      this.#wire.connection.closeAfterResponse();
    } catch (error) {
      // The response head was sent, and `#next` calls this again; or the connection has ended, perhaps by a trap.
      if (!(error instanceof ProtocolError || error instanceof GoneError)) throw error;
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

  /** Handles requests after a read; `error` is set if the read failed. */
  readonly #read = (error?: unknown): void => {
    try {
      if (error === undefined) this.#turn(undefined);
      else this.#resolve(this.#refused(error));
    } catch (own) {
      this.#reject(own);
    }
  };

  /** Continues after an exchange, after a turn of the event loop if that is due. */
  readonly #goOn = (): void => {
    try {
      this.#turn(this.#turns.step());
    } catch (own) {
      this.#reject(own);
    }
  };

  /** Ends the connection with the outcome if there is one, otherwise continues. */
  readonly #goOnUnless = (ending: ServeResult | undefined): void => {
    if (ending) this.#resolve(ending);
    else this.#goOn();
  };

  /**
   * Handles requests that have arrived, until something must be awaited.
   *
   * That is input, a handler or a response; the end of the connection ends the loop too. `others`
   * is a turn of the event loop to await first, if one is due.
   */
  #turn(others: Promise<undefined> | undefined): void {
    const wire = this.#wire;
    for (; ; others = this.#turns.step()) {
      if (others) {
        wire.sender.flush();
        return void others.then(this.#read, this.#reject);
      }
      let request: ServerRequest | ServeResult | undefined;
      try {
        request = this.#next();
      } catch (error) {
        return this.#resolve(this.#refused(error));
      }
      if (!request) {
        wire.sender.flush();
        return wire.receiver.whenMore(this.#read);
      }
      if ("how" in request) return this.#resolve(request);
      this.#request = request;
      wire.beginExchange(this.#isOverdue);
      const ending = this.#exchange(request);
      if (!ending) continue;
      if ("how" in ending) return this.#resolve(ending);
      wire.sender.flushSoon();
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
    for (let event; (event = this.#wire.receiver.poll()); ) {
      if (event.kind === "request") return new ServerRequest(this.#wire, event, this.#options.upgrades);
      if (event.kind === "paused") return { how: "closed" };
    }
    return undefined;
  }

  /**
   * Calls the handler, and sends its response unless that is still a promise.
   *
   * Returns the outcome if the connection has ended, `undefined` if the next request may follow at
   * once, or a promise of these. If the handler returned a promise, returns it in a `HandlerPromise`.
   *
   * Nothing is awaited if the handler returns a whole response of at most `SENT` bytes, for which
   * the socket has room. The first request waits for the client's address. Content that the handler
   * did not read is awaited, too.
   */
  #exchange(request: ServerRequest): ServeResult | undefined | Promise<ServeResult | undefined> | HandlerPromise {
    try {
      const remoteAddr = this.#remoteAddr;
      const answer = remoteAddr === undefined ? this.#handled(request) : this.#within(this.#handler, request, { remoteAddr });
      return isPromise(answer) ? { answer } : this.#answer(request, answer);
    } catch (error) {
      return this.#ended(request, Promise.reject(error));
    }
  }

  /** Calls the handler with the first request, once the client's address is known. */
  async #handled(request: ServerRequest): Promise<Answer> {
    const remoteAddr = (this.#remoteAddr = await this.#wire.life.until(this.#remote));
    return this.#within(this.#handler, request, { remoteAddr });
  }

  /** Waits for the handler, then sends its response; discards one that is too late. */
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
    if (this.#wire.life.failure) this.#givenUp(this.#wire.life.failure.reason);
  }

  /**
   * Ends an exchange that has taken too long.
   *
   * The client gets a 503, unless a response has begun: then the socket is closed.
   */
  readonly #isOverdue = (error: DOMException): void => {
    this.#overdue = error;
    const { connection, life } = this.#wire;
    const { owes } = connection;
    if (owes === "content" || (owes === "nothing" && !this.#awaited)) return this.#wire.giveUp(error);
    life.onGone?.(error);
    // What is awaited is the handler, or the first piece of its response's content.
    life.close(error);
  };

  /** Ends the wait for a handler, after an abort or a timeout of the exchange. */
  readonly #givenUp = (reason: unknown): void => {
    const request = this.#awaited;
    this.#awaited = undefined;
    if (request) this.#ended(request, Promise.reject(reason)).then(this.#goOnUnless, this.#reject);
  };

  /**
   * Sends the response of the handler, and ends the exchange.
   *
   * Returns the outcome if the connection has ended, `undefined` if the next request may follow, or
   * a promise of these.
   */
  #answer(request: ServerRequest, answer: Answer): ServeResult | undefined | Promise<ServeResult | undefined> {
    const wire = this.#wire;
    let sending: Promise<void> | undefined;
    try {
      sending = this.#respond(request, answer);
    } catch (error) {
      sending = Promise.reject(error);
    }
    if (sending || request.switched || wire.sender.isBroken || !request.isRead) return this.#ended(request, sending);
    void request.finish();
    return wire.connection.persists ? undefined : { how: "closed" };
  }

  /**
   * Sends the response of the handler; throws if it is missing or invalid.
   *
   * After a switch the response is discarded. Returns `undefined` if nothing has to be awaited.
   */
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
   * Ends an exchange once `sending` resolves; returns the outcome.
   *
   * Returns `undefined` if another request may follow; unread content is then discarded. If
   * `sending` rejects, sends an error response if that is still possible.
   */
  async #ended(request: ServerRequest, sending?: Promise<void>): Promise<ServeResult | undefined> {
    const wire = this.#wire;
    try {
      if (sending) await sending;
      wire.life.endExchange();
      if (request.switched) return { how: "switched" };
      if (wire.sender.isBroken) throw new DisconnectedError("a response was not sent whole");
      // What follows the last response is read while the connection ends.
      if (!wire.connection.persists) return { how: "closed" };
      if (!request.isRead) {
        wire.sender.flush();
        await request.skip();
      }
      return undefined;
    } catch (thrown) {
      await request.settleSwitch();
      const error = this.#reasonOf(thrown);
      if (!request.switched) return await this.#refused(error, request);
      if (wire.life.failure) return { how: "aborted", error: wire.life.failure.reason };
      const isGone = wire.life.hasNoted(error) || (await request.switched.hasFailedWith(error));
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

  /** Sends an error response, if one is due and possible, and returns the outcome. */
  async #refused(error: unknown, request?: ServerRequest): Promise<ServeResult> {
    const wire = this.#wire;
    if (wire.life.failure) return { how: "aborted", error: wire.life.failure.reason };
    const how = this.#blame(error);
    if (how === "failed" && request) this.#tell(error, request);
    const { connection } = wire;
    this.isIdle = connection.awaiting === "request";
    // A client that has closed its sending side may still read.
    const isGone = error instanceof DisconnectedError && !(error instanceof HalfClosedError);
    if (wire.sender.isBroken || this.isIdle || (how === "gone" && isGone)) return { how, error };
    const headers = this.#options.date ? dated([]) : [];
    try {
      await wire.sender.send(connection.reject({ status: this.#overdue && error === this.#overdue ? 503 : statusOf(error, how), headers }));
    } catch {
      // A response has begun, or the client has disconnected.
      wire.sender.isBroken ||= connection.owes === "content";
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
    try {
      for (let depth = 0; depth < CAUSES && error instanceof Error && !this.#wire.life.hasNoted(error); depth++) error = error.cause;
    } catch {
      return new TypeError("the handler has thrown what cannot be inspected"); // such as a proxy that was revoked
    }
    return this.#wire.life.hasNoted(error) ? error : thrown;
  }

  #tell(error: unknown, request: ServerRequest): void {
    // An asynchronous callback may fail later.
    const told = async (): Promise<void> => this.#options.onError(error, request);
    told().catch((own: unknown) => console.error(own));
  }

  #blame(error: unknown): "refused" | "gone" | "failed" {
    if (!this.#wire.life.hasNoted(error) || error instanceof GoneError) return "failed";
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

/** Returns whether the status to send is 2xx (RFC 9110, section 15.3). */
function isSuccess(response: ServerResponse | Response): boolean {
  const { status = 200, requires } = response as ServerResponse;
  return !requires && status >= 200 && status <= 299;
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
