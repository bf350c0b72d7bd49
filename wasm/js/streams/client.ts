// A client: sends a request, optionally with an offer of other protocols, and returns the response or the new protocol.

import type { HeaderSource } from "../engine/args.js";
import { ProtocolError } from "../engine/error.js";
import type { Event, InformationalEvent, PausedStep, SwitchedEvent } from "../engine/event.js";
import { type ClientResponse, type Informational, responseOn, finalResponse } from "./response.js";
import { framedBy } from "./fields.js";
import { joined } from "../engine/bytes.js";
import { contentOf, framed, letGo, pump, type Body, type Source } from "./content.js";
import { Switched } from "./switched.js";
import type { Socket } from "./sockets.js";
import { LONGEST } from "./bounds.js";
import { DisconnectedError } from "./errors.js";
import type { Options } from "./options.js";
import { Wire } from "./wire.js";
import type { Why } from "../generated/tables.js";

/** A request to send. */
export interface ClientRequest {
  /** The method, a token; `GET` by default. */
  readonly method?: string;
  /** The target in the form that the method requires (RFC 9112, section 3.2). */
  readonly target: string;
  /**
   * The field lines; `Host` is required.
   *
   * If they have neither `Content-Length` nor `Transfer-Encoding`, one is added for a body. It is a
   * `Content-Length` if the body is a string or bytes and there are no trailers. Otherwise the body
   * is sent chunked.
   */
  readonly headers: HeaderSource;
  /** The content of the request. */
  readonly body?: Body | null;
  /** Trailers to send after chunked content. */
  readonly trailers?: HeaderSource;
}

/** The options of a client. */
export interface ClientOptions extends Options {
  /**
   * A callback for each informational response except a 101.
   *
   * If it returns a promise, the next response is not read before that resolves.
   */
  readonly informational?: (response: InformationalEvent) => void | Promise<void>;
}

/** The options of `upgrade`: those of `request`, the offer, and `resumes`. */
export interface UpgradeOptions extends ClientOptions {
  /**
   * The protocols to offer in `Upgrade`, such as `foo/2`, the preferred one first.
   *
   * A CONNECT needs none.
   */
  readonly offer?: readonly string[];
  /**
   * Set if HTTP continues above the new layer, as after an upgrade to TLS.
   *
   * The engine is then kept for `Switched.resume`, or until `Switched.close`. Otherwise it is freed at the switch,
   * once the request is sent.
   */
  readonly resumes?: boolean;
}

/** The result if the server responded in HTTP and did not switch. */
export interface Declined {
  readonly protocol: null;
  /** The response; its content is still to be read. */
  readonly response: ClientResponse;
  /**
   * The reason why there was no switch, or `null` if the engine has none.
   *
   * `whyText` explains it.
   */
  readonly why: Why | null;
  /**
   * The protocols that a 426 requires; empty for other responses.
   *
   * Offer one or more of them in another `upgrade` (RFC 9110, section 15.5.22).
   */
  readonly required: readonly string[];
}

/**
 * Sends a request that offers other protocols, on a connected socket.
 *
 * Returns the streams of the protocol that the server has switched to. If the server responds in HTTP, returns
 * `protocol: null` and the response. The method CONNECT opens a tunnel.
 *
 * If the request is rejected before anything is sent, it throws a `ProtocolError`, `TypeError` or `RangeError` and
 * leaves the socket unchanged. After any other error the socket is closed, because its state is unknown. These errors
 * are:
 *
 * - a `ProtocolError` if the server violates the protocol, or if `body` or `trailers` do not suit the head,
 * - a `DisconnectedError` if it disconnects,
 * - a `DOMException` named `TimeoutError` after a timeout,
 * - the reason of the signal,
 * - any error that `body` or `informational` throws.
 *
 * RFC 9110, section 7.8.
 *
 * Next: speak the new protocol; or read the response, after which the socket is free if it `persists`.
 */
export async function upgrade(socket: Socket, request: ClientRequest, options: UpgradeOptions = {}): Promise<Switched | Declined> {
  const { offer = [], resumes = false, informational } = options;
  const { wire, sending } = ask(socket, request, offer, options);
  wire.beginExchange();
  try {
    const event = await sending.answered(finalResponse(wire, sending.heard(informational)));
    if (event.kind === "switched") {
      const protocol = await switched(wire, event, sending, resumes);
      wire.life.endExchange();
      return protocol;
    }
    const { why, required } = wire.connection;
    return { protocol: null, response: responseOn(wire, event, sending), why, required };
  } catch (error) {
    wire.close(error);
    throw wire.life.failure ? wire.life.failure.reason : error;
  }
}

