import { type LimitOptions } from "./config.js";
import { type HeaderSource } from "./args.js";
import { ProfileMethods } from "./profiles.js";
import { type State, type TraceEntry } from "./state.js";
import { Awaiting, Closing, Order, Owes, Why } from "../generated/tables.js";
/**
 * A choice among the offers of one request, for `accept`.
 *
 * It does not outlive its request.
 */
export declare class Selection {
    #private;
    /**
     * The index of the selection among the preferences given to `select`.
     *
     * Counted from 0.
     */
    readonly preference: number;
    /**
     * Returns the same choice, accepted before the request is complete.
     *
     * For a new protocol that needs no content. Our direction switches at once, the peer's at the end of its request; a
     * client that waits for a 100 gets it first. Next: `accept`. RFC 9110, section 7.8.
     */
    early(): Selection;
}
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
export declare class Connection extends ProfileMethods {
    /**
     * Server: selects one offered protocol that both sides support, or `null`.
     *
     * By the client's order of preference or the server's. Each preference is a protocol such as `foo/2`, or a stack of
     * layers such as `TLS/1.2, HTTP/1.1`. `null` where nothing matches; what is wrong with an offer, `request.offers`
     * says. Next: `accept`, or any response, which declines.
     */
    select(preferences: readonly string[], by?: Order): Selection | null;
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
    accept(selection: Selection, headers?: HeaderSource): Uint8Array<ArrayBuffer>;
    /**
     * Server: sends the head of a 426 that requires one of these protocols.
     *
     * Next: `sendData` for content, and `sendEnd`, then the client's next try. RFC 9110, section 15.5.22.
     * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-name`,
     * `invalid-value`, `invalid-protocol`, `framing-conflict`, `reserved-field`.
     */
    require(protocols: readonly string[], headers?: HeaderSource): Uint8Array<ArrayBuffer>;
    /**
     * Server: announces what the connection could be upgraded to.
     *
     * On the next final response. Next: `respond` or `sendResponse`.
     * @throws ProtocolError: `wrong-role`, `invalid-protocol`.
     */
    advertise(protocols: readonly string[]): void;
    /**
     * Client: the protocols that the latest 426 requires.
     *
     * In the server's spelling (see `sameProtocol`); empty where it does not say. Next: `sendRequest` with some of it as
     * the offer.
     */
    get required(): string[];
    /**
     * The protocols that a 101 switched to, lowest layer first.
     *
     * A client sees the server's spelling, so compare with `sameProtocol`.
     */
    get agreed(): string[];
    /**
     * Tells whether our direction may carry the new protocol.
     *
     * A server has accepted; a client has its 101 (or 2xx to CONNECT) and its request is out. No event tells a client the
     * latter: ask after the `sendData` or `sendEnd` that completes it.
     */
    get maySpeak(): boolean;
    /**
     * Takes the first bytes of the new protocol out of the connection.
     *
     * Next: speak it, or `resumeHttp`.
     */
    takeLeftover(): Uint8Array<ArrayBuffer>;
    /**
     * Resumes HTTP above the new layer, on this same object.
     *
     * The original request is answered there. Both directions must have switched by a 101, else `nothing-owed`; the
     * leftover must have been taken. Next: a server answers, a client receives. RFC 2817, section 3.3; RFC 9110, section
     * 7.8.
     * @throws ProtocolError: `nothing-owed`, `leftover-pending`.
     */
    resumeHttp(): void;
    /**
     * Changes the limits that are named, from the next message on.
     *
     * Refused while a request is not answered, and after a part of the next head has been read. Next: go on as before.
     * @throws ProtocolError: `unanswered`, `unread-input`.
     */
    setLimits(limits: LimitOptions): void;
    /**
     * The reason why the current cycle's upgrade did not happen, or `null`.
     *
     * `null` where it did, or before the first request. See `whyText`.
     */
    get why(): Why | null;
    /**
     * Returns whom the engine waits for; set deadlines by it.
     *
     * When one expires, a server calls `reject` with a 408, or just closes an idle connection (`request`); a client calls
     * `abandon`.
     */
    get awaiting(): Awaiting;
    /**
     * The next thing that the caller must send.
     *
     * Of several things, the first one that the peer waits for.
     */
    get owes(): Owes;
    /**
     * Tells whether another request may follow on this connection.
     *
     * As far as is known. RFC 9112, section 9.3.
     */
    get persists(): boolean;
    /**
     * The received bytes after the current event, which nothing has read yet; a copy.
     *
     * While an offer is undecided they belong to no protocol. A server that declines and does not trust them to be HTTP
     * calls `closeAfterResponse`; they are then never read (RFC 9931, section 5).
     */
    get unread(): Uint8Array<ArrayBuffer>;
    /**
     * Returns how to close the transport, should it be closed now.
     *
     * `close`: just so. `linger`: end the sending side, read on and discard what comes until the peer closes too. Do so
     * for a few seconds at most, then close. A socket that is closed with bytes unread is reset, which may take the last
     * response away from the client. `reset`: `resetAndDestroy` of a Node socket, over TLS no closure alert. A response
     * ends with the connection, as an HTTP/1.0 client has it, and is not complete. After a FIN the client would take it
     * for whole. RFC 9112, sections 8 and 9.6.
     */
    get closing(): Closing;
    /**
     * Client: how many requests have no complete final response.
     *
     * RFC 9112, section 9.3.2.
     */
    get unanswered(): number;
    /** The number of the peer's bytes that events have passed so far. */
    get position(): number;
    /**
     * The machine's state, for logs and for pages that show it.
     *
     * Its parts may change with any version.
     */
    get state(): State;
    /** Takes what happened so far, the oldest first: at most the latest 32 things. */
    trace(): TraceEntry[];
    /**
     * A description for logs: nothing of what the connection carries.
     *
     * Of one that is no more, its role and the `GoneError`'s reason.
     */
    toJSON(): object;
}
