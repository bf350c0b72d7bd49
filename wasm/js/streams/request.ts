// A request, as passed to the handler of a server.

import type { Connection } from "../engine/connection.js";
import type { Offer, RequestEvent, SwitchedEvent } from "../engine/event.js";
import type { HeaderSource } from "../engine/args.js";
import type { ResponseHead } from "../engine/prepared.js";
import { ContentTooLargeError } from "./content.js";
import { Message } from "./head.js";
import { DisconnectWatcher } from "./disconnect.js";
import { Switched } from "./switched.js";
import type { Socket } from "./sockets.js";
import { DisconnectedError } from "./errors.js";
import type { Wire } from "./wire.js";

/** The options of `ServerRequest.upgrade`. */
export interface AcceptOptions {
  /**
   * Set to switch at once, for a protocol that needs none of the request's content.
   *
   * Our direction switches immediately. The readable stream begins after the end of the request, which the client may
   * still be sending.
   */
  readonly early?: boolean;
}

/**
 * A received request, with the method to switch to another protocol.
 *
 * It must not be used after the handler's response is sent.
 */
export class ServerRequest extends Message {
  /** The method, a token; it is case-sensitive. */
  readonly method: string;
  /** The request target as received: not decoded or normalised. */
  readonly target: string;
  /**
   * The whole URL, made from the target and Host; `null` if no host is given.
   *
   * RFC 9112, section 3.3.
   */
  readonly url: string | null;
  /** The minor version: the x of HTTP/1.x. */
  readonly minorVersion: number;
  /** The offered protocols in the client's order of preference. */
  readonly offers: readonly Offer[];
  readonly #wire: Wire;
  readonly #upgrades: readonly string[];
  #disconnect: DisconnectWatcher | undefined;
  /** True once the response was sent or a switch was made: `signal` stays silent. */
  #isUnwatched = false;
  #isOver = false;
  #hasFailed = false;
  #switching: Promise<Switched> | undefined;
  #switched: Switched | undefined;
  #arriving: Promise<void> | undefined;
  /** The first bytes of the new protocol after an early switch, until they are read. */
  #first: Uint8Array | undefined;

