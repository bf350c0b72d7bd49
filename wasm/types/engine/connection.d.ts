import { type LimitOptions } from "./config.js";
import { type HeaderSource } from "./args.js";
import { ProfileMethods } from "./profiles.js";
import { type State, type TraceEntry } from "./state.js";
import { Awaiting, Closing, Order, Owes, Why } from "../generated/tables.js";
/** A choice among the offers of one request, for `accept`. It does not outlive its request. */
export declare class Selection {
    #private;
    /** Which of the preferences that were given to `select` it is, counted from 0. */
    readonly preference: number;
    /**
     * The same choice, accepted before the request is complete, for a new protocol that needs no content. Our direction switches
     * at once, the peer's at the end of its request; a client that waits for a 100 gets it first. Next: `accept`. RFC 9110, 7.8.
     */
    early(): Selection;
}
/**
 * One HTTP/1.1 connection, without its transport. Your code moves the bytes: what it reads goes into `receive`, what the
 * verbs return goes out. No call waits, and none reads a clock.
 *
 * A `ProtocolError` of a verb is the caller's and has changed nothing; that of `nextEvent` is the peer's. A wrong argument
 * is a `TypeError` or `RangeError`, a connection that was freed a `GoneError`.
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export declare class Connection extends ProfileMethods {
    /**
     * Server: one offered protocol that both sides can live with, by the client's order of preference or the server's. Each
     * preference is a protocol such as `foo/2`, or a stack of layers such as `TLS/1.2, HTTP/1.1`. `null` where nothing
     * matches; what is wrong with an offer, `request.offers` says. Next: `accept`, or any response, which declines.
     */
    select(preferences: readonly string[], by?: Order): Selection | null;
    /**
     * Server: accepts an offered protocol with a 101, after a 100 that is still owed. Only once the request is complete, else
     * it throws `body-pending`; `selection.early()` does not wait. Next: speak the new protocol, in which the request is answered;
     * `nextEvent` comes to `switched`. RFC 9110, 7.8 and 15.2.2.
     * @throws ProtocolError: `wrong-role`, `nothing-offered`, `not-offered`, `stale-selection`, `body-pending`,
     * `answered`, `closed`, `switched`, `failed`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`,
     * `profile-field`.
     */
    accept(selection: Selection, headers?: HeaderSource): Uint8Array<ArrayBuffer>;
    /**
     * Server: sends the head of a 426 that requires one of these protocols. Next: `sendData` for content, and `sendEnd`, then the
     * client's next try. RFC 9110, 15.5.22.
     * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-name`,
     * `invalid-value`, `invalid-protocol`, `framing-conflict`, `reserved-field`.
     */
    require(protocols: readonly string[], headers?: HeaderSource): Uint8Array<ArrayBuffer>;
    /**
     * Server: says on the next final response what the connection could be upgraded to. Next: `respond` or `sendResponse`.
     * @throws ProtocolError: `wrong-role`, `invalid-protocol`.
     */
    advertise(protocols: readonly string[]): void;
    /**
     * Client: what the latest 426 asks for, in the server's spelling (see `sameProtocol`); empty where it does not say. Next:
     * `sendRequest` with some of it as the offer.
     */
    get required(): string[];
    /** What a 101 switched to, lowest layer first; a client sees the server's spelling, so compare with `sameProtocol`. */
    get agreed(): string[];
    /**
     * Whether our direction may carry the new protocol: a server has accepted; a client has its 101 (or 2xx to CONNECT) and
     * its request is out. No event tells a client the latter: ask after the `sendData` or `sendEnd` that completes it.
     */
    get maySpeak(): boolean;
    /** Takes the first bytes of the new protocol out of the connection. Next: speak it, or `resumeHttp`. */
    takeLeftover(): Uint8Array<ArrayBuffer>;
    /**
     * HTTP goes on above the new layer, on this same object: the original request is answered there. Both directions must
     * have switched by a 101, else `nothing-owed`; the leftover must have been taken. Next: a server answers, a client
     * receives. RFC 2817, 3.3; RFC 9110, 7.8.
     * @throws ProtocolError: `nothing-owed`, `leftover-pending`.
     */
    resumeHttp(): void;
    /**
     * Changes the limits that are named, from the next message on. Refused while a request is not answered, and after a part of
     * the next head has been read. Next: go on as before.
     * @throws ProtocolError: `unanswered`, `unread-input`.
     */
    setLimits(limits: LimitOptions): void;
    /** Why the current cycle's upgrade did not happen; `null` where it did, or before the first request. See `whyText`. */
    get why(): Why | null;
    /**
     * Returns whom the engine waits for; set deadlines by it. When one expires, a server calls `reject` with a 408, or just closes
     * an idle connection (`request`); a client calls `abandon`.
     */
    get awaiting(): Awaiting;
    /** What the peer waits for that only your code can send. Of several things, the first one that it waits for. */
    get owes(): Owes;
    /** Whether another request may follow on this connection, as far as is known. RFC 9112, 9.3. */
    get persists(): boolean;
    /**
     * The received bytes after the current event, which nothing has read yet; a copy. While an offer is undecided they belong to no
     * protocol. If you decline and do not trust the client to have meant them as HTTP, call `closeAfterResponse` and they are
     * never read (RFC 9931, 5).
     */
    get unread(): Uint8Array<ArrayBuffer>;
    /**
     * Returns how to close the transport, should it be closed now. `close`: just so. `linger`: end the sending side, read on and
     * discard what comes until the peer closes too, for a few seconds at most, then close; a socket that is closed with bytes
     * unread is reset, which may take the last response away from the client. `reset`: `resetAndDestroy` of a Node socket, over
     * TLS no closure alert; a response ends with the connection, as an HTTP/1.0 client has it, and is not complete: after a FIN
     * the client would take it for whole. RFC 9112, 8 and 9.6.
     */
    get closing(): Closing;
    /** Client: how many requests have no complete final response (RFC 9112, 9.3.2). */
    get unanswered(): number;
    /** How many of the peer's bytes have been passed by the events so far. */
    get position(): number;
    /** The machine's state, for logs and for pages that show it. Its parts may change with any version. */
    get state(): State;
    /** Takes what happened so far, the oldest first: at most the latest 32 things. */
    trace(): TraceEntry[];
    /** Where it stands, for logs: nothing of what it carries. Of one that is no more, its role and the `GoneError`'s reason. */
    toJSON(): object;
}
