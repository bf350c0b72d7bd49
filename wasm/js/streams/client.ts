// A client: a request, with an offer of other protocols or none, and what comes of it.

import type { HeaderSource } from "../engine/args.js";
import type { Event, InformationalEvent, PausedStep } from "../engine/event.js";
import { type ClientResponse, responseOn, finalResponse } from "./response.js";
import { framedBy } from "./fields.js";
import { joined } from "../engine/bytes.js";
import { contentOf, framed, letGo, pump, type Body, type Source } from "./content.js";
import { Switched } from "./switched.js";
import type { Socket } from "./sockets.js";
import { DisconnectedError } from "./errors.js";
import type { Options } from "./options.js";
import { Wire } from "./wire.js";
import type { Why } from "../generated/tables.js";

/** A request to send. */
export interface ClientRequest {
  /** A token; `GET` unless given. */
  readonly method?: string;
  /** The target in the form that fits the method (RFC 9112, section 3.2). */
  readonly target: string;
  /**
   * The field lines, `Host` among them.
   *
   * Content that is whole has its length added; what comes in pieces is chunked unless they say otherwise.
   */
  readonly headers: HeaderSource;
  /** The content of the request. */
  readonly body?: Body | null;
  /** Trailers after content that is chunked. */
  readonly trailers?: HeaderSource;
}

/** The options of a client. */
export interface ClientOptions extends Options {
  /** Called with each interim response but a 101. */
  readonly informational?: (response: InformationalEvent) => void;
}

/** The options of a client that offers protocols. */
export interface UpgradeOptions extends ClientOptions {
  /**
   * Other protocols such as `foo/2`, the one that is liked best first.
   *
   * A CONNECT needs none.
   */
  readonly offer?: readonly string[];
  /**
   * HTTP goes on above the new layer, as with TLS by upgrade.
   *
   * The engine is kept for `Switched.resume`, or until `Switched.close`. Without it the engine is gone with the switch.
   */
  readonly resumes?: boolean;
}

/** The server has answered in HTTP instead. */
export interface Declined {
  readonly protocol: null;
  /** The answer: an ordinary response, its content still to be read. */
  readonly response: ClientResponse;
  /** Why there was no switch; `whyText` has the sentence. */
  readonly why: Why | null;
  /**
   * The protocols that a 426 requires.
   *
   * Offer some of it in a next `upgrade` (RFC 9110, section 15.5.22).
   */
  readonly required: readonly string[];
}

/**
 * Offers protocols on a socket that is connected.
 *
 * Returns the streams of the one that the server has switched to, or `protocol: null` and the response where the server
 * answers in HTTP. The method CONNECT opens a tunnel.
 *
 * A request that is refused before anything is sent, by a `ProtocolError` or `TypeError`, leaves the socket as it was.
 * After any other error it is closed, as nothing else could be said on it. It is a `ProtocolError` where the server
 * breaks the protocol, `DisconnectedError` where it is gone, a `TimeoutError`, the signal's reason, what `body` has
 * thrown. RFC 9110, section 7.8.
 *
 * Next: speak the new protocol; or read the response, and the socket is free if it `persists`.
 */
export async function upgrade(socket: Socket, request: ClientRequest, options: UpgradeOptions = {}): Promise<Switched | Declined> {
  const { offer = [], resumes = false, informational } = options;
  const { wire, sending } = ask(socket, request, offer, options);
  try {
    const event = await sending.answered(finalResponse(wire, sending.heard(informational)));
    if (event.kind === "switched") {
      await sending.done;
      if (!wire.connection.maySpeak) throw new DisconnectedError("the request could not be sent whole");
      return new Switched(wire, event, wire.handOut(event, resumes));
    }
    const { why, required } = wire.connection;
    return { protocol: null, response: responseOn(wire, event, () => sending.isOut), why, required };
  } catch (error) {
    wire.close(error);
    throw wire.failure ? wire.failure.reason : error;
  }
}

/**
 * Sends a request on a socket that is connected, and gives the response.
 *
 * Read its content, and the socket is free for another request if the response `persists`. Errors and what becomes of
 * the socket are those of `upgrade`. RFC 9112, section 9.3.
 */
export async function request(socket: Socket, request: ClientRequest, options: ClientOptions = {}): Promise<ClientResponse> {
  const answer = await upgrade(socket, request, { ...options, offer: [] });
  if (answer.protocol === null) return answer.response;
  answer.close();
  throw new TypeError("the server has opened a tunnel: ask for one with upgrade");
}

/**
 * Sends the request.
 *
 * What the caller has done wrong is thrown before anything has left.
 */