  /** @internal */
  constructor(wire: Wire, head: RequestEvent, upgrades: readonly string[]) {
    const { connection } = wire;
    // The target may have a scheme of its own, such as one that a trusted gateway has received over TLS.
    const named = head.target.startsWith("/") ? undefined : /^[a-z][a-z\d+.-]*(?=:\/\/)/i.exec(head.target)?.[0]?.toLowerCase();
    const url = urlOf(connection, named ?? (wire.isSecure ? "https" : "http"));
    // Content that was cancelled is not read any more, so that the response may say that the connection closes.
    const cancelled = (): void => void (wire.life.isOver || wire.receiver.skip());
    super(head.headers, wire, connection.takeEnd(), () => this.#disconnect?.isRead(), cancelled);
    this.method = head.method;
    this.target = head.target;
    this.url = url;
    this.minorVersion = head.minorVersion;
    this.offers = head.offers;
    this.#wire = wire;
    this.#upgrades = upgrades;
  }

  /**
   * A signal that aborts if the client disconnects before the response is sent.
   *
   * It also aborts after `timeouts.exchange`, and with the signal of `serveConnection`. Its reason is a
   * `DisconnectedError`, a `TimeoutError`, or that of the signal of `serveConnection`. A client that has closed its
   * sending side counts as disconnected, although it may still read: the handler's response is sent to it.
   *
   * From its first use on, bytes are read ahead, as far as the engine buffers them. Unread content or further
   * requests may fill that buffer. Then a reset is detected within about a second, except over TLS in Deno, and over
   * web streams without `closed`. The end of the client's sending side is detected only when the response is sent.
   */
  get signal(): AbortSignal {
    return (this.#disconnect ??= new DisconnectWatcher(this.#wire, this.#isUnwatched)).signal;
  }

  /**
   * The engine, for queries: `selectSubprotocol`, `selectDeflate`, `advertise`.
   *
   * Bytes that its other methods return are not sent. Throws a `DisconnectedError` once the request
   * is over.
   */
  get connection(): Connection {
    if (this.#isOver || this.#switched) throw new DisconnectedError("the request is over");
    return this.#wire.connection;
  }

  /** The socket that was given to `serveConnection`. */
  get socket(): Socket {
    return this.#wire.socket;
  }

  /**
   * Sends an interim response, such as a 103.
   *
   * A 100 that the client waits for is sent when the content is read. Throws a `ProtocolError` once the response has
   * begun, and for a client of HTTP/1.0. Next: the same again, or return the response. RFC 9110, section 15.2.
   */
  sendInformational(head: ResponseHead): Promise<void> {
    const sent = this.#sendInformational(head);
    // It need not be awaited: sending the response reports the same failure, and can do without one that is refused.
    sent.catch(() => {});
    return sent;
  }

  async #sendInformational(head: ResponseHead): Promise<void> {
    await this.#wire.sender.send(this.connection.sendInformational(head));
  }

  /**
   * Switches to one of `preferences` that the client offers, or opens a tunnel.
   *
   * Among several, the client's order decides. A CONNECT opens the tunnel that it asks for. Returns `null` if there is
   * nothing to switch to: return a response then. `preferences` defaults to the `upgrades` of `serveConnection`. Unread
   * content is discarded first, up to `limits.drain`; with `early` this is not awaited. RFC 9110, sections 7.8 and
   * 9.3.6.
   *
   * Next: speak the new protocol; you must close the streams.
   */
  async upgrade(
    preferences: readonly string[] = this.#upgrades,
    headers?: HeaderSource,
    { early = false }: AcceptOptions = {},
  ): Promise<Switched | null> {
    const { connection } = this;
    const selection = connection.select(preferences);
    if (!selection && connection.state.upgrade !== "connect") return null;
    const wire = this.#wire;
    if (!selection || !early) await this.#skipped();
    // The signal may be asked for meanwhile, which reads ahead. Before an early switch, a reader of content may do so too.
    do await wire.receiver.unwatch();
    while (!early && wire.receiver.readsAhead);
    if (this.#hasFailed) throw new DisconnectedError("the handler has failed meanwhile");
    const answer = selection
      ? connection.accept(early ? selection.early() : selection, headers)
      : connection.respond({ status: 200, headers: headers ?? [] });
    this.#unwatch();
    const isEarly = selection !== null && early;
    if (isEarly) wire.beginEarly();
    this.#switching = this.#switch(answer, isEarly);
    return this.#switching;
  }

  /** Sends the response that switches, and returns the streams of the new protocol. */
  async #switch(answer: Uint8Array, isEarly: boolean): Promise<Switched> {
    const wire = this.#wire;
    const { connection } = wire;
    await wire.sender.send(answer);
    if (!isEarly) {
      const event = await this.#comesToSwitch();
      return (this.#switched = new Switched(wire, event, wire.handOut(false)));
    }
    const early101 = { protocols: connection.agreed, response: null };
    return (this.#switched = new Switched(wire, early101, wire.handOutEarly(() => this.#takeFirst())));
  }

  /** Discards the rest of the content; throws if there is more than `limits.drain`. */
  async #skipped(): Promise<void> {
    if (!(await this.skip())) throw this.#wire.life.note(new ContentTooLargeError("more content than may be dropped"));
  }

  async #comesToSwitch(): Promise<SwitchedEvent> {
    for (;;) {
      const event = await this.#wire.receiver.nextEvent();
      if (event.kind === "paused") throw new DisconnectedError("the connection has ended before the switch");
      if (event.kind === "switched") return event;
    }
  }

  /**
   * Reads the rest of the request after an early switch.
   *
   * Keeps the first bytes of the new protocol for `#takeFirst`.
   */
  #arrives(): Promise<void> {
    return (this.#arriving ??= (async () => {
      try {
        await this.#skipped();
        await this.#comesToSwitch();
        this.#first = this.#wire.arrived();
      } catch (error) {
        // The new protocol may have begun, and an orderly close would look like its end.
        this.#wire.close(error, { reset: true });
        throw error;
      }
    })());
  }

  async #takeFirst(): Promise<Uint8Array> {
    await this.#arrives();
    const first = this.#first ?? new Uint8Array(0);
    // The request lives as long as the connection.
    this.#first = undefined;
    return first;
  }

  #unwatch(): void {
    this.#wire.life.endExchange();
    this.#isUnwatched = true;
    this.#disconnect?.end();
  }

  /**
   * @internal Waits for a switch that the handler began before it failed.
   *
   * Later calls of `upgrade` make no switch.
   */
  async settleSwitch(): Promise<void> {
    this.#hasFailed = true;
    // Who called `upgrade` gets its failure.
    await this.#switching?.catch(() => {});
  }

  /** @internal The new protocol, if the handler has switched. */
  get switched(): Switched | undefined {
    return this.#switched;
  }

  /** @internal Marks the request as over. After an early switch, the rest of the request is read. */
  finish(): Promise<unknown> | undefined {
    this.#isOver = true;
    this.#unwatch();
    // The reader of the new protocol gets this error.
    return this.#switched && !this.#wire.life.isOver ? this.#arrives().catch(() => {}) : undefined;
  }

  /** Returns the head for logs, with the values of secret fields replaced. */
  override toJSON(): object {
    const { method, target, url, offers, fields } = this;
    return { method, target, url, offers, fields };
  }
}

/**
 * Returns the URL of the current request, assembled from the engine's parts.
 *
 * Returns `null` if the request names no host.
 */
function urlOf(connection: Connection, scheme: string): string | null {
  const { authority, path, query } = connection;
  // RFC 9110, 4.2.1: a URL with an empty host is invalid.
  if (authority === null || authority === "" || authority.startsWith(":")) return null;
  return `${scheme}://${authority}${path === "*" ? "" : path}${query === null ? "" : `?${query}`}`;
}
