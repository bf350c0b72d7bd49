/*
 * switchover.h: HTTP/1.1 connections that can become something else.
 *
 * An engine without I/O for both roles, with the Upgrade mechanism as its speciality. Written from the sources of
 * `ffi-c` by its test `header`; do not edit.
 *
 * THE CONTRACT
 *
 * One swo_conn per transport connection. It never blocks, polls, wakes or reads a clock; your code moves the bytes.
 *
 *  1. Bytes in. swo_receive copies what the peer sent. Or read the socket straight into swo_receive_buffer, and
 *     say how much with swo_receive_commit. swo_receive_eof says that no more will come. While swo_wants_input is 0, do
 *     not read.
 *  2. Events out. swo_next_event until it is SWO_EVENT_KIND_NEED_DATA (send a 100 if swo_owes is SWO_OWES_CONTINUE,
 *     send what was written, then read) or SWO_EVENT_KIND_PAUSED (act: decide, answer, speak the new protocol, or
 *     close). A pause comes again with each call until you have acted. To answer a request later, do nothing at
 *     SWO_EVENT_KIND_END_OF_MESSAGE, leave the loop at the pause, and enter it again after the answer.
 *     Slices of an event are valid until the next *inbound* call on the connection: copy what the answer needs. Each
 *     inbound call says so in its comment: swo_receive, swo_receive_buffer, swo_receive_commit, swo_receive_eof,
 *     swo_next_event, swo_pass_content, swo_take_leftover, swo_hand_over, swo_release, swo_resume_http. Decisions do
 *     not end it, so an echo may send the very slice it was shown, and what speaks the next protocol may be given the
 *     leftover as SWO_EVENT_KIND_SWITCHED shows it.
 *  3. Decisions in, bytes out. swo_respond and the other answers, swo_send_* and the upgrade verbs write into the
 *     caller's memory: all of it or nothing. A refused one has changed nothing. Send what was written, then go on at 2.
 *     A 2xx to CONNECT opens a tunnel: a server without tunnels answers 501.
 *  4. The end. After a peer error from swo_next_event a server calls swo_reject with swo_error_status, which answers
 *     whatever is owed; where that is refused, and in a client, swo_abandon. At SWO_PAUSED_CLOSED, or when nothing is owed
 *     and swo_persists is 0, close the transport as swo_closing says. To close with bytes unread resets the connection,
 *     and may take the last answer away from the peer (RFC 9112, 9.6).
 *
 * Beside the connection stand the profiles: what WebSocket, h2c, connect-udp and connect-ip negotiate beside their names,
 * what an intermediary passes on, and what crosses between HTTP/1.1 and HTTP/2. If you need none of them, call none.
 *
 * POINTERS. NULL is refused with SWO_NULL, except where a comment allows it and for arrays of no entries; where `cap`
 * is 0, so that nothing can be written, the place for how much was written may be NULL too. Other pointers must be good
 * for the call and for the length beside them; outputs must not overlap inputs. A slice of an event may be an argument
 * of a decision, never of an inbound call on the same connection: swo_receive refuses it with SWO_OVERLAP, as
 * swo_capsules_receive does with a payload that its reader has shown. Memory that was set to zero, that held a
 * connection before or holds another kind of object is known as no connection (SWO_BAD_HANDLE), and the like is true
 * for a splice, a reader of capsules, field lines, a block and a prepared response. What swo_conn_free and the other
 * frees freed is not known.
 *
 * RESULTS. 0 is SWO_OK; SWO_ERROR_* are the engine's, with the same numbers in every language; from 1000 up what only C
 * can do wrong, and SWO_REFUSED. Outputs come last and are written only on success, but for sizes and counts on shortage
 * and the reason of a SWO_REFUSED, as said there. A defect in the library is SWO_PANIC: the connection, or what else was
 * being changed, is dead and says so until it is freed. Where the allocator has nothing left, the library calls
 * abort(3), and the process ends; some calls return SWO_OUT_OF_MEMORY before that. What a connection can take is bounded by its configuration.
 *
 * THE SMALL FLAVOUR. ffi-c/small builds the same functions in a fraction of the size. Two things differ.
 *  - A defect in the library calls abort(3). SWO_PANIC cannot come.
 *  - Memory comes from malloc(3), or from the functions of swo_set_memory. Where they have none, swo_conn_new, swo_conn_init,
 *    swo_receive, swo_receive_event and swo_receive_buffer return SWO_OUT_OF_MEMORY: nothing has changed, and the same call may
 *    succeed later. (They ask before they take: if another thread takes the memory in between, they call abort(3) too.)
 *    Every other call that needs memory calls abort(3), or returns SWO_OUT_OF_MEMORY where only the object that
 *    it makes is missing. They need it to read and to compose heads, to keep an offer, and for what swo_*_new makes. A
 *    connection keeps its memory from message to message, so after the first few it seldom asks for more.
 *
 * NUMBERS. Enums are passed as uint32_t and checked (SWO_BAD_ENUM). SWO_NONE stands where there is no value.
 *
 * THREADS. No threads, and no state outside your objects that you could see, but the functions of swo_set_memory. (How the
 * machine is best scanned is found out once and kept, by atomic writes of the same value.) A connection, splice or reader may move between
 * threads, and is used by one at a time. A prepared response and a block never change: several threads may
 * use one at once, on a connection each.
 */

#ifndef SWITCHOVER_H
#define SWITCHOVER_H

#include <stddef.h>
#include <stdint.h>

/** The version that this header belongs to; swo_version says which one runs. */
#define SWO_VERSION "0.1.0"
#define SWO_VERSION_MAJOR 0
#define SWO_VERSION_MINOR 1
#define SWO_VERSION_PATCH 0

/** Counts up with every change that a compiled program would notice; swo_abi_version must equal it. */
#define SWO_ABI_VERSION 1

/** An initialiser of a swo_slice from a string literal: `swo_slice name = SWO_TEXT("Host");` */
#define SWO_TEXT(literal) {(const uint8_t *)("" literal), sizeof(literal) - 1}

/** An initialiser of a swo_field that stands for all lines of a swo_block: `swo_field fields[] = {SWO_BLOCK(block)};` */
#define SWO_BLOCK(block) {{NULL, SIZE_MAX}, {(const uint8_t *)(block), 0}}

/**
 * At least swo_conn_size() with this ABI, for a connection inside a struct of yours: `uint64_t place[SWO_CONN_SIZE_MAX / 8];`,
 * which is aligned well enough, then swo_conn_init(place, sizeof place, ...).
 */
#define SWO_CONN_SIZE_MAX 256

/** The template for `connect-udp` where nothing else is configured (RFC 9298, 2): for swo_udp_target. */
#define SWO_UDP_TEMPLATE "/.well-known/masque/udp/{target_host}/{target_port}/"

/** The template for `connect-ip` where nothing else is configured (RFC 9484, 3): for swo_ip_target. */
#define SWO_IP_TEMPLATE "/.well-known/masque/ip/{target}/{ipproto}/"

/** The longest UDP payload (RFC 9298, 5): for swo_capsules_new. */
#define SWO_UDP_PAYLOAD 65527

/** The end of the connection that this engine is. */
enum swo_role {
    /** The engine is the client: it sends requests. */
    SWO_ROLE_CLIENT = 0,
    /** The engine is the server: it responds to requests. */
    SWO_ROLE_SERVER = 1,
};

/** The progress of a message. */
enum swo_phase {
    /** The message has not begun. */
    SWO_PHASE_IDLE = 0,
    /** Head passed, content or its end still to come. */
    SWO_PHASE_BODY = 1,
    /** Complete by its framing. */
    SWO_PHASE_DONE = 2,
    /** Given up before its end. */
    SWO_PHASE_ABORTED = 3,
};

/** The peer's direction. */
enum swo_rx {
    /** The peer sends HTTP. */
    SWO_RX_OPEN = 0,
    /** Ended, or nothing more is read. */
    SWO_RX_CLOSED = 1,
    /** The peer has left HTTP. */
    SWO_RX_SWITCHED = 2,
    /** The peer broke the protocol. */
    SWO_RX_FAILED = 3,
};

/** Our direction of the connection. */
enum swo_tx {
    /** We send HTTP. */
    SWO_TX_OPEN = 0,
    /** We send no more HTTP. */
    SWO_TX_CLOSED = 1,
    /** We have left HTTP. */
    SWO_TX_SWITCHED = 2,
};

/** The effect that the current cycle is about to have on the connection. */
enum swo_upgrade_state {
    /** No upgrade is offered. */
    SWO_UPGRADE_STATE_NONE = 0,
    /** The request offers at least one protocol that may be accepted. */
    SWO_UPGRADE_STATE_OFFERED = 1,
    /** The request is a CONNECT. */
    SWO_UPGRADE_STATE_CONNECT = 2,
    /** A 101, a 2xx to CONNECT or a preface switched the connection. */
    SWO_UPGRADE_STATE_AGREED = 3,
    /** The offer or CONNECT got another answer. */
    SWO_UPGRADE_STATE_DECLINED = 4,
    /** HTTP was resumed above the new layer; the answer is still owed.
     *
     *  RFC 9110, section 7.8. */
    SWO_UPGRADE_STATE_RESUMED = 5,
};

/** The client's `Expect: 100-continue`. */
enum swo_expect {
    /** No 100 is expected, or the expectation is settled. */
    SWO_EXPECT_NONE = 0,
    /** Expected, and no content has come. */
    SWO_EXPECT_OWED = 1,
    /** Expected and not sent, but content has come. */
    SWO_EXPECT_BEGUN = 2,
};

/** The version that the client of a server speaks. */
enum swo_client_version {
    /** No request has been seen. */
    SWO_CLIENT_VERSION_UNKNOWN = 0,
    /** HTTP/1.0. */
    SWO_CLIENT_VERSION_1_0 = 1,
    /** HTTP/1.1 or a later minor version. */
    SWO_CLIENT_VERSION_1_1 = 2,
};

/** The party that the connection is waiting for.
 *
 *  Use it to choose a timeout. */
enum swo_awaiting {
    /** Your code: a decision, an answer, more content, the next request. */
    SWO_AWAITING_CALLER = 0,
    /** The peer: the next request (an idle server connection). */
    SWO_AWAITING_REQUEST = 1,
    /** The peer: more content or the end of the message. */
    SWO_AWAITING_CONTENT = 2,
    /** The peer: a response. */
    SWO_AWAITING_RESPONSE = 3,
    /** The peer: a 100 before content is sent.
     *
     *  Bounded by your timeout (RFC 9110, section 10.1.1). */
    SWO_AWAITING_CONTINUE = 4,
    /** Nobody: HTTP is over on this connection. */
    SWO_AWAITING_NOTHING = 5,
    /** The peer: the rest of a request's head, of which some bytes have come. */
    SWO_AWAITING_HEAD = 6,
};

/** The next thing that the caller must send; see swo_owes. */
enum swo_owes {
    /** The caller owes nothing. */
    SWO_OWES_NOTHING = 0,
    /** Server: a 100, or a final response.
     *
     *  The client waits for one before it sends its content (RFC 9110, section 10.1.1). */
    SWO_OWES_CONTINUE = 1,
    /** Server: the response to a request, whole or its head. */
    SWO_OWES_RESPONSE = 2,
    /** Content, or the end of the message being sent. */
    SWO_OWES_CONTENT = 3,
};

/** The way to close the transport; see swo_closing. */
enum swo_closing {
    /** Close the transport: the peer loses nothing by that. */
    SWO_CLOSING_CLOSE = 0,
    /** Send the FIN, then read and discard until the peer closes too.
     *
     *  For a few seconds at most; then close. A socket that is closed with bytes unread is reset,
     *  which may take the last response away from the client. */
    SWO_CLOSING_LINGER = 1,
    /** Reset the connection.
     *
     *  On a TCP socket set SO_LINGER to 0 and close, over TLS send no closure alert. A response
     *  ends with the connection, as an HTTP/1.0 client has it, and is not complete. After a FIN the
     *  client would take it for whole. */
    SWO_CLOSING_RESET = 2,
};

/** The content still to come of the message being received.
 *
 *  See swo_content. */
enum swo_content_kind {
    /** There is no message, or all of its content has been shown. */
    SWO_CONTENT_NONE = 0,
    /** A number of bytes. */
    SWO_CONTENT_LENGTH = 1,
    /** A number of bytes of the current chunk.
     *
     *  What follows it is not known yet. */
    SWO_CONTENT_CHUNKED = 2,
    /** Whatever comes before the connection ends. */
    SWO_CONTENT_UNTIL_CLOSE = 3,
};

/** The end of the peer's bytes: clean or truncated. */
enum swo_end {
    /** The peer sent a FIN, and over TLS a closure alert before it. */
    SWO_END_CLEAN = 0,
    /** A reset, or over TLS no closure alert: more may have been meant.
     *
     *  RFC 9112, section 9.8. */
    SWO_END_TRUNCATED = 1,
};

/** The side that has to change something. */
enum swo_blame {
    /** The peer sent what the protocol forbids.
     *
     *  Receiving has ended; a server may answer it once. */
    SWO_BLAME_PEER = 0,
    /** Your code called out of order or with a bad argument. Nothing has changed. */
    SWO_BLAME_LOCAL = 1,
};

/** An event: one thing that the peer sent. */
enum swo_event_kind {
    /** A request head.
     *
     *  Server; next come its content and its end, and an answer is owed. */
    SWO_EVENT_KIND_REQUEST = 0,
    /** A response head with a status of 1xx but 101.
     *
     *  Client; the final response is still to come. */
    SWO_EVENT_KIND_INFORMATIONAL = 1,
    /** A final response head. Client; next come its content and its end. */
    SWO_EVENT_KIND_RESPONSE = 2,
    /** Content.
     *
     *  The cuts between slices have no meaning. */
    SWO_EVENT_KIND_DATA = 3,
    /** The end of the message, with its trailers. */
    SWO_EVENT_KIND_END_OF_MESSAGE = 4,
    /** The peer's direction has left HTTP.
     *
     *  Take the leftover; what comes next on the transport is the new protocol's. */
    SWO_EVENT_KIND_SWITCHED = 5,
    /** Nothing happens before more bytes come: read the transport. */
    SWO_EVENT_KIND_NEED_DATA = 1000,
    /** Nothing happens before the caller acts; `u.paused` says how. */
    SWO_EVENT_KIND_PAUSED = 1001,
};