function ask(socket: Socket, request: ClientRequest, offer: readonly string[], options: Options): { wire: Wire; sending: Sending } {
  const wire = new Wire(socket, "client", options);
  refuseUnasked(wire);
  try {
    const { method = "GET", target, body, trailers } = request;
    const content = contentOf(body);
    const length = content instanceof Uint8Array && !trailers ? content.length : null;
    const headers = body === undefined || body === null ? request.headers : framedBy(request.headers, length);
    const head = wire.connection.sendRequest({ method, target, headers, offer });
    return { wire, sending: new Sending(wire, head, content, trailers) };
  } catch (error) {
    wire.letGo();
    throw error;
  }
}

/**
 * Refuses bytes that have come before a request.
 *
 * They are no answer to it (RFC 9112, section 9.2).
 */
function refuseUnasked(wire: Wire): void {
  const early = wire.transport.waiting?.();
  if (!early) return;
  try {
    wire.connection.receive(early);
    wire.connection.nextEvent();
  } catch (error) {
    // What follows it would be the next one's.
    wire.close(error);
    throw error;
  }
}

/** A request that is on its way, while its answer may come. */
class Sending {
  /** Settles when nothing more will be sent; fails where the content does. */
  readonly done: Promise<void>;
  readonly #wire: Wire;
  readonly #trailers: HeaderSource | undefined;
  /** The transport has taken the whole request. */
  isOut = false;
  #isAnswered = false;
  /** Content that waits for a 100 may leave, or never will. */
  readonly #leave: Promise<void>;
  #beginContent: () => void = () => {};
  #glance: ReturnType<typeof setTimeout> | undefined;

  constructor(wire: Wire, head: Uint8Array, content: Uint8Array | Source, trailers?: HeaderSource) {
    this.#wire = wire;
    this.#trailers = trailers;
    this.#leave = new Promise((resolve) => (this.#beginContent = resolve));
    const { connection } = wire;
    const waits = connection.awaiting === "continue";
    if (content instanceof Uint8Array) {
      const data = content.length > 0 ? framed(wire, content) : content;
      const end = connection.sendEnd(trailers);
      content = joined([data, end]);
    }
    wire.isSending = true;
    this.done = this.#send(head, content, waits).finally(() => {
      wire.isSending = false;
      wire.nudge();
    }).catch((error: unknown) => {
      // Content that fails ends everything. A server may have answered before it stopped reading: that is looked for.
      if (!wire.isBroken) wire.giveUp(error);
      else if (!this.#isAnswered) this.#glance = setTimeout(() => wire.giveUp(error), EARLY_RESPONSE_GRACE);
    });
  }

  /** Called with each interim response: content that waits for a 100 may leave. */
  heard(informational?: (event: InformationalEvent) => void): (event: InformationalEvent) => void {
    return (event) => {
      this.#beginContent();
      informational?.(event);
    };
  }

  /** The answer, after which a request that waited for leave is not sent. */
  async answered(first: Promise<Event | PausedStep>): Promise<Event | PausedStep> {
    const event = await first;
    // The request goes on to its end before a new protocol.
    this.#isAnswered = event.kind !== "switched";
    clearTimeout(this.#glance);
    this.#beginContent();
    return event;
  }

  async #send(head: Uint8Array, content: Uint8Array | Source, waits: boolean): Promise<void> {
    try {
      await this.#sendAll(head, content, waits);
    } catch (error) {
      letGo(content, error);
      throw error;
    }
  }

  async #sendAll(head: Uint8Array, content: Uint8Array | Source, waits: boolean): Promise<void> {
    const wire = this.#wire;
    if (!waits && content instanceof Uint8Array) return this.#last(joined([head, content]));
    await wire.send(head);
    if (waits) await this.#waited();
    if (waits && this.#isAnswered) {
      // Without its content the request has no end.
      letGo(content, undefined);
      return;
    }
    if (wire.isOver) throw new DisconnectedError("the connection has ended before the content");
    if (content instanceof Uint8Array) return this.#last(content);
    await pump(wire, content);
    await this.#last(wire.connection.sendEnd(this.#trailers));
  }

  async #last(bytes: Uint8Array): Promise<void> {
    const isOut = (): void => void (this.isOut = true);
    await this.#wire.send(bytes, isOut);
    isOut();
  }

  /** Waits for an answer of any kind, but not for ever. */
  async #waited(): Promise<void> {
    if (this.#wire.isOver) return;
    const timer = setTimeout(this.#beginContent, this.#wire.timeouts.expectContinue);
    const forget = this.#wire.onGivenUp(this.#beginContent);
    await this.#leave;
    clearTimeout(timer);
    forget();
  }
}

/** Milliseconds for an answer once the server takes no more of a request. */
const EARLY_RESPONSE_GRACE = 1_000;
