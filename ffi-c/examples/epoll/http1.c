/* HTTP/1.1 with the engine: responds to `/` with a text and to `/echo` with the request's content, and accepts or declines
 * the offer of each request. After a switch the new protocol gets the bytes after the request; h2c also the request. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connection.h"

enum { HTTP1, WEBSOCKET, HTTP2 };

typedef struct http1 {
    swo_conn *conn;
    uint32_t awaited; /* what the deadline is for, SWO_AWAITING_* */
    int next; /* the protocol after the current request: HTTP1, WEBSOCKET or HTTP2 */
    swo_selection selection;
    http2 *upgrade; /* the session for an offer of h2c; it holds the request's content */
} http1;

/* Status and text of the responses, in all HTTP versions. */

static bool equals(swo_slice a, const char *b) { return a.len == strlen(b) && !memcmp(a.data, b, a.len); }

/* Returns the path of a target in origin-form or absolute-form, both of which a server must accept (RFC 9112,
 * section 3.2.2). An absolute target without one has that of the root (RFC 9110, section 4.2.3). */
static swo_slice path_of(swo_slice target) {
    const uint8_t *at = target.data, *end = target.data + target.len;
    const uint8_t *scheme = target.len > 0 && *at != '/' ? (const uint8_t *)memmem(at, target.len, "://", 3) : NULL;
    if (scheme) {
        for (at = scheme + 3; at < end && *at != '/' && *at != '?';) at++;
        if (at == end || *at == '?') return slice("/", 1);
    }
    if (at == end || *at != '/') return slice(NULL, 0);
    const uint8_t *query = (const uint8_t *)memchr(at, '?', (size_t)(end - at));
    return slice(at, (size_t)((query ? query : end) - at));
}

uint32_t route(swo_slice method, swo_slice target, bool *is_echo) {
    bool is_known = equals(method, "GET") || equals(method, "HEAD") || equals(method, "POST");
    swo_slice path = path_of(target);
    *is_echo = is_known && equals(path, "/echo");
    if (!is_known) return 501; /* also for CONNECT, as a 2xx would open a tunnel */
    return *is_echo || equals(path, "/") ? 200 : 404;
}

static size_t append(char text[TEXT], size_t length, const void *data, size_t more) {
    if (more > TEXT - length) more = TEXT - length;
    memcpy(text + length, data, more);
    return length + more;
}

size_t describe(char text[TEXT], swo_slice method, swo_slice target, const char *version) {
    if (equals(method, "HEAD")) method = slice("GET", 3); /* a HEAD gets the head of a GET (RFC 9110, section 9.3.2) */
    size_t length = append(text, 0, method.data, method.len < 32 ? method.len : 32);
    length = append(text, length, " ", 1);
    length = append(text, length, target.data, target.len < 256 ? target.len : 256);
    length = append(text, length, " over ", 6);
    length = append(text, length, version, strlen(version));
    return append(text, length, "\n", 1);
}

/* Sending responses in HTTP/1.1. */

/* Counts the bytes that the engine wrote as output. If it returned an error, ends the output. */
static void wrote(connection *c, swo_result result, size_t written) {
    if (result == SWO_OK) c->end += written;
    else connection_finish(c);
}

static void send_head(connection *c, uint32_t status, const swo_field *fields, size_t count) {
    http1 *h = (http1 *)c->session;
    swo_response_head head = {status, {NULL, 0}, fields, count};
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    swo_result result = swo_send_response(h->conn, &head, out, room, &written);
    wrote(c, result, written);
}

/* Sends content, unless the response has none, as after HEAD, or the output has ended after an error. */
static void send_content(connection *c, swo_slice data) {
    http1 *h = (http1 *)c->session;
    if (c->is_over || swo_owes(h->conn) != SWO_OWES_CONTENT || data.len == 0) return;
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    swo_result result = swo_send_data(h->conn, data.data, data.len, out, room, &written);
    wrote(c, result, written);
}

static void send_end(connection *c) {
    http1 *h = (http1 *)c->session;
    if (swo_owes(h->conn) != SWO_OWES_CONTENT) return;
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    swo_result result = swo_send_end(h->conn, NULL, 0, out, room, &written);
    wrote(c, result, written);
}

static void send_continue(connection *c) {
    http1 *h = (http1 *)c->session;
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    swo_response_head head = {100, {NULL, 0}, NULL, 0};
    swo_result result = swo_send_informational(h->conn, &head, out, room, &written);
    wrote(c, result, written);
}

static void respond(connection *c, uint32_t status, const char *text, size_t length) {
    http1 *h = (http1 *)c->session;
    swo_field fields[] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}};
    swo_response_head head = {status, {NULL, 0}, fields, 1};
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    swo_result result = swo_respond(h->conn, &head, (const uint8_t *)text, length, out, room, &written);
    wrote(c, result, written);
}