/** The fields that the engine acts on itself, and so finds while it parses. */
enum swo_known_field {
    /** RFC 9110, section 7.2. */
    SWO_KNOWN_FIELD_HOST = 0,
    /** RFC 9110, section 8.6. */
    SWO_KNOWN_FIELD_CONTENT_LENGTH = 1,
    /** RFC 9112, section 6.1. */
    SWO_KNOWN_FIELD_TRANSFER_ENCODING = 2,
    /** RFC 9110, section 7.6.1. */
    SWO_KNOWN_FIELD_CONNECTION = 3,
    /** RFC 9110, section 7.8. */
    SWO_KNOWN_FIELD_UPGRADE = 4,
    /** RFC 9110, section 10.1.1. */
    SWO_KNOWN_FIELD_EXPECT = 5,
    /** RFC 9110, section 10.1.4. */
    SWO_KNOWN_FIELD_TE = 6,
    /** RFC 7540, section 3.2.1. */
    SWO_KNOWN_FIELD_HTTP2_SETTINGS = 7,
    /** RFC 6455, section 11.3.1. */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_KEY = 8,
    /** RFC 6455, section 11.3.2. */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_EXTENSIONS = 9,
    /** RFC 6455, section 11.3.3. */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_ACCEPT = 10,
    /** RFC 6455, section 11.3.4. */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_PROTOCOL = 11,
    /** RFC 6455, section 11.3.5. */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_VERSION = 12,
    /** RFC 9110, section 8.3. */
    SWO_KNOWN_FIELD_CONTENT_TYPE = 13,
};

/** A method of IANA's registry.
 *
 *  Which method a request has is its text; a method that is not registered is none of these. */
enum swo_method {
    /** RFC 9110, section 9.3.1: safe. */
    SWO_METHOD_GET = 0,
    /** RFC 9110, section 9.3.2: safe; a GET without the content of its response. */
    SWO_METHOD_HEAD = 1,
    /** RFC 9110, section 9.3.3. */
    SWO_METHOD_POST = 2,
    /** RFC 9110, section 9.3.4: idempotent. */
    SWO_METHOD_PUT = 3,
    /** RFC 9110, section 9.3.5: idempotent. */
    SWO_METHOD_DELETE = 4,
    /** RFC 9110, section 9.3.6: a tunnel. */
    SWO_METHOD_CONNECT = 5,
    /** RFC 9110, section 9.3.7: safe. */
    SWO_METHOD_OPTIONS = 6,
    /** RFC 9110, section 9.3.8: safe. */
    SWO_METHOD_TRACE = 7,
    /** RFC 5789, section 2. */
    SWO_METHOD_PATCH = 8,
    /** RFC 3744, section 8.1: idempotent. */
    SWO_METHOD_ACL = 9,
    /** RFC 3253, section 12.6: idempotent. */
    SWO_METHOD_BASELINE_CONTROL = 10,
    /** RFC 5842, section 4: idempotent. */
    SWO_METHOD_BIND = 11,
    /** RFC 3253, sections 4.4 and 9.4: idempotent. */
    SWO_METHOD_CHECKIN = 12,
    /** RFC 3253, sections 4.3 and 8.8: idempotent. */
    SWO_METHOD_CHECKOUT = 13,
    /** RFC 4918, section 9.8: idempotent. */
    SWO_METHOD_COPY = 14,
    /** RFC 3253, section 8.2: idempotent. */
    SWO_METHOD_LABEL = 15,
    /** RFC 2068, section 19.6.1.2: idempotent. */
    SWO_METHOD_LINK = 16,
    /** RFC 4918, section 9.10. */
    SWO_METHOD_LOCK = 17,
    /** RFC 3253, section 11.2: idempotent. */
    SWO_METHOD_MERGE = 18,
    /** RFC 3253, section 13.5: idempotent. */
    SWO_METHOD_MKACTIVITY = 19,
    /** RFC 4791, section 5.3.1: idempotent. */
    SWO_METHOD_MKCALENDAR = 20,
    /** RFC 4918, section 9.3: idempotent. */
    SWO_METHOD_MKCOL = 21,
    /** RFC 4437, section 6: idempotent. */
    SWO_METHOD_MKREDIRECTREF = 22,
    /** RFC 3253, section 6.3: idempotent. */
    SWO_METHOD_MKWORKSPACE = 23,
    /** RFC 4918, section 9.9: idempotent. */
    SWO_METHOD_MOVE = 24,
    /** RFC 3648, section 7: idempotent. */
    SWO_METHOD_ORDERPATCH = 25,
    /** RFC 9113, section 3.4: never a request's; the HTTP/2 preface begins with it. */
    SWO_METHOD_PRI = 26,
    /** RFC 4918, section 9.1: safe. */
    SWO_METHOD_PROPFIND = 27,
    /** RFC 4918, section 9.2: idempotent. */
    SWO_METHOD_PROPPATCH = 28,
    /** RFC 5842, section 6: idempotent. */
    SWO_METHOD_REBIND = 29,
    /** RFC 3253, section 3.6: safe. */
    SWO_METHOD_REPORT = 30,
    /** RFC 5323, section 2: safe. */
    SWO_METHOD_SEARCH = 31,
    /** RFC 5842, section 5: idempotent. */
    SWO_METHOD_UNBIND = 32,
    /** RFC 3253, section 4.5: idempotent. */
    SWO_METHOD_UNCHECKOUT = 33,
    /** RFC 2068, section 19.6.1.3: idempotent. */
    SWO_METHOD_UNLINK = 34,
    /** RFC 4918, section 9.11: idempotent. */
    SWO_METHOD_UNLOCK = 35,
    /** RFC 3253, section 7.1: idempotent. */
    SWO_METHOD_UPDATE = 36,
    /** RFC 4437, section 7: idempotent. */
    SWO_METHOD_UPDATEREDIRECTREF = 37,
    /** RFC 3253, section 3.5: idempotent. */
    SWO_METHOD_VERSION_CONTROL = 38,
};

/** The reason why receiving does not go on without your code. */
enum swo_paused {
    /** Accept the offer or the CONNECT, or decline it with any other response.
     *
     *  Nothing after it is read before. */
    SWO_PAUSED_DECISION = 0,
    /** Send the response, or finish it with `swo_send_end`.
     *
     *  The next request is not read before. */
    SWO_PAUSED_ANSWER = 1,
    /** Take the leftover and speak the new protocol.
     *
     *  The peer's direction has left HTTP. */
    SWO_PAUSED_SWITCHED = 2,
    /** No more HTTP in either direction: close the transport.
     *
     *  `swo_unread` holds the bytes that are discarded. After
     *  `swo_hand_over`: drop the engine, keep the transport. */
    SWO_PAUSED_CLOSED = 3,
};

/** The message or bytes that made the peer's direction leave HTTP. */
enum swo_switched_by {
    /** The peer switched with a 101, or we did. */
    SWO_SWITCHED_BY_UPGRADE = 0,
    /** A 2xx to CONNECT. */
    SWO_SWITCHED_BY_CONNECT = 1,
    /** The HTTP/2 preface, which is the beginning of the leftover. */
    SWO_SWITCHED_BY_HTTP2_PREFACE = 2,
};

/** The reason why a request offers nothing.
 *
 *  It is served like any other. */
enum swo_no_offer {
    /** There is no `Upgrade` field, or an empty one. */
    SWO_NO_OFFER_ABSENT = 0,
    /** HTTP/1.0 has no such mechanism: the field is ignored (RFC 9110, section 7.8). */
    SWO_NO_OFFER_HTTP_1_0 = 1,
    /** `Connection` does not list `upgrade` (RFC 9110, section 7.6.1).
     *
     *  The field was not meant for this hop. */
    SWO_NO_OFFER_NO_CONNECTION_OPTION = 2,
    /** `Upgrade` is not a list of protocol names. */
    SWO_NO_OFFER_MALFORMED = 3,
    /** The offer has more protocols than the limit. */
    SWO_NO_OFFER_TOO_MANY = 4,
    /** `Upgrade` on a CONNECT is no offer: its 2xx is another switch. */
    SWO_NO_OFFER_CONNECT = 5,
};

/** Why one protocol of an offer cannot be accepted.
 *
 *  The others beside it are not concerned. */
enum swo_ineligible {
    /** The protocol is offered with another method. */
    SWO_INELIGIBLE_METHOD = 0,
    /** `Sec-WebSocket-Key` is missing, repeated or malformed.
     *
     *  It has to be 16 bytes in base64 (RFC 6455, section 4.2.1). */
    SWO_INELIGIBLE_KEY = 1,
    /** `Sec-WebSocket-Version` is not 13.
     *
     *  The response is a 426 with the versions that are spoken (RFC 6455, section 4.4). */
    SWO_INELIGIBLE_VERSION = 2,
    /** `Sec-WebSocket-Protocol` is not a list of distinct names.
     *
     *  RFC 6455, section 4.1. */
    SWO_INELIGIBLE_SUBPROTOCOL = 3,
    /** `Sec-WebSocket-Extensions` is malformed (RFC 6455, section 9.1). */
    SWO_INELIGIBLE_EXTENSION = 4,
    /** The request has content that the protocol does not allow.
     *
     *  Or more than can be taken along. */
    SWO_INELIGIBLE_CONTENT = 5,
    /** The head is larger than `config.h2c_head`. */
    SWO_INELIGIBLE_HEAD = 6,
    /** The protocol cannot be switched to over TLS. */
    SWO_INELIGIBLE_SECURE = 7,
    /** `HTTP2-Settings` is missing, repeated or no legal settings.
     *
     *  RFC 7540, section 3.2.1. */
    SWO_INELIGIBLE_SETTINGS = 8,
    /** A hop-by-hop field of the protocol is not listed in `Connection`.
     *
     *  RFC 7540, section 3.2.1. */
    SWO_INELIGIBLE_NOT_LISTED = 9,
};

/** The side whose order of preference counts when several protocols match. */
enum swo_order {
    /** The client's: the first of its offer that the server speaks. */
    SWO_ORDER_CLIENT = 0,
    /** The server's: its first preference that was offered. */
    SWO_ORDER_SERVER = 1,
};

/** Why this cycle's upgrade did not happen. */
enum swo_why {
    /** The request offered nothing. */
    SWO_WHY_NOT_OFFERED = 0,
    /** The offer came in HTTP/1.0 and is ignored. */
    SWO_WHY_HTTP_1_0 = 1,
    /** `Connection` did not list `upgrade`. */
    SWO_WHY_NO_CONNECTION_OPTION = 2,
    /** `Upgrade` was malformed. */
    SWO_WHY_MALFORMED = 3,
    /** The offer was longer than the limit. */
    SWO_WHY_TOO_MANY = 4,
    /** The request is a CONNECT; only its 2xx switches. */
    SWO_WHY_CONNECT = 5,
    /** No offered protocol satisfies its own rules. */
    SWO_WHY_INELIGIBLE = 6,
    /** The answer has not come yet. */
    SWO_WHY_UNDECIDED = 7,
    /** A final response came instead of the 101. */
    SWO_WHY_DECLINED = 8,
    /** The server responded 426: it requires one of its listed protocols.
     *
     *  It may be the one that was offered. */
    SWO_WHY_REQUIRED = 9,
    /** An earlier response closed the connection before the offer was looked at. */
    SWO_WHY_DROPPED = 10,
    /** The connection failed first. */
    SWO_WHY_FAILED = 11,
    /** Your code gave up or closed first. */
    SWO_WHY_ABANDONED = 12,
};

/** A fault of a field in HTTP/2.
 *
 *  RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.
 *
 *  A message that has it is malformed. */
enum swo_over_http2 {
    /** The status 101. */
    SWO_OVER_HTTP2_SWITCHING = 0,
    /** A `Connection` field. */
    SWO_OVER_HTTP2_CONNECTION = 1,
    /** A `Keep-Alive` field. */
    SWO_OVER_HTTP2_KEEP_ALIVE = 2,
    /** A `Proxy-Connection` field. */
    SWO_OVER_HTTP2_PROXY_CONNECTION = 3,
    /** A `Transfer-Encoding` field. */
    SWO_OVER_HTTP2_TRANSFER_ENCODING = 4,
    /** An `Upgrade` field. */
    SWO_OVER_HTTP2_UPGRADE = 5,
    /** A `TE` field that says more than `trailers`. */
    SWO_OVER_HTTP2_TE = 6,
    /** A `Sec-WebSocket-Key` field. */
    SWO_OVER_HTTP2_SEC_WEBSOCKET_KEY = 7,
    /** A `Sec-WebSocket-Accept` field. */
    SWO_OVER_HTTP2_SEC_WEBSOCKET_ACCEPT = 8,
    /** A name that is not a token in lower case (RFC 9113, section 8.2.1).
     *
     *  Only a pseudo-header field's begins with a colon. */
    SWO_OVER_HTTP2_NAME = 9,
    /** A value with a control character, or whitespace around it.
     *
     *  Such as CR, LF or NUL (RFC 9113, section 8.2.1). */
    SWO_OVER_HTTP2_VALUE = 10,
};

/** A fault in a stream of capsules, which is aborted (RFC 9297, section 3.3). */
enum swo_capsule_fault {
    /** A datagram that is longer than the limit. */
    SWO_CAPSULE_FAULT_TOO_LONG = 0,
    /** A datagram without its context (RFC 9298, section 5). */
    SWO_CAPSULE_FAULT_NO_CONTEXT = 1,
    /** The stream ended inside a capsule. */
    SWO_CAPSULE_FAULT_TRUNCATED = 2,
};

