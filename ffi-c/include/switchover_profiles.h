/**
 * @file
 * switchover_profiles.h: the protocols that a connection can switch to, and intermediaries.
 *
 * None of it is needed for the switch itself: `switchover.h` accepts any protocol. Here is what
 * WebSocket, h2c, connect-udp and connect-ip ask for beyond their names, which fields an
 * intermediary forwards, and the conversion between HTTP/1.1 and HTTP/2. Generated from the sources
 * of `ffi-c` by its test `header`; do not edit. The contract is that of `switchover.h`.
 *
 * CONTENTS
 *
 *  - 9 WebSocket: the handshake of RFC 6455, and permessage-deflate
 *    swo_websocket_key swo_websocket_subprotocols swo_select_subprotocol swo_select_deflate
 *    swo_agreed_deflate swo_deflate_write
 *  - 10 h2c: HTTP/2 by upgrade, in front of an HTTP/2 library
 *    swo_splice_new swo_splice_client_sent swo_splice_client_ended swo_splice_engine_sent
 *    swo_splice_take_for_engine swo_splice_take_for_client swo_splice_wants_client
 *    swo_splice_is_waiting swo_splice_is_done swo_splice_free
 *  - 11 MASQUE: connect-udp and connect-ip: targets, capsules, datagrams
 *    swo_udp_target swo_ip_target swo_says_capsules swo_capsules_new swo_capsules_receive
 *    swo_capsules_next swo_capsules_finish swo_capsules_free swo_datagram_write
 *  - 12 Gateway: what an intermediary forwards
 *    swo_forwardable swo_may_forward swo_end_to_end swo_lines_get swo_lines_free
 *  - 13 HTTP/2: conversion of heads between HTTP/1.1 and HTTP/2
 *    swo_check_http2 swo_http2_fields swo_http2_request swo_extended_connect swo_http1_fields
 */

#ifndef SWITCHOVER_PROFILES_H
#define SWITCHOVER_PROFILES_H

#include "switchover.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ============================================================================================== */

/**
 * @defgroup swo_websocket 9. WebSocket
 * The handshake of RFC 6455, and permessage-deflate.
 * @{
 */

/** The path of the default URI template for `connect-udp` (RFC 9298, 2): for swo_udp_target. */
#define SWO_UDP_TEMPLATE "/.well-known/masque/udp/{target_host}/{target_port}/"

/** The path of the default URI template for `connect-ip` (RFC 9484, 3): for swo_ip_target. */
#define SWO_IP_TEMPLATE "/.well-known/masque/ip/{target}/{ipproto}/"

/** The longest UDP payload (RFC 9298, 5): for swo_capsules_new. */
#define SWO_UDP_PAYLOAD 65527

/**
 * Encodes a nonce as the value of `Sec-WebSocket-Key`.
 *
 * For a client: 16 random bytes, new for each connection. The value has 24 bytes. Errors:
 * SWO_BAD_LENGTH if `len` is not 16; SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in
 * `written`. Next: swo_send_request with this field, `Sec-WebSocket-Version: 13`, and
 * `websocket` as the offer. RFC 6455, section 4.1.
 */
swo_result swo_websocket_key(const uint8_t *nonce,
                             size_t len,
                             uint8_t *out,
                             size_t cap,
                             size_t *written);

/**
 * Returns the subprotocols of a request that offers `websocket`.
 *
 * For a server: in the client's order; `count` is 0 if the client named none. Valid until the
 * next inbound call. Errors: SWO_NOTHING if no request is current; SWO_ARRAY_TOO_SMALL, with
 * the count needed in `count`. Next: swo_accept with one of them as the value of
 * `Sec-WebSocket-Protocol`, or swo_select_subprotocol. RFC 6455, section 4.2.1.
 */
swo_result swo_websocket_subprotocols(const struct swo_conn *conn,
                                      struct swo_slice *subprotocols,
                                      size_t cap,
                                      size_t *count);

/**
 * Selects a subprotocol for an offered `websocket`.
 *
 * For a server; one that client and server both support.
 *
 * `by` is SWO_ORDER_*: whose order decides. `chosen` is an entry of `preferences`, and valid
 * as long as that. Errors: SWO_NOTHING if nothing matches or no request is current.
 * SWO_BAD_ENUM. SWO_ERROR_INVALID_PROTOCOL if a preference is not UTF-8. Next: swo_accept with
 * it as the value of `Sec-WebSocket-Protocol`; without that field no subprotocol is used.
 * RFC 6455, section 4.2.2.
 */