/* Returns the status for a WebSocket handshake that breaks a rule (RFC 6455, section 4.2.2), or 0. Other methods than GET
 * make no handshake. */
static uint32_t refusal(const http1 *h) {
    static const swo_slice websocket = SWO_TEXT("websocket");
    swo_offer offer;
    size_t count = 0;
    if (swo_offers(h->conn, &offer, 1, &count) || count == 0 || offer.protocol.name.len != websocket.len) return 0;
    bool is_websocket = !strncasecmp((const char *)offer.protocol.name.data, (const char *)websocket.data, websocket.len);
    return is_websocket && offer.ineligible != SWO_INELIGIBLE_METHOD ? offer.status : 0;
}

/* Sends a 426 without content; the engine adds the version of WebSocket that the server speaks. */
static void require_websocket(connection *c) {
    static const swo_slice websocket = SWO_TEXT("websocket");
    http1 *h = (http1 *)c->session;
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    swo_result result = swo_require(h->conn, &websocket, 1, NULL, 0, out, room, &written);
    wrote(c, result, written);
    send_end(c);
}

/* Responds to a request; an echo begins before its content has arrived. Other content is discarded, without a 100. */
static void answer(connection *c, const swo_request *request, bool is_whole) {
    http1 *h = (http1 *)c->session;
    char text[TEXT];
    bool is_echo;
    uint32_t status = route(request->method, request->target, &is_echo), refused = status == 200 ? refusal(h) : 0;
    if (is_echo && !refused) {
        if (swo_owes(h->conn) == SWO_OWES_CONTINUE) send_continue(c);
        send_head(c, 200, NULL, 0);
        return;
    }
    /* If it is more than is discarded, the response says that the connection closes. */
    if (!is_whole) swo_skip_content(h->conn);
    if (refused == 426) require_websocket(c);
    else if (refused) respond(c, refused, "", 0);
    else respond(c, status, text, describe(text, request->method, request->target, "HTTP/1.1"));
}

/* Selecting, accepting and declining offers. */

static void forget_http2(http1 *h) {
    http2_free(h->upgrade);
    h->upgrade = NULL;
    h->next = HTTP1;
}

/* Selects an offer. The engine has checked the rules of its protocol: an h2c offer has one valid HTTP2-Settings, and no
 * Content-Length above HELD bytes. */
static void choose(connection *c, const swo_request *request) {
    static const swo_slice preferences[] = {SWO_TEXT("websocket"), SWO_TEXT("h2c")};
    http1 *h = (http1 *)c->session;
    swo_slice settings;
    h->next = HTTP1;
    if (request->offer_count == 0) return;
    if (swo_select(h->conn, preferences, 2, SWO_ORDER_SERVER, &h->selection)) return;
    h->next = swo_selection_preference(&h->selection) == 0 ? WEBSOCKET : HTTP2;
    if (h->next == WEBSOCKET) return;
    bool is_ready = swo_event_field(h->conn, "HTTP2-Settings", &settings) == SWO_OK && (h->upgrade = http2_new(c))
                    && http2_upgrade(h->upgrade, request, settings);
    if (!is_ready) forget_http2(h);
}

static void accept_offer(connection *c) {
    http1 *h = (http1 *)c->session;
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    swo_result result = swo_accept(h->conn, &h->selection, NULL, 0, out, room, &written);
    wrote(c, result, written);
}

/* Declines an offer of h2c whose content cannot be held (too much, or no memory): the request is served in HTTP/1.1,
 * like one without an offer. */
static void decline(connection *c) {
    http1 *h = (http1 *)c->session;
    swo_request request;
    if (swo_current_request(h->conn, &request)) connection_finish(c);
    else answer(c, &request, false);
    send_content(c, http2_held(h->upgrade));
    forget_http2(h);
}

/* Passes the connection to the new session. The leftover has all bytes after the request, or the HTTP/2 preface and all
 * bytes after it; once the session has read it, the engine is no longer needed. */
static void hand_over(connection *c, const swo_switched *switched) {
    http1 *h = (http1 *)c->session;
    if (switched->by == SWO_SWITCHED_BY_HTTP2_PREFACE) h->upgrade = http2_new(c);
    bool begun = h->next == WEBSOCKET ? websocket_begin(c) : http2_begin(c, h->upgrade);
    if (!begun) {
        connection_finish(c);
        return;
    }
    if (switched->leftover.len > 0) c->spoken->receive(c, switched->leftover.data, switched->leftover.len);
    swo_conn_free(h->conn);
    free(h);
    if (!c->is_over) c->spoken->advance(c);
}

/* Handling the engine's events. */

static void on_end(connection *c) {
    http1 *h = (http1 *)c->session;
    if (h->next == HTTP1) send_end(c);
    else accept_offer(c);
}