/** The kind of a step; each says what its number means. */
enum swo_trace_step {
    /** A request head came; the number of offered protocols. */
    SWO_TRACE_STEP_RECEIVED_REQUEST = 0,
    /** An informational response came; its status. */
    SWO_TRACE_STEP_RECEIVED_INFORMATIONAL = 1,
    /** A final response head came; its status. */
    SWO_TRACE_STEP_RECEIVED_RESPONSE = 2,
    /** A message ended. */
    SWO_TRACE_STEP_RECEIVED_END = 3,
    /** The peer's direction has left HTTP; bytes of leftover. */
    SWO_TRACE_STEP_RECEIVED_SWITCH = 4,
    /** The input ended. */
    SWO_TRACE_STEP_RECEIVED_EOF = 5,
    /** The peer broke the protocol; the error's number. */
    SWO_TRACE_STEP_PEER_ERROR = 6,
    /** A request head was sent; the number of offered protocols. */
    SWO_TRACE_STEP_SENT_REQUEST = 7,
    /** An informational response was sent; its status. */
    SWO_TRACE_STEP_SENT_INFORMATIONAL = 8,
    /** A final response head was sent; its status. */
    SWO_TRACE_STEP_SENT_RESPONSE = 9,
    /** A message was ended. */
    SWO_TRACE_STEP_SENT_END = 10,
    /** A 101 was sent. */
    SWO_TRACE_STEP_SENT_SWITCH = 11,
    /** A call was refused; the error's number. */
    SWO_TRACE_STEP_REFUSED = 12,
    /** HTTP was resumed above a new layer. */
    SWO_TRACE_STEP_RESUMED = 13,
    /** Your code gave up. */
    SWO_TRACE_STEP_ABANDONED = 14,
    /** Field lines were corrected before they were sent.
     *
     *  By `config.tidy`; a bit for each correction. 1: a `Content-Length`
     *  left out. 2: one length written once. 4: a `Transfer-Encoding` left out. 8: a field of a
     *  handshake left out. 16: trailers left out. 32: an `Expect` left out. 64: Host written as the
     *  target has it. */
    SWO_TRACE_STEP_TIDIED = 15,
    /** The connection was given to another parser; how many bytes. */
    SWO_TRACE_STEP_HANDED_OVER = 16,
};

/** The enums above, for swo_name and swo_text. */
enum swo_table {
    SWO_TABLE_ROLE = 0,
    SWO_TABLE_PHASE = 1,
    SWO_TABLE_RX = 2,
    SWO_TABLE_TX = 3,
    SWO_TABLE_UPGRADE_STATE = 4,
    SWO_TABLE_EXPECT = 5,
    SWO_TABLE_CLIENT_VERSION = 6,
    SWO_TABLE_AWAITING = 7,
    SWO_TABLE_OWES = 8,
    SWO_TABLE_CLOSING = 9,
    SWO_TABLE_CONTENT = 10,
    SWO_TABLE_PAUSED = 11,
    SWO_TABLE_SWITCHED_BY = 12,
    SWO_TABLE_NO_OFFER = 13,
    SWO_TABLE_INELIGIBLE = 14,
    SWO_TABLE_ORDER = 15,
    SWO_TABLE_WHY = 16,
    SWO_TABLE_OVER_HTTP2 = 17,
    SWO_TABLE_CAPSULE_FAULT = 18,
    SWO_TABLE_TRACE_STEP = 19,
    SWO_TABLE_END = 20,
    SWO_TABLE_BLAME = 21,
    SWO_TABLE_EVENT_KIND = 22,
    SWO_TABLE_KNOWN_FIELD = 23,
    SWO_TABLE_METHOD = 24,
};

/** What a call came to. */
enum swo_result_code {
    /** Success. */
    SWO_OK = 0,
    /** the method is not a token. */
    SWO_ERROR_BAD_METHOD = 101,
    /** the method is longer than any that is known. */
    SWO_ERROR_METHOD_TOO_LONG = 102,
    /** a byte that no request-target may hold. */
    SWO_ERROR_BAD_TARGET = 103,
    /** the HTTP-version is malformed. */
    SWO_ERROR_BAD_VERSION = 104,
    /** the major version is not 1. */
    SWO_ERROR_VERSION_UNSUPPORTED = 105,
    /** the start line is longer than the limit. */
    SWO_ERROR_START_LINE_TOO_LONG = 106,
    /** the status line is malformed. */
    SWO_ERROR_BAD_STATUS_LINE = 107,
    /** another protocol where a status line should be. */
    SWO_ERROR_NOT_HTTP = 108,
    /** too many empty lines before the request line. */
    SWO_ERROR_EMPTY_LINES = 109,
    /** the field name is not a token. */
    SWO_ERROR_BAD_FIELD_NAME = 201,
    /** whitespace in or after a field name. */
    SWO_ERROR_SPACE_BEFORE_COLON = 202,
    /** a field line without a colon. */
    SWO_ERROR_MISSING_COLON = 203,
    /** a control byte in a field value or reason. */
    SWO_ERROR_BAD_FIELD_VALUE = 204,
    /** a CR that no LF follows. */
    SWO_ERROR_BARE_CR = 205,
    /** an LF that no CR precedes. */
    SWO_ERROR_BARE_LF = 206,
    /** a NUL byte. */
    SWO_ERROR_NUL = 207,
    /** a folded field line in a request or trailer section. */
    SWO_ERROR_OBS_FOLD = 208,
    /** whitespace before the first field line. */
    SWO_ERROR_LEADING_SPACE = 209,
    /** a field line is longer than the limit. */
    SWO_ERROR_FIELD_LINE_TOO_LONG = 210,
    /** more field lines than the limit. */
    SWO_ERROR_TOO_MANY_FIELDS = 211,
    /** the head is larger than the limit. */
    SWO_ERROR_HEAD_TOO_LARGE = 212,
    /** an HTTP/1.1 request without Host. */
    SWO_ERROR_HOST_MISSING = 301,
    /** more than one Host. */
    SWO_ERROR_HOST_REPEATED = 302,
    /** the Host is not a host with an optional port. */
    SWO_ERROR_HOST_INVALID = 303,
    /** the form of the target does not fit the method. */
    SWO_ERROR_TARGET_FORM = 304,
    /** the target's authority is malformed, empty or holds userinfo. */
    SWO_ERROR_TARGET_AUTHORITY = 305,
    /** the Content-Length is not a number. */
    SWO_ERROR_CONTENT_LENGTH_INVALID = 306,
    /** Content-Lengths that differ. */
    SWO_ERROR_CONTENT_LENGTH_DIFFERS = 307,
    /** both Content-Length and Transfer-Encoding. */
    SWO_ERROR_BOTH_FRAMINGS = 308,
    /** the Transfer-Encoding is malformed, or applies chunked twice. */
    SWO_ERROR_CODING_INVALID = 309,
    /** a transfer coding other than chunked. */
    SWO_ERROR_CODING_UNKNOWN = 310,
    /** a request whose final transfer coding is not chunked. */
    SWO_ERROR_CODING_NOT_FINAL = 311,
    /** a Transfer-Encoding in an HTTP/1.0 message. */
    SWO_ERROR_CODING_IN_1_0 = 312,
    /** a CONNECT with content. */
    SWO_ERROR_CONNECT_CONTENT = 313,
    /** an https target on a connection without TLS. */
    SWO_ERROR_TARGET_INSECURE = 314,
    /** the chunk size is malformed. */
    SWO_ERROR_CHUNK_SIZE = 401,
    /** the chunk size is too large to be counted. */
    SWO_ERROR_CHUNK_SIZE_OVERFLOW = 402,
    /** a chunk extension is malformed. */
    SWO_ERROR_CHUNK_EXTENSION = 403,
    /** a chunk line is longer than the limit. */
    SWO_ERROR_CHUNK_LINE_TOO_LONG = 404,
    /** all chunk extensions together are longer than the limit. */
    SWO_ERROR_CHUNK_EXTENSIONS_TOO_LONG = 405,
    /** chunk data is not followed by CRLF. */
    SWO_ERROR_CHUNK_END = 406,
    /** the trailer section is larger than the limit. */
    SWO_ERROR_TRAILERS_TOO_LARGE = 407,
    /** the content is larger than the limit. */
    SWO_ERROR_CONTENT_TOO_LARGE = 408,
    /** the input ended inside a message. */
    SWO_ERROR_TRUNCATED = 501,
    /** the input ended before the response. */
    SWO_ERROR_NO_RESPONSE = 502,
    /** bytes from the server that no request asked for. */
    SWO_ERROR_UNSOLICITED = 503,
    /** more informational responses than the limit. */
    SWO_ERROR_TOO_MANY_INFORMATIONAL = 504,
    /** a 101 where nothing was offered. */
    SWO_ERROR_SWITCH_UNASKED = 601,
    /** a 101 without a usable Upgrade field. */
    SWO_ERROR_SWITCH_WITHOUT_UPGRADE = 602,
    /** a 101 whose Connection does not list upgrade. */
    SWO_ERROR_SWITCH_WITHOUT_CONNECTION = 603,
    /** a 101 that names what was not offered. */
    SWO_ERROR_SWITCH_NOT_OFFERED = 604,
    /** a 101 in HTTP/1.0. */
    SWO_ERROR_SWITCH_IN_1_0 = 605,
    /** a 101 that breaks the rules of the protocol it names. */
    SWO_ERROR_SWITCH_PROFILE = 606,
    /** no request is there to be answered. */
    SWO_ERROR_UNASKED = 801,
    /** the final response has begun already. */
    SWO_ERROR_ANSWERED = 802,
    /** the request before is not complete. */
    SWO_ERROR_REQUEST_UNFINISHED = 803,
    /** a request is not answered. */
    SWO_ERROR_UNANSWERED = 804,
    /** nothing may follow an undecided offer or CONNECT. */
    SWO_ERROR_OFFER_PENDING = 805,
    /** too many requests wait for their responses. */
    SWO_ERROR_PIPELINE_FULL = 806,
    /** the connection will not carry another request. */
    SWO_ERROR_NOT_PERSISTENT = 807,
    /** no message is open that takes content: no head was sent, it said that none follows, or all has been sent. */
    SWO_ERROR_NO_CONTENT = 808,
    /** an HTTP/1.0 client gets no informational response. */
    SWO_ERROR_HTTP_1_0_PEER = 810,
    /** nothing was offered that could be accepted. */
    SWO_ERROR_NOTHING_OFFERED = 811,
    /** the selection is not part of the offer. */
    SWO_ERROR_NOT_OFFERED = 812,
    /** the selection is of another request. */
    SWO_ERROR_STALE_SELECTION = 813,
    /** the request is not complete yet. */
    SWO_ERROR_BODY_PENDING = 814,
    /** no answer is owed above a new protocol. */
    SWO_ERROR_NOTHING_OWED = 815,
    /** the leftover has not been taken, or the end before it not been told. */
    SWO_ERROR_LEFTOVER_PENDING = 816,
    /** the head that would have said so has left. */
    SWO_ERROR_TOO_LATE = 817,
    /** the direction is closed. */
    SWO_ERROR_CLOSED = 818,
    /** the direction has left HTTP. */
    SWO_ERROR_SWITCHED = 819,
    /** the peer broke the protocol earlier. */
    SWO_ERROR_FAILED = 820,
    /** the verb belongs to the other role. */
    SWO_ERROR_WRONG_ROLE = 821,
    /** too many bytes wait already; nothing was taken. */
    SWO_ERROR_BUFFER_FULL = 822,
    /** bytes after the end of input. */
    SWO_ERROR_AFTER_END = 824,
    /** bytes wait in the engine that must be read first. */
    SWO_ERROR_UNREAD_INPUT = 825,
    /** the head of the request is no longer there as it came. */
    SWO_ERROR_HEAD_GONE = 826,
    /** the output has too little space; nothing was written. */
    SWO_ERROR_OUTPUT_TOO_SMALL = 901,
    /** the method is not a token. */
    SWO_ERROR_INVALID_METHOD = 902,
    /** the target does not fit the method or holds a forbidden byte. */
    SWO_ERROR_INVALID_TARGET = 903,
    /** the status does not fit this call. */
    SWO_ERROR_INVALID_STATUS = 904,
    /** the reason holds a forbidden byte. */
    SWO_ERROR_INVALID_REASON = 905,
    /** the field name is not a token. */
    SWO_ERROR_INVALID_NAME = 906,
    /** the field value holds a forbidden byte. */
    SWO_ERROR_INVALID_VALUE = 907,
    /** not a list of protocol names. */
    SWO_ERROR_INVALID_PROTOCOL = 908,
    /** the request needs exactly one valid Host. */
    SWO_ERROR_INVALID_HOST = 909,
    /** framing or connection fields that contradict each other, the status or the peer's version. */
    SWO_ERROR_FRAMING_CONFLICT = 910,
    /** the engine writes this field itself. */
    SWO_ERROR_RESERVED_FIELD = 911,
    /** more content than the Content-Length says. */
    SWO_ERROR_LENGTH_EXCEEDED = 912,
    /** less content than the Content-Length says. */
    SWO_ERROR_LENGTH_SHORT = 913,
    /** a field that may not be a trailer, or trailers without chunked. */
    SWO_ERROR_TRAILER_FORBIDDEN = 914,
    /** the head breaks the rules of a protocol that it names. */
    SWO_ERROR_PROFILE_FIELD = 915,
    /** Host is not the authority of the absolute target. */
    SWO_ERROR_HOST_DIFFERS = 916,
    /** A pointer is NULL where something must be. */
    SWO_NULL = 1000,
    /** A number that is no value of its enum. */
    SWO_BAD_ENUM = 1001,
    /** `struct_size` is smaller than the first version of the struct.
     *
     *  Or the struct is all zeros where swo_config_init should have filled it. */
    SWO_STRUCT_TOO_OLD = 1002,
    /** A struct of a later version, with something set that this library does not know. */
    SWO_STRUCT_TOO_NEW = 1003,
    /** A defect inside the library.
     *
     *  A connection that was being changed is dead: free it. */
    SWO_PANIC = 1004,
    /** The caller's array is too small; the count says how many entries it needs. */
    SWO_ARRAY_TOO_SMALL = 1005,
    /** The pointer is no object of the kind that the function takes.
     *
     *  Not a connection (or what else is taken), not one any more, or not of this kind (in place or
     *  from `swo_conn_new`). */
    SWO_BAD_HANDLE = 1006,
    /** There is no such thing.
     *
     *  No current event, no field lines in it, no field of that name, nothing that matches. */
    SWO_NOTHING = 1007,
    /** The length is not possible.
     *
     *  No object can have it, it is more than the space that was given, or it is not what the
     *  function says. */
    SWO_BAD_LENGTH = 1008,
    /** The memory for a connection is too small or not aligned. */
    SWO_BAD_PLACE = 1009,
    /** A protocol's own rules forbid it; `reason` says which one. */
    SWO_REFUSED = 1010,
    /** The bytes lie in memory of the object itself.
     *
     *  The call is about to change it: a slice of an event, or the space of swo_receive_buffer,
     *  which takes swo_receive_commit. */
    SWO_OVERLAP = 1011,
    /** A number that is larger than what it is written as. */
    SWO_BAD_NUMBER = 1012,
    /** The small flavour's allocator has no memory for it.
     *
     *  Nothing has changed, and the same call may succeed later. */
    SWO_OUT_OF_MEMORY = 1013,
    /** The library has taken memory already; in the std flavour it always has. */
    SWO_TOO_LATE = 1014,
};


