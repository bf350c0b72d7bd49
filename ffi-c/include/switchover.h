/**
 * @file
 * switchover.h: HTTP/1.1 connections that can switch to another protocol.
 *
 * An engine without I/O for clients and servers, specialised in the Upgrade mechanism. Generated
 * from the sources of `ffi-c` by its test `header`; do not edit.
 *
 * CONTENTS
 *
 *  - 1 Basics: versions, results, bytes, field lines
 *    SWO_TEXT SWO_HEAD SWO_BLOCK swo_version swo_abi_version swo_set_memory
 *  - 2 Life: a connection from its configuration to its end
 *    swo_config_init swo_conn_new swo_conn_free swo_conn_size swo_conn_align swo_conn_init
 *    swo_conn_deinit swo_set_limits swo_release
 *  - 3 Receive: bytes of the peer in
 *    swo_receive swo_receive_buffer swo_receive_commit swo_receive_eof swo_wants_input swo_unread
 *    swo_position
 *  - 4 Events: what has come: heads, content, the end of a message, a switch
 *    swo_next_event swo_receive_event swo_current_event swo_event_fields swo_event_field_at
 *    swo_event_field_index swo_event_field swo_event_list swo_current_request swo_method
 *    swo_request_authority swo_target_path swo_target_query swo_request_fields swo_content
 *    swo_pass_content swo_skip_content swo_take_end
 *  - 5 Decide: what is owed, which deadline runs, when and how to close
 *    swo_owes swo_awaiting swo_may_speak swo_persists swo_closing swo_unanswered
 *    swo_close_after_response swo_abandon
 *  - 6 Send: requests and responses, whole or piece by piece
 *    swo_respond swo_respond_head swo_reject swo_prepared_new swo_respond_prepared
 *    swo_prepared_free swo_block_new swo_block_free swo_send_informational swo_send_response
 *    swo_send_request swo_send_data swo_send_data_parts swo_send_end swo_note_response swo_reason
 *  - 7 Switch: offers, their acceptance, and the new protocol
 *    swo_offers swo_select swo_selection_preference swo_selection_early swo_accept swo_require
 *    swo_advertise swo_advertised swo_agreed swo_required swo_why swo_protocol_is
 *    swo_take_leftover swo_hand_over swo_resume_http
 *  - 8 Errors and names: whose fault, which status, what to do; names for logs
 *    swo_failure swo_is_fatal swo_error_status swo_error_blame swo_error_text swo_error_advice
 *    swo_error_clause swo_error_name swo_name swo_text swo_state swo_trace
 *
 * `switchover_profiles.h` has the profiles: WebSocket, h2c, MASQUE, gateways, HTTP/2.
 *
 * THE CONTRACT
 *
 * One swo_conn per transport connection. It never blocks, polls, wakes a thread or reads a clock;
 * your code reads and writes the transport.
 *
 *  1. Receive. swo_receive copies bytes that the peer sent. Or read the socket directly into
 *     swo_receive_buffer, and pass the number of bytes to swo_receive_commit. swo_receive_eof marks
 *     the end of the peer's bytes. Do not read while swo_wants_input is 0.
 *  2. Handle events. Call swo_next_event until it returns SWO_EVENT_KIND_NEED_DATA (send a 100 if
 *     swo_owes is SWO_OWES_CONTINUE, send what was written, then read) or SWO_EVENT_KIND_PAUSED
 *     (act: accept or decline, respond, speak the new protocol, or close). Each further call
 *     returns the same pause until you have acted. To respond later, do nothing at
 *     SWO_EVENT_KIND_END_OF_MESSAGE, leave the loop at the pause, and enter it again after the
 *     response. Slices of an event are valid until the next *inbound* call on the connection: copy
 *     what the response needs. The comment of each inbound call says so: swo_receive,
 *     swo_receive_buffer, swo_receive_commit, swo_receive_eof, swo_next_event, swo_receive_event,
 *     swo_pass_content, swo_take_leftover, swo_hand_over, swo_release, swo_resume_http. Calls that
 *     send do not end the event. So an echo may send the slice of the event itself, and the code of
 *     the next protocol may use the leftover in the memory that SWO_EVENT_KIND_SWITCHED points to.
 *  3. Send. swo_respond and the other responses, swo_send_* and the upgrade functions write into
 *     the caller's memory, all bytes or none. A call that returns an error has changed nothing.
 *     Send what was written, then continue with 2. A 2xx to CONNECT opens a tunnel: a server
 *     without tunnels responds with a 501.
 *  4. Close. After a peer error from swo_next_event a server calls swo_reject with
 *     swo_error_status, which responds to the request that waits, or else to the malformed one. If
 *     that returns an error, and in a client, call swo_abandon. At SWO_PAUSED_CLOSED close the
 *     transport as swo_closing says; a server also does so when nothing is owed and swo_persists is
 *     0. Closing with unread bytes resets the connection, and the peer may lose the last response
 *     (RFC 9112, section 9.6).
 *
 * `switchover_profiles.h` has the profiles: the negotiation of WebSocket, h2c, connect-udp and
 * connect-ip beyond their names, the fields that an intermediary forwards, and conversion between
 * HTTP/1.1 and HTTP/2. If you need none of them, call none.
 *
 * POINTERS. NULL is rejected with SWO_NULL, except where a comment allows it and for arrays without
 * entries; if `cap` is 0, so that nothing can be written, the pointer for the number written may be
 * NULL too. Other pointers must be valid during the call and for the length beside them; outputs
 * must not overlap inputs. A slice of an event may be an argument of a call that sends, never of an
 * inbound call on the same connection: swo_receive rejects it with SWO_OVERLAP, as
 * swo_capsules_receive does with a payload that its reader has returned. Memory that is all zeros,
 * that held a connection before or that holds another kind of object is detected as not a
 * connection (SWO_BAD_HANDLE). The same holds for a splice, a reader of capsules, field lines, a
 * block and a prepared response. Memory that swo_conn_free and the other free functions have freed
 * is not detected.
 *
 * RESULTS. 0 is SWO_OK. SWO_ERROR_* are errors of the engine, with the same numbers in every
 * language. Numbers from 1000 up are results of the C binding alone. Outputs are the last arguments
 * and are written only on success. Exceptions, as their comments say, are a size or count if the
 * space is too small, the index of a wrong field line or the rule that an offer breaks
 * (swo_send_request), and the reason of a SWO_REFUSED. A defect in the library is SWO_PANIC: the
 * connection or other object that was being changed is dead, and returns SWO_PANIC until it is
 * freed.
 *
 * MEMORY. The memory of a connection is limited by its configuration. A connection keeps it from
 * message to message, so after the first few it seldom needs more. If the allocator has none, the
 * call returns SWO_ERROR_OUT_OF_MEMORY: nothing has changed, and the same call may succeed later.
 * So does every other call that allocates.
 *
 * THE SMALL FLAVOUR. ffi-c/small builds the same functions in a fraction of the size. Two things
 * differ.
 *  - A defect in the library calls abort(3). There is no SWO_PANIC.
 *  - Memory comes from malloc(3), or from the functions of swo_set_memory.
 *
 * NUMBERS. Enums are passed as uint32_t and checked (SWO_BAD_ENUM). SWO_NONE means no value.
 *
 * THREADS. The library starts no threads. It has no state outside your objects that you could see,
 * except the functions of swo_set_memory. (The fastest way to scan on this machine is found once
 * and stored, by atomic writes of the same value.) A connection, splice or reader may move between
 * threads, and is used by one at a time. A prepared response and a block never change: several
 * threads may use one at once, each on a connection of its own.
 */

#ifndef SWITCHOVER_H
#define SWITCHOVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ============================================================================================== */

/**
 * @defgroup swo_basics 1. Basics
 * Versions, results, bytes, field lines.
 * @{
 */

/** The version that this header belongs to; swo_version says which one runs. */
#define SWO_VERSION "0.1.0"
/** The first part of the version. */
#define SWO_VERSION_MAJOR 0
/** The second part of the version. */
#define SWO_VERSION_MINOR 1
/** The third part of the version. */
#define SWO_VERSION_PATCH 0

/** Counts up with every change that a compiled program would notice; see swo_abi_version. */
#define SWO_ABI_VERSION 1

/**
 * At least swo_conn_size() with this ABI, for a connection inside a struct of yours.
 *
 * `uint64_t place[SWO_CONN_SIZE_MAX / 8];` is aligned well enough; then
 * swo_conn_init(place, sizeof place, ...).
 */
#define SWO_CONN_SIZE_MAX 256

/**
 * The number that stands for no value of an enum.
 *
 * For instance swo_why returns it before the first request. A function with such a result also
 * returns it for a connection that is NULL or dead.
 */
#define SWO_NONE UINT32_MAX

/** The result of a call. */
enum swo_result_code {
    /** Success. */
    SWO_OK = 0,
    /** the method is not a token. */
    SWO_ERROR_BAD_METHOD = 101,
    /** the method is longer than the limit. */
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
    /** no message takes content now; a request needs Content-Length or chunked for it. */
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
    /** a `swo_resume_http` before `swo_take_leftover`, or before the end of the message. */
    SWO_ERROR_LEFTOVER_PENDING = 816,
    /** the response head was already sent without Connection: close. */
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
    /** the allocator has no memory for the call. */
    SWO_ERROR_OUT_OF_MEMORY = 827,
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
    /** framing or connection fields that contradict each other, the status or version. */
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
    /** Host is not the authority of the target. */
    SWO_ERROR_HOST_DIFFERS = 916,
    /** A pointer is NULL but must not be. */
    SWO_NULL = 1000,
    /** A number is not a value of its enum. */
    SWO_BAD_ENUM = 1001,
    /** `struct_size` is smaller than the first version of the struct.
     *
     *  Or its first five limits are all 0, because swo_config_init has not filled it. */
    SWO_STRUCT_TOO_OLD = 1002,
    /** A struct of a newer version sets a member that this library does not know.
     *
     *  Or `struct_size` is more than 4,096. */
    SWO_STRUCT_TOO_NEW = 1003,
    /** A defect inside the library.
     *
     *  The connection, or other object, that the call was changing is dead: free it. */
    SWO_PANIC = 1004,
    /** The caller's array is too small; the count says how many entries it needs. */
    SWO_ARRAY_TOO_SMALL = 1005,
    /** The pointer is not to a live object of the kind that the function needs.
     *
     *  It never was such an object (a connection, say), or swo_conn_deinit has ended it. Or the
     *  function needs a connection from swo_conn_new and got one from swo_conn_init, or vice versa.
     */
    SWO_BAD_HANDLE = 1006,
    /** The requested value does not exist.
     *
     *  No current event, no field lines in the event, no field of that name, no match, or the like.
     */
    SWO_NOTHING = 1007,
    /** The length is not possible.
     *
     *  No object can have that length, it exceeds the space that was provided, or the function
     *  requires another one. */
    SWO_BAD_LENGTH = 1008,
    /** The memory for a connection is too small or not aligned. */
    SWO_BAD_PLACE = 1009,
    /** The rules of a protocol forbid the input; `reason` or `fault` says which rule. */
    SWO_REFUSED = 1010,
    /** The bytes passed lie in memory of the object, which the call would change.
     *
     *  For instance in a slice of an event, or in the space of swo_receive_buffer, for which
     *  swo_receive_commit is to be called. */
    SWO_OVERLAP = 1011,
    /** A number is too large for the form in which it is encoded. */
    SWO_BAD_NUMBER = 1012,
    /** The call of swo_set_memory is too late.
     *
     *  The library has allocated memory already, or is the ordinary (std) build, where it always
     *  fails. */
    SWO_TOO_LATE = 1013,
};

/**
 * The result of a call: `SWO_OK` or the number of an error.
 *
 * `SWO_ERROR_*` are errors of the engine; those of the C binding have numbers from 1000 up.
 */
typedef uint32_t swo_result;

/**
 * A truth value: 1 for yes, 0 for no.
 *
 * 0 also if the connection, or other object, that was passed is NULL or dead.
 */
typedef uint32_t swo_flag;

/**
 * A pointer to bytes and their number.
 *
 * In an event the bytes belong to the connection and are valid until the next inbound call on it.
 * As an argument they need to live only as long as the call. `data` may be NULL if `len` is 0.
 */
typedef struct swo_slice {
    /**
     * A pointer to the first byte; the bytes are not ended by a NUL.
     */
    const uint8_t *data;
    /**
     * The number of bytes.
     */
    size_t len;
} swo_slice;

/** A pointer to bytes, for the macros below. */
#ifdef __cplusplus
#define SWO_BYTES(pointer) reinterpret_cast<const uint8_t *>(pointer)
#else
#define SWO_BYTES(pointer) ((const uint8_t *)(pointer))
#endif

/** A number of bytes, for the macros below. */
#ifdef __cplusplus
#define SWO_LEN(len) static_cast<size_t>(len)
#else
#define SWO_LEN(len) ((size_t)(len))
#endif

/** An initialiser of a swo_slice, from a string literal: `swo_slice name = SWO_TEXT("Host");` */
#define SWO_TEXT(literal) {SWO_BYTES("" literal), sizeof(literal) - 1}