/* Handles a request head. Most requests have no content: swo_take_end then makes an event for their end unnecessary. */
static void on_request(connection *c, const swo_request *request) {
    http1 *h = (http1 *)c->session;
    bool is_whole = swo_take_end(h->conn);
    choose(c, request);
    if (h->next == HTTP1) answer(c, request, is_whole);
    else if (swo_owes(h->conn) == SWO_OWES_CONTINUE) send_continue(c);
    if (is_whole) on_end(c);
}

static void on_data(connection *c, swo_slice data) {
    http1 *h = (http1 *)c->session;
    if (h->next == HTTP2) {
        if (http2_hold(h->upgrade, data)) return;
        decline(c);
    }
    send_content(c, data);
}

/* Sends the connection's last response, unless a response has begun, and ends the output. */
static void reject(connection *c, uint32_t status, const char *text) {
    http1 *h = (http1 *)c->session;
    swo_field fields[] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}};
    swo_response_head head = {status, {NULL, 0}, fields, 1};
    size_t room, written = 0;
    uint8_t *out = connection_space(c, &room);
    if (!swo_reject(h->conn, &head, (const uint8_t *)text, strlen(text), out, room, &written)) c->end += written;
    connection_finish(c);
}

/* Sets the deadline anew if `is_new`, or if the engine awaits another part: the first byte of a request, the rest of its
 * head, or its content. */
static void expect(connection *c, bool is_new) {
    http1 *h = (http1 *)c->session;
    uint32_t awaited = swo_awaiting(h->conn);
    if (awaited == h->awaited && !is_new) return;
    h->awaited = awaited;
    connection_progress(c, awaited == SWO_AWAITING_REQUEST);
}

static void advance(connection *c) {
    http1 *h = (http1 *)c->session;
    while (!c->is_over && OUTPUT - (c->end - c->begin) >= ROOM) {
        swo_event event;
        swo_result result = swo_next_event(h->conn, &event);
        if (result) {
            reject(c, swo_error_status(result), swo_error_text(result));
            return;
        }
        switch (event.kind) {
        case SWO_EVENT_KIND_REQUEST: on_request(c, &event.u.request); break;
        case SWO_EVENT_KIND_DATA: on_data(c, event.u.data); break;
        case SWO_EVENT_KIND_END_OF_MESSAGE: on_end(c); break;
        case SWO_EVENT_KIND_SWITCHED: hand_over(c, &event.u.switched); return;
        case SWO_EVENT_KIND_PAUSED:
            if (event.u.paused == SWO_PAUSED_CLOSED) connection_finish(c);
            return;
        default: expect(c, false); return; /* more bytes are needed */
        }
        if (event.kind != SWO_EVENT_KIND_DATA) expect(c, true);
    }
}

/* The other functions of `http1_protocol`. */

static uint8_t *space(connection *c, size_t *cap) {
    http1 *h = (http1 *)c->session;
    uint8_t *data = NULL;
    *cap = 0;
    if (swo_receive_buffer(h->conn, READ, &data, cap)) connection_finish(c);
    return data;
}

static void receive(connection *c, const uint8_t *data, size_t length) {
    http1 *h = (http1 *)c->session;
    (void)data;
    if (h->awaited == SWO_AWAITING_CONTENT) connection_earn(c, length);
    if (swo_receive_commit(h->conn, length)) connection_finish(c);
}

static void ended(connection *c) {
    http1 *h = (http1 *)c->session;
    swo_receive_eof(h->conn, SWO_END_CLEAN);
}

static bool wants_input(connection *c) {
    http1 *h = (http1 *)c->session;
    return swo_wants_input(h->conn);
}

/* Returns how to close the connection. An echo to HTTP/1.0 is close-delimited: a truncated one must not look complete
 * (RFC 9112, section 8). */
static uint32_t closing(connection *c) {
    http1 *h = (http1 *)c->session;
    return swo_closing(h->conn);
}

/* Sends a 408 to an unfinished request at its deadline, unless a response has begun. Returns false for an idle
 * connection, which is just closed. */
static bool late(connection *c) {
    http1 *h = (http1 *)c->session;
    if (swo_awaiting(h->conn) == SWO_AWAITING_REQUEST) return false;
    reject(c, 408, "the rest of the request did not come\n");
    return true;
}

static void drop(connection *c) {
    http1 *h = (http1 *)c->session;
    http2_free(h->upgrade);
    swo_conn_free(h->conn);
    free(h);
}

bool http1_begin(connection *c) {
    static const protocol http1_protocol = {space, receive, ended, advance, wants_input, closing, late, drop};
    swo_config config;
    http1 *h = (http1 *)calloc(1, sizeof *h);
    swo_config_init(&config, sizeof config);
    config.http2_preface = 1;
    config.h2c_content = HELD;
    config.content = CONTENT;
    if (!h || swo_conn_new(SWO_ROLE_SERVER, &config, &h->conn)) {
        free(h);
        return false;
    }
    c->spoken = &http1_protocol;
    c->session = h;
    return true;
}