/**
 * The number that stands for no value of an enum.
 *
 * As of swo_why before the first request. Such a function also returns it for a connection that is
 * NULL or dead.
 */
#define SWO_NONE UINT32_MAX

/**
 * Field lines that were checked once.
 *
 * swo_block_new makes it, swo_block_free frees it.
 */
typedef struct swo_block swo_block;

/**
 * A reader of the capsules after a 101: swo_capsules_new makes it.
 */
typedef struct swo_capsules swo_capsules;

/**
 * One HTTP/1.1 connection, without its transport.
 */
typedef struct swo_conn swo_conn;

/**
 * Field lines that the library has made, for another version of HTTP.
 *
 * swo_lines_get shows them, swo_lines_free frees them.
 */
typedef struct swo_lines swo_lines;

/**
 * A whole response that was checked and encoded once.
 *
 * swo_prepared_new makes it, swo_prepared_free frees it.
 */
typedef struct swo_prepared swo_prepared;

/**
 * A splice between a client that was sent a 101 for h2c and an HTTP/2 engine.
 *
 * swo_splice_new makes it.
 */
typedef struct swo_splice swo_splice;

/**
 * The result of a call: `SWO_OK` or the number of an error.
 *
 * `SWO_ERROR_*` are the engine's; the binding's own are from 1000 up.
 */
typedef uint32_t swo_result;

/**
 * The behaviour of a connection: limits, leniencies and switches.
 *
 * Let swo_config_init fill it, change what is to be different, give it to swo_conn_new or
 * swo_conn_init; it is copied there.
 *
 * Later versions append fields, and nothing else changes. A struct of a program that was compiled
 * for an older version leaves what it does not have at the default. One for a newer version is
 * taken as long as all that this library does not know is 0; else it is SWO_STRUCT_TOO_NEW.
 */
typedef struct swo_config {
    /**
     * `sizeof(swo_config)` as the program was compiled; swo_config_init sets it.
     */
    size_t struct_size;
    /**
     * The limit for a request line or status line without its CRLF.
     *
     * RFC 9112, section 3 recommends 8,000 at least.
     */
    uint32_t start_line;
    /**
     * A method. The longest one registered has 17 bytes; a longer one is noise.
     */
    uint32_t method;
    /**
     * A field line without its CRLF: room for the cookies that browsers send.
     */
    uint32_t field_line;
    /**
     * The number of field lines of a head, and again of a trailer section.
     *
     * Real requests have about 20.
     */
    uint32_t fields;
    /**
     * A whole head with its CRLFs; the common servers take between 8 and 64 KiB.
     */
    uint32_t head;
    /**
     * Empty lines before a request line; RFC 9112, section 2.2 asks for one.
     */
    uint32_t empty_lines;
    /**
     * A chunk's line without its CRLF: 16 hex digits and a short extension.
     */
    uint32_t chunk_line;
    /**
     * The limit for all chunk extensions of one message.
     *
     * Real programs do not use them, attackers do.
     */
    uint32_t chunk_extensions;
    /**
     * A trailer section with its CRLFs: a checksum and some metadata.
     */
    uint32_t trailers;
    /**
     * Informational responses before one final response.
     */
    uint32_t informational;
    /**
     * Content that swo_skip_content reads and drops before it closes instead.
     */
    uint64_t drain;
    /**
     * The bytes that wait in the buffer before swo_receive refuses more.
     *
     * Raised to what one head needs.
     */
    uint32_t buffered;
    /**
     * Protocols in one offer.
     */
    uint32_t offers;
    /**
     * Content that `h2c` takes along: at most what HTTP/2's first window takes.
     */
    uint64_t h2c_content;
    /**
     * The size of a request head that `h2c` takes along.
     *
     * Counted as HTTP/2 counts it (RFC 9113, section 6.5.2): at most what your HTTP/2 engine takes
     * as a list of fields.
     */
    uint32_t h2c_head;
    /**
     * Not 0: the transport is TLS.
     *
     * Without it a request for an `https` target is refused (RFC 9110, section 7.4).
     */
    uint32_t secure;
    /**
     * Not 0: a server takes the HTTP/2 preface as a switch.
     *
     * Only as the connection's first bytes (RFC 9113, section 3.4).
     */
    uint32_t http2_preface;
    /**
     * Not 0: an `h2c` offer without `HTTP2-Settings` is an offer like any other.
     *
     * It may be made and accepted (BuildKit). RFC 7540, section 3.2.1 forbids such an upgrade.
     */
    uint32_t bare_h2c;
    /**
     * Not 0: a client takes a 101 whose `Connection` does not list `upgrade`.
     *
     * As of cupsd 2.4. Risk: a response that an intermediary passed on without understanding it is
     * taken for a switch.
     */
    uint32_t switch_without_connection;
    /**
     * Not 0: a client takes a 101 without any `Upgrade` for its first offer.
     *
     * As of Jetty 9.4. Risk: the two sides may mean different protocols where several were
     * offered.
     */
    uint32_t switch_without_upgrade;
    /**
     * Not 0: a client takes a 101 that lists several versions of one protocol.
     *
     * As of cupsd 2.4, of a protocol that was offered. Risk: which one it is, the next protocol
     * must find out.
     */
    uint32_t switch_to_alternatives;
    /**
     * Not 0: a client takes a 101 in HTTP/1.0 (aiohttp, Deno).
     *
     * Risk: an intermediary between may go on in HTTP.
     */
    uint32_t switch_in_http10;
    /**
     * Not 0: a client takes a status line without the space before the reason.
     *
     * Such as `HTTP/1.1 200` of small devices and servers written by hand. Risk: small, as such a
     * line means nothing else.
     */
    uint32_t status_without_space;
    /**
     * Not 0: field lines that contradict themselves are corrected, not refused.
     *
     * For programs whose field lines are not their own; swo_trace says what was done
     * (SWO_TRACE_STEP_TIDIED).
     */
    uint32_t tidy;
    /**
     * Not 0: a server takes an LF without the CR before it as the end of a line.
     *
     * In a request's head, as people and old clients send it (RFC 9112, section 2.2). Never a CR
     * alone, never in the lines of chunks or in trailers. Risk: beside a proxy that reads such a
     * line as part of the one before, a field that the proxy did not see.
     */
    uint32_t lone_lf;
    /**
     * Not 0: a client takes an LF without the CR before it as the end of a line.
     *
     * In a response's head and trailers (CGI scripts, servers written by hand); never a CR alone,
     * never in the lines of chunks. Risk: a proxy between may read such a line otherwise.
     */
    uint32_t response_lone_lf;
    /**
     * Not 0: a client takes spaces and tabs at the end of a chunk's line.
     *
     * Some servers pad the size. Risk: small, as they can mean nothing else.
     */
    uint32_t space_after_chunk_size;
    /**
     * Not 0: a client takes control bytes in field values and in the reason.
     *
     * Some sites put binary data into cookies; never NUL, LF, VT, FF, CR. Risk: a program that
     * prints or forwards the value has to be careful.
     */
    uint32_t controls_in_values;
    /**
     * Not 0: a client takes `Content-Length` beside `Transfer-Encoding`.
     *
     * The response is framed by the latter. Risk: a proxy between that goes by the length sees
     * another end.
     */
    uint32_t both_framings;
    /**
     * Not 0: a client takes a response in HTTP/1.0 with a `Transfer-Encoding`.
     *
     * Risk: a proxy between that knows HTTP/1.0 alone sees another end.
     */
    uint32_t coding_in_http10;
    /**
     * Not 0: a client takes a status line whose major version is not 1.
     *
     * One above counts as HTTP/1.1, 0 as HTTP/1.0. Risk: small.
     */
    uint32_t any_version;
    /**
     * 0, for an option of a later version.
     */
    uint32_t reserved;
    /**
     * The limit for the content of a request, without its framing.
     *
     * More is SWO_ERROR_CONTENT_TOO_LARGE, which a server answers with 413. A length that says
     * more is refused with the head, a chunk with its size. What swo_skip_content drops is bounded
     * by `drain` alone. The engine keeps no content, so there is no limit at first: set what one
     * request may send.
     */
    uint64_t content;
} swo_config;

/**
 * Like malloc(3): memory that is aligned for any type of C, or NULL.
 */
typedef void *(*swo_malloc)(size_t size);

/**
 * Like realloc(3).
 */
typedef void *(*swo_realloc)(void *memory, size_t size);

/**
 * Like free(3).
 */
typedef void (*swo_free)(void *memory);

/**
 * 1 for yes, 0 for no.
 *
 * 0 also for a connection, or what else is asked, that is NULL or dead.
 */
typedef uint32_t swo_flag;

/**
 * Bytes that are not the caller's.
 *
 * In an event they belong to the connection and are valid until the next inbound call on it. In an
 * argument they need to live only as long as the call. `data` may be NULL where `len` is 0.
 */
typedef struct swo_slice {
    /**
     * The first byte; not ended by a NUL.
     */
    const uint8_t *data;
    /**
     * The number of bytes.
     */
    size_t len;
} swo_slice;

/**
 * A request head. Its field lines: swo_event_fields, or swo_request_fields.
 */
typedef struct swo_request {
    /**
     * The method, a token; compare it exactly.
     */
    struct swo_slice method;
    /**
     * The target, as sent: nothing is decoded or normalised.
     */
    struct swo_slice target;
    /**
     * The number of field lines.
     */
    size_t field_count;
    /**
     * The number of offered protocols; swo_offers gives them.
     */
    size_t offer_count;
    /**
     * Why nothing is offered, SWO_NO_OFFER_*; SWO_NONE where something is.
     */
    uint32_t no_offer;
    /**
     * The x of HTTP/1.x.
     */
    uint32_t minor_version;
} swo_request;

/**
 * A response head. Its field lines: swo_event_fields.
 */
typedef struct swo_response {
    /**
     * The reason phrase, often empty, without any meaning.
     */
    struct swo_slice reason;
    /**
     * The number of field lines.
     */
    size_t field_count;
    /**
     * The status, 100 to 999.
     */
    uint32_t status;
    /**
     * The x of HTTP/1.x.
     */
    uint32_t minor_version;
    /**
     * The number of pipelined requests that will not be answered.
     *
     * They came after this response's, which closes the connection. They may be sent again on
     * another one where that is safe (RFC 9112, section 9.3.2).
     */
    uint32_t dropped;
} swo_response;

/**
 * The peer's direction has left HTTP.
 *
 * What is spoken next is no matter of the connection's.
 *
 * The next protocol may have to speak first, as HTTP/2 does with its SETTINGS, and a server
 * answers the request in it. So drive it once, even if `leftover` is empty and nothing comes.
 */
typedef struct swo_switched {
    /**
     * The cause of the switch, SWO_SWITCHED_BY_*.
     */
    uint32_t by;
    /**
     * The number of layers that it speaks now; swo_agreed gives them.
     *
     * Lowest first; 0 after CONNECT or a preface.
     */
    size_t protocol_count;
    /**
     * Server: the request, which is to be answered in the new protocol.
     *
     * Client, or after a preface: all zero.
     */
    struct swo_request request;
    /**
     * Client: the 101 or the 2xx. Server: all zero.
     */
    struct swo_response response;
    /**
     * The first bytes of the new protocol, as far as they have come.
     *
     * Give them to what speaks it as they stand here, and free the connection then if HTTP does
     * not come back (swo_resume_http). Or copy them with swo_take_leftover.
     */
    struct swo_slice leftover;
} swo_switched;

/**
 * The detail of an event, by its kind.
 *
 * Only the member that belongs to the kind may be read.
 */
typedef union swo_event_detail {
    /**
     * SWO_EVENT_KIND_REQUEST.
     */
    struct swo_request request;
    /**
     * SWO_EVENT_KIND_INFORMATIONAL and SWO_EVENT_KIND_RESPONSE.
     */
    struct swo_response response;
    /**
     * SWO_EVENT_KIND_DATA: some content. How it is cut into slices has no meaning.
     */
    struct swo_slice data;
    /**
     * The number of trailers of SWO_EVENT_KIND_END_OF_MESSAGE.
     *
     * swo_event_fields gives them.
     */
    size_t trailer_count;
    /**
     * SWO_EVENT_KIND_SWITCHED.
     */
    struct swo_switched switched;
    /**
     * SWO_EVENT_KIND_PAUSED: what your code has to do, SWO_PAUSED_*.
     */
    uint32_t paused;
} swo_event_detail;

/**
 * The event that swo_next_event came to.
 *
 * Slices in it are valid until the next inbound call on the connection.
 */
typedef struct swo_event {
    /**
     * SWO_EVENT_KIND_*.
     */
    uint32_t kind;
    /**
     * The number of the peer's bytes that have been passed, with this event.
     */
    uint64_t position;
    /**
     * The detail of the event.
     */
    union swo_event_detail u;
} swo_event;

/**
 * One field line, RFC 9110, section 5.
 *
 * The name as it was spelled (compare it without regard to case), the value without the whitespace
 * around it.
 */
typedef struct swo_field {
    /**
     * The name.
     */
    struct swo_slice name;
    /**
     * The value.
     */
    struct swo_slice value;
} swo_field;

/**
 * A protocol such as `foo/2`.
 *
 * Names compare without regard to case, versions exactly: swo_protocol_is does. RFC 9110, section
 * 7.8.
 */
typedef struct swo_protocol {
    /**
     * The part before the slash.
     */
    struct swo_slice name;
    /**
     * The part after it; `data` is NULL where there is none.
     */
    struct swo_slice version;
} swo_protocol;

/**
 * One protocol of an offer.
 */
