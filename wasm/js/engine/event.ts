// What comes out of a connection. Every event owns what it shows.

import type { Headers } from "./headers.js";
import { namesOf, bytesLeft, type Reader } from "./reader.js";
import { EventKind, Ineligible, NoOffer, Paused, SwitchedBy } from "../generated/tables.js";

/** One protocol of an offer. */
export interface Offer {
  /**
   * The protocol that is offered: a name, or a name and a version.
   *
   * Such as `foo/2`, in the client's spelling, so compare with `sameProtocol` (RFC 9110, section 7.8).
   */
  readonly protocol: string;
  /** The reason why the offer cannot be accepted; `null` where it can. */
  readonly ineligible: Ineligible | null;
  /**
   * The status of a server that wants this protocol and nothing else, or `null`.
   *
   * `null` where it is eligible.
   */
  readonly status: number | null;
}

/** A request head, as it was sent (RFC 9112, section 3). */
export interface Request {
  /** The method, a token; compare it exactly. */
  readonly method: string;
  /** The target as it was sent: nothing is decoded or normalised. */
  readonly target: string;
  /** The x of HTTP/1.x. */
  readonly minorVersion: number;
  /**
   * The offered protocols in the client's order of preference.
   *
   * Choose with `Connection.select`.
   */
  readonly offers: readonly Offer[];
  /** Why there are no offers; `null` where there are. */
  readonly noOffer: NoOffer | null;
  /** The field lines. */
  readonly headers: Headers;
}

/** A response head, as it was sent (RFC 9112, section 4). */
export interface Response {
  /**
   * 100 to 999; an unknown one means what the x00 of its class means.
   *
   * RFC 9110, section 15.
   */
  readonly status: number;
  /** Often empty, without any meaning. */
  readonly reason: string;
  /** The x of HTTP/1.x. */
  readonly minorVersion: number;
  /**
   * The number of pipelined requests that will not be answered.
   *
   * This response closes the connection (RFC 9112, section 9.3.2).
   */
  readonly dropped: number;
  /**
   * The protocols that the server would switch to.
   *
   * In its spelling (see `sameProtocol`): the `Upgrade` field of a 426, or of a response that advertises.
   */
  readonly advertised: readonly string[];
  /** The field lines. */
  readonly headers: Headers;
}

/**
 * Server: a request head.
 *
 * Next come data and end-of-message, and an answer is owed.
 */
export interface RequestEvent extends Request {
  readonly kind: "request";
}

/**
 * Client: a response head with a status of 1xx but 101.
 *
 * The final response is still to come.
 */
export interface InformationalEvent extends Response {
  readonly kind: "informational";
}

/** Client: a final response head. Next come data and end-of-message. */
export interface ResponseEvent extends Response {
  readonly kind: "response";
}

/**
 * Content.
 *
 * The cuts between pieces have no meaning.
 */
export interface DataEvent {
  readonly kind: "data";
  /** A copy, your own. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The end of the message (RFC 9112, section 6.3). */
export interface EndOfMessageEvent {
  readonly kind: "end-of-message";
  /** The trailer section, often empty (RFC 9112, section 7.1.2). */
  readonly trailers: Headers;
}

/**
 * The peer's direction has left HTTP.
 *
 * Next: `takeLeftover`; what the transport brings from now on is the new protocol's.
 */
export interface SwitchedEvent {
  readonly kind: "switched";
  /** The cause of the switch. */
  readonly by: SwitchedBy;
  /**
   * The protocols of the peer now, lowest layer first.
   *
   * Empty after CONNECT or a preface. A client sees the server's spelling, so compare with `sameProtocol`.
   */
  readonly protocols: readonly string[];
  /** Server: the request, which is to be answered in the new protocol. */
  readonly request: Request | null;
  /** Client: the 101, or the 2xx to CONNECT. */
  readonly response: Response | null;
  /**
   * The first bytes of the new protocol, as far as they have come; a copy.
   *
   * They stay until `takeLeftover`.
   */
  readonly leftover: Uint8Array<ArrayBuffer>;
}

/** An event: one thing that the peer sent; `kind` tells which. */
export type Event =
  | RequestEvent
  | InformationalEvent
  | ResponseEvent
  | DataEvent
  | EndOfMessageEvent
  | SwitchedEvent;

/** Nothing happens before more bytes come. Next: `receive`. */
export interface NeedDataStep {
  readonly kind: "need-data";
}

/** Nothing happens before your code acts. */
export interface PausedStep {
  readonly kind: "paused";
  /** The reason why receiving does not go on without your code. */
  readonly why: Paused;
}

/** The result of `Connection.nextEvent`; `kind` tells which. */
export type Step = Event | NeedDataStep | PausedStep;

const kinds = namesOf(EventKind);
const ineligibles = namesOf(Ineligible);
const noOffers = namesOf(NoOffer);
const switchers = namesOf(SwitchedBy);

/** @internal The event that a call left. */
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

/** @internal The request head that a call left. */
export function readRequest(reader: Reader): Request {
  const { kind: _, ...request } = readRequestEvent(reader);
  return request;
}

/**
 * The order is that of `event.rs`.
 *
 * The object is made in one piece: there is one for each message.
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
