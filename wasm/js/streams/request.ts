// A request, as the handler of a server gets it.

import type { Connection } from "../engine/connection.js";
import type { Offer, RequestEvent, SwitchedEvent } from "../engine/event.js";
import type { HeaderSource } from "../engine/args.js";
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
   * Switches at once, where the new protocol needs nothing of the request's content.
   *
   * Ours is the new protocol then, while the client still sends its request: the readable begins after that.
   */
  readonly early?: boolean;
}

/**
 * A request, and the way to another protocol.
 *
 * It is over when the handler's response is sent.
 */
export class ServerRequest extends Message {
  /** The method, a token; compare it exactly. */
  readonly method: string;
  /** The target as it was sent: nothing is decoded or normalised. */
  readonly target: string;
  /**
   * The whole URL, by the target and Host; `null` where HTTP/1.0 names no host.
   *
   * RFC 9112, section 3.3.
   */
  readonly url: string | null;
  /** The x of HTTP/1.x. */
  readonly minorVersion: number;
  /** The offered protocols in the client's order of preference. */
  readonly offers: readonly Offer[];
  readonly #wire: Wire;
  readonly #upgrades: readonly string[];
  readonly #disconnect: DisconnectWatcher;
  #isOver = false;
  #switched: Switched | undefined;
  #arriving: Promise<Uint8Array> | undefined;

  /** @internal */
  constructor(wire: Wire, head: RequestEvent, upgrades: readonly string[]) {
    const { connection } = wire;
    const url = urlOf(connection, wire.transport.isSecure);
    const disconnect = new DisconnectWatcher(wire);
    super(head.headers, wire, connection.takeEnd(), () => disconnect.isRead(), () => {});
    this.method = head.method;
    this.target = head.target;
    this.url = url;
    this.minorVersion = head.minorVersion;
    this.offers = head.offers;
    this.#wire = wire;
    this.#upgrades = upgrades;
    this.#disconnect = disconnect;
  }

  /**
   * Aborts when the client leaves before its response has been sent.
   *
   * Its reason is a `DisconnectedError`, or that of the signal of `serveConnection`. A client that has ended its
   * direction counts as gone, although it may still read: what the handler returns is sent. While content is still to
   * come, reading that says it; after a next request has come, nothing does until the response is sent. Once it was
   * asked for, up to one read of what comes next is kept in memory.
   */
  get signal(): AbortSignal {
    return this.#disconnect.signal;
  }

  /**
   * The engine, for questions: `selectSubprotocol`, `selectDeflate`, `advertise`.
   *
   * What its verbs return, nothing sends.
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
   * Switches to one of `preferences` that the client offers too.
   *
   * By the client's order; or opens the tunnel that a CONNECT asks for. `null` where there is nothing to switch to:
   * answer the request then. Without `preferences` they are the `upgrades` of `serveConnection`. Content that was not
   * read is dropped, up to the limit `drain`; with `early` that is not waited for. RFC 9110, sections 7.8 and 9.3.6.
   *
   * Next: speak the new protocol; the streams are yours to close.
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
    await wire.unwatch();
    const answer = selection
      ? connection.accept(early ? selection.early() : selection, headers)
      : connection.respond({ status: 200, headers: headers ?? [] });
    this.#disconnect.end();
    await wire.send(answer);
    if (!selection || !early) {
      const event = await this.#comesToSwitch();
      return (this.#switched = new Switched(wire, event, wire.handOut(event, false)));
    }
    const early101 = { protocols: connection.agreed, response: null };
    return (this.#switched = new Switched(wire, early101, wire.handOutEarly(() => this.#arrives())));
  }

  /** Drops the rest of the content. */
  async #skipped(): Promise<void> {
    if (!(await this.skip())) throw this.#wire.note(new ContentTooLargeError("more content than may be dropped"));
  }

  async #comesToSwitch(): Promise<SwitchedEvent> {
    for (;;) {
      const event = await this.#wire.nextEvent();
      if (event.kind === "paused") throw new DisconnectedError("the connection has ended before the switch");
      if (event.kind === "switched") return event;
    }
  }

  /**
   * Reads the rest after an early switch.
   *
   * The end of the request, and the first bytes of the new protocol.
   */
  #arrives(): Promise<Uint8Array> {
    return (this.#arriving ??= (async () => {
      try {
        await this.#skipped();
        await this.#comesToSwitch();
        return this.#wire.arrived();
      } catch (error) {
        // The new protocol may be under way, and an end in order would look like its own.
        this.#wire.close(error, { reset: true });
        throw error;
      }
    })());
  }

  /** @internal What the handler has switched to. */
  get switched(): Switched | undefined {
    return this.#switched;
  }

  /** @internal Nothing can be done with it any more. After an early switch the request is read to its end. */
  async finish(): Promise<void> {
    this.#isOver = true;
    this.#disconnect.end();
    // Who reads the new protocol gets the error.
    if (this.#switched && !this.#wire.isOver) await this.#arrives().catch(() => {});
  }

  /** Returns the head for logs, without secrets. */
  override toJSON(): object {
    const { method, target, url, offers, fields } = this;
    return { method, target, url, offers, fields };
  }
}

/** Returns the URL of the current request, made of the engine's parts. */
function urlOf(connection: Connection, isSecure: boolean): string | null {
  const { authority, path, query } = connection;
  // RFC 9110, 4.2.1: a URL without a host is none.
  if (authority === null || authority === "" || authority.startsWith(":")) return null;
  return `${isSecure ? "https" : "http"}://${authority}${path === "*" ? "" : path}${query === null ? "" : `?${query}`}`;
}