typedef struct swo_offer {
    /**
     * The protocol that is offered, in the client's spelling.
     */
    struct swo_protocol protocol;
    /**
     * Why it cannot be accepted, SWO_INELIGIBLE_*; SWO_NONE where it can.
     */
    uint32_t ineligible;
    /**
     * The status of a server that wants this protocol and nothing else.
     *
     * 0 where it is eligible.
     */
    uint32_t status;
} swo_offer;

/**
 * A request to send. The version is always HTTP/1.1.
 */
typedef struct swo_request_head {
    /**
     * The method, a token.
     */
    struct swo_slice method;
    /**
     * The target in the form that fits the method (RFC 9112, section 3.2).
     */
    struct swo_slice target;
    /**
     * The field lines.
     *
     * `Host` is needed. `Connection` is merged with what the engine has to say. `Upgrade` is not
     * given here but as the offer. Content follows if there is a `Content-Length` above 0 or a
     * `Transfer-Encoding` that ends in chunked.
     */
    const struct swo_field *fields;
    /**
     * The number of field lines.
     */
    size_t field_count;
} swo_request_head;

/**
 * A response to send.
 */
typedef struct swo_response_head {
    /**
     * The status, 200 to 599.
     */
    uint32_t status;
    /**
     * The reason phrase, UTF-8; the usual one where `data` is NULL.
     */
    struct swo_slice reason;
    /**
     * The field lines.
     *
     * `Connection` is merged with what the engine has to say. Without `Content-Length` and
     * `Transfer-Encoding` a response that has content is sent chunked, to an HTTP/1.0 client until
     * close.
     */
    const struct swo_field *fields;
    /**
     * The number of field lines.
     */
    size_t field_count;
} swo_response_head;

/**
 * The framing around content that your code writes itself.
 *
 * Prefix, content, suffix, in that order.
 */
typedef struct swo_data_parts {
    /**
     * The bytes before the content.
     */
    uint8_t prefix[24];
    /**
     * The length of the prefix.
     */
    size_t prefix_len;
    /**
     * The bytes after the content; static.
     */
    struct swo_slice suffix;
} swo_data_parts;

/**
 * A choice among the offers of one request, from swo_select.
 *
 * Copy it as you like; it is refused once its request is over. What is in it has no meaning
 * outside the library.
 */
typedef struct swo_selection {
    /**
     * Private.
     */
    uint32_t opaque[4];
} swo_selection;

/**
 * The parameters of `permessage-deflate` (RFC 7692, section 7.1).
 *
 * A server's own, or those that both sides have agreed on. All zero is its default.
 */
typedef struct swo_deflate {
    /**
     * Not 0: the server forgets its window after each message.
     */
    uint32_t server_no_context_takeover;
    /**
     * Not 0: the client forgets its window after each message.
     */
    uint32_t client_no_context_takeover;
    /**
     * The server's window: at most 2 to this many bytes, 8 to 15.
     *
     * 0 is not said and means 15.
     */
    uint32_t server_max_window_bits;
    /**
     * The client's window: at most 2 to this many bytes, 8 to 15.
     *
     * 0 is not said and means 15.
     */
    uint32_t client_max_window_bits;
} swo_deflate;

/**
 * One datagram of a stream of capsules (RFC 9297, section 3.5).
 */
typedef struct swo_datagram {
    /**
     * The context of the datagram (RFC 9298, section 4); less than 2 to the 62.
     *
     * 0 is a UDP payload or an IP packet, others are what both sides have agreed on; drop one that
     * is not known.
     */
    uint64_t context;
    /**
     * The payload of the datagram.
     */
    struct swo_slice payload;
} swo_datagram;

/**
 * The machine's state, for logs and for pages that show it.
 *
 * The numbers are those of the enums of the same names.
 */
typedef struct swo_state_info {
    /**
     * The latest request, SWO_PHASE_*.
     */
    uint32_t request;
    /**
     * The response to the oldest unanswered request, SWO_PHASE_*.
     */
    uint32_t response;
    /**
     * The peer's direction, SWO_RX_*.
     */
    uint32_t rx;
    /**
     * Our direction, SWO_TX_*.
     */
    uint32_t tx;
    /**
     * The effect of the latest request on the connection, SWO_UPGRADE_STATE_*.
     */
    uint32_t upgrade;
    /**
     * The latest request's expectation, SWO_EXPECT_*.
     */
    uint32_t expect;
    /**
     * 1 where a further request may follow.
     */
    uint32_t persist;
    /**
     * Server: the client's version, SWO_CLIENT_VERSION_*.
     */
    uint32_t client_version;
    /**
     * Client: complete requests before the latest whose final response has not ended.
     */
    uint32_t pipelined;
} swo_state_info;

/**
 * The rest of a message that is being received; swo_content fills it in.
 */
typedef struct swo_content_left {
    /**
     * SWO_CONTENT_*.
     */
    uint32_t kind;
    /**
     * The number of bytes of the content, or of the current chunk.
     *
     * 0 where that is not known.
     */
    uint64_t len;
} swo_content_left;

/**
 * The peer's error that ended receiving.
 */
typedef struct swo_failure_info {
    /**
     * The error, SWO_ERROR_*.
     */
    uint32_t code;
    /**
     * The status that a server answers with; 0 for what only a client can meet.
     */
    uint32_t status;
    /**
     * The place in the peer's bytes, counted from the connection's first.
     *
     * The same however the input was cut.
     */
    uint64_t offset;
} swo_failure_info;

/**
 * One thing that happened.
 */
typedef struct swo_trace_entry {
    /**
     * The step, SWO_TRACE_STEP_*.
     */
    uint32_t step;
    /**
     * The step's detail: a status, an error's number, a count.
     *
     * The constant's comment says which.
     */
    uint32_t number;
    /**
     * Bytes received and passed when it happened.
     */
    uint64_t offset;
} swo_trace_entry;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Fills a configuration with the defaults.
 *
 * `struct_size` is `sizeof(swo_config)`, so that a program that was compiled for another
 * version of this library gets as much as it knows. Errors: SWO_NULL, SWO_STRUCT_TOO_OLD.
 * Next: change what is to be different, then swo_conn_new.
 */
swo_result swo_config_init(struct swo_config *config, size_t struct_size);

/**
 * Returns the version of the library that runs, as SWO_VERSION of the header.
 *
 * Static.
 */
const char *swo_version(void);

/**
 * Returns the ABI number of the library that runs.
 *
 * A program may use it if it equals SWO_ABI_VERSION of the header.
 */
uint32_t swo_abi_version(void);

/**
 * Sets the functions that memory comes from, in the small flavour.
 *
 * They replace malloc(3) and its like. To be called before anything else but swo_version and
 * swo_abi_version, while no other thread is in the library. The functions may be called by
 * every thread that calls the library. Where malloc gives NULL, the call that needed it is
 * SWO_OUT_OF_MEMORY or calls abort(3), as its comment says. Errors: SWO_NULL; SWO_TOO_LATE
 * where the library has taken memory already, and always in the std flavour.
 */
swo_result swo_set_memory(swo_malloc malloc, swo_realloc realloc, swo_free free);

/**
 * Makes a connection on the heap.
 *
 * `role` is SWO_ROLE_*; `config` may be NULL for the defaults, and is copied. Errors:
 * SWO_NULL, SWO_BAD_ENUM, SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW, SWO_OUT_OF_MEMORY. Next: a
 * server receives, a client sends a request; at the end swo_conn_free.
 */
swo_result swo_conn_new(uint32_t role, const struct swo_config *config, struct swo_conn **conn);

/**
 * Frees a connection that swo_conn_new made; every slice of it is over.
 *
 * NULL is allowed. It is not detected when one is freed twice. Errors: SWO_BAD_HANDLE for one
 * that is in place.
 */
swo_result swo_conn_free(struct swo_conn *conn);

/**
 * Returns the size of the memory for swo_conn_init, in bytes.
 *
 * It may differ between versions of the library: ask, do not store; or take SWO_CONN_SIZE_MAX.
 */
size_t swo_conn_size(void);

/**
 * Returns the alignment of the memory for swo_conn_init.
 *
 * malloc always gives it.
 */
size_t swo_conn_align(void);

/**
 * Makes a connection in the caller's memory; `conn` becomes `memory`.
 *
 * Such as a part of the caller's own struct. The memory must not be moved or copied until
 * swo_conn_deinit, and a second swo_conn_init before that loses what the first holds. Errors:
 * those of swo_conn_new, and SWO_BAD_PLACE where the memory is too small or not aligned.
 */
swo_result swo_conn_init(void *memory,
                         size_t size,
                         uint32_t role,
                         const struct swo_config *config,
                         struct swo_conn **conn);

/**
 * Ends a connection that swo_conn_init made; the memory is the caller's again.
 *
 * NULL is allowed. Errors: SWO_BAD_HANDLE for one from swo_conn_new, and for one that was
 * ended already.
 */
swo_result swo_conn_deinit(struct swo_conn *conn);

/**
 * Takes bytes that the peer sent, all of them or none.
 *
 * No bytes are not the end, which swo_receive_eof tells. **Inbound:** ends the current event
 * and its slices. Errors, after which nothing is taken: SWO_ERROR_BUFFER_FULL while too many
 * wait (go on with swo_next_event, and answer), SWO_ERROR_SWITCHED (they are the new
 * protocol's). SWO_ERROR_CLOSED, SWO_ERROR_AFTER_END, the peer's earlier error, and
 * SWO_OUT_OF_MEMORY. SWO_OVERLAP where `data` lies in the connection's own memory. That is a
 * slice of an event (copy it first), or the space of swo_receive_buffer (swo_receive_commit
 * takes what was read into it). Next: swo_next_event.
 *
 * Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
 * SWO_ERROR_FAILED.
 */
swo_result swo_receive(struct swo_conn *conn, const uint8_t *data, size_t len);

/**
 * Returns space for recv(2) to write into.
 *
 * `cap` is what there is: `min` bytes at least, and often more, all of which may be used. It
 * is less where `min` is more than may wait in all (`buffered` of the configuration). Ask for
 * what one read may bring, such as 16,384: with less, requests that come together are read in
 * pieces. It is valid until the next inbound call. Do not copy a slice of an event into it:
 * the call may have moved or freed what it points to. **Inbound:** ends the current event and
 * its slices. Errors: SWO_OUT_OF_MEMORY. Next: swo_receive_commit with what was read.
 *
 * Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
 * SWO_ERROR_FAILED.
 */
swo_result swo_receive_buffer(struct swo_conn *conn, size_t min, uint8_t **data, size_t *cap);

/**
 * Takes the first `len` bytes of the space that swo_receive_buffer gave, once.
 *
 * **Inbound:** ends the current event and its slices. 0 is nothing, and not the end, which
 * swo_receive_eof tells. Errors: SWO_BAD_LENGTH where the space does not hold as many (what
 * was read is still there: call again), or another inbound call has moved it. Then nothing is
 * taken. Next: swo_next_event.
 */
swo_result swo_receive_commit(struct swo_conn *conn, size_t len);

/**
 * Tells the connection that the peer's bytes have ended.
 *
 * SWO_END_CLEAN after a FIN, and over TLS a closure alert before it; SWO_END_TRUNCATED after a
 * reset, or without the alert (RFC 9112, section 9.8). The end has its place after the bytes:
 * it counts when all before it has been read. **Inbound:** ends the current event and its
 * slices. Errors: SWO_BAD_ENUM. Next: swo_next_event.
 */
swo_result swo_receive_eof(struct swo_conn *conn, uint32_t end);

/**
 * Takes the first bytes of the new protocol out of the connection.
 *
 * After SWO_EVENT_KIND_SWITCHED. Everything that the transport delivers from now on is the new
 * protocol's. They are the bytes that the event has as `leftover`. If you are done with HTTP,
 * you may use those as they stand, and free the connection after it. swo_resume_http needs
 * this call. `out` is your own memory, never an event's. **Inbound:** ends the current event
 * and its slices. Errors: SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in `written`; then
 * nothing is taken.
 */
swo_result swo_take_leftover(struct swo_conn *conn, uint8_t *out, size_t cap, size_t *written);

/**
 * Counts `len` bytes of content that your code has read by itself.
 *
 * From the transport, with splice(2) or into its own memory. The state and the positions are
 * those after the same bytes through swo_receive. Allowed for as many as swo_content says,
 * once all bytes given to the engine have been read from it. **Inbound:** ends the current
 * event and its slices. Next: swo_next_event; after the last byte it shows the end. RFC 9112,
 * section 6.
 *
 * Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_LENGTH_EXCEEDED,
 * SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_pass_content(struct swo_conn *conn, uint64_t len);

/**
 * Folds the end of the message into the current event.
 *
 * Returns 1 where that was the last of its message, so that no SWO_EVENT_KIND_END_OF_MESSAGE
 * follows it. That is known for a head without content and for the last of content of a known
 * length. The event stays current, and its slices valid, through the answer, until the next
 * inbound call. 0 changes nothing. RFC 9112, section 6.
 */
swo_flag swo_take_end(struct swo_conn *conn);

/**
 * Gives the whole connection to another parser.
 *
 * For a server: the head of the current request and every byte after it, exactly as they came.
 * Allowed until something after the head has been read or something has been answered. `out`
 * is your own memory, never an event's. **Inbound:** ends the current event and its slices.
 * Errors, after which nothing has changed: SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in
 * `written`; SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_HEAD_GONE,
 * SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED. Next: free the connection, keep the transport.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_HEAD_GONE,
 * SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_hand_over(struct swo_conn *conn, uint8_t *out, size_t cap, size_t *written);

/**
 * Releases the memory of a connection that is parked.
 *
 * Without a message or leftover under way nothing stays on the heap. What swo_trace,
 * swo_required and the current event held is gone. **Inbound:** ends the current event and its
 * slices.
 */
swo_result swo_release(struct swo_conn *conn);

/**
 * Moves on to the next event.
 *
 * **Inbound:** ends the current event and its slices; those of the new one are valid until the
 * next inbound call. Errors: a peer error (swo_is_fatal). Receiving has then ended:
 * swo_failure says where, swo_error_status what a server may answer once. A client is then
 * paused, SWO_PAUSED_CLOSED. A server gets the same error until its answer is complete, so
 * answer. Call swo_abandon where an answer has begun that is not to be ended as if it were
 * whole. Next: as the kind says. Repeat until SWO_EVENT_KIND_NEED_DATA (send what was written,
 * read the transport) or SWO_EVENT_KIND_PAUSED (do what `u.paused` says).
 */