/**
 * One field line: a name and a value (RFC 9110, section 5).
 *
 * The name is spelled as sent (compare it without regard to case); the value is without the
 * whitespace around it.
 */
typedef struct swo_field {
    /**
     * The name of the field, spelled as sent.
     */
    struct swo_slice name;
    /**
     * The value of the field, without the whitespace around it.
     */
    struct swo_slice value;
} swo_field;

/**
 * An initialiser of a swo_field that stands for field lines in a text of your own.
 *
 * `swo_field fields[] = {SWO_HEAD(text, len), {...}};` The text has lines `Name: value`, each
 * ended by CRLF, of which the last may lack; there is no empty line at its end. It is checked when
 * it is sent, as other field lines are, without a copy or memory. It may stand wherever an array of
 * field lines is passed. The index of a wrong field line counts each line of a text, and a block as
 * one; it is an index into the array only where neither is in it.
 */
#define SWO_HEAD(text, len) {{NULL, SIZE_MAX - 1}, {SWO_BYTES(text), SWO_LEN(len)}}

/**
 * Field lines that were checked once, to be sent in any number of messages.
 *
 * swo_block_new makes it, swo_block_free frees it.
 */
typedef struct swo_block swo_block;

/**
 * An initialiser of a swo_field that stands for all lines of a swo_block.
 *
 * `swo_field fields[] = {SWO_BLOCK(block), {...}};`
 */
#define SWO_BLOCK(block) {{NULL, SIZE_MAX}, {SWO_BYTES(block), 0}}

/**
 * Returns the version of the loaded library; SWO_VERSION is that of the header.
 *
 * The string is static and must not be freed.
 */
const char *swo_version(void);

/**
 * Returns the ABI number of the loaded library.
 *
 * A program may use the library if the number equals SWO_ABI_VERSION of the header.
 */
uint32_t swo_abi_version(void);

/**
 * A function like malloc(3): returns memory aligned for any type of C, or NULL.
 */
typedef void *(*swo_malloc)(size_t size);

/**
 * A function like realloc(3).
 */
typedef void *(*swo_realloc)(void *memory, size_t size);

/**
 * A function like free(3).
 */
typedef void (*swo_free)(void *memory);

/**
 * Sets the functions that allocate and free memory, in the small flavour.
 *
 * The small flavour is the library that `ffi-c/small` builds; the ordinary one is the std
 * flavour. The functions replace malloc(3), realloc(3) and free(3). Call this before any
 * function but swo_version and swo_abi_version, while no other thread is in the library. The
 * functions may be called by every thread that calls the library. If `malloc` returns NULL,
 * the call that needed memory returns SWO_ERROR_OUT_OF_MEMORY. Errors: SWO_NULL; SWO_TOO_LATE
 * if the library has allocated memory already, and always in the std flavour.
 */
