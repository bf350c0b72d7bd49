/* tslint:disable */
/* eslint-disable */

/**
 * Gives up; false leaves the error.
 */
export function abandon(handle: number): boolean;

/**
 * Accepts a selection, given as its four numbers; `args` holds the fields.
 */
export function accept(handle: number, selection: Uint32Array | number[], early: boolean, args: Uint8Array | number[]): boolean;

/**
 * Moves on like `next_event` and puts nothing but an error.
 *
 * Returns the outcome; of an event one that is as much higher as its kind's number.
 */
export function advance(handle: number): number;

/**
 * Advertises on the next response; `args` holds the protocols.
 */
export function advertise(handle: number, args: Uint8Array | number[]): boolean;

/**
 * Writes the protocols of a 101 to the result.
 */
export function agreed(handle: number): void;

/**
 * Writes the parameters that a 101 has agreed to; false where there are none.
 *
 * `args` holds the fields.
 */
export function agreed_deflate(args: Uint8Array | number[]): boolean;

/**
 * Writes the authority of the current request, and whether there is one.
 */
export function authority(handle: number): boolean;

/**
 * Returns the party that the connection is waiting for.
 */
export function awaiting(handle: number): number;

/**
 * Checks the end of the stream; false puts the fault.
 */
export function capsules_finish(handle: number): boolean;

/**
 * Gives its memory back; its number stands for nothing now.
 */
export function capsules_free(handle: number): void;

/**
 * Makes a reader of datagrams up to that payload, and gives its number.
 */
export function capsules_new(longest: number): number;

/**
 * Moves on to the next datagram.
 */
export function capsules_next(handle: number): number;

/**
 * Takes bytes of the stream.
 */
export function capsules_receive(handle: number, bytes: Uint8Array | number[]): void;

/**
 * Returns why the lines may not stand in HTTP/2, one higher than its number.
 *
 * 0 is nothing.
 *
 * The status is one higher too, 0 is a request. `args` holds the fields.
 */
export function check_http2(status: number, args: Uint8Array | number[]): number;

/**
 * Ends the connection after this request's response; false puts the error.
 */
export function close_after_response(handle: number): boolean;

/**
 * Returns how to close the transport.
 */
export function closing(handle: number): number;

/**
 * Takes the first `len` bytes of that place.
 */
export function commit(handle: number, len: number): void;

/**
 * Begins a configuration with the limits of a connection, for `set_limits`.
 */
export function configure_as(handle: number): void;

/**
 * Sets a flag of the next connection; false where there is none of that name.
 */
export function configure_flag(name: string, value: boolean): boolean;

/**
 * Sets a leniency of the next connection; false where there is none of that name.
 */
export function configure_lenient(name: string, value: boolean): boolean;

/**
 * Sets a bound of the next connection; false where there is none of that name.
 */
export function configure_limit(name: string, value: number): boolean;

/**
 * Forgets what was configured.
 */
export function configure_nothing(): void;

/**
 * Writes the content still to come of the current message to the result.
 *
 * Its kind, and how much.
 */
export function content(handle: number): void;

/**
 * Makes a connection with the next configuration, and returns its number.
 */
export function create(role: number): number;

/**
 * Writes a datagram as a capsule to the result.
 */
export function datagram_write(context: bigint, payload: Uint8Array | number[]): void;

/**
 * Writes parameters as the value of a field to the result.
 */
export function deflate_text(server_forgets: boolean, client_forgets: boolean, server_bits: number, client_bits: number): void;

/**
 * Writes the field lines that are not for one hop; false where there is no head.
 */
export function end_to_end(handle: number): boolean;

/**
 * Writes what to do about an error to the result.
 */
export function error_advice(code: number): void;

/**
 * Writes the rule that an error is about to the result.
 */
export function error_clause(code: number): void;

/**
 * Writes the sentence of an error to the result.
 */
export function error_text(code: number): void;

/**
 * Writes the current event once more; false where there is none.
 */
export function event(handle: number): boolean;

/**
 * Returns the address of the results of the latest call.
 */
export function exchange(): number;

/**
 * Writes the current request as an extended CONNECT; false where there is none.
 *
 * `args` holds the protocol.
 */
export function extended_connect(handle: number, args: Uint8Array | number[]): boolean;

/**
 * Writes the peer's error; false where there is none.
 */
export function failure(handle: number): boolean;

/**
 * Writes the protocols that may be forwarded to the result.
 */
export function forwardable(handle: number): void;

/**
 * Gives a connection's memory back; its number stands for nothing now.
 */
export function free(handle: number): void;

/**
 * Gives the whole connection away, and leaves its bytes; false leaves the error.
 */
export function hand_over(handle: number): boolean;