swo_result swo_next_event(struct swo_conn *conn, struct swo_event *event);

/**
 * Takes bytes that the peer sent and moves on to the next event.
 *
 * swo_receive and swo_next_event in one call, for servers that read into memory of their own.
 * **Inbound:** ends the current event and its slices. Errors: those of swo_receive, after
 * which nothing is taken and there is no event; then those of swo_next_event. If the kind of
 * the event is not SWO_EVENT_KIND_NEED_DATA, go on with swo_next_event before more is
 * received.
 */
swo_result swo_receive_event(struct swo_conn *conn, const uint8_t *data, size_t len, struct swo_event *event);

/**
 * Returns the current event again.
 *
 * As often as wanted: decisions do not end it.
 *
 * Errors: SWO_NOTHING where none is current.
 */
swo_result swo_current_event(const struct swo_conn *conn, struct swo_event *event);

/**
 * Returns the field lines of the current event, in order and spelling.
 *
 * Those of a head, the trailers of SWO_EVENT_KIND_END_OF_MESSAGE, or the head of what
 * switched. Slices are valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with
 * the count needed in `count`; SWO_NOTHING where no event is current, or one without field
 * lines. RFC 9110, section 5.
 */
swo_result swo_event_fields(const struct swo_conn *conn, struct swo_field *fields, size_t cap, size_t *count);

/**
 * Returns the field line at an index of the current event, counted from 0.
 *
 * Valid until the next inbound call. Errors: SWO_NOTHING.
 */
swo_result swo_event_field_at(const struct swo_conn *conn, size_t index, struct swo_field *field);

/**
 * Returns the index of the first line of a field that the engine acts on.
 *
 * Without a search; for swo_event_fields and swo_event_field_at. `known_field` is a
 * SWO_KNOWN_FIELD_*. Errors: SWO_NOTHING where there is none; SWO_BAD_ENUM.
 */
swo_result swo_event_field_index(const struct swo_conn *conn, uint32_t known_field, size_t *index);

/**
 * Returns the value of the first field line of that name.
 *
 * Of the current event, without regard to case. Valid until the next inbound call. Errors:
 * SWO_NOTHING where there is none.
 */
swo_result swo_event_field(const struct swo_conn *conn, const char *name, struct swo_slice *value);

/**
 * Returns the members of a list field of the current event.
 *
 * Over all its lines: trimmed, empty ones left out (RFC 9110, section 5.6.1). A comma inside a
 * quoted string splits too. Valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL,
 * with the count needed in `count`; SWO_NOTHING where no event is current.
 */
swo_result swo_event_list(const struct swo_conn *conn,
                          const char *name,
                          struct swo_slice *members,
                          size_t cap,
                          size_t *count);

/**
 * Returns what the response of the current event advertises in `Upgrade`.
 *
 * For a client. A 426 and any other response may. Valid until the next inbound call. Errors:
 * SWO_ARRAY_TOO_SMALL, with the count needed in `count`; SWO_NOTHING where the current event
 * is no response. RFC 9110, section 7.8.
 */
swo_result swo_advertised(const struct swo_conn *conn, struct swo_protocol *protocols, size_t cap, size_t *count);

/**
 * Returns the current request, as long as its head is kept.
 *
 * For a server. The head is kept through the event that showed it. With an offer, a CONNECT or
 * a response owed in a new protocol it is kept until that is settled. Valid until the next
 * inbound call. Errors: SWO_NOTHING where it is not kept.
 */
swo_result swo_current_request(const struct swo_conn *conn, struct swo_request *request);

/**
 * Returns the authority that swo_current_request is for.
 *
 * For a server: the one in the target of a CONNECT or of an absolute target, else Host's. An
 * intermediary routes by it and sends it on as Host. Valid until the next inbound call.
 * Errors: SWO_NOTHING where no request is kept, or one of HTTP/1.0 names none. RFC 9112,
 * sections 3.2 and 3.3.
 */
swo_result swo_request_authority(const struct swo_conn *conn, struct swo_slice *authority);

/**
 * Returns the number of a request's method, SWO_METHOD_*.
 *
 * SWO_NONE for one that is not in IANA's registry, and for NULL. Methods compare exactly:
 * `get` is another one. RFC 9110, section 9.1.
 */
uint32_t swo_method(const struct swo_request *request);

/**
 * Returns the path of a request's target, as sent, up to the query.
 *
 * Of a target in origin or absolute form. It is "/" where an absolute target has none, "*" in
 * an OPTIONS for the whole server, empty in a CONNECT. Valid as long as the target. RFC 9112,
 * section 3.2; RFC 9110, section 4.2.3.
 */
swo_result swo_target_path(const struct swo_request *request, struct swo_slice *path);

/**
 * Returns the query of a request's target, as sent.
 *
 * It stands after the first question mark. Valid as long as the target. Errors: SWO_NOTHING
 * where there is none. RFC 9112, section 3.2.
 */
swo_result swo_target_query(const struct swo_request *request, struct swo_slice *query);

/**
 * Returns the field lines of swo_current_request.
 *
 * Errors: SWO_NOTHING, SWO_ARRAY_TOO_SMALL. Valid until the next inbound call.
 */
swo_result swo_request_fields(const struct swo_conn *conn, struct swo_field *fields, size_t cap, size_t *count);

/**
 * Returns the protocols that the current request offers.
 *
 * For a server: in the client's order, each eligible or with its reason; none where `no_offer`
 * of the request says why. Valid until the next inbound call. Errors: SWO_NOTHING where no
 * request is kept; SWO_ARRAY_TOO_SMALL, with the count needed in `count`. Next: swo_select.
 * RFC 9110, section 7.8.
 */
swo_result swo_offers(const struct swo_conn *conn, struct swo_offer *offers, size_t cap, size_t *count);

/**
 * Returns whether a protocol is the one that the text names, such as `foo/2`.
 *
 * Names are compared without regard to case, versions exactly.
 */
swo_flag swo_protocol_is(struct swo_slice name, struct swo_slice version, const char *text);

/**
 * Checks field lines as text once, for any number of messages.
 *
 * For programs that keep them as text, and for what every response says. The lines have the
 * form `Name: value`, each ended by CRLF; the last one need not be. The text is copied. Give
 * the block wherever field lines are given, as an entry of the array:
 * `swo_field fields[] = {SWO_BLOCK(block), {...}};`. In a head it is copied as a whole. It is
 * not changed afterwards, so several threads may use it at once. Errors:
 * SWO_ERROR_INVALID_NAME (also for a line without a colon, and an empty one),
 * SWO_ERROR_INVALID_VALUE (also for an LF alone), and SWO_ERROR_RESERVED_FIELD. That is for
 * what depends on the connection or the message: fields of framing, of one hop and of a
 * handshake, `Host`, `Expect`. Give those beside it. RFC 9110, sections 5 and 7.6.1. Next: an
 * answer with it; at the end swo_block_free.
 */
swo_result swo_block_new(const uint8_t *text, size_t len, struct swo_block **block);

/**
 * Frees a block.
 *
 * NULL is allowed. No connection needs it any longer than the call that it was given to. It is
 * not detected when one is used afterwards or freed twice.
 */
swo_result swo_block_free(struct swo_block *block);

/**
 * Sends a request head, with an offer of other protocols or none.
 *
 * For a client; the offer is in order of preference.
 *
 * Like every function with `out`, `cap` and `written`: all of it is written, or nothing. With
 * too little space the result is SWO_ERROR_OUTPUT_TOO_SMALL and `written` the size needed.
 * With an error that is about one of the field lines given (SWO_ERROR_INVALID_NAME, ..._VALUE,
 * SWO_ERROR_RESERVED_FIELD and their like), `written` is its index, from 0. With
 * SWO_ERROR_PROFILE_FIELD from this function it is the rule of the protocol that the offer
 * breaks, SWO_INELIGIBLE_*. With any other error it is left alone. `out` may be NULL where
 * `cap` is 0. Send what was written before the next call on the connection writes more.
 *
 * Next: swo_send_data and swo_send_end where content follows; then receive. RFC 9112, section
 * 3; RFC 9110, section 7.8.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_REQUEST_UNFINISHED, SWO_ERROR_OFFER_PENDING,
 * SWO_ERROR_PIPELINE_FULL, SWO_ERROR_NOT_PERSISTENT, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_METHOD, SWO_ERROR_INVALID_TARGET,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_PROTOCOL,
 * SWO_ERROR_INVALID_HOST, SWO_ERROR_HOST_DIFFERS, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_PROFILE_FIELD, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_request(struct swo_conn *conn,
                            const struct swo_request_head *request,
                            const struct swo_slice *offer,
                            size_t offer_count,
                            uint8_t *out,
                            size_t cap,
                            size_t *written);

/**
 * Sends an informational response other than 101.
 *
 * For a server.
 *
 * A client waits for a 100 while SWO_OWES_CONTINUE is owed. One that it does not wait for
 * means nothing to it, and a proxy passes it on all the same. Next: the rest of the request,
 * or the final response. RFC 9110, section 15.2.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED,
 * SWO_ERROR_HTTP_1_0_PEER, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED,
 * SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON, SWO_ERROR_INVALID_NAME,
 * SWO_ERROR_INVALID_VALUE, SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_informational(struct swo_conn *conn,
                                  const struct swo_response_head *response,
                                  uint8_t *out,
                                  size_t cap,
                                  size_t *written);

/**
 * Sends a final response head.
 *
 * For a server.
 *
 * An offer is thereby declined, which changes nothing else; a 2xx to CONNECT accepts it. Next:
 * swo_send_data and swo_send_end (where swo_owes is SWO_OWES_CONTENT). RFC 9112, sections 4
 * and 6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_response(struct swo_conn *conn,
                             const struct swo_response_head *response,
                             uint8_t *out,
                             size_t cap,
                             size_t *written);

/**
 * Sends content, with at most 20 bytes around it.
 *
 * Content of a known length ends by itself. The data may be what an event shows, so an echo
 * needs no copy. Next: more, or swo_send_end. RFC 9112, section 6.
 *
 * Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_data(struct swo_conn *conn,
                         const uint8_t *data,
                         size_t len,
                         uint8_t *out,
                         size_t cap,
                         size_t *written);

/**
 * Returns the framing around `len` bytes of content that your code writes.
 *
 * swo_send_data for writev(2), say. Your code must send prefix, content and suffix. Errors and
 * next call: those of swo_send_data. RFC 9112, section 7.1.
 *
 * Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_send_data_parts(struct swo_conn *conn, size_t len, struct swo_data_parts *parts);

/**
 * Ends the message, with trailers where it is chunked.
 *
 * A message without content, or with all of its `Content-Length` sent, has ended already: one
 * such call is then allowed and writes nothing. Next: a client receives, a server goes on with
 * swo_next_event. RFC 9112, section 7.1.2.
 *
 * Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_SHORT, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
 * SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
 * SWO_ERROR_TRAILER_FORBIDDEN, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_end(struct swo_conn *conn,
                        const struct swo_field *trailers,
                        size_t trailer_count,
                        uint8_t *out,
                        size_t cap,
                        size_t *written);

/**
 * Drops the rest of the content being received.
 *
 * Up to `drain` bytes of the configuration; then receiving ends instead. The end of the
 * message is still told. Next: swo_next_event.
 *
 * Errors: SWO_ERROR_NO_CONTENT.
 */
swo_result swo_skip_content(struct swo_conn *conn);

/**
 * Changes the limits, from the next message on.
 *
 * To those of a configuration (NULL: the defaults); what else it says is not looked at.
 * Refused while a request is not answered, and after a part of the next head has been read.
 * Next: go on as before.
 *
 * Errors: SWO_ERROR_UNANSWERED, SWO_ERROR_UNREAD_INPUT.
 */
swo_result swo_set_limits(struct swo_conn *conn, const struct swo_config *config);

/**
 * Ends the connection after this request's response.
 *
 * A server's next final response says `close`; without a request pending the connection closes
 * now. A client closes after the response that is on its way. Next: answer, or swo_next_event.
 * RFC 9112, section 9.6.
 *
 * Errors: SWO_ERROR_TOO_LATE, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_close_after_response(struct swo_conn *conn);

/**
 * Gives up, when a deadline has passed for instance.
 *
 * A client with an unfinished request cuts it and reads on for the answer. In every other
 * state, or the second time, no more HTTP in either direction. Next: close the transport's
 * direction that has ended, or all of it as swo_closing says; swo_next_event.
 */
swo_result swo_abandon(struct swo_conn *conn);

/**
 * Returns the reason phrase of a status (RFC 9110, section 15); empty for others.
 *
 * Static.
 */
struct swo_slice swo_reason(uint32_t status);

/**
 * Sends a whole final response, all of it or nothing.
 *
 * For a server.
 *
 * The content is framed by its length, which is added, so that an HTTP/1.0 client may keep the
 * connection too. In answer to HEAD the length is written and the content is not. A 204, 205
 * or 304 has no content, and a 2xx to CONNECT opens a tunnel. An offer is thereby declined.
 * SWO_ERROR_FRAMING_CONFLICT is also for a Transfer-Encoding, and for content where the status
 * has none. Next: swo_next_event. RFC 9110, section 8.6; RFC 9112, section 6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_LENGTH_SHORT,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_respond(struct swo_conn *conn,
                       const struct swo_response_head *response,
                       const uint8_t *data,
                       size_t len,
                       uint8_t *out,
                       size_t cap,
                       size_t *written);

/**
 * Checks and encodes a whole response once, for swo_respond_prepared.
 *
 * On any number of connections. `config` is that of the connections, or NULL: its `tidy` may
 * put the field lines right. What was given is copied. With a `Date` among the field lines it
 * is good for a second. It is not changed afterwards, so several threads may use it at once.
 * Errors: those of swo_respond for the response itself, without the index of a field line;
 * SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW. Next: swo_respond_prepared; at the end
 * swo_prepared_free.
 */
swo_result swo_prepared_new(const struct swo_response_head *response,
                            const uint8_t *data,
                            size_t len,
                            const struct swo_config *config,
                            struct swo_prepared **prepared);

