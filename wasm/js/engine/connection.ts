// The connection: every verb of the engine. A method converts, calls, converts; what HTTP says is the engine's business.

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
 * A choice among the offers of one request, for `accept`.
 *
 * It does not outlive its request.
 */
export class Selection {
  readonly #owner: Connection;
  readonly #bits: Uint32Array;
  readonly #isEarly: boolean;
  /**
   * The index of the selection among the preferences given to `select`.
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
   * Returns the same choice, accepted before the request is complete.
   *
   * For a new protocol that needs no content. Our direction switches at once, the peer's at the end of its request; a
   * client that waits for a 100 gets it first. Next: `accept`. RFC 9110, section 7.8.
   */
  early(): Selection {
    return new Selection(this.#owner, [...this.#bits], this.preference, true);
  }

  /** @internal */
  static isEarly(selection: Selection): boolean {
    return selection.#isEarly;
  }

  /** @internal The engine's four numbers for it, on the connection that it was made on. */
  static bitsOn(owner: Connection, selection: Selection): Uint32Array {
    if (!(selection instanceof Selection)) throw new TypeError("selection must come from select");
    if (selection.#owner !== owner) throw new TypeError("the selection was made on another connection");
    return selection.#bits;
  }
}

/** The view of an object in a console, under the name of its class. */
const { Connection: Shown } = { Connection: class {} };

const awaited = namesOf(Awaiting);
const owed = namesOf(Owes);
const closings = namesOf(Closing);
const reasons = namesOf(Why);

/**
 * One HTTP/1.1 connection, without its transport.
 *
 * Your code moves the bytes: what it reads goes into `receive`, what the verbs return goes out. No call waits, and none
 * reads a clock.
 *
 * A `ProtocolError` of a verb is the caller's and has changed nothing; that of `nextEvent` is the peer's. A wrong argument
 * is a `TypeError` or `RangeError`, a connection that was freed a `GoneError`.
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export class Connection extends ProfileMethods {
  // The upgrade verbs (RFC 9110, 7.8).

  /**
   * Server: selects one offered protocol that both sides support, or `null`.
   *
   * By the client's order of preference or the server's. Each preference is a protocol such as `foo/2`, or a stack of
   * layers such as `TLS/1.2, HTTP/1.1`. `null` where nothing matches; what is wrong with an offer, `request.offers`
   * says. Next: `accept`, or any response, which declines.
   */
  select(preferences: readonly string[], by: Order = "client"): Selection | null {
    const args = encodeArgs(() => putTexts(preferences, "preferences"));
    if (!raw.select(this.live(), args, numberOf(Order, by, "by"))) return null;
    const numbers = new Reader();
    const bits = [numbers.number(), numbers.number(), numbers.number(), numbers.number()];
    return new Selection(this, bits, numbers.number());
  }

  /**
   * Server: accepts an offered protocol with a 101, after a 100 that is still owed.
   *
   * Only once the request is complete, else it throws `body-pending`; `selection.early()` does not wait. Next: speak
   * the new protocol, in which the request is answered; `nextEvent` comes to `switched`. RFC 9110, sections 7.8 and
   * 15.2.2.
   * @throws ProtocolError: `wrong-role`, `nothing-offered`, `not-offered`, `stale-selection`, `body-pending`,
   * `answered`, `closed`, `switched`, `failed`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`,
   * `profile-field`.
   */
  accept(selection: Selection, headers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const bits = Selection.bitsOn(this, selection);
    const args = encodeArgs(() => putHeaders(headers));
    return this.sent(raw.accept(this.live(), bits, Selection.isEarly(selection), args));
  }

  /**
   * Server: sends the head of a 426 that requires one of these protocols.
   *
   * Next: `sendData` for content, and `sendEnd`, then the client's next try. RFC 9110, section 15.5.22.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-name`,
   * `invalid-value`, `invalid-protocol`, `framing-conflict`, `reserved-field`.
   */
  require(protocols: readonly string[], headers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const args = encodeArgs(() => {
      putTexts(protocols, "protocols");
      putHeaders(headers);
    });
    return this.sent(raw.require(this.live(), args));
  }

  /**
   * Server: announces what the connection could be upgraded to.
   *
   * On the next final response. Next: `respond` or `sendResponse`.
   * @throws ProtocolError: `wrong-role`, `invalid-protocol`.
   */
  advertise(protocols: readonly string[]): void {
    const args = encodeArgs(() => putTexts(protocols, "protocols"));
    this.must(raw.advertise(this.live(), args));
  }

  /**
   * Client: the protocols that the latest 426 requires.
   *
   * In the server's spelling (see `sameProtocol`); empty where it does not say. Next: `sendRequest` with some of it as
   * the offer.
   */
  get required(): string[] {
    const handle = this.live();
    return reading(() => raw.required(handle)).texts();
  }

  /**
   * The protocols that a 101 switched to, lowest layer first.
   *
   * A client sees the server's spelling, so compare with `sameProtocol`.
   */
  get agreed(): string[] {
    const handle = this.live();
    return reading(() => raw.agreed(handle)).texts();
  }

  /**
   * Tells whether our direction may carry the new protocol.
   *
   * A server has accepted; a client has its 101 (or 2xx to CONNECT) and its request is out. No event tells a client the
   * latter: ask after the `sendData` or `sendEnd` that completes it.
   */
  get maySpeak(): boolean {
    return raw.may_speak(this.live());
  }

  /**
   * Takes the first bytes of the new protocol out of the connection.
   *
   * Next: speak it, or `resumeHttp`.
   */
  takeLeftover(): Uint8Array<ArrayBuffer> {
    this.space = undefined;
    raw.take_leftover(this.live());
    return bytesLeft();
  }

  /**
   * Resumes HTTP above the new layer, on this same object.
   *
   * The original request is answered there. Both directions must have switched by a 101, else `nothing-owed`; the
   * leftover must have been taken. Next: a server answers, a client receives. RFC 2817, section 3.3; RFC 9110, section
   * 7.8.
   * @throws ProtocolError: `nothing-owed`, `leftover-pending`.
   */
  resumeHttp(): void {
    this.must(raw.resume_http(this.live()));
  }

  /**
   * Changes the limits that are named, from the next message on.
   *
   * Refused while a request is not answered, and after a part of the next head has been read. Next: go on as before.
   * @throws ProtocolError: `unanswered`, `unread-input`.
   */
  setLimits(limits: LimitOptions): void {
    this.must(changeLimits(this.live(), limits));
  }

  /**
   * The reason why the current cycle's upgrade did not happen, or `null`.
   *
   * `null` where it did, or before the first request. See `whyText`.
   */
  get why(): Why | null {
    const why = raw.why(this.live());
    return why === 0 ? null : (reasons[why - 1] as Why);
  }

  // What your code may ask in between.

  /**
   * Returns whom the engine waits for; set deadlines by it.
   *
   * When one expires, a server calls `reject` with a 408, or just closes an idle connection (`request`); a client calls
   * `abandon`.
   */
  get awaiting(): Awaiting {
    return awaited[raw.awaiting(this.live())] as Awaiting;
  }

  /**
   * The next thing that the caller must send.
   *
   * Of several things, the first one that the peer waits for.
   */
  get owes(): Owes {
    return owed[raw.owes(this.live())] as Owes;
  }

  /**
   * Tells whether another request may follow on this connection.
   *
   * As far as is known. RFC 9112, section 9.3.
   */
  get persists(): boolean {
    return raw.persists(this.live());
  }

  /**
   * The received bytes after the current event, which nothing has read yet; a copy.
   *
   * While an offer is undecided they belong to no protocol. A server that declines and does not trust them to be HTTP
   * calls `closeAfterResponse`; they are then never read (RFC 9931, section 5).
   */
  get unread(): Uint8Array<ArrayBuffer> {
    raw.unread(this.live());
    return bytesLeft();
  }

  /**
   * Returns how to close the transport, should it be closed now.
   *
   * `close`: just so. `linger`: end the sending side, read on and discard what comes until the peer closes too. Do so
   * for a few seconds at most, then close. A socket that is closed with bytes unread is reset, which may take the last
   * response away from the client. `reset`: `resetAndDestroy` of a Node socket, over TLS no closure alert. A response
   * ends with the connection, as an HTTP/1.0 client has it, and is not complete. After a FIN the client would take it
   * for whole. RFC 9112, sections 8 and 9.6.
   */
  get closing(): Closing {
    return closings[raw.closing(this.live())] as Closing;
  }

  /**
   * Client: how many requests have no complete final response.
   *
   * RFC 9112, section 9.3.2.
   */
  get unanswered(): number {
    return raw.unanswered(this.live());
  }

  /** The number of the peer's bytes that events have passed so far. */
  get position(): number {
    return raw.position(this.live());
  }

  /**
   * The machine's state, for logs and for pages that show it.
   *
   * Its parts may change with any version.
   */
  get state(): State {
    const handle = this.live();
    return readState(reading(() => raw.state(handle)));
  }

  /** Takes what happened so far, the oldest first: at most the latest 32 things. */
  trace(): TraceEntry[] {
    const entries = raw.trace(this.live());
    return readTrace(new Reader(), entries);
  }

  /**
   * A description for logs: nothing of what the connection carries.
   *
   * Of one that is no more, its role and the `GoneError`'s reason.
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

  /** @internal The same for a console. */
  [inspect](): object {
    return Object.assign(new Shown(), this.toJSON());
  }
}