swo_result swo_select_subprotocol(const struct swo_conn *conn,
                                  const struct swo_slice *preferences,
                                  size_t count,
                                  uint32_t by,
                                  struct swo_slice *chosen);

/**
 * The parameters of `permessage-deflate` (RFC 7692, section 7.1).
 *
 * Those that a server allows, that a client offers, or that both sides have agreed on. All zero is
 * the default.
 */
typedef struct swo_deflate {
    /**
     * Not 0: the server resets its compression window after each message.
     */
    uint32_t server_no_context_takeover;
    /**
     * Not 0: the client resets its compression window after each message.
     */
    uint32_t client_no_context_takeover;
    /**
     * The base-2 logarithm of the server's window size in bytes, 8 to 15.
     *
     * 0 means that the parameter is absent, so the window is that of 15.
     */
    uint32_t server_max_window_bits;
    /**
     * The base-2 logarithm of the client's window size in bytes, 8 to 15.
     *
     * 0 means that the parameter is absent, so the window is that of 15.
     */
    uint32_t client_max_window_bits;
} swo_deflate;

/**
 * Negotiates the `permessage-deflate` parameters of an offered `websocket`.
 *
 * For a server; `own` are the parameters that the server allows. Errors: SWO_NOTHING if no
 * offered variant can be accepted, or no request is current. Next: swo_deflate_write with
 * `agreed`, and swo_accept with the result as the value of `Sec-WebSocket-Extensions`; without
 * that field nothing is compressed. RFC 7692, section 7.1.
 */
swo_result swo_select_deflate(const struct swo_conn *conn,
                              const struct swo_deflate *own,
                              struct swo_deflate *agreed);

/**
 * Returns the `permessage-deflate` parameters that the server's 101 agreed to.
 *
 * For a client, while SWO_EVENT_KIND_SWITCHED is the current event; the engine has already
 * compared them with the offer. Errors: SWO_NOTHING if nothing is compressed. RFC 7692,
 * section 7.1.
 */
swo_result swo_agreed_deflate(const struct swo_conn *conn, struct swo_deflate *agreed);

/**
 * Encodes `permessage-deflate` as the value of `Sec-WebSocket-Extensions`.
 *
 * For a server's agreement or a client's offer. Errors: SWO_ERROR_OUTPUT_TOO_SMALL, with the
 * size needed in `written`; 160 bytes are always enough. RFC 7692, section 7.
 */