/**
 * Frees a prepared response.
 *
 * NULL is allowed. No connection needs it any longer than the call that it was given to. It is
 * not detected when one is used afterwards or freed twice.
 */
swo_result swo_prepared_free(struct swo_prepared *prepared);

/**
 * Sends a prepared response: swo_respond with the same bytes, states and errors.
 *
 * For a server. Errors: SWO_BAD_HANDLE for what is no prepared response. Next: swo_next_event.
 * RFC 9110, section 8.6; RFC 9112, section 6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_respond_prepared(struct swo_conn *conn,
                                const struct swo_prepared *prepared,
                                uint8_t *out,
                                size_t cap,
                                size_t *written);

/**
 * Sends the connection's last response, whatever it has received.
 *
 * For a server. It is the response to a peer error, or a 408 to half a head or half the
 * content. Or it is a 429 or 503 to a client that is not wanted. It belongs to the request
 * that waits for an answer; if there is none, to the request that comes next. No more is read,
 * and the response says `Connection: close`. SWO_ERROR_ANSWERED once a response has begun:
 * then swo_abandon. Next: send what was written, then close the transport as swo_closing says.
 * RFC 9110, section 15.5.9; RFC 9112, section 9.6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
 * SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_LENGTH_SHORT,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_reject(struct swo_conn *conn,
                      const struct swo_response_head *response,
                      const uint8_t *data,
                      size_t len,
                      uint8_t *out,
                      size_t cap,
                      size_t *written);

/**
 * Tells the engine that your code sends the final response itself.
 *
 * For a server; call it before you do so.
 *
 * `has_content` is not 0 if content follows the head (never in answer to HEAD), `closes` if
 * the response says `close` or ends with the connection. `persists` becomes 1 if the
 * connection goes on afterwards; if it becomes 0, the head must say `Connection: close`. To an
 * HTTP/1.0 client a connection that goes on must say `Connection: keep-alive`. Next: send the
 * response; where it has content, then swo_send_end, which writes nothing. RFC 9112, section
 * 9.3.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_FRAMING_CONFLICT.
 */
swo_result swo_note_response(struct swo_conn *conn,
                             uint32_t status,
                             uint32_t has_content,
                             uint32_t closes,
                             uint32_t *persists);

/**
 * Chooses one offered protocol that both sides can live with.
 *
 * For a server.
 *
 * Each preference is a protocol such as `foo/2`, or a stack of layers such as
 * `TLS/1.2, HTTP/1.1`. `by` is SWO_ORDER_CLIENT (the first of the client's offer that is
 * preferred at all) or SWO_ORDER_SERVER. Errors: SWO_NOTHING where nothing matches, also
 * because a preference is no protocol's name (swo_offers says what was offered), SWO_BAD_ENUM.
 * Next: swo_selection_preference says what it is; swo_accept, or any final response, which
 * declines. RFC 9110, section 7.8.
 */
swo_result swo_select(const struct swo_conn *conn,
                      const struct swo_slice *preferences,
                      size_t count,
                      uint32_t by,
                      struct swo_selection *selection);

/**
 * Returns the index of the selection among the preferences.
 *
 * Of those that swo_select was given, counted from 0; SWO_NONE for NULL.
 */
uint32_t swo_selection_preference(const struct swo_selection *selection);

/**
 * Accepts an offered protocol with a 101, after a 100 that is still owed.
 *
 * For a server.
 *
 * Only once the request is complete. SWO_ERROR_BODY_PENDING before that: swo_selection_early
 * does not wait. Next: speak the new protocol, in which the request is answered;
 * swo_next_event comes to SWO_EVENT_KIND_SWITCHED. RFC 9110, sections 7.8 and 15.2.2.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_NOTHING_OFFERED, SWO_ERROR_NOT_OFFERED,
 * SWO_ERROR_STALE_SELECTION, SWO_ERROR_BODY_PENDING, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
 * SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_PROFILE_FIELD,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_accept(struct swo_conn *conn,
                      const struct swo_selection *selection,
                      const struct swo_field *fields,
                      size_t field_count,
                      uint8_t *out,
                      size_t cap,
                      size_t *written);

/**
 * Has a selection accepted before the request is complete.
 *
 * Our direction switches at once, the peer's at the end of its request; a client that waits
 * for a 100 gets it first. For a new protocol that needs no content. Errors: SWO_NULL. Next:
 * swo_accept. RFC 9110, section 7.8.
 */
swo_result swo_selection_early(const struct swo_selection *selection, struct swo_selection *early);

/**
 * Sends the head of a 426 that requires one of these protocols.
 *
 * For a server.
 *
 * Next: swo_send_data for content, and swo_send_end, then the client's next try. RFC 9110,
 * section 15.5.22.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
 * SWO_ERROR_INVALID_PROTOCOL, SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_require(struct swo_conn *conn,
                       const struct swo_slice *protocols,
                       size_t count,
                       const struct swo_field *fields,
                       size_t field_count,
                       uint8_t *out,
                       size_t cap,
                       size_t *written);

/**
 * Announces on the next final response what the connection could become.
 *
 * For a server: the protocols that it could be upgraded to. It remains an ordinary response.
 * Next: swo_respond or swo_send_response. RFC 9110, section 7.8.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_INVALID_PROTOCOL.
 */
swo_result swo_advertise(struct swo_conn *conn, const struct swo_slice *protocols, size_t count);

/**
 * Resumes HTTP above the new layer, on this same object.
 *
 * The original request is answered there. Both directions must have switched by a 101 and the
 * leftover must have been taken. **Inbound:** ends the current event and its slices. Next: a
 * server answers, a client receives. RFC 2817, section 3.
 *
 * Errors: SWO_ERROR_NOTHING_OWED, SWO_ERROR_LEFTOVER_PENDING.
 */
swo_result swo_resume_http(struct swo_conn *conn);

/**
 * Returns the protocols that a 101 switched to, lowest layer first.
 *
 * None before.
 *
 * Valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in
 * `count`.
 */
swo_result swo_agreed(const struct swo_conn *conn, struct swo_protocol *protocols, size_t cap, size_t *count);

/**
 * Returns the protocols that the latest 426 asks for.
 *
 * For a client; none where it does not say.
 *
 * Valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in
 * `count`. Next: swo_send_request with what is spoken of it as the offer. RFC 9110, section
 * 15.5.22.
 */
swo_result swo_required(const struct swo_conn *conn, struct swo_protocol *protocols, size_t cap, size_t *count);

/**
 * Encodes a nonce as `Sec-WebSocket-Key`.
 *
 * For a client: 16 bytes that cannot be guessed, new for each connection. It has 24 bytes.
 * Errors: SWO_BAD_LENGTH where `len` is not 16; SWO_ERROR_OUTPUT_TOO_SMALL, with the size
 * needed in `written`. Next: swo_send_request with it and `Sec-WebSocket-Version: 13`, and
 * `websocket` as the offer. RFC 6455, section 4.1.
 */
swo_result swo_websocket_key(const uint8_t *nonce, size_t len, uint8_t *out, size_t cap, size_t *written);

/**
 * Chooses the subprotocol of an offered `websocket`.
 *
 * For a server; one that both sides can live with.
 *
 * `by` is SWO_ORDER_*. `chosen` is an entry of `preferences`, and valid as long as that is.
 * Errors: SWO_NOTHING where nothing matches or no request is kept; SWO_BAD_ENUM. Next:
 * swo_accept with it as the value of `Sec-WebSocket-Protocol`; without that field none is
 * spoken. RFC 6455, section 4.2.2.
 */
swo_result swo_select_subprotocol(const struct swo_conn *conn,
                                  const struct swo_slice *preferences,
                                  size_t count,
                                  uint32_t by,
                                  struct swo_slice *chosen);

/**
 * Returns the subprotocols that an offered `websocket` comes with.
 *
 * For a server: in the client's order; none where there are none. Valid until the next inbound
 * call. Errors: SWO_NOTHING where no request is kept; SWO_ARRAY_TOO_SMALL, with the count
 * needed in `count`. Next: swo_accept with one of them as the value of
 * `Sec-WebSocket-Protocol`, or swo_select_subprotocol. RFC 6455, section 4.2.1.
 */
swo_result swo_websocket_subprotocols(const struct swo_conn *conn,
                                      struct swo_slice *subprotocols,
                                      size_t cap,
                                      size_t *count);

/**
 * Decides how to accept the `permessage-deflate` of an offered `websocket`.
 *
 * For a server; `own` are the parameters that this side allows. Errors: SWO_NOTHING where it
 * is not offered in a way that can be accepted, or no request is kept. Next:
 * swo_deflate_write, and swo_accept with that as the value of `Sec-WebSocket-Extensions`;
 * without that field nothing is compressed. RFC 7692, section 7.1.
 */
swo_result swo_select_deflate(const struct swo_conn *conn, const struct swo_deflate *own, struct swo_deflate *agreed);

/**
 * Returns the `permessage-deflate` that the server's 101 has agreed to.
 *
 * For a client, while SWO_EVENT_KIND_SWITCHED is the current event; it was compared with the
 * offer before. Errors: SWO_NOTHING where nothing is compressed. RFC 7692, section 7.1.
 */
swo_result swo_agreed_deflate(const struct swo_conn *conn, struct swo_deflate *agreed);

/**
 * Writes parameters as the value of `Sec-WebSocket-Extensions`.
 *
 * A server's agreement, or a client's offer. Errors: SWO_ERROR_OUTPUT_TOO_SMALL, with the size
 * needed in `written`; 160 bytes are always enough. RFC 7692, section 7.
 */
swo_result swo_deflate_write(const struct swo_deflate *deflate, uint8_t *out, size_t cap, size_t *written);

/**
 * Makes a splice between the client and an HTTP/2 engine.
 *
 * For a server. The engine knows nothing of upgrades: to it, it looks as if the client had
 * spoken HTTP/2 from the start. The current request is on stream 1. To be made when the
 * request is complete, before swo_accept; `data` is all of its content, at most 65,535 bytes.
 * Errors: SWO_NOTHING where no request is kept; SWO_REFUSED where it cannot be taken along,
 * with a SWO_INELIGIBLE_* as the `reason` (else SWO_NONE): then decline. Next: swo_accept. At
 * SWO_EVENT_KIND_SWITCHED, swo_splice_client_sent with the leftover; at the end
 * swo_splice_free. RFC 7540, section 3.2.
 */
swo_result swo_splice_new(const struct swo_conn *conn,
                          const uint8_t *data,
                          size_t len,
                          const struct swo_field *trailers,
                          size_t trailer_count,
                          struct swo_splice **splice,
                          uint32_t *reason);

/**
 * Bytes of the client, the leftover of the 101 first.
 *
 * Next: pass on what swo_splice_take_for_engine and swo_splice_take_for_client hold.
 */
swo_result swo_splice_client_sent(struct swo_splice *splice, const uint8_t *data, size_t len);

/**
 * Tells the splice that the client has ended.
 *
 * What has not come whole goes to the engine as it is.
 *
 * Next: as after swo_splice_client_sent; tell the engine of the end once swo_splice_is_waiting
 * is 0.
 */
swo_result swo_splice_client_ended(struct swo_splice *splice);

/**
 * Bytes that the engine has written. Next: as after swo_splice_client_sent.
 */
swo_result swo_splice_engine_sent(struct swo_splice *splice, const uint8_t *data, size_t len);

/**
 * Takes what goes to the engine now, which may be nothing.
 *
 * Valid until the next call of this function on the splice, or swo_splice_free.
 */
swo_result swo_splice_take_for_engine(struct swo_splice *splice, struct swo_slice *bytes);

/**
 * Takes what goes to the client now, which may be nothing.
 *
 * Valid until the next call of this function on the splice, or swo_splice_free.
 */
swo_result swo_splice_take_for_client(struct swo_splice *splice, struct swo_slice *bytes);

/**
 * Returns whether the client should be read.
 *
 * 0 only while too much waits for the engine.
 */
swo_flag swo_splice_wants_client(const struct swo_splice *splice);

/**
 * Returns whether bytes of the client wait for the engine's window.
 */
swo_flag swo_splice_is_waiting(const struct swo_splice *splice);

/**
 * Returns whether nothing is held and both sides have the same picture.
 *
 * Then connect client and engine directly, and free the splice.
 */
swo_flag swo_splice_is_done(const struct swo_splice *splice);

/**
 * Frees a splice; what it has given is over. NULL is allowed.
 */
swo_result swo_splice_free(struct swo_splice *splice);

/**
 * Returns whether a message with these field lines says that capsules follow.
 *
 * swo_event_fields gives those of an event: `Capsule-Protocol` is the item `?1`, with any
 * parameters. Anything else counts as absent. RFC 9297, section 3.4.
 */
swo_flag swo_says_capsules(const struct swo_field *fields, size_t count);

/**
 * Parses the target of a `connect-udp` request.
 *
 * For a server: the variables `target_host` and `target_port`, where it wants its datagrams to
 * go. `host` gets a name or an address, decoded, an IPv6 address without brackets, and never
 * more bytes than the target has. `port` is 1 to 65535. `uri_template` is SWO_UDP_TEMPLATE, or
 * what else the clients are configured with: a path and query with expressions of the forms
 * `{name}` and `{?name,name}`. Errors: SWO_NOTHING where the target does not fit or a variable
 * is not valid, and a 400 is the answer. SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in
 * `written`. Next: swo_accept, then swo_capsules_new; or a response that declines. RFC 9298,
 * sections 2 and 3.1.
 */
swo_result swo_udp_target(const char *uri_template,
                          struct swo_slice target,
                          uint8_t *host,
                          size_t cap,
                          size_t *written,
                          uint32_t *port);

/**
 * Parses the target of a `connect-ip` request.
 *
 * For a server: the variables `target` and `ipproto`, what it wants to reach. `host` gets a
 * name, an address or a prefix such as `192.0.2.0/24`, and nothing for any; `protocol` is the
 * Internet Protocol number, SWO_NONE for any. The rest is as with swo_udp_target, the template
 * SWO_IP_TEMPLATE or another one. RFC 9484, sections 3 and 4.6.
 */
swo_result swo_ip_target(const char *uri_template,
                         struct swo_slice target,
                         uint8_t *host,
                         size_t cap,
                         size_t *written,
                         uint32_t *protocol);

