// The class `Connection` with the upgrade methods. A method encodes its arguments, calls the engine and decodes the
// result.

import { numberOf } from "./check.js";
import { changeLimits, type LimitOptions } from "./config.js";
import { ProtocolError } from "./error.js";
import { GoneError } from "./gone-error.js";
import { inspect } from "./inspect.js";
import { encodeArgs, putHeaders, putTexts, type HeaderSource } from "./args.js";
import { ProfileMethods } from "./profiles.js";
import { raw } from "./calls.js";
import { namesOf, bytesLeft, Reader, reading } from "./reader.js";
import { readState, readTrace, type State, type TraceEntry } from "./state.js";
import { Awaiting, Closing, Order, Owes, Why } from "../generated/tables.js";

/**
 * An offered protocol that `select` chose, for `accept`.
 *
 * Use it only for its request: `accept` rejects it for any other request of any connection.
 */
export class Selection {
  readonly #owner: Connection;
  readonly #bits: Uint32Array;
  readonly #isEarly: boolean;
  /**
   * The index of the chosen protocol in the preferences given to `select`.
   *
   * Counted from 0.
   */
  readonly preference: number;

  /** @internal */
  constructor(owner: Connection, bits: readonly number[], preference: number, isEarly = false) {
    if (!Array.isArray(bits) || bits.length !== 4) throw new TypeError("a selection comes from select");
    this.#owner = owner;
    this.#bits = Uint32Array.from(bits);
    this.#isEarly = isEarly;
    this.preference = preference;
  }