/**
 * Writes field lines of HTTP/2 as HTTP/1.1 has them; false leaves the fault.
 *
 * `args` holds the authority, the key if there is one, and the fields.
 */
export function http1_fields(args: Uint8Array | number[]): boolean;

/**
 * Writes the field lines as HTTP/2 has them; false where there is no head.
 */
export function http2_fields(handle: number): boolean;

/**
 * Writes the current request as HTTP/2 has it; false where there is none.
 */
export function http2_request(handle: number): boolean;

/**
 * Writes the sentence of a reason to the result.
 */
export function ineligible_text(reason: number): void;

/**
 * Writes the protocol, and the target if there is one.
 *
 * Returns false where there is no such target. `args` holds template and request target.
 */
export function ip_target(args: Uint8Array | number[]): boolean;

/**
 * Returns the largest value of a limit.
 *
 * Negative where there is none of that name.
 */
export function largest_limit(name: string): number;

/**
 * Returns whether an intermediary may pass on an offer of that protocol.
 */
export function may_forward(args: Uint8Array | number[]): boolean;

/**
 * Returns whether the new protocol may be spoken.
 */
export function may_speak(handle: number): boolean;

/**
 * Moves on to the next event, and leaves all of it.
 */
export function next_event(handle: number): number;

/**
 * Returns what the caller must send next.
 */
export function owes(handle: number): number;

/**
 * Counts content that did not come through here; false leaves the error.
 */
export function pass_content(handle: number, len: number): boolean;

/**
 * Writes the path of the current request; false where there is no request.
 */
export function path(handle: number): boolean;

/**
 * Returns whether another request may follow.
 */
export function persists(handle: number): boolean;

/**
 * Returns the number of the peer's bytes that events have passed.
 */
export function position(handle: number): number;

/**
 * Writes the content of a prepared response to the result.
 */
export function prepared_content(handle: number): void;

/**
 * Gives its memory back; its number stands for nothing now.
 */
export function prepared_free(handle: number): void;

/**
 * Prepares a whole response for connections of the next configuration.
 *
 * Returns its number, one higher than it is, or 0 and puts the error. `args` holds fields and
 * reason.
 */
export function prepared_new(status: number, has_reason: boolean, args: Uint8Array | number[], content: Uint8Array | number[]): number;

/**
 * Returns the status of a prepared response.
 */
export function prepared_status(handle: number): number;

/**
 * Writes the query of the current request, and whether it has one.
 */
export function query(handle: number): boolean;

/**
 * Writes the reason phrase of a status to the result.
 */
export function reason(status: number): void;

/**
 * Takes bytes of the peer; false leaves the error.
 */
export function receive(handle: number, bytes: Uint8Array | number[]): boolean;

/**
 * Writes where to read `min` bytes or more to; false leaves the error.
 */
export function receive_buffer(handle: number, min: number): boolean;

/**
 * Tells the connection that the peer's bytes have ended.
 */
export function receive_eof(handle: number, end: number): void;

/**
 * Takes staged bytes of the peer; false puts the error.
 *
 * They lie where [`stage`](crate::staging::stage) said.
 */
export function receive_staged(handle: number, len: number): boolean;

/**
 * Answers before a request; `args` holds fields and reason.
 */
export function reject(handle: number, status: number, has_reason: boolean, args: Uint8Array | number[], content: Uint8Array | number[]): boolean;

/**
 * Gives memory back.
 */
export function release(handle: number): void;

/**
 * Writes the current request; false where there is none.
 */
export function request(handle: number): boolean;

/**
 * Sends a 426; `args` holds protocols and fields.
 */
export function require(handle: number, args: Uint8Array | number[]): boolean;

/**
 * Writes the protocols that a 426 requires to the result.
 */
export function required(handle: number): void;

/**
 * Sends a whole final response; `args` holds fields and reason.
 */
export function respond(handle: number, status: number, has_reason: boolean, args: Uint8Array | number[], content: Uint8Array | number[]): boolean;

/**
 * Sends a prepared response.
 */
export function respond_prepared(handle: number, prepared: number): boolean;

/**
 * Resumes HTTP above the new layer; false puts the error.
 */
export function resume_http(handle: number): boolean;

/**
 * Returns whether two texts name the same protocol; `args` holds both.
 */
export function same_protocol(args: Uint8Array | number[]): boolean;

/**
 * Returns whether a message says that capsules follow.
 *
 * `args` holds the fields.
 */
export function says_capsules(args: Uint8Array | number[]): boolean;

/**
 * Writes the four numbers of a selection, and which preference it is.
 *
 * Returns false where there is none. `args` holds the preferences.
 */
export function select(handle: number, args: Uint8Array | number[], by: number): boolean;