/**
 * Sends a request on a connected socket and returns the response.
 *
 * Read its content; after that the socket is free for another request if the response `persists`. Errors, and their
 * effect on the socket, are those of `upgrade`. If a CONNECT is accepted, it closes the socket and throws a
 * `TypeError`: call `upgrade` for a tunnel. RFC 9112, section 9.3.
 */
export async function request(socket: Socket, request: ClientRequest, options: ClientOptions = {}): Promise<ClientResponse> {
  const answer = await upgrade(socket, request, { ...options, offer: [] });
  if (answer.protocol === null) return answer.response;
  answer.close();
  throw new TypeError("the server has opened a tunnel: ask for one with upgrade");
}

/**
 * Returns the streams of the new protocol, after the server has switched.
 *
 * They can be read even while the request is still being sent. The server may have switched early,
 * and may send before it reads the rest of the request. With `resumes` the rest of the request is
 * sent first, since the new layer begins after it.
 */
async function switched(wire: Wire, event: SwitchedEvent, sending: Sending, resumes: boolean): Promise<Switched> {
  if (resumes && wire.receiver.budget.isSending && wire.transport.interrupt) {
    await wire.receiver.whilePresent(sending.done);
    await wire.receiver.unwatch();
  } else if (resumes) await sending.done;
  else if (wire.receiver.budget.isSending) await Promise.race([sending.done, new Promise((resolve) => setTimeout(resolve, 0))]);
  if (wire.receiver.budget.isSending) return new Switched(wire, event, wire.handOutUnsent(sending.done));
  wire.checkSent();
  return new Switched(wire, event, wire.handOut(resumes));
}

/**
 * Creates a wire over the socket, and starts to send the request on it.
 *
 * Throws before any byte is sent: for wrong arguments, or if the server has sent bytes unasked. Errors of a streamed body
 * or of its trailers come from `sending`.
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
 * Throws if bytes other than empty lines have arrived before the request was sent.
 *
 * They cannot be a response to it (RFC 9112, section 9.2). Only streams of Node can tell.
 */
function refuseUnasked(wire: Wire): void {
  const early = wire.transport.waiting?.();
  if (!early) return;
  try {
    wire.connection.receive(early);
    wire.connection.nextEvent();
  } catch (error) {
    // Bytes that follow would be taken for the response to the next request.
    wire.close(error);
    throw error;
  }
}

/** A request that is being sent, while its response may already arrive. */
class Sending {
  /**
   * Resolves when nothing more of the request will be sent.
   *
   * If its content fails, the socket is closed, and pending operations fail.
   */
  readonly done: Promise<void>;
  readonly #wire: Wire;
  readonly #trailers: HeaderSource | undefined;
  /** True once the transport has accepted the whole request. */
  isOut = false;
  #isAnswered = false;
  /**
   * True while content waits for a 100, also after a 2xx that came before it.
   *
   * After such a 2xx, the content is sent once a reader of the response has received nothing for
   * `timeouts.expectContinue`. If the response ends first, the content is not sent.
   */
  #isWaiting = false;
  /** True once the content will not be sent: a response came in place of the 100. */
  #isRefused = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #forgetStall: () => void = () => {};
  /**
   * Settles when content stops waiting for a 100.
   *
   * It is then sent, unless a response has refused it or the socket was given up.
   */
  readonly #leave: Promise<void>;
  #beginContent: () => void = () => {};
  #glance: ReturnType<typeof setTimeout> | undefined;