  /**
   * Returns the same selection, to be accepted before the request is complete.
   *
   * Use it for a new protocol that needs no content. The server then switches at once, the client at the end of its
   * request. A client that still expects a 100 receives that first. Next: `accept`. RFC 9110, section 7.8.
   */
  early(): Selection {
    return new Selection(this.#owner, [...this.#bits], this.preference, true);
  }

  /** @internal */
  static isEarly(selection: Selection): boolean {
    return selection.#isEarly;
  }

  /** @internal Returns the engine's four numbers of a selection, or throws if it is from another connection. */
  static bitsOn(owner: Connection, selection: Selection): Uint32Array {
    if (!(selection instanceof Selection)) throw new TypeError("selection must come from select");
    if (selection.#owner !== owner) throw new TypeError("the selection was made on another connection");
    return selection.#bits;
  }
}

/** The class under whose name a console prints a connection. */
const { Connection: Shown } = { Connection: class {} };

const awaited = namesOf(Awaiting);
const owed = namesOf(Owes);
const closings = namesOf(Closing);
const reasons = namesOf(Why);

/**
 * One HTTP/1.1 connection, without its transport.
 *
 * Your code moves the bytes: pass what it reads to `receive`, and send what the methods return. No method waits or
 * reads a clock.
 *
 * A `ProtocolError` thrown by `nextEvent`, `advance` or `events` is the peer's error, unless it is `out-of-memory`. One
 * thrown by any other method is the caller's, or repeats an earlier error of the peer. Nothing has changed then, except
 * that a call that receives has ended the current event. Wrong arguments throw a `TypeError` or `RangeError`; a freed
 * connection throws a `GoneError`.
 *
 * Its memory belongs to the WebAssembly module, where it is not garbage-collected: call `free`, or declare it with
 * `using`.
 */
export class Connection extends ProfileMethods {
  // Methods for upgrades (RFC 9110, 7.8).

  /**
   * Server: selects an offered protocol that is also in `preferences`, or `null`.
   *
   * `by` says whose order of preference decides: the client's or the server's. Each preference is a protocol such as
   * `foo/2`, or a stack of layers such as `TLS/1.2, HTTP/1.1`. Returns `null` if nothing matches; `request.offers` says
   * why an offer cannot be accepted. Next: `accept`, or any response, which declines the offer.
   */
  select(preferences: readonly string[], by: Order = "client"): Selection | null {
    const args = encodeArgs(() => putTexts(preferences, "preferences"));
    if (!raw.select(this.live(), args, numberOf(Order, by, "by"))) return null;
    const numbers = new Reader();
    const bits = [numbers.number(), numbers.number(), numbers.number(), numbers.number()];
    return new Selection(this, bits, numbers.number());
  }

  /**
   * Server: accepts an offered protocol by sending a 101.
   *
   * A 100 that the client expects and has not got is sent before it. Throws `body-pending` until the request is
   * complete; `selection.early()` does not wait. Next: speak the new protocol and respond to the request in it;
   * `nextEvent` will return `switched`. RFC 9110, sections 7.8 and 15.2.2.
   * @throws ProtocolError: `wrong-role`, `nothing-offered`, `not-offered`, `stale-selection`, `body-pending`,
   * `answered`, `closed`, `switched`, `failed`, `invalid-name`, `invalid-value`, `invalid-host`, `framing-conflict`,
   * `reserved-field`, `profile-field`, `out-of-memory`.
   */
  accept(selection: Selection, headers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const bits = Selection.bitsOn(this, selection);
    const args = encodeArgs(() => putHeaders(headers));
    return this.sent(raw.accept(this.live(), bits, Selection.isEarly(selection), args));
  }

  /**
   * Server: sends the head of a 426 that requires one of these protocols.
   *
   * Next: `sendData` for content, and `sendEnd`; the client may then send another request. RFC 9110, section 15.5.22.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-name`,
   * `invalid-value`, `invalid-host`, `invalid-protocol`, `framing-conflict`, `reserved-field`, `out-of-memory`.
   */
  require(protocols: readonly string[], headers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const args = encodeArgs(() => {
      putTexts(protocols, "protocols");
      putHeaders(headers);
    });
    return this.sent(raw.require(this.live(), args));
  }

  /**
   * Server: advertises protocols to upgrade to in the next final response.
   *
   * Next: `respond` or `sendResponse`.
   * @throws ProtocolError: `wrong-role`, `invalid-protocol`, `out-of-memory`.
   */
  advertise(protocols: readonly string[]): void {
    const args = encodeArgs(() => putTexts(protocols, "protocols"));
    this.must(raw.advertise(this.live(), args));
  }

  /**
   * Client: the protocols that a 426 to the latest request requires.
   *
   * They are spelled as the server sent them (see `sameProtocol`); empty if the response is not a 426. Until it
   * arrives, they are those of an earlier request. Next: `sendRequest` with one or more of them as the offer.
   */
  get required(): string[] {
    const handle = this.live();
    return reading(() => raw.required(handle)).texts();
  }

  /**
   * The protocols that a 101 switched to, lowest layer first; empty without one.
   *
   * A client sees the server's spelling, so compare with `sameProtocol`.
   */
  get agreed(): string[] {
    const handle = this.live();
    return reading(() => raw.agreed(handle)).texts();
  }

  /**
   * Returns whether bytes of the new protocol may be sent now.
   *
   * True for a server once it has sent a 101 (or 2xx to CONNECT), or received the HTTP/2 preface. True for a client once
   * it has received such a response and its request is complete. No event reports the latter: check after the `sendData`
   * or `sendEnd` that completes the request.
   */
  get maySpeak(): boolean {
    return raw.may_speak(this.live());
  }

  /**
   * Removes and returns the first bytes of the new protocol.
   *
   * Next: speak the new protocol, or `resumeHttp`.
   */
  takeLeftover(): Uint8Array<ArrayBuffer> {
    this.space = undefined;
    raw.take_leftover(this.live());
    return bytesLeft();
  }

  /**
   * Resumes HTTP above the new layer, on this same object.
   *
   * The original request is responded to there. Throws `nothing-owed` unless both directions have switched by a 101;
   * call `takeLeftover` before. Next: a server responds, a client receives. RFC 2817, section 3.3; RFC 9110, section
   * 7.8.
   * @throws ProtocolError: `nothing-owed`, `leftover-pending`.
   */
  resumeHttp(): void {
    this.must(raw.resume_http(this.live()));
  }

  /**
   * Changes the limits that are named, from the next message on.
   *
   * Throws while a request or its response is incomplete, and after part of the next head has been read. Next: continue
   * as before.
   * @throws ProtocolError: `unanswered`, `unread-input`, `out-of-memory`.
   */
  setLimits(limits: LimitOptions): void {
    this.must(changeLimits(this.live(), limits));
  }

  /**
   * The reason why the latest request's upgrade has not happened, or `null`.
   *
   * `null` if it has happened, before the first request, or if a server has not read the latest request's head.
   * `whyText` explains the reason.
   */
  get why(): Why | null {
    const why = raw.why(this.live());
    return why === 0 ? null : (reasons[why - 1] as Why);
  }

  // Queries that are allowed at any time.

  /**
   * The party that the connection waits for; choose a timeout by it.
   *
   * When that expires, a server calls `reject` with a 408, or `abandon` if its response has begun. It just closes an
   * idle connection (`request`). A client sends its content if it waits for a 100 (`continue`), and otherwise calls
   * `abandon`.
   */
  get awaiting(): Awaiting {
    return awaited[raw.awaiting(this.live())] as Awaiting;
  }

  /**
   * The part of a message that the caller must send next.
   *
   * If several are due, it is the one that the peer waits for first.
   */
  get owes(): Owes {
    return owed[raw.owes(this.live())] as Owes;
  }

  /**
   * Returns whether, as far as is known, the connection allows another request.
   *
   * RFC 9112, section 9.3.
   */
  get persists(): boolean {
    return raw.persists(this.live());
  }

  /**
   * A copy of the received bytes after the current event, which are not yet parsed.
   *
   * Until a server decides on an offer, their protocol is open. A server that declines and does not trust them to be
   * HTTP calls `closeAfterResponse`; they are then never parsed (RFC 9931, section 5).
   */
  get unread(): Uint8Array<ArrayBuffer> {
    raw.unread(this.live());
    return bytesLeft();
  }

  /**
   * The way to close the transport, if it is closed now.
   *
   * - `close`: simply close it.
   * - `linger`: end the sending side, then read and discard until the peer closes too. Do so for a few seconds at most,
   *   then close. A socket that is closed with unread bytes is reset, and the client may lose the last response.
   * - `reset`: call `resetAndDestroy` of a Node socket; over TLS, send no closure alert. The end of a response is
   *   marked by the end of the connection, as for an HTTP/1.0 client, and the response is incomplete. After a FIN the
   *   client would take it for complete.
   *
   * RFC 9112, sections 8 and 9.6.
   */
  get closing(): Closing {
    return closings[raw.closing(this.live())] as Closing;
  }

  /**
   * Client: the number of requests without a complete final response.
   *
   * Those that `dropped` of a response has counted are not in it. RFC 9112, section 9.3.2.
   */
  get unanswered(): number {
    return raw.unanswered(this.live());
  }

  /** The number of received bytes that events have covered so far. */
  get position(): number {
    return raw.position(this.live());
  }

  /**
   * The state of the connection's state machine, for logs and for display.
   *
   * Its parts may change with any version.
   */
  get state(): State {
    const handle = this.live();
    return readState(reading(() => raw.state(handle)));
  }

  /** Removes and returns the latest trace entries, at most 32, oldest first. */
  trace(): TraceEntry[] {
    const entries = raw.trace(this.live());
    return readTrace(new Reader(), entries);
  }

  /**
   * Returns a description for logs; it contains no bytes of any message.
   *
   * For a connection that is freed or whose module trapped, it has only the role and the `GoneError`'s reason.
   */
  toJSON(): object {
    const { role } = this;
    try {
      const { state, awaiting, why } = this;
      const error = raw.failure(this.live()) ? new ProtocolError(new Reader()) : null;
      const unread = raw.unread_len(this.live());
      return { role, state, awaiting, why, unread, error };
    } catch (error) {
      if (error instanceof GoneError) return { role, gone: error.reason };
      throw error;
    }
  }

  /** @internal Returns the description of `toJSON` for a console. */
  [inspect](): object {
    return Object.assign(new Shown(), this.toJSON());
  }
}
