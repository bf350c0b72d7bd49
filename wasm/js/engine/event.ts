// The events of a connection. An event holds copies, so it stays valid.

import type { Headers } from "./headers.js";
import { namesOf, bytesLeft, type Reader } from "./reader.js";
import { EventKind, Ineligible, NoOffer, Paused, SwitchedBy } from "../generated/tables.js";

/** One protocol that a request offers in its `Upgrade` field. */
export interface Offer {
  /**
   * The offered protocol: a name, or a name and a version, such as `foo/2`.
   *
   * In the client's spelling, so compare with `sameProtocol` (RFC 9110, section 7.8).
   */
  readonly protocol: string;
  /** The reason why the protocol cannot be accepted; `null` if it can. */
  readonly ineligible: Ineligible | null;
  /**
   * The response status for a server that insists on this protocol, or `null`.
   *
   * `null` if the protocol can be accepted.
   */
  readonly status: number | null;
}

/** A request head, as received (RFC 9112, section 3). */
export interface Request {
  /** The method, a token; it is case-sensitive. */
  readonly method: string;
  /** The request target as received: not decoded or normalised. */
  readonly target: string;
  /** The minor version: the x of HTTP/1.x. */
  readonly minorVersion: number;
  /**
   * The offered protocols in the client's order of preference.
   *
   * Choose one with `Connection.select`.
   */
  readonly offers: readonly Offer[];
  /** The reason why `offers` is empty; `null` if it is not. */
  readonly noOffer: NoOffer | null;
  /** The field lines of the head, in order. */
  readonly headers: Headers;
}

/** A response head, as received (RFC 9112, section 4). */
export interface Response {
  /**
   * The status code, 100 to 999.
   *
   * Treat an unknown status up to 599 like the x00 of its class, and one above that like a 500. RFC 9110, section 15.
   */
  readonly status: number;
  /** The reason phrase; often empty, and without meaning to a program. */
  readonly reason: string;
  /** The minor version: the x of HTTP/1.x. */
  readonly minorVersion: number;
  /**
   * The number of pipelined requests that will not be responded to.
   *
   * Above 0 only if this response closes the connection (RFC 9112, section 9.3.2).
   */
  readonly dropped: number;
  /**
   * The protocols that the server would switch to.
   *
   * They come from the `Upgrade` field of a 426, or of a response that advertises. They are in the server's spelling
   * (see `sameProtocol`).
   */
  readonly advertised: readonly string[];
  /** The field lines of the head, in order. */
  readonly headers: Headers;
}

/**
 * Server: a request head.
 *
 * The events for its content and its end follow. The server must respond.
 */
export interface RequestEvent extends Request {
  readonly kind: "request";
}

/**
 * Client: the head of an informational response other than a 101.
 *
 * The final response or a 101 is still to come.
 */
export interface InformationalEvent extends Response {
  readonly kind: "informational";
}

/** Client: a final response head. The events for its content and its end follow. */
export interface ResponseEvent extends Response {
  readonly kind: "response";
}

/**
 * A piece of the content.
 *
 * The boundaries between pieces have no meaning.
 */
export interface DataEvent {
  readonly kind: "data";
  /** A copy of the bytes, which the caller may keep. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The end of the message (RFC 9112, section 6.3). */
export interface EndOfMessageEvent {
  readonly kind: "end-of-message";
  /** The trailer fields, often none (RFC 9112, section 7.1.2). */
  readonly trailers: Headers;
}

/**
 * The peer has sent its last byte of HTTP and speaks another protocol.
 *
 * Next: `takeLeftover`; all bytes that the transport delivers from now on belong to the new protocol.
 */
export interface SwitchedEvent {
  readonly kind: "switched";
  /** The message or bytes that made the peer's direction leave HTTP. */
  readonly by: SwitchedBy;
  /**
   * The protocols that the peer now speaks, lowest layer first.
   *
   * Empty after CONNECT or an HTTP/2 preface. A client sees the server's spelling, so compare with `sameProtocol`.
   */
  readonly protocols: readonly string[];
  /**
   * Server: the request; after a 101 it is to be responded to in the new protocol.
   *
   * `null` for a client, and after an HTTP/2 preface.
   */
  readonly request: Request | null;
  /** Client: the 101, or the 2xx to CONNECT; `null` for a server. */
  readonly response: Response | null;
  /**
   * A copy of the bytes of the new protocol that were received so far.
   *
   * The connection keeps them until `takeLeftover`.
   */
  readonly leftover: Uint8Array<ArrayBuffer>;
}

/** An event: a part of a message from the peer, or a switch; see `kind`. */
export type Event =
  | RequestEvent
  | InformationalEvent
  | ResponseEvent
  | DataEvent
  | EndOfMessageEvent
  | SwitchedEvent;

/**
 * The result of `nextEvent` if it needs more bytes for the next event.
 *
 * Next: `receive`. A client also gets this while it has to send first; `awaiting` is then `caller` or `continue`.
 */
export interface NeedDataStep {
  readonly kind: "need-data";
}

/** The result of `nextEvent` if it returns no more events until the caller acts. */
export interface PausedStep {
  readonly kind: "paused";
  /** The reason for the pause, which tells the action that the caller must take. */
  readonly why: Paused;
}

/** The result of `Connection.nextEvent`; `kind` distinguishes the cases. */
export type Step = Event | NeedDataStep | PausedStep;

const kinds = namesOf(EventKind);
const ineligibles = namesOf(Ineligible);
const noOffers = namesOf(NoOffer);
const switchers = namesOf(SwitchedBy);

/** @internal Decodes an event from the result buffer. */
export function readEvent(reader: Reader): Event {
  const kind = reader.name(kinds);
  switch (kind) {
    case "request":
      return readRequestEvent(reader);
    case "informational":
    case "response":
      return { kind, ...readResponse(reader) };
    case "data":
      return { kind, data: bytesLeft() };
    case "end-of-message":
      return { kind, trailers: reader.headers(reader.head()) };
    case "switched":
      return {
        kind,
        by: reader.name(switchers),
        protocols: reader.texts(),
        request: reader.boolean() ? readRequest(reader) : null,
        response: reader.boolean() ? readResponse(reader) : null,
        leftover: bytesLeft(),
      };
  }
}

/** @internal Decodes a request head from the result buffer. */
export function readRequest(reader: Reader): Request {
  const { kind: _, ...request } = readRequestEvent(reader);
  return request;
}

/**
 * Decodes a request event, in the order in which `event.rs` encodes it.
 *
 * The object is created by one literal because that is faster, and there is one for each message.
 */
function readRequestEvent(reader: Reader): RequestEvent {
  const head = reader.head();
  const method = head.substring(0, reader.number());
  const target = head.substring(reader.number(), reader.number());
  const minorVersion = reader.number();
  const noOffer = reader.optionalName(noOffers);
  const offers: Offer[] = [];
  for (let left = reader.number(); left > 0; left--) {
    offers.push({ protocol: reader.text(), ineligible: reader.optionalName(ineligibles), status: reader.option() });
  }
  return { kind: "request", method, target, minorVersion, offers, noOffer, headers: reader.headers(head) };
}

function readResponse(reader: Reader): Response {
  const head = reader.head();
  const status = reader.number();
  const reason = head.substring(reader.number(), reader.number());
  const minorVersion = reader.number();
  const dropped = reader.number();
  const advertised = reader.texts();
  return { status, reason, minorVersion, dropped, advertised, headers: reader.headers(head) };
}