  constructor(wire: Wire, head: Uint8Array, content: Uint8Array | Source, trailers?: HeaderSource) {
    this.#wire = wire;
    this.#trailers = trailers;
    this.#leave = new Promise((resolve) => {
      this.#beginContent = () => {
        this.#isWaiting = false;
        resolve();
      };
    });
    const { connection } = wire;
    this.#isWaiting = connection.awaiting === "continue";
    if (content instanceof Uint8Array) {
      const data = content.length > 0 ? framed(wire, content) : content;
      const end = connection.sendEnd(trailers);
      content = joined([data, end]);
    }
    wire.receiver.budget.isSending = true;
    wire.receiver.budget.hasSent = false;
    this.done = this.#send(head, content).finally(() => {
      wire.receiver.budget.isSending = false;
      wire.receiver.budget.hasSent = true;
      wire.receiver.nudge();
    }).catch((error: unknown) => {
      // A whole response that ends the connection leaves the rest of the content nowhere to go.
      const isRefused = error instanceof ProtocolError && error.kind === "closed" && !wire.life.hasNoted(error);
      if (this.#isAnswered && isRefused) return;
      // An error of the content ends the exchange. If the socket failed, the server may have responded before it
      // stopped reading, so the response is awaited for a while.
      if (!wire.sender.isBroken) wire.giveUp(error);
      else if (!this.#isAnswered && !wire.life.isOver) this.#glance = setTimeout(() => wire.giveUp(error), EARLY_RESPONSE_GRACE);
    });
  }

  /**
   * Returns a callback for informational responses that also calls `informational`.
   *
   * A 100 releases the content that waits for it; others do not (RFC 9110, section 10.1.1).
   */
  heard(informational?: Informational): Informational {
    return (event) => {
      if (event.status === 100) this.#beginContent();
      return informational?.(event);
    };
  }

  /**
   * Waits for the response or switch, and decides about content that awaits a 100.
   *
   * Before a switch the content is sent, and after a response other than a 2xx it is not. After a
   * 2xx it waits longer: a server that streams may read it without a 100 (RFC 9110, section
   * 10.1.1).
   */
  async answered(first: Promise<Event | PausedStep>): Promise<Event | PausedStep> {
    const event = await first;
    // Before a switch to another protocol the rest of the request is still sent.
    this.#isAnswered = event.kind !== "switched";
    clearTimeout(this.#glance);
    if (!this.#isWaiting) return event;
    if (event.kind === "response" && event.status >= 200 && event.status < 300) {
      clearTimeout(this.#timer);
      this.#forgetStall = this.#wire.receiver.onStalled(this.#wire.timeouts.expectContinue, this.#beginContent);
    } else {
      this.#isRefused = this.#isAnswered;
      this.#beginContent();
    }
    return event;
  }

  /**
   * Withholds content that still waits for a 100; returns false if there is none.
   *
   * It is called once the response has ended.
   */
  refuse(): boolean {
    if (!this.#isWaiting) return false;
    this.#isRefused = true;
    this.#beginContent();
    return true;
  }

  #after(milliseconds: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = milliseconds <= LONGEST ? setTimeout(act, milliseconds) : undefined;
  }

  async #send(head: Uint8Array, content: Uint8Array | Source): Promise<void> {
    try {
      await this.#sendAll(head, content);
    } catch (error) {
      void letGo(content, error);
      throw error;
    }
  }

  async #sendAll(head: Uint8Array, content: Uint8Array | Source): Promise<void> {
    const wire = this.#wire;
    if (!this.#isWaiting && content instanceof Uint8Array) return this.#last(joined([head, content]));
    await wire.sender.send(head);
    if (this.#isWaiting) await this.#waited();
    if (this.#isRefused) {
      // A request whose content is withheld never ends.
      void letGo(content, undefined);
      return;
    }
    if (wire.life.isOver) throw new DisconnectedError("the connection has ended before the content");
    if (content instanceof Uint8Array) return this.#last(content);
    await pump(wire, content);
    await this.#last(wire.connection.sendEnd(this.#trailers));
  }

  async #last(bytes: Uint8Array): Promise<void> {
    const isOut = (): void => void (this.isOut = true);
    await this.#wire.sender.send(bytes, isOut);
    isOut();
  }

  /**
   * Waits until content that awaits a 100 is released or refused.
   *
   * If no response comes, `timeouts.expectContinue` releases it.
   */
  async #waited(): Promise<void> {
    if (this.#wire.life.isOver) return;
    if (!this.#isAnswered) this.#after(this.#wire.timeouts.expectContinue, this.#beginContent);
    const forget = this.#wire.life.onGivenUp(this.#beginContent);
    this.#wire.receiver.hold();
    await this.#leave;
    this.#wire.receiver.release();
    clearTimeout(this.#timer);
    this.#forgetStall();
    forget();
  }
}

/** Milliseconds to wait for a response after the server has stopped reading. */
const EARLY_RESPONSE_GRACE = 1_000;