swo_result swo_deflate_write(const struct swo_deflate *deflate,
                             uint8_t *out,
                             size_t cap,
                             size_t *written);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_h2c 10. h2c
 * HTTP/2 by upgrade, in front of an HTTP/2 library.
 * @{
 */

/**
 * An adapter between a client that got a 101 for h2c and an HTTP/2 engine.
 *
 * swo_splice_new makes it, swo_splice_free frees it.
 */
typedef struct swo_splice swo_splice;

/**
 * Makes a splice between the client and an HTTP/2 engine.
 *
 * For a server. The engine needs no support for upgrades: it receives bytes as if the client
 * had spoken HTTP/2 from the start. The current request is on stream 1. Call it when the
 * request is complete, before swo_accept. `data` is the whole content of the request, at most
 * 65,535 bytes. Errors: SWO_ERROR_OUT_OF_MEMORY; SWO_NOTHING if no request is current.
 * SWO_REFUSED if the request cannot be upgraded; `reason` is then a SWO_INELIGIBLE_*, else
 * SWO_NONE: decline the offer. Next: swo_accept. At SWO_EVENT_KIND_SWITCHED,
 * swo_splice_client_sent with the leftover; at the end swo_splice_free. RFC 7540, section 3.2.
 */
swo_result swo_splice_new(const struct swo_conn *conn,
                          const uint8_t *data,
                          size_t len,
                          const struct swo_field *trailers,
                          size_t trailer_count,
                          struct swo_splice **splice,
                          uint32_t *reason);

/**
 * Appends bytes received from the client, beginning with the leftover of the 101.
 *
 * Errors: SWO_ERROR_OUT_OF_MEMORY. Next: forward the bytes of swo_splice_take_for_engine and
 * swo_splice_take_for_client.
 */
swo_result swo_splice_client_sent(struct swo_splice *splice, const uint8_t *data, size_t len);

/**
 * Marks the end of the client's bytes (EOF).
 *
 * An incomplete HTTP/2 frame goes to the engine as it is. Errors: SWO_ERROR_OUT_OF_MEMORY.
 *
 * Next: forward the bytes of swo_splice_take_for_engine and swo_splice_take_for_client. Pass
 * the EOF to the engine once swo_splice_is_waiting is 0.
 */
swo_result swo_splice_client_ended(struct swo_splice *splice);

/**
 * Appends bytes that the engine has written.
 *
 * Errors: SWO_ERROR_OUT_OF_MEMORY. Next: forward the bytes of swo_splice_take_for_engine and
 * swo_splice_take_for_client.
 */
swo_result swo_splice_engine_sent(struct swo_splice *splice, const uint8_t *data, size_t len);

/**
 * Returns the bytes to pass to the engine now and removes them; may be empty.
 *
 * Valid until the next call of this function on the splice, or swo_splice_free.
 */
swo_result swo_splice_take_for_engine(struct swo_splice *splice, struct swo_slice *bytes);

/**
 * Returns the bytes to send to the client now and removes them; may be empty.
 *
 * Valid until the next call of this function on the splice, or swo_splice_free.
 */
swo_result swo_splice_take_for_client(struct swo_splice *splice, struct swo_slice *bytes);

/**
 * Returns whether to read from the client's transport.
 *
 * 0 only while too many bytes wait for the engine.
 */
swo_flag swo_splice_wants_client(const struct swo_splice *splice);

/**
 * Returns whether bytes of the client wait for the engine's flow-control window.
 */
swo_flag swo_splice_is_waiting(const struct swo_splice *splice);

/**
 * Returns whether the splice is no longer needed.
 *
 * It then holds no bytes, and client and engine agree about the state of HTTP/2, or the client
 * does not speak HTTP/2. Connect them directly, and free the splice.
 */
swo_flag swo_splice_is_done(const struct swo_splice *splice);

/**
 * Frees a splice and the bytes that it has returned. NULL is allowed.
 */
swo_result swo_splice_free(struct swo_splice *splice);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_masque 11. MASQUE
 * Connect-udp and connect-ip: targets, capsules, datagrams.
 * @{
 */

/**
 * Parses the target of a `connect-udp` request.
 *
 * For a server: returns the variables `target_host` and `target_port`, to which the client
 * wants to send datagrams. `host` gets a name or an address, percent-decoded, an IPv6 address
 * without brackets. It never has more bytes than the target. `port` is 1 to 65535.
 * `uri_template` is SWO_UDP_TEMPLATE, or the template that the clients are configured with: a
 * path and query with expressions of the forms `{name}` and `{?name,name}`. Errors:
 * SWO_NOTHING if the target does not match the template or a variable is not valid; then
 * respond with a 400. SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in `written`;
 * SWO_ERROR_OUT_OF_MEMORY. Next: swo_accept, then swo_capsules_new; or a response that
 * declines. RFC 9298, sections 2 and 3.1.
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
 * For a server: returns the variables `target` and `ipproto`, which limit what the client
 * wants to reach. `host` gets a name, an address or a prefix such as `192.0.2.0/24`, and
 * nothing for any host. `protocol` is the Internet Protocol number, SWO_NONE for any.
 * `uri_template` is SWO_IP_TEMPLATE, or the template that the clients are configured with. The
 * rest, errors included, is as swo_udp_target says. RFC 9484, sections 3 and 4.6.
 */
swo_result swo_ip_target(const char *uri_template,
                         struct swo_slice target,
                         uint8_t *host,
                         size_t cap,
                         size_t *written,
                         uint32_t *protocol);

/**
 * Returns whether a message with these field lines announces capsules.
 *
 * It does if there is one `Capsule-Protocol` line, with the item `?1` and any parameters.
 * Anything else counts as absent. Pass the lines of swo_event_fields for the current event.
 * RFC 9297, section 3.4.
 */
swo_flag swo_says_capsules(const struct swo_field *fields, size_t count);

/**
 * A reader of the capsules after a 101.
 *
 * swo_capsules_new makes it, swo_capsules_free frees it.
 */
typedef struct swo_capsules swo_capsules;

/**
 * Makes a reader of DATAGRAM capsules, which skips capsules of other types.
 *
 * `longest` is the maximum payload in bytes, and so bounds the memory for an unfinished
 * datagram: SWO_UDP_PAYLOAD is the maximum of UDP. Errors: SWO_BAD_LENGTH for a length that no
 * object can have; SWO_ERROR_OUT_OF_MEMORY. Next: swo_capsules_receive with the leftover of
 * the 101; at the end swo_capsules_free. RFC 9297, section 3.
 */
swo_result swo_capsules_new(size_t longest, struct swo_capsules **capsules);

/**
 * Appends received bytes of the stream of capsules.
 *
 * The payload that swo_capsules_next returned becomes invalid. Errors:
 * SWO_ERROR_OUT_OF_MEMORY. SWO_OVERLAP if `data` lies in the reader's own memory, as such a
 * payload does: copy it first. Next: swo_capsules_next until SWO_NOTHING.
 */
swo_result swo_capsules_receive(struct swo_capsules *capsules, const uint8_t *data, size_t len);

/** A fault that aborts a stream of capsules (RFC 9297, section 3.3). */
enum swo_capsule_fault {
    /** A datagram's payload is longer than the parser's limit. */
    SWO_CAPSULE_FAULT_TOO_LONG = 0,
    /** A datagram has no complete context identifier (RFC 9298, section 5). */
    SWO_CAPSULE_FAULT_NO_CONTEXT = 1,
    /** The stream ended inside a capsule, or before all capsules were read. */
    SWO_CAPSULE_FAULT_TRUNCATED = 2,
};

/**
 * One datagram of a stream of capsules (RFC 9297, section 3.5).
 */
typedef struct swo_datagram {
    /**
     * The context ID of the datagram (RFC 9298, section 4); less than 2 to the 62.
     *
     * 0 is a UDP payload or an IP packet; others are agreed between both sides. Discard a datagram
     * with an unknown context ID.
     */
    uint64_t context;
    /**
     * The payload of the datagram.
     */
    struct swo_slice payload;
} swo_datagram;

/**
 * Returns the next datagram of the received capsules.
 *
 * Its payload is valid until the next swo_capsules_receive or swo_capsules_free. Errors:
 * SWO_NOTHING if more bytes are needed. SWO_REFUSED if the stream is malformed, or a datagram
 * longer than the reader allows; `fault` is then a SWO_CAPSULE_FAULT_*, else SWO_NONE. After
 * SWO_REFUSED close the transport. RFC 9297, section 3.3.
 */
swo_result swo_capsules_next(struct swo_capsules *capsules,
                             struct swo_datagram *datagram,
                             uint32_t *fault);

/**
 * Checks that the stream of capsules has not ended inside a capsule.
 *
 * Call it at EOF, once swo_capsules_next returns SWO_NOTHING. Errors: SWO_REFUSED if it ends
 * inside a capsule, if datagrams are unread, or after an earlier fault; `fault` is then a
 * SWO_CAPSULE_FAULT_*, else SWO_NONE. RFC 9297, section 3.3.
 */
swo_result swo_capsules_finish(const struct swo_capsules *capsules, uint32_t *fault);

/**
 * Frees a reader of capsules. NULL is allowed.
 */
swo_result swo_capsules_free(struct swo_capsules *capsules);

/**
 * Encodes a datagram as a DATAGRAM capsule.
 *
 * Errors: SWO_BAD_NUMBER if the context is 2 to the 62 or more; SWO_ERROR_OUTPUT_TOO_SMALL,
 * with the size needed in `written`. Next: send the bytes after the 101. RFC 9297, section
 * 3.5.
 */
swo_result swo_datagram_write(const struct swo_datagram *datagram,
                              uint8_t *out,
                              size_t cap,
                              size_t *written);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_gateway 12. Gateway
 * What an intermediary forwards.
 * @{
 */

/**
 * Returns the offered protocols that an intermediary may offer to its server.
 *
 * The eligible protocols of the current request, in the client's order, without hop-by-hop
 * ones such as TLS and h2c. Valid until the next inbound call. Errors: SWO_NOTHING if no
 * request is current; SWO_ARRAY_TOO_SMALL, with the count needed in `count`. Next:
 * swo_send_request on the connection to the server, with these protocols as the offer and the
 * lines of swo_end_to_end as the fields. RFC 9110, section 7.8; RFC 2817, section 5.1.
 */
swo_result swo_forwardable(const struct swo_conn *conn,
                           struct swo_protocol *protocols,
                           size_t cap,
                           size_t *count);

/**
 * Returns whether an intermediary may forward an offer of that protocol.
 *
 * `protocol` must be a single protocol, and not a hop-by-hop one such as TLS and h2c. Use it
 * for the `:protocol` of an extended CONNECT; for an HTTP/1.1 request use swo_forwardable.
 * Next: swo_http1_fields. RFC 2817, section 5.1; RFC 7540, section 3.2.1.
 */
swo_flag swo_may_forward(struct swo_slice protocol);

/**
 * Returns the end-to-end field lines of the current head.
 *
 * The current head is that of the current event's response, or else that of the current
 * request (swo_current_request). An intermediary forwards them: `Connection`, the fields that
 * it lists, and other hop-by-hop fields are left out. Some are kept even if it lists them,
 * such as `Host` and `Content-Length`. Repeated equal `Content-Length` values become one.
 *
 * Valid until the next inbound call. Errors: SWO_NOTHING if there is no head;
 * SWO_ARRAY_TOO_SMALL, with the count needed in `count`. Next: send a head with `Via` and
 * these lines on the other connection. For a 101, call swo_accept with them, on a connection
 * whose configuration sets `tidy`. RFC 9110, section 7.6.1.
 */
swo_result swo_end_to_end(const struct swo_conn *conn,
                          struct swo_field *fields,
                          size_t cap,
                          size_t *count);

/**
 * Field lines that were converted to another version of HTTP.
 *
 * swo_lines_get returns them, swo_lines_free frees them.
 */
typedef struct swo_lines swo_lines;

/**
 * Returns converted field lines as an array.
 *
 * The array has `count` entries. `fields` is valid until swo_lines_free.
 */
swo_result swo_lines_get(const struct swo_lines *lines,
                         const struct swo_field **fields,
                         size_t *count);

/**
 * Frees converted field lines. NULL is allowed.
 */
swo_result swo_lines_free(struct swo_lines *lines);

/** @} */

/* ============================================================================================== */

/**
 * @defgroup swo_http2 13. HTTP/2
 * Conversion of heads between HTTP/1.1 and HTTP/2.
 * @{
 */

/** The reason why HTTP/2 does not allow a field or a status.
 *
 *  RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5. */
enum swo_over_http2 {
    /** The status 101, which HTTP/2 does not have. */
    SWO_OVER_HTTP2_SWITCHING = 0,
    /** A `Connection` field, which HTTP/2 does not allow. */
    SWO_OVER_HTTP2_CONNECTION = 1,
    /** A `Keep-Alive` field, which HTTP/2 does not allow. */
    SWO_OVER_HTTP2_KEEP_ALIVE = 2,
    /** A `Proxy-Connection` field, which HTTP/2 does not allow. */
    SWO_OVER_HTTP2_PROXY_CONNECTION = 3,
    /** A `Transfer-Encoding` field, which HTTP/2 does not allow. */
    SWO_OVER_HTTP2_TRANSFER_ENCODING = 4,
    /** An `Upgrade` field, which HTTP/2 does not allow. */
    SWO_OVER_HTTP2_UPGRADE = 5,
    /** A `TE` field with a value other than `trailers`. */
    SWO_OVER_HTTP2_TE = 6,
    /** A `Sec-WebSocket-Key` field, which only HTTP/1.1 has (RFC 8441, section 5). */
    SWO_OVER_HTTP2_SEC_WEBSOCKET_KEY = 7,
    /** A `Sec-WebSocket-Accept` field, which only HTTP/1.1 has (RFC 8441, section 5). */
    SWO_OVER_HTTP2_SEC_WEBSOCKET_ACCEPT = 8,
    /** A name that is not a token in lower case (RFC 9113, section 8.2.1).
     *
     *  One leading colon is accepted. The names of pseudo-header fields are not checked further. */
    SWO_OVER_HTTP2_NAME = 9,
    /** A value with a control character except HTAB, or with whitespace around it.
     *
     *  Control characters are for example CR, LF and NUL (RFC 9113, section 8.2.1). */
    SWO_OVER_HTTP2_VALUE = 10,
};

/**
 * Checks that the field lines of an HTTP/2 message are allowed in HTTP/2.
 *
 * `status` is the status of a response, or 0 for a request. Check the field lines that an
 * HTTP/2 library delivers before you use them as a message. Errors: SWO_REFUSED if they are
 * not allowed, which makes the message malformed. It is also for `Sec-WebSocket-Key`,
 * `Sec-WebSocket-Accept` and status 101. `reason` is then a SWO_OVER_HTTP2_*, else SWO_NONE.
 * RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.
 */
swo_result swo_check_http2(uint32_t status,
                           const struct swo_field *fields,
                           size_t count,
                           uint32_t *reason);

/**
 * Converts the field lines of an HTTP/1.1 message to HTTP/2.
 *
 * Names become lower case. Left out are hop-by-hop fields (except `te: trailers`), `Host`
 * (HTTP/2 has `:authority`) and `Expect`. Of the fields of a WebSocket handshake, the key and
 * the accept value are left out. Errors: SWO_ERROR_OUT_OF_MEMORY. Next: swo_lines_get; at the
 * end swo_lines_free. RFC 9113, section 8.2.2; RFC 8441, section 5.
 */
swo_result swo_http2_fields(const struct swo_field *fields, size_t count, struct swo_lines **lines);

/**
 * Converts a request to HTTP/2: pseudo-header fields, then other field lines.
 *
 * The other lines are those of swo_http2_fields. `secure` is not 0 if the scheme is `https`.
 * Errors: SWO_ERROR_INVALID_METHOD and SWO_ERROR_INVALID_TARGET if the method or the target is
 * not UTF-8, SWO_ERROR_OUT_OF_MEMORY. Next: swo_lines_get; at the end swo_lines_free. RFC
 * 9113, section 8.3.1.
 */
swo_result swo_http2_request(const struct swo_request_head *request,
                             uint32_t secure,
                             struct swo_lines **lines);

/**
 * Converts a request that offers `protocol` to an extended CONNECT.
 *
 * The extended CONNECT requests the same protocol over HTTP/2. A 2xx to it means what a 101
 * means in HTTP/1.1. Send it only if the server's SETTINGS_ENABLE_CONNECT_PROTOCOL is 1.
 * `secure` is not 0 if the scheme is `https`. Errors: those of swo_http2_request, and
 * SWO_ERROR_INVALID_PROTOCOL if the protocol is not UTF-8. Next: swo_lines_get; at the end
 * swo_lines_free. RFC 8441, sections 4 and 5.
 */
swo_result swo_extended_connect(const struct swo_request_head *request,
                                struct swo_slice protocol,
                                uint32_t secure,
                                struct swo_lines **lines);

/**
 * Converts the field lines of an HTTP/2 request to HTTP/1.1.
 *
 * `authority` (the request's `:authority`) becomes `Host`; if it is empty, the line `host`
 * does. Several `cookie` lines become one. Pseudo-header fields in `fields` are left out, and
 * `http2-settings`.
 * `websocket_key` is for an extended CONNECT to `websocket`: a new key for this hop
 * (swo_websocket_key); no key if its `data` is NULL. Errors: SWO_REFUSED if a field line, the
 * authority or the key is malformed; `reason` is then a SWO_OVER_HTTP2_*, else SWO_NONE.
 * SWO_ERROR_INVALID_HOST and SWO_ERROR_INVALID_VALUE if the authority or the key is not UTF-8,
 * SWO_ERROR_OUT_OF_MEMORY.
 * Next: swo_lines_get, then swo_send_request with these lines; for an extended CONNECT with
 * the method GET, its `:path`, and its `:protocol` as the offer. At the end swo_lines_free.
 * RFC 9113, section 8.2.3; RFC 8441, section 5.
 */
swo_result swo_http1_fields(struct swo_slice authority,
                            const struct swo_field *fields,
                            size_t count,
                            struct swo_slice websocket_key,
                            struct swo_lines **lines,
                            uint32_t *reason);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* SWITCHOVER_PROFILES_H */