/**
 * Writes the parameters to accept `permessage-deflate` with to the result.
 *
 * Returns false where it is not accepted.
 */
export function select_deflate(handle: number, server_forgets: boolean, client_forgets: boolean, server_bits: number, client_bits: number): boolean;

/**
 * Returns the preference that is the subprotocol, counted from 1; 0 is none.
 *
 * `args` holds the preferences.
 */
export function select_subprotocol(handle: number, args: Uint8Array | number[], by: number): number;

/**
 * Sends content.
 */
export function send_data(handle: number, data: Uint8Array | number[]): boolean;

/**
 * Writes the framing around content of that length to the result.
 *
 * The prefix's length, and both one after the other.
 */
export function send_data_parts(handle: number, len: number): boolean;

/**
 * Ends the message; `args` holds the trailers.
 */
export function send_end(handle: number, args: Uint8Array | number[]): boolean;

/**
 * Sends an informational response; `args` holds fields and reason.
 */
export function send_informational(handle: number, status: number, has_reason: boolean, args: Uint8Array | number[]): boolean;

/**
 * Sends a request; `args` holds method, target, offer, fields.
 */
export function send_request(handle: number, args: Uint8Array | number[]): boolean;

/**
 * Sends a final response; `args` holds fields and reason.
 */
export function send_response(handle: number, status: number, has_reason: boolean, args: Uint8Array | number[]): boolean;

/**
 * Changes the limits of a connection to those that were configured.
 */
export function set_limits(handle: number): boolean;

/**
 * Drops the rest of the content; false leaves the error.
 */
export function skip_content(handle: number): boolean;

/**
 * Tells the splice that the client has ended.
 */
export function splice_client_ended(handle: number): void;

/**
 * Takes bytes of the client.
 */
export function splice_client_sent(handle: number, bytes: Uint8Array | number[]): void;

/**
 * Takes bytes of the engine.
 */
export function splice_engine_sent(handle: number, bytes: Uint8Array | number[]): void;

/**
 * Gives its memory back; its number stands for nothing now.
 */
export function splice_free(handle: number): void;

/**
 * Returns whether the splice is out of the way.
 */
export function splice_is_done(handle: number): boolean;

/**
 * Returns whether bytes of the client wait.
 */
export function splice_is_waiting(handle: number): boolean;

/**
 * Makes a splice of a connection's current request.
 *
 * Returns its number, two higher than it is, or what is in the way. `args` holds the trailers.
 */
export function splice_new(connection: number, content: Uint8Array | number[], args: Uint8Array | number[]): number;

/**
 * Writes what goes to the client now to the result.
 */
export function splice_take_for_client(handle: number): void;

/**
 * Writes what goes to the engine now to the result.
 */
export function splice_take_for_engine(handle: number): void;

/**
 * Returns whether the client should be read.
 */
export function splice_wants_client(handle: number): boolean;

/**
 * Returns the address of the place; it does not move.
 */
export function stage(): number;

/**
 * Writes the state's nine fields to the result.
 */
export function state(handle: number): void;

/**
 * Writes the subprotocols that the current request asks for to the result.
 */
export function subprotocols(handle: number): void;

/**
 * Folds the end of the message into the current event; says whether it did.
 */
export function take_end(handle: number): boolean;

/**
 * Writes the first bytes of the new protocol to the result.
 *
 * They are out of the connection then.
 */
export function take_leftover(handle: number): void;

/**
 * Writes all entries of the trace, and returns their number.
 */
export function trace(handle: number): number;

/**
 * Writes port and host; false where there is no such target.
 *
 * `args` holds template and request target.
 */
export function udp_target(args: Uint8Array | number[]): boolean;

/**
 * Returns the number of requests without a complete final response.
 */
export function unanswered(handle: number): number;

/**
 * Writes the bytes after the current event to the result.
 */
export function unread(handle: number): void;

/**
 * Returns the number of unread bytes.
 */
export function unread_len(handle: number): number;

/**
 * Returns whether to read the transport.
 */
export function wants_input(handle: number): boolean;

/**
 * Writes the key of a nonce; nothing where that has not 16 bytes.
 */
export function websocket_key(nonce: Uint8Array | number[]): void;

/**
 * Returns why the upgrade did not happen, one higher than its number.
 *
 * 0 is none.
 */
export function why(handle: number): number;

/**
 * Writes the sentence of a reason to the result.
 */