swo_result swo_set_memory(swo_malloc malloc, swo_realloc realloc, swo_free free);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_life 2. Life
 * A connection from its configuration to its end.
 * @{
 */

/** The kind of a trace entry; each comment also explains the entry's `number`. */
enum swo_trace_step {
    /** A request head was received; the number is that of offered protocols. */
    SWO_TRACE_STEP_RECEIVED_REQUEST = 0,
    /** An informational response was received; the number is its status. */
    SWO_TRACE_STEP_RECEIVED_INFORMATIONAL = 1,
    /** A final response head was received; the number is its status. */
    SWO_TRACE_STEP_RECEIVED_RESPONSE = 2,
    /** A received message ended. */
    SWO_TRACE_STEP_RECEIVED_END = 3,
    /** The peer's direction switched; the number is that of leftover bytes. */
    SWO_TRACE_STEP_RECEIVED_SWITCH = 4,
    /** The end of the peer's bytes was received. */
    SWO_TRACE_STEP_RECEIVED_EOF = 5,
    /** The peer broke the protocol or a limit; the number is that of the error. */
    SWO_TRACE_STEP_PEER_ERROR = 6,
    /** A request head was sent; the number is that of offered protocols. */
    SWO_TRACE_STEP_SENT_REQUEST = 7,
    /** An informational response was sent; the number is its status. */
    SWO_TRACE_STEP_SENT_INFORMATIONAL = 8,
    /** A final response head was sent; the number is its status. */
    SWO_TRACE_STEP_SENT_RESPONSE = 9,
    /** A sent message with content ended. */
    SWO_TRACE_STEP_SENT_END = 10,
    /** A 101 was sent; the number is its status. */
    SWO_TRACE_STEP_SENT_SWITCH = 11,
    /** A call failed; the number is that of the error. */
    SWO_TRACE_STEP_REFUSED = 12,
    /** HTTP was resumed within a new protocol. */
    SWO_TRACE_STEP_RESUMED = 13,
    /** Your code called `swo_abandon`. */
    SWO_TRACE_STEP_ABANDONED = 14,
    /** Field lines were corrected before they were sent.
     *
     *  That is due to `config.tidy`. The number has a bit for each kind of
     *  correction. 1: a `Content-Length` removed. 2: a repeated length sent once. 4: a
     *  `Transfer-Encoding` removed. 8: a handshake field or an `Upgrade` removed. 16: trailers
     *  removed. 32: an `Expect` removed. 64: Host set to the target's authority. */
    SWO_TRACE_STEP_TIDIED = 15,
    /** Another parser took over the connection; the number is that of the bytes it got. */
    SWO_TRACE_STEP_HANDED_OVER = 16,
};

/**
 * The configuration of a connection: limits, leniencies and options.
 *
 * Fill it with swo_config_init, change members as needed, and pass it to swo_conn_new or
 * swo_conn_init, which copy it.
 *
 * Later versions only append fields. If a program was compiled for an older version, the fields
 * that its struct lacks have their defaults. A struct of a newer version is accepted if all
 * members that this library does not know are 0; else the result is SWO_STRUCT_TOO_NEW.
 */
typedef struct swo_config {
    /**
     * The `sizeof(swo_config)` of the compiled program; swo_config_init sets it.
     */
    size_t struct_size;
    /**
     * The maximum length of a request line or status line in bytes, without its CRLF.
     *
     * RFC 9112, section 3 recommends 8,000 at least.
     *
     * Default: 8,192.
     */
    uint32_t start_line;
    /**
     * The maximum length of a method in bytes.
     *
     * The longest registered method has 17 bytes, so a much longer word is most likely not HTTP.
     *
     * Default: 32.
     */
    uint32_t method;
    /**
     * The maximum length of a field line in bytes, without its CRLF.
     *
     * Browsers send long `Cookie` fields, which must fit.
     *
     * Default: 16,384.
     */
    uint32_t field_line;
    /**
     * The maximum number of field lines of a head, and also of a trailer section.
     *
     * Real requests have about 20. With 0 no request with a `Host` is taken.
     *
     * Default: 128.
     */
    uint32_t fields;
    /**
     * The maximum size of a whole head in bytes, with its CRLFs.
     *
     * The common servers accept between 8 and 64 KiB. With 0 no request is taken.
     *
     * Default: 65,536.
     */
    uint32_t head;
    /**
     * The maximum number of empty lines before a request line.
     *
     * An idle client accepts as many from the server. RFC 9112, section 2.2 asks a server to
     * ignore at least one. A limit above 65,535 is none.
     *
     * Default: 4.
     */
    uint32_t empty_lines;
    /**
     * The maximum length of a chunk-size line in bytes, without its CRLF.
     *
     * 16 hex digits and a short chunk extension have to fit.
     *
     * Default: 1,024.
     */
    uint32_t chunk_line;
    /**
     * The maximum size of all chunk extensions of one message together, in bytes.
     *
     * Real programs do not use chunk extensions, attackers do.
     *
     * Default: 4,096.
     */
    uint32_t chunk_extensions;
    /**
     * The maximum size of a trailer section in bytes, with its CRLFs.
     *
     * Real trailer sections hold a checksum and some metadata.
     *
     * Default: 8,192.
     */
    uint32_t trailers;
    /**
     * The maximum number of informational responses before one final response.
     *
     * A limit above 65,535 is none.
     *
     * Default: 32.
     */
    uint32_t informational;
    /**
     * The maximum number of bytes that swo_skip_content discards.
     *
     * Counted for each message, with the framing of chunks. If more follows, receiving ends and
     * the connection closes.
     *
     * Default: 262,144.
     */
    uint64_t drain;
    /**
     * The number of unparsed bytes in the buffer at which swo_receive accepts no more.
     *
     * It is raised to what one head or trailer section needs.
     *
     * Default: 131,072.
     */
    uint32_t buffered;
    /**
     * The maximum number of protocols in one offer.
     *
     * A limit above 254 has the effect of 254.
     *
     * Default: 32.
     */
    uint32_t offers;
    /**
     * The maximum content, in bytes, of a request that is upgraded to `h2c`.
     *
     * Set at most the initial flow-control window of your HTTP/2 engine. It is compared with
     * `Content-Length` alone: count chunked content yourself. It does not limit an offer that
     * `bare_h2c` allows without `HTTP2-Settings`.
     *
     * Default: 65,535.
     */
    uint64_t h2c_content;
    /**
     * The maximum size, in bytes, of the head of a request that is upgraded to `h2c`.
     *
     * Counted as HTTP/2 counts a field section (RFC 9113, section 6.5.2). Set at most what your
     * HTTP/2 engine accepts as a list of fields. It does not limit an offer that `bare_h2c` allows
     * without `HTTP2-Settings`.
     *
     * Default: 16,384.
     */
    uint32_t h2c_head;
    /**
     * Not 0: the transport is TLS.
     *
     * If it is 0, and `trusted_gateway` too, a server rejects an `https` target (RFC 9110, section
     * 7.4).
     *
     * Default: 0.
     */
    uint32_t secure;
    /**
     * Not 0: a server that receives the HTTP/2 preface switches to HTTP/2.
     *
     * Only if the preface is the first bytes of the connection (RFC 9113, section 3.4).
     *
     * Default: 0.
     */
    uint32_t http2_preface;
    /**
     * Not 0: an `h2c` offer without `HTTP2-Settings` is allowed, like any other offer.
     *
     * A client may send such an offer and a server may accept it, as BuildKit does. RFC 7540,
     * section 3.2.1 forbids such an upgrade.
     *
     * Default: 0.
     */
    uint32_t bare_h2c;
    /**
     * Not 0: a client accepts a 101 whose `Connection` does not list `upgrade`.
     *
     * cupsd 2.4 sends such a 101. Risk: an intermediary may have forwarded the response without
     * understanding it, and has not switched protocols itself.
     *
     * Default: 0.
     */
    uint32_t switch_without_connection;
    /**
     * Not 0: a client accepts a 101 without `Upgrade` as a switch to its first offer.
     *
     * Jetty 9.4 sends such a 101. Risk: the two sides may mean different protocols if several were
     * offered.
     *
     * Default: 0.
     */
    uint32_t switch_without_upgrade;
    /**
     * Not 0: a client accepts a 101 with several versions of one offered protocol.
     *
     * cupsd 2.4 sends such a 101. Risk: the next protocol must find out which version is spoken.
     *
     * Default: 0.
     */
    uint32_t switch_to_alternatives;
    /**
     * Not 0: a client accepts a 101 in HTTP/1.0, as aiohttp and Deno send it.
     *
     * Risk: an intermediary between client and server may continue with HTTP.
     *
     * Default: 0.
     */
    uint32_t switch_in_http10;
    /**
     * Not 0: a client accepts a status line that ends right after the status code.
     *
     * Small devices and servers written by hand send `HTTP/1.1 200`. Risk: small, as such a line
     * means nothing else.
     *
     * Default: 0.
     */
    uint32_t status_without_space;
    /**
     * Not 0: contradictory field lines of your program are corrected, not rejected.
     *
     * For programs that send the field lines of somebody else. Ambiguous lines are still rejected,
     * such as two different lengths. swo_trace records each correction as SWO_TRACE_STEP_TIDIED.
     *
     * Default: 0.
     */
    uint32_t tidy;
    /**
     * Not 0: a server accepts an LF without a CR before it as the end of a line.
     *
     * Only in a request's head, as people and old clients send it (RFC 9112, section 2.2). A CR
     * without an LF is never accepted, nor is an LF without a CR in chunk-size lines or trailers.
     * Risk: a proxy in front may read such a line as part of the line before, and miss a field
     * that the server sees.
     *
     * Default: 0.
     */
    uint32_t lone_lf;
    /**
     * Not 0: a client accepts an LF without a CR before it as the end of a line.
     *
     * Only in a response's head and trailers, as CGI scripts and servers written by hand send it.
     * A CR without an LF is never accepted, nor is an LF without a CR in chunk-size lines. Risk: a
     * proxy between client and server may parse such a line otherwise.
     *
     * Default: 0.
     */
    uint32_t response_lone_lf;
    /**
     * Not 0: a client accepts spaces and tabs at the end of a chunk-size line.
     *
     * Some servers pad the size. Risk: small, as the padding can mean nothing else.
     *
     * Default: 0.
     */
    uint32_t space_after_chunk_size;
    /**
     * Not 0: a client accepts control bytes in field values and in the reason phrase.
     *
     * Some sites put binary data into cookies. NUL, LF, VT, FF and CR are never accepted. Risk: a
     * program that prints or forwards the value has to be careful.
     *
     * Default: 0.
     */
    uint32_t controls_in_values;
    /**
     * Not 0: a client accepts `Content-Length` beside `Transfer-Encoding`.
     *
     * The response is framed by `Transfer-Encoding`. Risk: a proxy between client and server that
     * frames it by `Content-Length` sees another end.
     *
     * Default: 0.
     */
    uint32_t both_framings;
    /**
     * Not 0: a client accepts a response in HTTP/1.0 with a `Transfer-Encoding`.
     *
     * Risk: a proxy between client and server that knows only HTTP/1.0 sees another end.
     *
     * Default: 0.
     */
    uint32_t coding_in_http10;
    /**
     * Not 0: a client accepts a status line whose major version is not 1.
     *
     * A major version above 1 counts as HTTP/1.1, 0 as HTTP/1.0. Risk: small.
     *
     * Default: 0.
     */
    uint32_t any_version;
    /**
     * Not 0: a trusted gateway in front of the server terminates TLS.
     *
     * The server then accepts `https` targets without TLS, as RFC 9110, section 7.4 allows. The
     * connection itself does not count as TLS, so offers such as `h2c` remain possible.
     *
     * Default: 0.
     */
    uint32_t trusted_gateway;
    /**
     * The maximum content of a request in bytes, without its framing.
     *
     * More is SWO_ERROR_CONTENT_TOO_LARGE, which a server answers with 413. A `Content-Length`
     * above the limit is rejected with the head, a chunk with its chunk-size line. Content that
     * swo_skip_content discards is limited by `drain` alone. The engine stores no content, so the
     * default is no limit: set the most that one request may send.
     *
     * Default: UINT64_MAX, which is no limit.
     */
    uint64_t content;
    /**
     * Not 0: the names of the library's own fields are written in lower case.
     *
     * For programs that write names in lower case, so that a head has one case. Names of your own
     * fields stay as you give them.
     *
     * Default: 0.
     */
    uint32_t lowercase_names;
    /**
     * Reserved for an option of a later version; must be 0.
     */
    uint32_t reserved;
} swo_config;

/**
 * Fills a configuration with the defaults.
 *
 * `struct_size` is `sizeof(swo_config)`. A program that was compiled for another version of
 * this library gets the members that its own struct has. Errors: SWO_NULL, SWO_STRUCT_TOO_OLD,
 * and SWO_STRUCT_TOO_NEW for more than 4,096 bytes. Next: change members as needed, then
 * swo_conn_new.
 */
swo_result swo_config_init(struct swo_config *config, size_t struct_size);

/** The role of the engine in a connection. */
enum swo_role {
    /** The engine is the client: it sends requests. */
    SWO_ROLE_CLIENT = 0,
    /** The engine is the server: it responds to requests. */
    SWO_ROLE_SERVER = 1,
};

/**
 * One HTTP/1.1 connection, without its transport.
 */
typedef struct swo_conn swo_conn;

/**
 * Makes a connection on the heap.
 *
 * `role` is SWO_ROLE_*. `config` is copied; NULL means the defaults. Errors: SWO_NULL,
 * SWO_BAD_ENUM, SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW, SWO_ERROR_OUT_OF_MEMORY. Next: a
 * server receives, a client sends a request; at the end swo_conn_free.
 */
swo_result swo_conn_new(uint32_t role, const struct swo_config *config, struct swo_conn **conn);

/**
 * Frees a connection that swo_conn_new made; its slices become invalid.
 *
 * NULL is allowed. A double free is not detected. Errors: SWO_BAD_HANDLE for a connection that
 * swo_conn_init made.
 */
swo_result swo_conn_free(struct swo_conn *conn);

/**
 * Returns the size of the memory that swo_conn_init needs, in bytes.
 *
 * It may differ between versions of the library: call this at run time and do not store the
 * result, or use SWO_CONN_SIZE_MAX.
 */
size_t swo_conn_size(void);

/**
 * Returns the alignment of the memory that swo_conn_init needs, in bytes.
 *
 * Memory from malloc is always aligned so.
 */
size_t swo_conn_align(void);

/**
 * Makes a connection in the caller's memory; `conn` becomes `memory`.
 *
 * The memory may be a part of the caller's own struct.
 *
 * Between two calls the connection may be moved, as realloc(3) does with an array. Copy its
 * bytes to another place of that size and alignment, and use that pointer. Forget or clear the
 * old place: to use both is not detected. Slices of its event stay valid. A second
 * swo_conn_init before swo_conn_deinit leaks the heap memory of the first connection. Errors:
 * those of swo_conn_new, and SWO_BAD_PLACE if the memory is too small or not aligned.
 */
swo_result swo_conn_init(void *memory,
                         size_t size,
                         uint32_t role,
                         const struct swo_config *config,
                         struct swo_conn **conn);

/**
 * Ends a connection that swo_conn_init made; the memory is the caller's again.
 *
 * NULL is allowed. Errors: SWO_BAD_HANDLE for a connection from swo_conn_new, and for one that
 * was already ended.
 */
swo_result swo_conn_deinit(struct swo_conn *conn);

/**
 * Changes the limits of the connection, from the next message on.
 *
 * The limits become those of `config` (NULL: the defaults); its other members are ignored.
 * Rejected until each request and its response are complete, and once a part of the next head
 * has been parsed. Errors also: SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW.
 * Next: continue as before.
 *
 * Errors: SWO_ERROR_UNANSWERED, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_OUT_OF_MEMORY.
 */
swo_result swo_set_limits(struct swo_conn *conn, const struct swo_config *config);

/**
 * Releases the heap memory that a connection does not need at present.
 *
 * A message in progress, a kept head, unread bytes and protocols to advertise need some of it.
 * Without them all is released but a given configuration. The entries of swo_trace and the
 * protocols of swo_required and swo_agreed are then lost. **Inbound:** ends the current event
 * and its slices.
 */
swo_result swo_release(struct swo_conn *conn);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_receive 3. Receive
 * Bytes of the peer in.
 * @{
 */

/**
 * Appends bytes received from the peer, all of them or none.
 *
 * A `len` of 0 is not the end of the input; that is swo_receive_eof. **Inbound:** ends the
 * current event and its slices. Errors, after which nothing was appended:
 * SWO_ERROR_BUFFER_FULL while too many bytes wait (continue with swo_next_event, and respond).
 * SWO_ERROR_SWITCHED if the bytes belong to the new protocol. SWO_ERROR_FAILED after a peer
 * error, SWO_ERROR_AFTER_END after swo_receive_eof. SWO_ERROR_CLOSED, SWO_ERROR_OUT_OF_MEMORY.
 * SWO_OVERLAP if `data` lies in the connection's own memory. That is a slice of an event (copy
 * it first), or the space of swo_receive_buffer (call swo_receive_commit instead). Next:
 * swo_next_event.
 *
 * Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_OUT_OF_MEMORY,
 * SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_receive(struct swo_conn *conn, const uint8_t *data, size_t len);

/**
 * Returns space for recv(2) to write into.
 *
 * `cap` is the size of the space: at least `min` bytes, often more, and all may be used. Only
 * a `min` above the total that may wait is reduced to that. The total is `buffered` of the
 * configuration, or what one head or trailer section needs if that is more. Request as many
 * bytes as one read may deliver, such as 16,384; with less, pipelined requests are read in
 * pieces. The space is valid until the next inbound call. Do not copy a slice of an event into
 * it: this call may have moved or freed the slice's memory. **Inbound:** ends the current
 * event and its slices. Next: swo_receive_commit with the number of bytes read.
 *
 * Errors: SWO_ERROR_BUFFER_FULL, SWO_ERROR_AFTER_END, SWO_ERROR_OUT_OF_MEMORY,
 * SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_receive_buffer(struct swo_conn *conn, size_t min, uint8_t **data, size_t *cap);

/**
 * Appends the first `len` bytes of the space from swo_receive_buffer, once.
 *
 * **Inbound:** ends the current event and its slices. A `len` of 0 appends nothing and is not
 * the end of the input; that is swo_receive_eof. Errors: SWO_BAD_LENGTH if the space is
 * smaller (its bytes remain: call again with a smaller `len`). SWO_BAD_LENGTH also if the
 * space was used already, or another inbound call has ended it. On an error nothing was
 * appended. Next: swo_next_event.
 */
swo_result swo_receive_commit(struct swo_conn *conn, size_t len);

/** The end of the peer's bytes: clean or truncated. */
enum swo_end {
    /** The peer sent a FIN, and over TLS a closure alert before it. */
    SWO_END_CLEAN = 0,
    /** The peer sent a reset, or over TLS no closure alert: bytes may be missing.
     *
     *  RFC 9112, section 9.8. */
    SWO_END_TRUNCATED = 1,
};

/**
 * Marks the end of the peer's bytes (EOF).
 *
 * `end` is SWO_END_CLEAN after a FIN, over TLS only with a closure alert before it. It is
 * SWO_END_TRUNCATED after a reset, or without the alert (RFC 9112, section 9.8). The end takes
 * effect after all bytes received before have been parsed. A second end is ignored, and so is
 * one after the peer's direction has switched. **Inbound:** ends the current event and its
 * slices. Errors: SWO_BAD_ENUM. Next: swo_next_event.
 */
swo_result swo_receive_eof(struct swo_conn *conn, uint32_t end);

/**
 * Returns whether the caller should read bytes of HTTP from the transport.
 *
 * While it is 0 because too many received bytes wait, stop reading: that is the back-pressure
 * on the peer. It is also 0 after the end of the peer's bytes, after a peer error, and once
 * the peer's direction has switched or closed. After a switch, read for the new protocol.
 */
swo_flag swo_wants_input(const struct swo_conn *conn);

/**
 * Returns the received bytes after the current event, which are not parsed yet.
 *
 * Valid until the next inbound call. While an offer is undecided, those after the request
 * belong to no protocol. If you decline the offer and doubt that the client sent them as HTTP,
 * call swo_close_after_response: then they are never parsed. RFC 9931, section 5.
 */
swo_result swo_unread(const struct swo_conn *conn, struct swo_slice *bytes);

/**
 * Returns the number of the peer's bytes up to the end of the current event.
 *
 * Counted from the first byte that the peer sent. Received bytes that are not parsed yet are
 * not in it. 0 for a connection that is NULL or dead.
 */
uint64_t swo_position(const struct swo_conn *conn);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_events 4. Events
 * What has come: heads, content, the end of a message, a switch.
 * @{
 */

/** An event: a part of a message, or a switch, received from the peer. */
enum swo_event_kind {
    /** A request head.
     *
     *  For servers. The request's content and its end follow, and a response is owed. */
    SWO_EVENT_KIND_REQUEST = 0,
    /** The head of an informational (1xx) response other than 101.
     *
     *  For clients. A final response or a 101 is still to come. */
    SWO_EVENT_KIND_INFORMATIONAL = 1,
    /** The head of a final response.
     *
     *  For clients. The response's content and its end follow. */
    SWO_EVENT_KIND_RESPONSE = 2,
    /** A part of the message's content.
     *
     *  Content may be split anywhere; the boundaries between parts have no meaning. */
    SWO_EVENT_KIND_DATA = 3,
    /** The end of the message, with its trailers. */
    SWO_EVENT_KIND_END_OF_MESSAGE = 4,
    /** The switch of the peer's direction to a new protocol.
     *
     *  Take the leftover; all further bytes on the transport belong to the new protocol. */
    SWO_EVENT_KIND_SWITCHED = 5,
    /** Nothing happens before more bytes come: read the transport. */
    SWO_EVENT_KIND_NEED_DATA = 1000,
    /** Nothing happens before the caller acts; `u.paused` says how. */
    SWO_EVENT_KIND_PAUSED = 1001,
};

/** The reason why the caller must act before the next event. */
enum swo_paused {
    /** Accept the offer or the CONNECT, or decline it with another final response.
     *
     *  No bytes after the request are read before that. */
    SWO_PAUSED_DECISION = 0,
    /** Send the response, or finish it with `swo_send_end`.
     *
     *  The next request is not read before that. */
    SWO_PAUSED_ANSWER = 1,
    /** Take the leftover and speak the new protocol.
     *
     *  The peer's direction has left HTTP; the leftover is what was received after that. */
    SWO_PAUSED_SWITCHED = 2,
    /** HTTP has ended in both directions: close the transport.
     *
     *  `swo_unread` returns the bytes that are discarded. After
     *  `swo_hand_over`: drop the engine, keep the transport. */
    SWO_PAUSED_CLOSED = 3,
};

/** The reason why a request offers no protocol.
 *
 *  The request itself is valid: respond to it as usual. */
enum swo_no_offer {
    /** There is no `Upgrade` field, or an empty one. */
    SWO_NO_OFFER_ABSENT = 0,
    /** The request is HTTP/1.0, where `Upgrade` is ignored (RFC 9110, section 7.8). */
    SWO_NO_OFFER_HTTP_1_0 = 1,
    /** `Connection` does not list `upgrade` (RFC 9110, section 7.6.1).
     *
     *  The `Upgrade` field was not meant for this hop. */
    SWO_NO_OFFER_NO_CONNECTION_OPTION = 2,
    /** `Upgrade` is not a list of protocol names. */
    SWO_NO_OFFER_MALFORMED = 3,
    /** The offer has more protocols than `config.offers`, or more than 254. */
    SWO_NO_OFFER_TOO_MANY = 4,
    /** The request is a CONNECT, where `Upgrade` is no offer: a 2xx opens a tunnel. */
    SWO_NO_OFFER_CONNECT = 5,
};

/**
 * A request head; swo_event_fields or swo_request_fields returns its field lines.
 */
typedef struct swo_request {
    /**
     * The method of the request, a token; compare it exactly.
     */
    struct swo_slice method;
    /**
     * The target of the request, as sent: nothing is decoded or normalised.
     */
    struct swo_slice target;
    /**
     * The number of field lines of the received request.
     */
    size_t field_count;
    /**
     * The number of offered protocols; swo_offers returns them.
     */
    size_t offer_count;
    /**
     * The reason why the request has no offer, SWO_NO_OFFER_*; SWO_NONE if it has.
     */
    uint32_t no_offer;
    /**
     * The minor version of HTTP: the x of HTTP/1.x.
     */
    uint32_t minor_version;
    /**
     * Reserved for members of later versions: 0.
     */
    uint64_t reserved[2];
} swo_request;

/**
 * A response head; swo_event_fields returns its field lines.
 */
typedef struct swo_response {
    /**
     * The reason phrase, often empty, without any meaning.
     */
    struct swo_slice reason;
    /**
     * The number of field lines of the received response.
     */
    size_t field_count;
    /**
     * The status code of the response, 100 to 999.
     */
    uint32_t status;
    /**
     * The minor version of HTTP: the x of HTTP/1.x.
     */
    uint32_t minor_version;
    /**
     * The number of pipelined requests that get no response.
     *
     * This response closes the connection, and they were sent after the request that it responds
     * to. They may be sent again on another connection if that is safe (RFC 9112, section 9.3.2).
     */
    uint32_t dropped;
    /**
     * Reserved for members of later versions: 0.
     */
    uint64_t reserved[2];
} swo_response;

/** The cause of the peer's switch to a new protocol. */
enum swo_switched_by {
    /** A 101, from the peer or from us. */
    SWO_SWITCHED_BY_UPGRADE = 0,
    /** A 2xx to CONNECT. */
    SWO_SWITCHED_BY_CONNECT = 1,
    /** The HTTP/2 preface, with which the leftover begins. */
    SWO_SWITCHED_BY_HTTP2_PREFACE = 2,
};

/**
 * A switch of the peer's direction from HTTP to another protocol.
 *
 * The engine does not parse that protocol.
 *
 * The new protocol may have to send first: HTTP/2 sends its SETTINGS, and after a 101 a server
 * sends the response to `request`. So run its code once even if `leftover` is empty and no bytes
 * arrive.
 */
typedef struct swo_switched {
    /**
     * The cause of the switch, SWO_SWITCHED_BY_*.
     */
    uint32_t by;
    /**
     * The number of protocol layers after the switch; swo_agreed returns them.
     *
     * Lowest first; 0 after CONNECT or the HTTP/2 preface.
     */
    size_t protocol_count;
    /**
     * Server: the request; after a 101 it must get its response in the new protocol.
     *
     * All zero for a client, and after the HTTP/2 preface.
     */
    struct swo_request request;
    /**
     * Client: the head of the 101 or the 2xx. Server: all zero.
     */
    struct swo_response response;
    /**
     * The first bytes of the new protocol, as far as they were received.
     *
     * Pass them in place to the code that parses the protocol; free the connection afterwards
     * unless HTTP resumes (swo_resume_http). Or copy them with swo_take_leftover.
     */
    struct swo_slice leftover;
    /**
     * Reserved for members of later versions: 0.
     */
    uint64_t reserved[2];
} swo_switched;

/**
 * The details of an event, by its kind.
 *
 * Only the member that belongs to the kind may be read.
 */
typedef union swo_event_detail {
    /**
     * The request head of SWO_EVENT_KIND_REQUEST.
     */
    struct swo_request request;
    /**
     * The response head of SWO_EVENT_KIND_INFORMATIONAL and SWO_EVENT_KIND_RESPONSE.
     */
    struct swo_response response;
    /**
     * A piece of content, of SWO_EVENT_KIND_DATA; where pieces begin has no meaning.
     */
    struct swo_slice data;
    /**
     * The number of trailers of SWO_EVENT_KIND_END_OF_MESSAGE.
     *
     * swo_event_fields returns them.
     */
    size_t trailer_count;
    /**
     * The switch of SWO_EVENT_KIND_SWITCHED.
     */
    struct swo_switched switched;
    /**
     * The action that SWO_EVENT_KIND_PAUSED demands of your code, SWO_PAUSED_*.
     */
    uint32_t paused;
    /**
     * Reserved for members of later versions: its bytes are unspecified.
     */
    uint64_t reserved[24];
} swo_event_detail;

/**
 * An event from swo_next_event.
 *
 * Slices in it are valid until the next inbound call on the connection.
 */
typedef struct swo_event {
    /**
     * The kind of the event, SWO_EVENT_KIND_*.
     */
    uint32_t kind;
    /**
     * The number of the peer's bytes up to the end of this event.
     */
    uint64_t position;
    /**
     * The details of the event; `kind` says which member is valid.
     */
    union swo_event_detail u;
} swo_event;

/**
 * Parses the received bytes up to the next event.
 *
 * **Inbound:** ends the current event and its slices; the slices of the new event are valid
 * until the next inbound call. Errors: a peer error (swo_is_fatal). Receiving has then ended:
 * swo_failure says at which byte, swo_error_status which final response a server may still
 * send. A client is paused from then on, with SWO_PAUSED_CLOSED. A server gets the same error
 * again until its response is complete, so send that. Call swo_abandon if a response is under
 * way that must not look complete. Next: what the kind of the event demands. Repeat until
 * SWO_EVENT_KIND_NEED_DATA (send what was written, read the transport) or
 * SWO_EVENT_KIND_PAUSED (do what `u.paused` says).
 *
 * Errors: SWO_ERROR_OUT_OF_MEMORY.
 */
swo_result swo_next_event(struct swo_conn *conn, struct swo_event *event);

/**
 * Appends bytes received from the peer and parses up to the next event.
 *
 * swo_receive and swo_next_event in one call, for servers that read into their own memory.
 * **Inbound:** ends the current event and its slices. Errors: those of swo_receive, after
 * which no byte was appended and there is no event; then those of swo_next_event. If the kind
 * of the event is not SWO_EVENT_KIND_NEED_DATA, continue with swo_next_event before you
 * receive more.
 */
swo_result swo_receive_event(struct swo_conn *conn,
                             const uint8_t *data,
                             size_t len,
                             struct swo_event *event);

/**
 * Returns the current event again.
 *
 * May be called any number of times: sending does not end the event.
 *
 * Errors: SWO_NOTHING if there is no current event.
 */
swo_result swo_current_event(const struct swo_conn *conn, struct swo_event *event);

/**
 * Returns the field lines of the current event, in order and with their spelling.
 *
 * For SWO_EVENT_KIND_END_OF_MESSAGE these are the trailers; for SWO_EVENT_KIND_SWITCHED the
 * field lines of the request (server) or of the 101 or 2xx (client). The slices are valid
 * until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in `count`.
 * SWO_NOTHING if there is no current event, or it is one without a head or trailers: content,
 * or the HTTP/2 preface. RFC 9110, section 5.
 */
swo_result swo_event_fields(const struct swo_conn *conn,
                            struct swo_field *fields,
                            size_t cap,
                            size_t *count);

/**
 * Returns the field line of the current event at an index, counted from 0.
 *
 * Valid until the next inbound call. Errors: SWO_NOTHING if there is no such line.
 */
swo_result swo_event_field_at(const struct swo_conn *conn, size_t index, struct swo_field *field);

/** The fields that the engine itself acts on, and so detects while parsing. */
enum swo_known_field {
    /** The field `Host` (RFC 9110, section 7.2). */
    SWO_KNOWN_FIELD_HOST = 0,
    /** The field `Content-Length` (RFC 9110, section 8.6). */
    SWO_KNOWN_FIELD_CONTENT_LENGTH = 1,
    /** The field `Transfer-Encoding` (RFC 9112, section 6.1). */
    SWO_KNOWN_FIELD_TRANSFER_ENCODING = 2,
    /** The field `Connection` (RFC 9110, section 7.6.1). */
    SWO_KNOWN_FIELD_CONNECTION = 3,
    /** The field `Upgrade` (RFC 9110, section 7.8). */
    SWO_KNOWN_FIELD_UPGRADE = 4,
    /** The field `Expect` (RFC 9110, section 10.1.1). */
    SWO_KNOWN_FIELD_EXPECT = 5,
    /** The field `TE` (RFC 9110, section 10.1.4). */
    SWO_KNOWN_FIELD_TE = 6,
    /** The field `HTTP2-Settings` (RFC 7540, section 3.2.1). */
    SWO_KNOWN_FIELD_HTTP2_SETTINGS = 7,
    /** The field `Sec-WebSocket-Key` (RFC 6455, section 11.3.1). */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_KEY = 8,
    /** The field `Sec-WebSocket-Extensions` (RFC 6455, section 11.3.2). */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_EXTENSIONS = 9,
    /** The field `Sec-WebSocket-Accept` (RFC 6455, section 11.3.3). */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_ACCEPT = 10,
    /** The field `Sec-WebSocket-Protocol` (RFC 6455, section 11.3.4). */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_PROTOCOL = 11,
    /** The field `Sec-WebSocket-Version` (RFC 6455, section 11.3.5). */
    SWO_KNOWN_FIELD_SEC_WEBSOCKET_VERSION = 12,
    /** The field `Content-Type` (RFC 9110, section 8.3). */
    SWO_KNOWN_FIELD_CONTENT_TYPE = 13,
};

/**
 * Returns the index of the first line of a known field in the current event.
 *
 * Known fields are those that the engine acts on; `known_field` is a SWO_KNOWN_FIELD_*. Needs
 * no search. Use the index in the array of swo_event_fields, or with swo_event_field_at.
 * Errors: SWO_NOTHING if the event has no such field; SWO_BAD_ENUM.
 */
swo_result swo_event_field_index(const struct swo_conn *conn, uint32_t known_field, size_t *index);

/**
 * Returns the value of the first field line with that name in the current event.
 *
 * Names are compared without regard to case. Valid until the next inbound call. Errors:
 * SWO_NOTHING if there is no such line.
 */
swo_result swo_event_field(const struct swo_conn *conn, const char *name, struct swo_slice *value);

/**
 * Returns the members of a list field of the current event.
 *
 * The members of all its lines, trimmed, without empty ones (RFC 9110, section 5.6.1). A comma
 * inside a quoted string splits too. Valid until the next inbound call. Errors:
 * SWO_ARRAY_TOO_SMALL, with the count needed in `count`; SWO_NOTHING as from swo_event_fields.
 */
swo_result swo_event_list(const struct swo_conn *conn,
                          const char *name,
                          struct swo_slice *members,
                          size_t cap,
                          size_t *count);

/**
 * Returns the current request, as long as its head is kept.
 *
 * For a server. The head is kept while the SWO_EVENT_KIND_REQUEST event is current. With an
 * offer, even an ineligible one, or a CONNECT it is kept until you decline or receiving ends,
 * and stays if you accept. After swo_resume_http it is kept until the response is complete.
 * Valid until the next inbound call. Errors: SWO_NOTHING if the head is not kept.
 */
swo_result swo_current_request(const struct swo_conn *conn, struct swo_request *request);

/** A method of the HTTP Method Registry of IANA, as a number for bindings.
 *
 *  A request also has its method as text, because an unregistered method has no value here. */
enum swo_method {
    /** The method `GET`, which is safe (RFC 9110, section 9.3.1). */
    SWO_METHOD_GET = 0,
    /** The method `HEAD`, a GET without response content (RFC 9110, section 9.3.2). */
    SWO_METHOD_HEAD = 1,
    /** The method `POST` (RFC 9110, section 9.3.3). */
    SWO_METHOD_POST = 2,
    /** The method `PUT`, which is idempotent (RFC 9110, section 9.3.4). */
    SWO_METHOD_PUT = 3,
    /** The method `DELETE`, which is idempotent (RFC 9110, section 9.3.5). */
    SWO_METHOD_DELETE = 4,
    /** The method `CONNECT`, which opens a tunnel (RFC 9110, section 9.3.6). */
    SWO_METHOD_CONNECT = 5,
    /** The method `OPTIONS`, which is safe (RFC 9110, section 9.3.7). */
    SWO_METHOD_OPTIONS = 6,
    /** The method `TRACE`, which is safe (RFC 9110, section 9.3.8). */
    SWO_METHOD_TRACE = 7,
    /** The method `PATCH` (RFC 5789, section 2). */
    SWO_METHOD_PATCH = 8,
    /** The method `ACL`, which is idempotent (RFC 3744, section 8.1). */
    SWO_METHOD_ACL = 9,
    /** The method `BASELINE-CONTROL`, which is idempotent (RFC 3253, section 12.6). */
    SWO_METHOD_BASELINE_CONTROL = 10,
    /** The method `BIND`, which is idempotent (RFC 5842, section 4). */
    SWO_METHOD_BIND = 11,
    /** The method `CHECKIN`, which is idempotent (RFC 3253, sections 4.4 and 9.4). */
    SWO_METHOD_CHECKIN = 12,
    /** The method `CHECKOUT`, which is idempotent (RFC 3253, sections 4.3 and 8.8). */
    SWO_METHOD_CHECKOUT = 13,
    /** The method `COPY`, which is idempotent (RFC 4918, section 9.8). */
    SWO_METHOD_COPY = 14,
    /** The method `LABEL`, which is idempotent (RFC 3253, section 8.2). */
    SWO_METHOD_LABEL = 15,
    /** The method `LINK`, which is idempotent (RFC 2068, section 19.6.1.2). */
    SWO_METHOD_LINK = 16,
    /** The method `LOCK` (RFC 4918, section 9.10). */
    SWO_METHOD_LOCK = 17,
    /** The method `MERGE`, which is idempotent (RFC 3253, section 11.2). */
    SWO_METHOD_MERGE = 18,
    /** The method `MKACTIVITY`, which is idempotent (RFC 3253, section 13.5). */
    SWO_METHOD_MKACTIVITY = 19,
    /** The method `MKCALENDAR`, which is idempotent (RFC 4791, section 5.3.1). */
    SWO_METHOD_MKCALENDAR = 20,
    /** The method `MKCOL`, which is idempotent (RFC 4918, section 9.3). */
    SWO_METHOD_MKCOL = 21,
    /** The method `MKREDIRECTREF`, which is idempotent (RFC 4437, section 6). */
    SWO_METHOD_MKREDIRECTREF = 22,
    /** The method `MKWORKSPACE`, which is idempotent (RFC 3253, section 6.3). */
    SWO_METHOD_MKWORKSPACE = 23,
    /** The method `MOVE`, which is idempotent (RFC 4918, section 9.9). */
    SWO_METHOD_MOVE = 24,
    /** The method `ORDERPATCH`, which is idempotent (RFC 3648, section 7). */
    SWO_METHOD_ORDERPATCH = 25,
    /** The method `PRI`, reserved for the HTTP/2 preface (RFC 9113, section 3.4). */
    SWO_METHOD_PRI = 26,
    /** The method `PROPFIND`, which is safe (RFC 4918, section 9.1). */
    SWO_METHOD_PROPFIND = 27,
    /** The method `PROPPATCH`, which is idempotent (RFC 4918, section 9.2). */
    SWO_METHOD_PROPPATCH = 28,
    /** The method `REBIND`, which is idempotent (RFC 5842, section 6). */
    SWO_METHOD_REBIND = 29,
    /** The method `REPORT`, which is safe (RFC 3253, section 3.6). */
    SWO_METHOD_REPORT = 30,
    /** The method `SEARCH`, which is safe (RFC 5323, section 2). */
    SWO_METHOD_SEARCH = 31,
    /** The method `UNBIND`, which is idempotent (RFC 5842, section 5). */
    SWO_METHOD_UNBIND = 32,
    /** The method `UNCHECKOUT`, which is idempotent (RFC 3253, section 4.5). */
    SWO_METHOD_UNCHECKOUT = 33,
    /** The method `UNLINK`, which is idempotent (RFC 2068, section 19.6.1.3). */
    SWO_METHOD_UNLINK = 34,
    /** The method `UNLOCK`, which is idempotent (RFC 4918, section 9.11). */
    SWO_METHOD_UNLOCK = 35,
    /** The method `UPDATE`, which is idempotent (RFC 3253, section 7.1). */
    SWO_METHOD_UPDATE = 36,
    /** The method `UPDATEREDIRECTREF`, which is idempotent (RFC 4437, section 7). */
    SWO_METHOD_UPDATEREDIRECTREF = 37,
    /** The method `VERSION-CONTROL`, which is idempotent (RFC 3253, section 3.5). */
    SWO_METHOD_VERSION_CONTROL = 38,
};

/**
 * Returns the number of a request's method, SWO_METHOD_*.
 *
 * SWO_NONE for a method that is not in IANA's registry, and for NULL. Methods are compared
 * exactly: `get` is not `GET`. RFC 9110, section 9.1.
 */
uint32_t swo_method(const struct swo_request *request);

/**
 * Returns the authority of the current request (swo_current_request).
 *
 * For a server: the authority in the target of a CONNECT or in an absolute-form target, else
 * the value of `Host`. An intermediary routes by it and sends it on as `Host`. Valid until the
 * next inbound call. Errors: SWO_NOTHING if no request is current, or if it is in HTTP/1.0 and
 * names no authority. RFC 9112, sections 3.2 and 3.3.
 */
swo_result swo_request_authority(const struct swo_conn *conn, struct swo_slice *authority);

/**
 * Returns the path of a request's target as sent, without the query.
 *
 * For a target in origin-form or absolute-form. It is "/" if an absolute-form target has no
 * path, "*" for the target "*" of an OPTIONS, and empty in a CONNECT. Valid as long as the
 * target. RFC 9112, section 3.2; RFC 9110, section 4.2.3.
 */
swo_result swo_target_path(const struct swo_request *request, struct swo_slice *path);

/**
 * Returns the query of a request's target as sent, without the question mark.
 *
 * The part after the first question mark. Valid as long as the target. Errors: SWO_NOTHING if
 * the target has no query. RFC 9112, section 3.2.
 */
swo_result swo_target_query(const struct swo_request *request, struct swo_slice *query);

/**
 * Returns the field lines of the current request (swo_current_request).
 *
 * Errors: SWO_NOTHING if no request is current; SWO_ARRAY_TOO_SMALL, with the count needed in
 * `count`. Valid until the next inbound call.
 */
swo_result swo_request_fields(const struct swo_conn *conn,
                              struct swo_field *fields,
                              size_t cap,
                              size_t *count);

/** The content still to come of the message being received.
 *
 *  See swo_content. */
enum swo_content_kind {
    /** There is no message, it has no content, or it has been received completely. */
    SWO_CONTENT_NONE = 0,
    /** The number of content bytes still to come. */
    SWO_CONTENT_LENGTH = 1,
    /** The number of data bytes still to come in the current chunk.
     *
     *  It is 0 between chunks and in the trailer section. The sizes of later chunks are not known
     *  yet. */
    SWO_CONTENT_CHUNKED = 2,
    /** All bytes until the connection closes. */
    SWO_CONTENT_UNTIL_CLOSE = 3,
};

/**
 * The rest of a message that is being received; swo_content fills it in.
 */
typedef struct swo_content_left {
    /**
     * The framing of the rest of the content, SWO_CONTENT_*.
     */
    uint32_t kind;
    /**
     * The remaining bytes of the content, or of the current chunk if it is chunked.
     *
     * 0 if the number is not known.
     */
    uint64_t len;
} swo_content_left;

/**
 * Returns how much content of the message being received is still to come.
 *
 * It is the rest after the current event; for chunked content, the rest of the current chunk.
 * If the peer's bytes ended inside the message, it is the missing rest. Next:
 * swo_pass_content, if your code can read content without the engine. RFC 9112, section 6.3.
 */
swo_result swo_content(const struct swo_conn *conn, struct swo_content_left *content);

/**
 * Counts `len` bytes of content that your code has read without the engine.
 *
 * Your code may have read them from the transport with splice(2), or into memory of yours. The
 * state and the positions become those after swo_receive of the same bytes, but `drain` of the
 * configuration does not count them. Allowed up to the number that swo_content returns, or any
 * number for SWO_CONTENT_UNTIL_CLOSE. All bytes passed to the engine must have been parsed.
 * **Inbound:** ends the current event and its slices. Next: swo_next_event; after the last
 * byte of a `Content-Length` it emits the end of the message. RFC 9112, section 6.
 *
 * Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_LENGTH_EXCEEDED,
 * SWO_ERROR_AFTER_END, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_pass_content(struct swo_conn *conn, uint64_t len);

/**
 * Discards the rest of the content of the message being received.
 *
 * At most `drain` bytes (of the configuration). If more follows, receiving ends; else the end
 * of the message is still emitted as an event. Call it before the response if no more content
 * will be read. A server's next final response then has `Connection: close` if the rest of a
 * `Content-Length` exceeds `drain`. Next: swo_next_event. RFC 9112, sections 9.3 and 9.6.
 *
 * Errors: SWO_ERROR_NO_CONTENT.
 */
swo_result swo_skip_content(struct swo_conn *conn);

/**
 * Consumes the end of the message together with the current event, if known.
 *
 * Returns 1 if the current event was the last of its message; no SWO_EVENT_KIND_END_OF_MESSAGE
 * follows then. That is known for a head without content, and for the last content of a
 * `Content-Length`. The event stays current, and its slices stay valid, while you respond,
 * until the next inbound call. Returns 0 otherwise, and changes nothing. RFC 9112, section 6.
 */
swo_flag swo_take_end(struct swo_conn *conn);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_decide 5. Decide
 * What is owed, which deadline runs, when and how to close.
 * @{
 */

/** The next thing that the caller must send; see swo_owes. */
enum swo_owes {
    /** The caller need not send anything. */
    SWO_OWES_NOTHING = 0,
    /** Server: a 100, or a final response.
     *
     *  The client waits for one before it sends its content (RFC 9110, section 10.1.1). */
    SWO_OWES_CONTINUE = 1,
    /** Server: a response to the request, or at least its head. */
    SWO_OWES_RESPONSE = 2,
    /** More content, or the end, of the message being sent. */
    SWO_OWES_CONTENT = 3,
};

/**
 * Returns what the caller must send next, SWO_OWES_*.
 *
 * The peer waits for it. If several things are due, returns the one to send first.
 * SWO_OWES_CONTENT means that content, or the end, of a message of yours is still to come.
 * After SWO_ERROR_ANSWERED from swo_send_response that message is the earlier response, which
 * is unfinished. The text of an error page would then become part of its content, so write
 * nothing and close the transport.
 */
uint32_t swo_owes(const struct swo_conn *conn);

/** The party that the connection is waiting for.
 *
 *  Use it to choose a timeout. */
enum swo_awaiting {
    /** Your code: a decision on an offer, a response, more content or the next request. */
    SWO_AWAITING_CALLER = 0,
    /** The client, which may send a request to the idle server. */
    SWO_AWAITING_REQUEST = 1,
    /** The peer, which has to send more content or the end of its message. */
    SWO_AWAITING_CONTENT = 2,
    /** The server, which has to send a response. */
    SWO_AWAITING_RESPONSE = 3,
    /** The server, which should send a 100 before the client sends its content.
     *
     *  Send the content anyway after a timeout (RFC 9110, section 10.1.1). */
    SWO_AWAITING_CONTINUE = 4,
    /** Nobody: HTTP has ended on this connection. */
    SWO_AWAITING_NOTHING = 5,
    /** The client, which has to send the rest of a request's head that has begun. */
    SWO_AWAITING_HEAD = 6,
};

/**
 * Returns the party that the connection waits for, SWO_AWAITING_*.
 *
 * Use it to set a deadline. Renew the deadline at each event and whenever bytes of yours were
 * sent, but not when bytes come in. An unfinished head is no event, so a peer that sends one
 * slowly does not extend its deadline. When it expires, a server calls swo_reject with a 408,
 * or swo_abandon if its response has begun. It just closes an idle connection
 * (SWO_AWAITING_REQUEST). A client sends its content if it waits for a 100
 * (SWO_AWAITING_CONTINUE), and else calls swo_abandon.
 */
uint32_t swo_awaiting(const struct swo_conn *conn);

/**
 * Returns whether the caller may send bytes of the new protocol.
 *
 * A client may once it has received the 101 (or 2xx to CONNECT) and sent its whole request. A
 * server may once it has sent the 101 (or 2xx to CONNECT), or received the HTTP/2 preface. No
 * event tells a client that its own direction has switched.
 */
swo_flag swo_may_speak(const struct swo_conn *conn);

/**
 * Returns whether another request may follow on this connection, as far as known.
 *
 * 0 once a message, a call or an error makes the current exchange the last, and while a
 * direction has switched. On a client without an open request, also while there are unread
 * bytes. RFC 9112, sections 9.2 and 9.3.
 */
swo_flag swo_persists(const struct swo_conn *conn);

/** The way to close the transport; see swo_closing. */
enum swo_closing {
    /** Close the transport; nothing else is needed. */
    SWO_CLOSING_CLOSE = 0,
    /** Send a FIN, then read and discard until the peer closes too.
     *
     *  Do so for a few seconds at most; then close. A socket that is closed with unread bytes is
     *  reset, and the client may then lose the last response. */
    SWO_CLOSING_LINGER = 1,
    /** Reset the connection.
     *
     *  On a TCP socket set SO_LINGER to 0 and close; over TLS send no closure alert. A
     *  close-delimited response, as an HTTP/1.0 client gets it, is incomplete. After a FIN the
     *  client would regard it as complete. */
    SWO_CLOSING_RESET = 2,
};

/**
 * Returns how to close the transport now, SWO_CLOSING_*.
 *
 * SWO_NONE for a connection that is NULL or dead. RFC 9112, sections 8 and 9.6.
 *
 * SWO_CLOSING_CLOSE: close it; no sent response is at risk. A client always gets this.
 * SWO_CLOSING_LINGER: shut down the sending side, then read and discard until the peer closes
 * too. Do so for a few seconds at most, then close. Closing a socket with unread bytes resets
 * the TCP connection, and the client may lose the last response. SWO_CLOSING_RESET: set
 * SO_LINGER to 0 and close; over TLS send no closure alert. A server gets this during an
 * unfinished response that is delimited by the end of the connection, as an HTTP/1.0 client
 * gets it. After a FIN the client would consider that response complete. An unfinished last
 * response of swo_note_response counts as one.
 */
uint32_t swo_closing(const struct swo_conn *conn);

/**
 * Returns the number of requests without a complete final response.
 *
 * For a client; always 0 on a server. Requests that the `dropped` of a response has counted
 * are not in it. Once the connection has ended, the requests may be sent again on another one
 * if that is safe (RFC 9112, section 9.3.2). SWO_NONE for a connection that is NULL or dead.
 */
uint32_t swo_unanswered(const struct swo_conn *conn);

/**
 * Closes the connection after the response to the current request.
 *
 * A server's next final response says `close`; without an open request the connection closes
 * at once. A client closes after the last response that it waits for. Next: respond, or
 * swo_next_event. RFC 9112, section 9.6.
 *
 * Errors: SWO_ERROR_TOO_LATE, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_close_after_response(struct swo_conn *conn);

/**
 * Abandons the exchange, for instance when a deadline has passed.
 *
 * A client with an unfinished request truncates that and continues to receive the response. In
 * every other state, or at the second call, HTTP ends in both directions. Next: close the
 * direction of the transport that has ended, or all of it as swo_closing says; swo_next_event.
 */
swo_result swo_abandon(struct swo_conn *conn);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_send 6. Send
 * Requests and responses, whole or piece by piece.
 * @{
 */

/**
 * The head of a response to send.
 */
typedef struct swo_response_head {
    /**
     * The status: 200 to 599, for swo_reject 400 to 599.
     *
     * For swo_send_informational it is a 1xx other than 101.
     */
    uint32_t status;
    /**
     * The reason phrase; the registered one (swo_reason) if `data` is NULL.
     */
    struct swo_slice reason;
    /**
     * A pointer to the field lines.
     *
     * `Connection` is merged with the options that the engine adds. If neither `Content-Length`
     * nor `Transfer-Encoding` is given, content that is sent whole gets a `Content-Length`. Other
     * content is sent chunked, and to an HTTP/1.0 client close-delimited.
     */
    const struct swo_field *fields;
    /**
     * The number of field lines of the response to send.
     */
    size_t field_count;
} swo_response_head;

/**
 * Sends a whole final response: head, content and end, or nothing.
 *
 * For a server.
 *
 * A `Content-Length` is added, so that an HTTP/1.0 client may keep the connection too. In
 * response to HEAD only the head is written, and with empty `data` it gets no length. A 204,
 * 205 or 304 has no content, and a 2xx to CONNECT opens a tunnel. An offer of the request is
 * declined by this call. SWO_ERROR_FRAMING_CONFLICT is also for a `Transfer-Encoding`, and for
 * content with a status that allows none. Next: swo_next_event. RFC 9110, section 8.6; RFC
 * 9112, section 6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
 * SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED,
 * SWO_ERROR_LENGTH_SHORT, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_respond(struct swo_conn *conn,
                       const struct swo_response_head *response,
                       const uint8_t *data,
                       size_t len,
                       uint8_t *out,
                       size_t cap,
                       size_t *written);

/**
 * Sends the head of a response whose content your code sends by other ways.
 *
 * For a server. For sendfile(2), a kernel that encrypts, or the buffers of an event library.
 *
 * A `Content-Length` of `len` is added, unless `response` has it. To HEAD and with a 304,
 * `len` is what a GET would get. A length of 0 is not added to HEAD, or with a 204 or 304.
 * Send what was written. Then send the content if swo_owes is SWO_OWES_CONTENT. If it is not,
 * the response has ended: after HEAD, with a 304, and if `len` is 0. Pass the number of bytes
 * that you have sent to swo_send_data_parts, at once or piece by piece. It adds nothing to
 * them, and the response ends with the last byte. If the content fails on its way, call
 * swo_abandon. SWO_ERROR_FRAMING_CONFLICT is for another length, a `Transfer-Encoding`, a 204
 * or 205 with content, and a 2xx to CONNECT. Next: swo_next_event. RFC 9112, section 6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
 * SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_respond_head(struct swo_conn *conn,
                            const struct swo_response_head *response,
                            uint64_t len,
                            uint8_t *out,
                            size_t cap,
                            size_t *written);

/**
 * Sends the connection's last response, whatever was received so far.
 *
 * For a server. For instance a response to a peer error, or a 408 to an unfinished head or
 * unfinished content. Or a 429 or 503 to a client that is not admitted. It responds to the
 * request that waits for a response, or else to the next request. Nothing more is parsed, and
 * the response says `Connection: close`. SWO_ERROR_ANSWERED once a response has begun: then
 * call swo_abandon. Next: send what was written, then close the transport as swo_closing says.
 * RFC 9110, section 15.5.9; RFC 9112, section 9.6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
 * SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
 * SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_LENGTH_EXCEEDED,
 * SWO_ERROR_LENGTH_SHORT, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_reject(struct swo_conn *conn,
                      const struct swo_response_head *response,
                      const uint8_t *data,
                      size_t len,
                      uint8_t *out,
                      size_t cap,
                      size_t *written);

/**
 * A whole response, checked and encoded once, to be sent any number of times.
 *
 * swo_prepared_new makes it, swo_prepared_free frees it.
 */
typedef struct swo_prepared swo_prepared;

/**
 * Checks and encodes a whole response once, for swo_respond_prepared.
 *
 * The response may be sent on any number of connections. `config` is the configuration of
 * those connections, or NULL for the defaults: its `tidy` may correct the field lines. All
 * arguments are copied. A `Date` field in it is right for a second only. A prepared response
 * never changes, so several threads may use it at once. Errors: those of swo_respond for the
 * response itself, without the index of a field line; SWO_STRUCT_TOO_OLD, SWO_STRUCT_TOO_NEW.
 * Next: swo_respond_prepared; at the end swo_prepared_free.
 */
swo_result swo_prepared_new(const struct swo_response_head *response,
                            const uint8_t *data,
                            size_t len,
                            const struct swo_config *config,
                            struct swo_prepared **prepared);

/**
 * Sends a prepared response, with the bytes, states and errors of swo_respond.
 *
 * For a server. Errors also: SWO_BAD_HANDLE for a pointer that is not to a prepared response.
 * Next: swo_next_event. RFC 9110, section 8.6; RFC 9112, section 6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD,
 * SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_respond_prepared(struct swo_conn *conn,
                                const struct swo_prepared *prepared,
                                uint8_t *out,
                                size_t cap,
                                size_t *written);

/**
 * Frees a prepared response.
 *
 * NULL is allowed. A connection uses a prepared response only during the call that gets it.
 * Use after free and double free are not detected.
 */
swo_result swo_prepared_free(struct swo_prepared *prepared);

/**
 * Checks the field lines in a text once, for use in any number of messages.
 *
 * For field lines that a program holds as text, or that it sends in every response. `text` has
 * lines of the form `Name: value`, each ended by CRLF; the CRLF of the last line may be
 * missing. The text is copied. Pass the block wherever an array of field lines is passed, as
 * an entry of that array: `swo_field fields[] = {SWO_BLOCK(block), {...}};`. A head gets a
 * copy of the block's lines as a whole. A block never changes, so several threads may use it
 * at once. Errors: SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_INVALID_NAME (also for a line without a
 * colon, and an empty line), SWO_ERROR_INVALID_VALUE (also for an LF without a CR), and
 * SWO_ERROR_RESERVED_FIELD.
 * The latter is for fields that depend on the connection or the message: framing fields,
 * hop-by-hop fields, handshake fields, `Host`, `Expect`. Pass those as entries of their own
 * beside the block. RFC 9110, sections 5 and 7.6.1. Next: send a response with the block; at
 * the end swo_block_free.
 */
swo_result swo_block_new(const uint8_t *text, size_t len, struct swo_block **block);

/**
 * Frees a block of field lines.
 *
 * NULL is allowed. A connection uses a block only during the call that gets it. Use after free
 * and double free are not detected.
 */
swo_result swo_block_free(struct swo_block *block);

/**
 * Sends an informational (1xx) response other than 101.
 *
 * For a server.
 *
 * A client waits for a 100 while swo_owes returns SWO_OWES_CONTINUE. A 100 that the client
 * does not wait for has no effect on it; a proxy forwards it nevertheless.
 * Next: the rest of the request, or the final response. RFC 9110, section 15.2.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED,
 * SWO_ERROR_HTTP_1_0_PEER, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED,
 * SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON, SWO_ERROR_INVALID_NAME,
 * SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
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
 * An offer of the request is declined by this call, with no other effect. But a 2xx to CONNECT
 * opens a tunnel, so a server without tunnels responds with 501. Send a 426 with swo_require,
 * or after swo_advertise: without protocols it is SWO_ERROR_INVALID_STATUS. Next:
 * swo_send_data and swo_send_end (if swo_owes returns SWO_OWES_CONTENT). RFC 9112, sections 4
 * and 6.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_STATUS, SWO_ERROR_INVALID_REASON,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_HOST,
 * SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_response(struct swo_conn *conn,
                             const struct swo_response_head *response,
                             uint8_t *out,
                             size_t cap,
                             size_t *written);

/** The reason why one protocol of an offer cannot be accepted.
 *
 *  It does not concern the other protocols of the offer. */
enum swo_ineligible {
    /** The protocol cannot be offered in a request with this method. */
    SWO_INELIGIBLE_METHOD = 0,
    /** `Sec-WebSocket-Key` is missing, repeated or malformed.
     *
     *  It must be 16 bytes in base64 (RFC 6455, section 4.2.1). */
    SWO_INELIGIBLE_KEY = 1,
    /** `Sec-WebSocket-Version` is missing, repeated or not 13.
     *
     *  Respond with a 426 that lists the supported versions (RFC 6455, section 4.2.2). */
    SWO_INELIGIBLE_VERSION = 2,
    /** `Sec-WebSocket-Protocol` is not a list of distinct names.
     *
     *  RFC 6455, section 4.1. */
    SWO_INELIGIBLE_SUBPROTOCOL = 3,
    /** `Sec-WebSocket-Extensions` is malformed (RFC 6455, section 9.1). */
    SWO_INELIGIBLE_EXTENSION = 4,
    /** The request has content, or fields for it, that the protocol does not allow.
     *
     *  Or, for `h2c`, its content exceeds `config.h2c_content`. */
    SWO_INELIGIBLE_CONTENT = 5,
    /** The request's head, counted as in HTTP/2, is larger than `config.h2c_head`. */
    SWO_INELIGIBLE_HEAD = 6,
    /** The protocol cannot be switched to over TLS. */
    SWO_INELIGIBLE_SECURE = 7,
    /** `HTTP2-Settings` is missing, repeated, or does not hold legal settings.
     *
     *  RFC 7540, section 3.2.1. */
    SWO_INELIGIBLE_SETTINGS = 8,
    /** A hop-by-hop field of the protocol is not listed in `Connection`.
     *
     *  RFC 7540, section 3.2.1. */
    SWO_INELIGIBLE_NOT_LISTED = 9,
};

/**
 * The head of a request to send; the version is always HTTP/1.1.
 */
typedef struct swo_request_head {
    /**
     * The method of the request, a token.
     */
    struct swo_slice method;
    /**
     * The target in the form that fits the method (RFC 9112, section 3.2).
     */
    struct swo_slice target;
    /**
     * A pointer to the field lines.
     *
     * `Host` is required. `Connection` is merged with the options that the engine adds. Do not
     * include `Upgrade`: pass it as the offer. Content follows if there is a `Content-Length`
     * above 0 or a `Transfer-Encoding` that ends in chunked.
     */
    const struct swo_field *fields;
    /**
     * The number of field lines of the request to send.
     */
    size_t field_count;
} swo_request_head;

/**
 * Sends a request head, with an offer of other protocols or none.
 *
 * For a client; the offer lists protocols in order of preference.
 *
 * Like every function with `out`, `cap` and `written`: all bytes are written, or none. If the
 * space is too small, the result is SWO_ERROR_OUTPUT_TOO_SMALL and `written` the size needed.
 * For an error that one of the field lines caused (SWO_ERROR_INVALID_NAME, ..._VALUE,
 * SWO_ERROR_RESERVED_FIELD and the like), `written` is the index of that line, from 0. It is
 * unchanged if `tidy` has corrected other lines before. For SWO_ERROR_PROFILE_FIELD from this
 * function, `written` is the rule of the protocol that the offer breaks, SWO_INELIGIBLE_*. For
 * any other error `written` is unchanged. `out` may be NULL if `cap` is 0. Send the bytes
 * written before those of the next call on the connection.
 *
 * Next: swo_send_data and swo_send_end if content follows; then receive. RFC 9112, section 3;
 * RFC 9110, section 7.8.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_REQUEST_UNFINISHED, SWO_ERROR_OFFER_PENDING,
 * SWO_ERROR_PIPELINE_FULL, SWO_ERROR_NOT_PERSISTENT, SWO_ERROR_UNREAD_INPUT, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_METHOD, SWO_ERROR_INVALID_TARGET,
 * SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE, SWO_ERROR_INVALID_PROTOCOL,
 * SWO_ERROR_INVALID_HOST, SWO_ERROR_HOST_DIFFERS, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_PROFILE_FIELD, SWO_ERROR_OUT_OF_MEMORY,
 * SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_request(struct swo_conn *conn,
                            const struct swo_request_head *request,
                            const struct swo_slice *offer,
                            size_t offer_count,
                            uint8_t *out,
                            size_t cap,
                            size_t *written);

/**
 * Sends content, with at most 20 bytes of framing around it.
 *
 * Content with a `Content-Length` ends with its last byte. `data` may be a slice of an event,
 * so an echo needs no copy. Next: more content, or swo_send_end. RFC 9112, section 6.
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
 * The framing around content that your code writes itself.
 *
 * Send prefix, content and suffix, in that order.
 */
typedef struct swo_data_parts {
    /**
     * The framing bytes to send before the content.
     */
    uint8_t prefix[24];
    /**
     * The number of bytes of `prefix` to send.
     */
    size_t prefix_len;
    /**
     * The framing bytes to send after the content; static.
     */
    struct swo_slice suffix;
} swo_data_parts;

/**
 * Returns the framing around `len` bytes of content that your code writes.
 *
 * Use it instead of swo_send_data for writev(2), for example. Your code must send prefix,
 * content and suffix. Next: more content, or swo_send_end. RFC 9112, section 7.1.
 *
 * Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_EXCEEDED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED.
 */
swo_result swo_send_data_parts(struct swo_conn *conn, size_t len, struct swo_data_parts *parts);

/**
 * Ends the message being sent, with trailers if it is chunked.
 *
 * A message without content, or with all of its `Content-Length` sent, has ended already: one
 * such call is then allowed and writes nothing. After swo_respond, swo_respond_prepared and
 * swo_reject it is an error. Next: a client receives, a server continues with swo_next_event.
 * RFC 9112, section 7.1.2.
 *
 * Errors: SWO_ERROR_NO_CONTENT, SWO_ERROR_LENGTH_SHORT, SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED,
 * SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
 * SWO_ERROR_TRAILER_FORBIDDEN, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_send_end(struct swo_conn *conn,
                        const struct swo_field *trailers,
                        size_t trailer_count,
                        uint8_t *out,
                        size_t cap,
                        size_t *written);

/**
 * Records that your code sends the final response itself, without the engine.
 *
 * For a server; call it before you send the response.
 *
 * `has_content` is not 0 if content follows the head (never in response to HEAD). `closes` is
 * not 0 if the response says `close` or is delimited by the end of the connection. `persists`
 * becomes 1 if the connection stays open afterwards; if it becomes 0, the head must say
 * `Connection: close`. For a 2xx to CONNECT ignore it. To an HTTP/1.0 client a response must
 * say `Connection: keep-alive` to keep the connection open. A 426 must have an `Upgrade` field
 * (RFC 9110, section 15.5.22). Next: send the response; if it has content, then swo_send_end,
 * which writes nothing. RFC 9112, section 9.3.
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
 * Returns the registered reason phrase of a status.
 *
 * The phrases are those of RFC 9110, section 15, and of the IANA registry. The slice has the
 * length 0 for any other status. No NUL follows it. Static.
 */
struct swo_slice swo_reason(uint32_t status);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_switch 7. Switch
 * Offers, their acceptance, and the new protocol.
 * @{
 */

/**
 * A protocol such as `foo/2`.
 *
 * Names are compared without regard to case, versions exactly, as swo_protocol_is does. RFC 9110,
 * section 7.8.
 */
typedef struct swo_protocol {
    /**
     * The name of the protocol: the part before the slash.
     */
    struct swo_slice name;
    /**
     * The version of the protocol, after the slash; `data` is NULL if there is none.
     */
    struct swo_slice version;
} swo_protocol;

/**
 * One protocol of a client's offer, and whether the server may accept it.
 */
typedef struct swo_offer {
    /**
     * The protocol that is offered, in the client's spelling.
     */
    struct swo_protocol protocol;
    /**
     * The reason why the offer is ineligible, SWO_INELIGIBLE_*, or SWO_NONE.
     */
    uint32_t ineligible;
    /**
     * The status to respond with if the server accepts no other protocol.
     *
     * 0 if the protocol can be accepted.
     */
    uint32_t status;
    /**
     * Reserved for members of later versions: 0.
     */
    uint32_t reserved[2];
} swo_offer;

/**
 * Returns the protocols that the current request offers.
 *
 * For a server: in the client's order, each with SWO_NONE or the reason why it cannot be
 * accepted. The list is empty if the request offers nothing; its `no_offer` then says why.
 * Valid until the next inbound call. Errors: SWO_NOTHING if no request is current;
 * SWO_ARRAY_TOO_SMALL, with the count needed in `count`. Next: swo_select. RFC 9110, section
 * 7.8.
 */
swo_result swo_offers(const struct swo_conn *conn,
                      struct swo_offer *offers,
                      size_t cap,
                      size_t *count);

/** The side whose order of preference decides between several possible protocols. */
enum swo_order {
    /** The client's order: the first protocol of its offer that the server supports. */
    SWO_ORDER_CLIENT = 0,
    /** The server's order: its first preference that was offered. */
    SWO_ORDER_SERVER = 1,
};

/**
 * A protocol chosen from the offer of one request, made by swo_select.
 *
 * It may be copied. Use it only for that request. It is rejected for another request of the
 * connection, or for another offer. A request of another connection with the same number and
 * offer cannot be detected. Its bytes have no meaning outside the library.
 */
typedef struct swo_selection {
    /**
     * Private to the library.
     */
    uint32_t opaque[4];
} swo_selection;

/**
 * Selects an offered protocol that the server supports too.
 *
 * For a server.
 *
 * Each preference is a protocol such as `foo/2`, or a stack of layers such as `TLS/1.2,
 * HTTP/1.1`. `by` is SWO_ORDER_CLIENT (the first protocol of the offer that is among the
 * preferences) or SWO_ORDER_SERVER (the first preference that is offered). Errors: SWO_NOTHING
 * if nothing matches (a preference that is not a protocol matches nothing), or if no offer
 * waits for a decision. SWO_BAD_ENUM. SWO_ERROR_INVALID_PROTOCOL if a preference is not UTF-8.
 * swo_offers returns the whole offer. Next: swo_selection_preference returns the index of the
 * choice; swo_accept, or any final response, which declines. RFC 9110, section 7.8.
 */
swo_result swo_select(const struct swo_conn *conn,
                      const struct swo_slice *preferences,
                      size_t count,
                      uint32_t by,
                      struct swo_selection *selection);

/**
 * Returns the index of the selected protocol in the preferences of swo_select.
 *
 * Counted from 0; SWO_NONE for NULL.
 */
uint32_t swo_selection_preference(const struct swo_selection *selection);

/**
 * Returns a selection that may be accepted before the request is complete.
 *
 * For a new protocol that does not need the content. The server's direction switches with the
 * 101, the client's at the end of its request; a client that waits for a 100 gets it first.
 * Errors: SWO_NULL. Next: swo_accept with `early`. RFC 9110, section 7.8.
 */
swo_result swo_selection_early(const struct swo_selection *selection, struct swo_selection *early);

/**
 * Accepts an offered protocol with a 101, after a 100 if one is still owed.
 *
 * For a server.
 *
 * Only once the request is complete, else SWO_ERROR_BODY_PENDING; a selection of
 * swo_selection_early may be accepted before. Next: speak the new protocol, and respond to the
 * request in it; swo_next_event emits SWO_EVENT_KIND_SWITCHED. RFC 9110, sections 7.8 and
 * 15.2.2.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_NOTHING_OFFERED, SWO_ERROR_NOT_OFFERED,
 * SWO_ERROR_STALE_SELECTION, SWO_ERROR_BODY_PENDING, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
 * SWO_ERROR_INVALID_HOST, SWO_ERROR_FRAMING_CONFLICT, SWO_ERROR_RESERVED_FIELD,
 * SWO_ERROR_PROFILE_FIELD, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_accept(struct swo_conn *conn,
                      const struct swo_selection *selection,
                      const struct swo_field *fields,
                      size_t field_count,
                      uint8_t *out,
                      size_t cap,
                      size_t *written);

/**
 * Sends the head of a 426, which requires one of the given protocols.
 *
 * For a server.
 *
 * Next: swo_send_data for content, and swo_send_end, then receive the client's next request.
 * RFC 9110, section 15.5.22.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_CLOSED,
 * SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_INVALID_NAME, SWO_ERROR_INVALID_VALUE,
 * SWO_ERROR_INVALID_HOST, SWO_ERROR_INVALID_PROTOCOL, SWO_ERROR_FRAMING_CONFLICT,
 * SWO_ERROR_RESERVED_FIELD, SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_OUTPUT_TOO_SMALL.
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
 * Advertises protocols in the `Upgrade` field of the next final response.
 *
 * For a server: the protocols that the connection could be upgraded to. The response remains
 * an ordinary one. A 2xx to CONNECT, a 426 of swo_require, and a response to HTTP/1.0 other
 * than a 426 omit the list. A response that your code writes (swo_note_response) has the field
 * only if your code writes it. Next: swo_respond or swo_send_response. RFC 9110, section 7.8.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_INVALID_PROTOCOL, SWO_ERROR_OUT_OF_MEMORY.
 */
swo_result swo_advertise(struct swo_conn *conn, const struct swo_slice *protocols, size_t count);

/**
 * Returns the protocols in the `Upgrade` field of the current event's response.
 *
 * For a client. A 426 or any other response may advertise protocols. Valid until the next
 * inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in `count`; SWO_NOTHING if
 * the current event has no response. RFC 9110, section 7.8.
 */
swo_result swo_advertised(const struct swo_conn *conn,
                          struct swo_protocol *protocols,
                          size_t cap,
                          size_t *count);

/**
 * Returns the protocols that a 101 switched to, lowest layer first.
 *
 * `count` is 0 before a 101, after a switch by CONNECT or the HTTP/2 preface, and from the
 * next request on.
 *
 * Valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in
 * `count`.
 */
swo_result swo_agreed(const struct swo_conn *conn,
                      struct swo_protocol *protocols,
                      size_t cap,
                      size_t *count);

/**
 * Returns the protocols that a 426 to the latest request requires.
 *
 * For a client. The final response to that request sets them; `count` is 0 if it is no 426.
 * Before that response they are those of an earlier request.
 *
 * Valid until the next inbound call. Errors: SWO_ARRAY_TOO_SMALL, with the count needed in
 * `count`. Next: swo_send_request with those that the client supports as the offer. RFC 9110,
 * section 15.5.22.
 */
swo_result swo_required(const struct swo_conn *conn,
                        struct swo_protocol *protocols,
                        size_t cap,
                        size_t *count);

/** The reason why the latest request's upgrade has not happened. */
enum swo_why {
    /** The request offered no protocol. */
    SWO_WHY_NOT_OFFERED = 0,
    /** The request with the offer was HTTP/1.0, so the offer is ignored. */
    SWO_WHY_HTTP_1_0 = 1,
    /** The request's `Connection` field did not list `upgrade`. */
    SWO_WHY_NO_CONNECTION_OPTION = 2,
    /** The request's `Upgrade` field was not a list of protocol names. */
    SWO_WHY_MALFORMED = 3,
    /** The offer had more protocols than `config.offers`, or more than 254. */
    SWO_WHY_TOO_MANY = 4,
    /** The request is a CONNECT, which only a 2xx accepts. */
    SWO_WHY_CONNECT = 5,
    /** No offered protocol is eligible: each offer breaks a rule of its protocol. */
    SWO_WHY_INELIGIBLE = 6,
    /** The offer has been neither accepted nor declined yet. */
    SWO_WHY_UNDECIDED = 7,
    /** A final response was sent or received instead of the 101. */
    SWO_WHY_DECLINED = 8,
    /** A 426 was sent or received: the server requires a protocol in its `Upgrade`.
     *
     *  The protocol that was offered may be in that list. */
    SWO_WHY_REQUIRED = 9,
    /** The connection ended with the response to an earlier request. */
    SWO_WHY_DROPPED = 10,
    /** The peer broke the protocol, or its bytes ended, before the response. */
    SWO_WHY_FAILED = 11,
    /** Your code called `swo_abandon` or `swo_hand_over` before the response. */
    SWO_WHY_ABANDONED = 12,
};

/**
 * Returns why the latest request's upgrade did not happen, SWO_WHY_*.
 *
 * SWO_WHY_UNDECIDED while an offer waits for a decision. SWO_NONE before the first request,
 * and if the upgrade happened. SWO_NONE too if a server did not read the latest request's
 * head, because of an error or after swo_reject.
 */
uint32_t swo_why(const struct swo_conn *conn);

/**
 * Returns whether a protocol equals the one in `text`, such as `foo/2`.
 *
 * Names are compared without regard to case, versions exactly.
 */
swo_flag swo_protocol_is(struct swo_slice name, struct swo_slice version, const char *text);

/**
 * Moves the first bytes of the new protocol out of the connection.
 *
 * After SWO_EVENT_KIND_SWITCHED. They are the bytes that the event has as `leftover`;
 * everything that the transport delivers later belongs to the new protocol too. If you need no
 * more HTTP, you may use `leftover` in place instead, and then free the connection. If there
 * are such bytes, swo_resume_http requires this call. `out` is your own memory, never that of
 * an event. **Inbound:** ends the current event and its slices. Errors:
 * SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in `written`; then nothing was moved.
 */
swo_result swo_take_leftover(struct swo_conn *conn, uint8_t *out, size_t cap, size_t *written);

/**
 * Returns the current request and all bytes after it, for another HTTP parser.
 *
 * For a server: the request's head and every byte received after it, unchanged. Call it at
 * SWO_EVENT_KIND_REQUEST, before the next inbound call; while the head of an offer or a
 * CONNECT is kept, also later. Never once something after the head has been parsed, or a final
 * response or a 101 has been sent. `out` is your own memory, never that of an event.
 * **Inbound:** ends the current event and its slices. Errors, after which nothing has changed:
 * those below, SWO_ERROR_OUTPUT_TOO_SMALL with the size needed in `written`. Next: free the
 * connection, keep the transport.
 *
 * Errors: SWO_ERROR_WRONG_ROLE, SWO_ERROR_UNASKED, SWO_ERROR_ANSWERED, SWO_ERROR_HEAD_GONE,
 * SWO_ERROR_CLOSED, SWO_ERROR_SWITCHED, SWO_ERROR_FAILED, SWO_ERROR_OUTPUT_TOO_SMALL.
 */
swo_result swo_hand_over(struct swo_conn *conn, uint8_t *out, size_t cap, size_t *written);

/**
 * Resumes HTTP over the new protocol layer (such as TLS), on the same object.
 *
 * The original request gets its response there. Both directions must have switched by a 101
 * and the leftover must have been moved out (swo_take_leftover). A server must have got the
 * end of the request before, as an event or by swo_take_end. **Inbound:** ends the current
 * event and its slices. Next: a server responds, a client receives. RFC 2817, section 3.
 *
 * Errors: SWO_ERROR_NOTHING_OWED, SWO_ERROR_LEFTOVER_PENDING.
 */
swo_result swo_resume_http(struct swo_conn *conn);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_errorsandnames 8. Errors and names
 * Whose fault, which status, what to do; names for logs.
 * @{
 */

/**
 * The peer error that ended receiving.
 */
typedef struct swo_failure_info {
    /**
     * The number of the peer error, SWO_ERROR_*.
     */
    uint32_t code;
    /**
     * The status for a server's response; 0 if only a client can get the error.
     */
    uint32_t status;
    /**
     * The offset of the error in bytes, from the first byte that the peer sent.
     *
     * Independent of how the input was split into calls.
     */
    uint64_t offset;
    /**
     * Reserved for members of later versions: 0.
     */
    uint64_t reserved[1];
} swo_failure_info;

/**
 * Returns the peer error that ended receiving.
 *
 * Errors: SWO_NOTHING if there was none.
 */
swo_result swo_failure(const struct swo_conn *conn, struct swo_failure_info *failure);

/**
 * Returns whether a result is a peer error or SWO_PANIC, which end receiving.
 *
 * Other results, such as SWO_ERROR_CLOSED and SWO_ERROR_FAILED, give 0. After a peer error a
 * server may still send one final response (swo_error_status says which status); then close
 * the transport. After SWO_PANIC the connection is dead: free it.
 */
swo_flag swo_is_fatal(swo_result result);

/**
 * Returns the status of a server's response to a peer error; 0 for none.
 *
 * RFC 9110, section 15. If the error occurred while a response was being sent,
 * swo_send_response returns SWO_ERROR_ANSWERED, and that response is still unfinished. Do not
 * send the text of the error as its content, but close the transport.
 */
uint32_t swo_error_status(swo_result result);

/** The side that caused an error and must change something. */
enum swo_blame {
    /** The peer broke the protocol or exceeded a limit.
     *
     *  Receiving has ended; a server may respond once, if it has not begun a response. */
    SWO_BLAME_PEER = 0,
    /** Your code called out of order or with a bad argument, or memory ran out.
     *
     *  Nothing has changed, except that a call that receives has ended the current event. If memory
     *  ran out, the same call may succeed later. */
    SWO_BLAME_LOCAL = 1,
};

/**
 * Returns who caused an error: SWO_BLAME_PEER or SWO_BLAME_LOCAL.
 *
 * SWO_NONE for SWO_OK and unknown numbers.
 */
uint32_t swo_error_blame(swo_result result);

/**
 * Returns a description of a result for people.
 *
 * `success` for SWO_OK, `unknown` for a number that is no result. Never NULL, static.
 */
const char *swo_error_text(swo_result result);

/**
 * Returns advice about a SWO_ERROR_*; empty for other results.
 *
 * Never NULL, static.
 */
const char *swo_error_advice(swo_result result);

/**
 * Returns the rule that a SWO_ERROR_* refers to, such as `RFC 9112, 6.3`.
 *
 * It is that of an RFC, or `the contract` of this library. Empty for other results. Never
 * NULL, static.
 */
const char *swo_error_clause(swo_result result);

/**
 * Returns the stable name of a result, such as `bare-lf`.
 *
 * `ok` for SWO_OK, `unknown` for a number that is no result. Never NULL, static.
 */
const char *swo_error_name(swo_result result);

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

/**
 * Returns the stable name of an enum's value.
 *
 * `table` is a SWO_TABLE_* and `number` the value: `swo_name(SWO_TABLE_WHY, swo_why(conn))`.
 * Returns `none` for SWO_NONE, `unknown` for another number without a name. Never NULL,
 * static.
 */
const char *swo_name(uint32_t table, uint32_t number);

/**
 * Returns a sentence for people about an enum's value.
 *
 * `table` is SWO_TABLE_WHY, SWO_TABLE_INELIGIBLE, SWO_TABLE_OVER_HTTP2 or
 * SWO_TABLE_CAPSULE_FAULT. Returns `none` for SWO_NONE, `unknown` for any other number without
 * a sentence, and for other tables. Never NULL, static.
 */
const char *swo_text(uint32_t table, uint32_t number);

/** The progress of a message. */
enum swo_phase {
    /** The message has not begun. */
    SWO_PHASE_IDLE = 0,
    /** The head has been sent or received; content or the end is still to come. */
    SWO_PHASE_BODY = 1,
    /** The message is complete by its framing. */
    SWO_PHASE_DONE = 2,
    /** The message was given up, or broke off, before its end. */
    SWO_PHASE_ABORTED = 3,
};

/** The state of the direction in which the peer sends. */
enum swo_rx {
    /** The peer sends HTTP. */
    SWO_RX_OPEN = 0,
    /** The peer's bytes have ended, or no more of them are read. */
    SWO_RX_CLOSED = 1,
    /** The peer sends the new protocol. */
    SWO_RX_SWITCHED = 2,
    /** The peer broke the protocol or exceeded a limit. */
    SWO_RX_FAILED = 3,
};

/** The state of the direction in which we send. */
enum swo_tx {
    /** We send HTTP. */
    SWO_TX_OPEN = 0,
    /** We send no more HTTP. */
    SWO_TX_CLOSED = 1,
    /** We send the new protocol. */
    SWO_TX_SWITCHED = 2,
};

/** The progress of the latest request's upgrade or CONNECT. */
enum swo_upgrade_state {
    /** There is no offer that may be accepted, and no CONNECT. */
    SWO_UPGRADE_STATE_NONE = 0,
    /** The request offers at least one protocol that may be accepted. */
    SWO_UPGRADE_STATE_OFFERED = 1,
    /** The request is a CONNECT. */
    SWO_UPGRADE_STATE_CONNECT = 2,
    /** A 101 or 2xx accepted the offer or CONNECT, or an HTTP/2 preface came. */
    SWO_UPGRADE_STATE_AGREED = 3,
    /** The offer or CONNECT was declined, or can no longer be accepted. */
    SWO_UPGRADE_STATE_DECLINED = 4,
    /** HTTP was resumed within the new protocol, such as TLS, for the response.
     *
     *  RFC 9110, section 7.8. */
    SWO_UPGRADE_STATE_RESUMED = 5,
};

/** The progress of the client's `Expect: 100-continue`. */
enum swo_expect {
    /** No 100 is expected: there was no expectation, or it is met or void. */
    SWO_EXPECT_NONE = 0,
    /** A 100 is expected, and the client has sent no content. */
    SWO_EXPECT_OWED = 1,
    /** A 100 is expected and was not sent, but the client has begun its content. */
    SWO_EXPECT_BEGUN = 2,
};

/** The HTTP version of the client, as in its latest request. */
enum swo_client_version {
    /** There has been no request. */
    SWO_CLIENT_VERSION_UNKNOWN = 0,
    /** HTTP/1.0. */
    SWO_CLIENT_VERSION_1_0 = 1,
    /** HTTP/1.1 or a later minor version. */
    SWO_CLIENT_VERSION_1_1 = 2,
};

/**
 * The state of a connection's state machine.
 *
 * For logs and for pages that show the state. The numbers are values of the enums that the
 * members name; the comments of `persist` and `pipelined` say what they hold.
 */
typedef struct swo_state_info {
    /**
     * The progress of the latest request, SWO_PHASE_*.
     */
    uint32_t request;
    /**
     * The progress of a response, SWO_PHASE_*.
     *
     * It is the response to the oldest unanswered request, else to the latest.
     */
    uint32_t response;
    /**
     * The state of the receiving direction, SWO_RX_*.
     */
    uint32_t rx;
    /**
     * The state of the sending direction, SWO_TX_*.
     */
    uint32_t tx;
    /**
     * The progress of the latest request's upgrade or CONNECT, SWO_UPGRADE_STATE_*.
     */
    uint32_t upgrade;
    /**
     * The state of the latest request's `Expect: 100-continue`, SWO_EXPECT_*.
     */
    uint32_t expect;
    /**
     * 1 while the connection persists (RFC 9112, section 9.3), else 0.
     *
     * A switch does not change it; swo_persists says whether another request may follow.
     */
    uint32_t persist;
    /**
     * Server: the client's HTTP version, SWO_CLIENT_VERSION_*.
     */
    uint32_t client_version;
    /**
     * Client: the number of complete requests before the latest.
     *
     * Only those without a complete final response count, and none once the head of a response has
     * come that closes the connection.
     */
    uint32_t pipelined;
    /**
     * Reserved for members of later versions: 0.
     */
    uint32_t reserved[7];
} swo_state_info;

/**
 * Returns the whole state of the connection's state machine in one struct.
 *
 * Use it only for logs and debugging: unlike the rest of this header, its numbers may change
 * with any version.
 */
swo_result swo_state(const struct swo_conn *conn, struct swo_state_info *state);

/**
 * One entry of a connection's trace; swo_trace returns it.
 */
typedef struct swo_trace_entry {
    /**
     * The step: what was received, sent, decided or rejected, SWO_TRACE_STEP_*.
     */
    uint32_t step;
    /**
     * The step's detail: a status, an error's number, a count or bits.
     *
     * The comment of the SWO_TRACE_STEP_* says which; 0 if the step has none.
     */
    uint32_t number;
    /**
     * The number of the peer's bytes consumed when the entry was recorded.
     *
     * The bytes of the event that was current then are included, and a received head or end that
     * the entry records.
     */
    uint64_t offset;
    /**
     * Reserved for members of later versions: 0.
     */
    uint64_t reserved[1];
} swo_trace_entry;

/**
 * Returns the oldest entries of the connection's trace and removes them.
 *
 * The trace records steps (SWO_TRACE_STEP_*): what was received, sent, decided and rejected.
 * The connection keeps the latest 32 entries. Writes at most `cap` entries and their number to
 * `count`. Repeat until `count` is less than `cap`.
 */
swo_result swo_trace(struct swo_conn *conn,
                     struct swo_trace_entry *entries,
                     size_t cap,
                     size_t *count);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* SWITCHOVER_H */