/**
 * Makes a reader of DATAGRAM capsules, which skips capsules of other types.
 *
 * `longest` is the longest payload that it takes, a bound on what it holds: SWO_UDP_PAYLOAD is
 * the most that UDP has. Errors: SWO_BAD_LENGTH for a length that no object can have. Next:
 * swo_capsules_receive with the leftover of the 101; at the end swo_capsules_free. RFC 9297,
 * section 3.
 */
swo_result swo_capsules_new(size_t longest, struct swo_capsules **capsules);

/**
 * Takes bytes of the stream.
 *
 * It ends what swo_capsules_next has shown. Errors: SWO_OVERLAP where `data` lies in the
 * reader's own memory, as a payload that it has shown does: copy it first. Next:
 * swo_capsules_next until SWO_NOTHING.
 */
swo_result swo_capsules_receive(struct swo_capsules *capsules, const uint8_t *data, size_t len);

/**
 * Returns the next datagram.
 *
 * Its payload is valid until the next swo_capsules_receive or swo_capsules_free. Errors:
 * SWO_NOTHING before more bytes come. SWO_REFUSED where the stream is malformed, with a
 * SWO_CAPSULE_FAULT_* as the `fault` (else SWO_NONE). Then it is aborted: close the transport.
 * RFC 9297, section 3.3.
 */
swo_result swo_capsules_next(struct swo_capsules *capsules, struct swo_datagram *datagram, uint32_t *fault);

/**
 * Checks the end of the stream.
 *
 * Errors: SWO_REFUSED where that was inside a capsule, with a SWO_CAPSULE_FAULT_* as the
 * `fault` (else SWO_NONE). RFC 9297, section 3.3.
 */
swo_result swo_capsules_finish(const struct swo_capsules *capsules, uint32_t *fault);

/**
 * Frees a reader. NULL is allowed.
 */
swo_result swo_capsules_free(struct swo_capsules *capsules);

/**
 * Writes a datagram as a DATAGRAM capsule.
 *
 * Errors: SWO_BAD_NUMBER where the context is 2 to the 62 or more; SWO_ERROR_OUTPUT_TOO_SMALL,
 * with the size needed in `written`. Next: send it after the 101. RFC 9297, section 3.5.
 */
swo_result swo_datagram_write(const struct swo_datagram *datagram, uint8_t *out, size_t cap, size_t *written);

/**
 * Returns the offered protocols that an intermediary may offer to its server.
 *
 * Those of the current request, in the client's order: those that may be accepted and are not,
 * like TLS and h2c, between two neighbours. Valid until the next inbound call. Errors:
 * SWO_NOTHING where no request is kept; SWO_ARRAY_TOO_SMALL, with the count needed in `count`.
 * Next: swo_send_request on the connection to the server, with these as the offer and
 * swo_end_to_end as the fields. RFC 9110, section 7.8; RFC 2817, section 5.1.
 */
swo_result swo_forwardable(const struct swo_conn *conn, struct swo_protocol *protocols, size_t cap, size_t *count);

/**
 * Returns whether an intermediary may pass on an offer of that protocol.
 *
 * A single one, and not one that is, like TLS and h2c, between two neighbours. For the
 * `:protocol` of an extended CONNECT; what a request offers in HTTP/1.1, swo_forwardable says.
 * Next: swo_http1_fields. RFC 2817, section 5.1; RFC 7540, section 3.2.1.
 */
swo_flag swo_may_forward(struct swo_slice protocol);

/**
 * Returns the end-to-end field lines of the current head.
 *
 * Of the response that the event shows, or else of the current request. An intermediary passes
 * them on: without `Connection`, what it lists, and the like. Valid until the next inbound
 * call. Errors: SWO_NOTHING where there is no head; SWO_ARRAY_TOO_SMALL, with the count needed
 * in `count`. Next: a head with them on the other connection, after `Via`; for a 101
 * swo_accept with them, on a connection whose configuration says `tidy`. RFC 9110, section
 * 7.6.1.
 */
swo_result swo_end_to_end(const struct swo_conn *conn, struct swo_field *fields, size_t cap, size_t *count);

/**
 * Checks that a field list may stand in HTTP/2.
 *
 * A `status` of 0 is a request. Check what an HTTP/2 library hands over before you take it for
 * a message. Errors: SWO_REFUSED where it may not, with a SWO_OVER_HTTP2_* as the `reason`
 * (else SWO_NONE): the message is malformed. RFC 9113, section 8.2.2.
 */
swo_result swo_check_http2(uint32_t status, const struct swo_field *fields, size_t count, uint32_t *reason);

/**
 * Converts the field lines of an HTTP/1.1 message to HTTP/2.
 *
 * Names in lower case, no hop-by-hop field but `te: trailers`, nothing of a WebSocket
 * handshake, no `Host` (`:authority` there) and no `Expect`. Next: swo_lines_get; at the end
 * swo_lines_free. RFC 9113, section 8.2.2; RFC 8441, section 5.
 */
swo_result swo_http2_fields(const struct swo_field *fields, size_t count, struct swo_lines **lines);

/**
 * Converts a request to HTTP/2: pseudo-header fields, then swo_http2_fields.
 *
 * `secure` is not 0 where the scheme is `https`. Errors: SWO_ERROR_INVALID_METHOD and
 * SWO_ERROR_INVALID_TARGET for what is no text. Next: swo_lines_get; at the end
 * swo_lines_free. RFC 9113, section 8.3.1.
 */
swo_result swo_http2_request(const struct swo_request_head *request, uint32_t secure, struct swo_lines **lines);

/**
 * Converts a request that offers `protocol` to an extended CONNECT.
 *
 * It asks for the same over HTTP/2. A 2xx to it is the 101. Only where the server's
 * SETTINGS_ENABLE_CONNECT_PROTOCOL is 1. `secure` is not 0 where the scheme is `https`.
 * Errors: those of swo_http2_request, and SWO_ERROR_INVALID_PROTOCOL for what is no text.
 * Next: swo_lines_get; at the end swo_lines_free. RFC 8441, sections 4 and 5.
 */
swo_result swo_extended_connect(const struct swo_request_head *request,
                                struct swo_slice protocol,
                                uint32_t secure,
                                struct swo_lines **lines);

/**
 * Converts the field lines of an HTTP/2 request to HTTP/1.1.
 *
 * `host` comes from its `:authority`, cookies in one line again. Pseudo-header fields in
 * `fields` are left out. `websocket_key` is for an extended CONNECT to `websocket`, a key of
 * this hop's own (swo_websocket_key); none where `data` is NULL. Errors: SWO_REFUSED where the
 * list is malformed, with a SWO_OVER_HTTP2_* as the `reason` (else SWO_NONE).
 * SWO_ERROR_INVALID_HOST and SWO_ERROR_INVALID_VALUE for an authority or a key that is no
 * text. Next: swo_lines_get, and swo_send_request with them, for an extended CONNECT with GET,
 * its `:path` and its `:protocol` as the offer; at the end swo_lines_free. RFC 9113, section
 * 8.2.3; RFC 8441, section 5.
 */
swo_result swo_http1_fields(struct swo_slice authority,
                            const struct swo_field *fields,
                            size_t count,
                            struct swo_slice websocket_key,
                            struct swo_lines **lines,
                            uint32_t *reason);

/**
 * Returns an array of `count` field lines, as swo_send_request takes it.
 *
 * `fields` is valid until swo_lines_free.
 */
swo_result swo_lines_get(const struct swo_lines *lines, const struct swo_field **fields, size_t *count);

/**
 * Frees field lines. NULL is allowed.
 */
swo_result swo_lines_free(struct swo_lines *lines);

/**
 * Returns the machine's state, all of it in one struct.
 *
 * Its parts may change with any version.
 */
swo_result swo_state(const struct swo_conn *conn, struct swo_state_info *state);

/**
 * Returns whom the engine waits for, SWO_AWAITING_*; set deadlines by it.
 *
 * Renew one at each event, and as bytes of ours leave, but not as bytes come in. An unfinished
 * head is no event, so a peer does not live on by sending one slowly. When one expires, a
 * server calls swo_reject with a 408, or just closes an idle connection
 * (SWO_AWAITING_REQUEST); a client calls swo_abandon.
 */
uint32_t swo_awaiting(const struct swo_conn *conn);

/**
 * Returns why the current cycle's upgrade did not happen, SWO_WHY_*.
 *
 * SWO_NONE where it did, or before the first request.
 */
uint32_t swo_why(const struct swo_conn *conn);

/**
 * Returns whether to go on reading the transport.
 *
 * While it does not, the peer feels it as back-pressure.
 */
swo_flag swo_wants_input(const struct swo_conn *conn);

/**
 * Returns whether our direction may carry the new protocol.
 *
 * A client has its 101 (or 2xx to CONNECT) and its request is out, a server has accepted. No
 * event tells a client that its own direction has switched.
 */
swo_flag swo_may_speak(const struct swo_conn *conn);

/**
 * Returns the received bytes after the current event.
 *
 * Nothing has read them yet; valid until the next inbound call. While an offer is undecided
 * they belong to no protocol. If you decline and do not trust the client to have meant them as
 * HTTP, call swo_close_after_response and they are never read. RFC 9931, section 5.
 */
swo_result swo_unread(const struct swo_conn *conn, struct swo_slice *bytes);

/**
 * Returns what is still to come of the message being received.
 *
 * Counted after the current event.
 *
 * When the message was cut short, this is what was missing. Next: swo_pass_content, if your
 * code can read content past the engine. RFC 9112, section 6.3.
 */
swo_result swo_content(const struct swo_conn *conn, struct swo_content_left *content);

/**
 * Returns what the caller must send next, SWO_OWES_*.
 *
 * The peer waits for it.
 *
 * Of several things, the first one that it waits for. SWO_OWES_CONTENT means a message of ours
 * that has content to come. It may be an older one than meant. Where swo_send_response was
 * refused with SWO_ERROR_ANSWERED, the response under way is still open. The text of an error
 * would become a part of its content. Then write nothing and close the transport.
 */
uint32_t swo_owes(const struct swo_conn *conn);

/**
 * Returns whether another request may follow on this connection.
 *
 * As far as is known.
 *
 * RFC 9112, section 9.3.
 */
swo_flag swo_persists(const struct swo_conn *conn);

/**
 * Returns how to close the transport now, SWO_CLOSING_*.
 *
 * SWO_NONE for a connection that is NULL or dead. RFC 9112, sections 8 and 9.6.
 *
 * SWO_CLOSING_CLOSE: close it, the peer loses nothing by that. SWO_CLOSING_LINGER: shut down
 * the sending side, read on and discard what comes until the peer closes too. Do so for a few
 * seconds at most, then close. A socket that is closed with bytes unread is reset, which may
 * take the last response away from the client. SWO_CLOSING_RESET: set SO_LINGER to 0 and
 * close, over TLS send no closure alert. A response ends with the connection, as an HTTP/1.0
 * client has it, and is not complete. After a FIN the client would take it for whole.
 */
uint32_t swo_closing(const struct swo_conn *conn);

/**
 * Returns the number of requests without a complete final response.
 *
 * For a client.
 *
 * Once the connection is over, these may be sent again on another one where that is safe (RFC
 * 9112, section 9.3.2). SWO_NONE for a connection that is NULL or dead.
 */
uint32_t swo_unanswered(const struct swo_conn *conn);

/**
 * Returns the number of the peer's bytes that events have passed so far.
 */
uint64_t swo_position(const struct swo_conn *conn);

/**
 * Returns the peer's error that ended receiving.
 *
 * Errors: SWO_NOTHING where none did.
 */
swo_result swo_failure(const struct swo_conn *conn, struct swo_failure_info *failure);

/**
 * Takes the oldest entries out of the trace.
 *
 * As many as there is space for: what was received, decided and refused, of which the latest
 * 32 are kept. Again until `count` is less than `cap`.
 */
swo_result swo_trace(struct swo_conn *conn, struct swo_trace_entry *entries, size_t cap, size_t *count);

/**
 * Returns a sentence for people about a result.
 *
 * Never NULL, static.
 */
const char *swo_error_text(swo_result result);

/**
 * Returns advice about a SWO_ERROR_*; empty for other results.
 *
 * Never NULL, static.
 */
const char *swo_error_advice(swo_result result);

/**
 * Returns the rule that a SWO_ERROR_* is about, such as `RFC 9112, section 6.3`.
 *
 * Empty for other results. Never NULL, static.
 */
const char *swo_error_clause(swo_result result);

/**
 * Returns the stable name of a result, such as `bare-lf`.
 *
 * `ok` for SWO_OK, `unknown` where there is none. Never NULL, static.
 */
const char *swo_error_name(swo_result result);

/**
 * Returns whether receiving is over for good.
 *
 * The peer broke the protocol, or the connection is dead. After a peer error a server may
 * still send one final response (swo_error_status says which); then close the transport.
 */
swo_flag swo_is_fatal(swo_result result);

/**
 * Returns the status that a server answers a peer error with; 0 for none.
 *
 * RFC 9110, section 15. Where the error came in the middle of an answer, swo_send_response is
 * refused with SWO_ERROR_ANSWERED, and the response under way is still open. Send no text of
 * the error as its content, but close the transport.
 */
uint32_t swo_error_status(swo_result result);

/**
 * Returns whose fault a result is: SWO_BLAME_PEER or SWO_BLAME_LOCAL.
 *
 * SWO_NONE for SWO_OK and unknown numbers.
 */
uint32_t swo_error_blame(swo_result result);

/**
 * Returns the stable name of a number of an enum.
 *
 * `swo_name(SWO_TABLE_WHY, swo_why(conn))`. `none` for SWO_NONE, `unknown` for another number
 * without a name. Never NULL, static.
 */
const char *swo_name(uint32_t table, uint32_t number);

/**
 * Returns a sentence for people about a number of an enum.
 *
 * Of SWO_TABLE_WHY, SWO_TABLE_INELIGIBLE, SWO_TABLE_OVER_HTTP2 or SWO_TABLE_CAPSULE_FAULT.
 * `unknown` elsewhere. Never NULL, static.
 */
const char *swo_text(uint32_t table, uint32_t number);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SWITCHOVER_H */