export function why_text(why: number): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly abandon: (a: number) => number;
    readonly accept: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly advance: (a: number) => number;
    readonly advertise: (a: number, b: number, c: number) => number;
    readonly agreed: (a: number) => void;
    readonly agreed_deflate: (a: number, b: number) => number;
    readonly authority: (a: number) => number;
    readonly awaiting: (a: number) => number;
    readonly capsules_finish: (a: number) => number;
    readonly capsules_free: (a: number) => void;
    readonly capsules_new: (a: number) => number;
    readonly capsules_next: (a: number) => number;
    readonly capsules_receive: (a: number, b: number, c: number) => void;
    readonly check_http2: (a: number, b: number, c: number) => number;
    readonly close_after_response: (a: number) => number;
    readonly closing: (a: number) => number;
    readonly commit: (a: number, b: number) => void;
    readonly configure_as: (a: number) => void;
    readonly configure_flag: (a: number, b: number, c: number) => number;
    readonly configure_lenient: (a: number, b: number, c: number) => number;
    readonly configure_limit: (a: number, b: number, c: number) => number;
    readonly configure_nothing: () => void;
    readonly content: (a: number) => void;
    readonly create: (a: number) => number;
    readonly datagram_write: (a: bigint, b: number, c: number) => void;
    readonly deflate_text: (a: number, b: number, c: number, d: number) => void;
    readonly end_to_end: (a: number) => number;
    readonly error_advice: (a: number) => void;
    readonly error_clause: (a: number) => void;
    readonly error_text: (a: number) => void;
    readonly event: (a: number) => number;
    readonly exchange: () => number;
    readonly extended_connect: (a: number, b: number, c: number) => number;
    readonly failure: (a: number) => number;
    readonly forwardable: (a: number) => void;
    readonly free: (a: number) => void;
    readonly hand_over: (a: number) => number;
    readonly http1_fields: (a: number, b: number) => number;
    readonly http2_fields: (a: number) => number;
    readonly http2_request: (a: number) => number;
    readonly ineligible_text: (a: number) => void;
    readonly ip_target: (a: number, b: number) => number;
    readonly largest_limit: (a: number, b: number) => number;
    readonly may_forward: (a: number, b: number) => number;
    readonly may_speak: (a: number) => number;
    readonly next_event: (a: number) => number;
    readonly owes: (a: number) => number;
    readonly pass_content: (a: number, b: number) => number;
    readonly path: (a: number) => number;
    readonly persists: (a: number) => number;
    readonly position: (a: number) => number;
    readonly prepared_content: (a: number) => void;
    readonly prepared_free: (a: number) => void;
    readonly prepared_new: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly prepared_status: (a: number) => number;
    readonly query: (a: number) => number;
    readonly reason: (a: number) => void;
    readonly receive: (a: number, b: number, c: number) => number;
    readonly receive_buffer: (a: number, b: number) => number;
    readonly receive_eof: (a: number, b: number) => void;
    readonly receive_staged: (a: number, b: number) => number;
    readonly reject: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly release: (a: number) => void;
    readonly request: (a: number) => number;
    readonly require: (a: number, b: number, c: number) => number;
    readonly required: (a: number) => void;
    readonly respond: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => number;
    readonly respond_prepared: (a: number, b: number) => number;
    readonly resume_http: (a: number) => number;
    readonly same_protocol: (a: number, b: number) => number;
    readonly says_capsules: (a: number, b: number) => number;
    readonly select: (a: number, b: number, c: number, d: number) => number;
    readonly select_deflate: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly select_subprotocol: (a: number, b: number, c: number, d: number) => number;
    readonly send_data: (a: number, b: number, c: number) => number;
    readonly send_data_parts: (a: number, b: number) => number;
    readonly send_end: (a: number, b: number, c: number) => number;
    readonly send_informational: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly send_request: (a: number, b: number, c: number) => number;
    readonly send_response: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly set_limits: (a: number) => number;
    readonly skip_content: (a: number) => number;
    readonly splice_client_ended: (a: number) => void;
    readonly splice_client_sent: (a: number, b: number, c: number) => void;
    readonly splice_engine_sent: (a: number, b: number, c: number) => void;
    readonly splice_free: (a: number) => void;
    readonly splice_is_done: (a: number) => number;
    readonly splice_is_waiting: (a: number) => number;
    readonly splice_new: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly splice_take_for_client: (a: number) => void;
    readonly splice_take_for_engine: (a: number) => void;
    readonly splice_wants_client: (a: number) => number;
    readonly stage: () => number;
    readonly state: (a: number) => void;
    readonly subprotocols: (a: number) => void;
    readonly take_end: (a: number) => number;
    readonly take_leftover: (a: number) => void;
    readonly trace: (a: number) => number;
    readonly udp_target: (a: number, b: number) => number;
    readonly unanswered: (a: number) => number;
    readonly unread: (a: number) => void;
    readonly unread_len: (a: number) => number;
    readonly wants_input: (a: number) => number;
    readonly websocket_key: (a: number, b: number) => void;
    readonly why: (a: number) => number;
    readonly why_text: (a: number) => void;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
