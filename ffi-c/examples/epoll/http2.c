/* HTTP/2 with nghttp2: the responses of http1.c. The window of a stream is extended as its echo is sent, so the bytes
 * held for all streams are limited by the connection's window (RFC 9113, section 5.2). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "connection.h"

enum { STREAMS = 100, SETTINGS = 1024 };

typedef struct stream {
    int32_t id;
    char method[32], path[256]; /* longer ones are truncated: no known one is that long */
    uint8_t *content;           /* a text, or the bytes to echo: from `begin` to `end` */
    size_t begin, end;
    size_t received; /* bytes that still count in the flow-control windows */
    bool is_complete;
    struct stream *next, **link;
} stream;

struct http2 {
    nghttp2_session *session;
    connection *transport;
    stream *first;
    stream *upgraded; /* the request that offered h2c, until the client's first SETTINGS */
};

/* The streams of a session. */

static swo_slice text(const char *of) { return slice(of, strlen(of)); }

static void cut(char *to, size_t size, const uint8_t *from, size_t length) {
    size_t kept = length < size ? length : size - 1;
    memcpy(to, from, kept);
    to[kept] = 0;
}

static stream *open_stream(http2 *h, int32_t id) {
    stream *s = (stream *)calloc(1, sizeof *s);
    if (!s) return NULL;
    s->id = id;
    s->next = h->first;
    s->link = &h->first;
    if (s->next) s->next->link = &s->next;
    h->first = s;
    return s;
}

static void close_stream(stream *s) {
    *s->link = s->next;
    if (s->next) s->next->link = s->link;
    free(s->content);
    free(s);
}

static bool append(stream *s, const uint8_t *data, size_t length) {
    size_t waiting = s->end - s->begin;
    if (length == 0) return true;
    if (waiting > 0) memmove(s->content, s->content + s->begin, waiting);
    uint8_t *content = (uint8_t *)realloc(s->content, waiting + length);
    if (!content) return false;
    memcpy(content + waiting, data, length);
    s->content = content;
    s->begin = 0;
    s->end = waiting + length;
    return true;
}

/* Sending responses in HTTP/2. */

static ssize_t read_content(nghttp2_session *session, int32_t id, uint8_t *out, size_t cap, uint32_t *flags,
                            nghttp2_data_source *source, void *user) {
    stream *s = (stream *)source->ptr;
    size_t waiting = s->end - s->begin, length = waiting < cap ? waiting : cap;
    size_t consumed = length < s->received ? length : s->received;
    (void)user;
    if (length > 0) memcpy(out, s->content + s->begin, length);
    s->begin += length;
    s->received -= consumed;
    if (consumed > 0 && nghttp2_session_consume(session, id, consumed)) return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (s->begin == s->end && s->is_complete) *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (length == 0) return NGHTTP2_ERR_DEFERRED;
    return (ssize_t)length;
}

static nghttp2_nv field(const char *name, const char *value) {
    nghttp2_nv made = {(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
    return made;
}

static int answer(http2 *h, stream *s) {
    char status[12], content[TEXT];
    swo_slice target = text(s->path);
    bool is_head = strcmp(s->method, "HEAD") == 0, is_echo;
    uint32_t number = route(text(s->method), target, &is_echo);
    if (!is_echo) {
        size_t length = describe(content, text(s->method), target, "HTTP/2");
        s->begin = s->end;
        if (!append(s, (const uint8_t *)content, length)) return NGHTTP2_ERR_CALLBACK_FAILURE;
        s->is_complete = true;
    }
    snprintf(status, sizeof status, "%u", (unsigned)number);
    nghttp2_nv fields[] = {field(":status", status), field("content-type", "text/plain")};
    nghttp2_data_provider provider;
    provider.source.ptr = s;
    provider.read_callback = read_content;
    return nghttp2_submit_response(h->session, s->id, fields, is_echo ? 1 : 2, is_head ? NULL : &provider);
}

/* Callbacks of nghttp2. */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    stream *s = open_stream((http2 *)user, frame->hd.stream_id);
    if (!s) return NGHTTP2_ERR_CALLBACK_FAILURE;
    return nghttp2_session_set_stream_user_data(session, s->id, s);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t value_length, uint8_t flags, void *user) {
    stream *s = (stream *)nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)flags, (void)user;
    if (!s) return 0;
    if (name_length == 7 && !memcmp(name, ":method", 7)) cut(s->method, sizeof s->method, value, value_length);
    if (name_length == 5 && !memcmp(name, ":path", 5)) cut(s->path, sizeof s->path, value, value_length);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    http2 *h = (http2 *)user;
    bool is_headers = frame->hd.type == NGHTTP2_HEADERS;
    if (frame->hd.type == NGHTTP2_SETTINGS && h->upgraded) {
        /* Some clients have no room for much behind the 101, before they have sent their preface. */
        stream *first = h->upgraded;
        h->upgraded = NULL;
        return answer(h, first);
    }
    stream *s = (stream *)nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!s || !(is_headers || frame->hd.type == NGHTTP2_DATA)) return 0;
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
        s->is_complete = true;
        connection_progress(h->transport, false);
        nghttp2_session_resume_data(session, s->id); /* an error if no data is deferred, which is harmless */
    }
    return is_headers && frame->headers.cat == NGHTTP2_HCAT_REQUEST ? answer(h, s) : 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t length,
                   void *user) {
    stream *s = (stream *)nghttp2_session_get_stream_user_data(session, id);
    (void)flags, (void)user;
    bool is_echo = false;
    if (s && strcmp(s->method, "HEAD") != 0) route(text(s->method), text(s->path), &is_echo);
    if (!is_echo) return nghttp2_session_consume(session, id, length);
    if (!append(s, data, length)) return NGHTTP2_ERR_CALLBACK_FAILURE;
    s->received += length;
    nghttp2_session_resume_data(session, id);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user) {
    stream *s = (stream *)nghttp2_session_get_stream_user_data(session, id);
    (void)error, (void)user;
    if (!s) return 0;
    /* Bytes that a closed stream did not consume must not stay in the connection's window. */
    int result = nghttp2_session_consume_connection(session, s->received);
    close_stream(s);
    return result;
}

static ssize_t on_send(nghttp2_session *session, const uint8_t *data, size_t length, int flags, void *user) {
    http2 *h = (http2 *)user;
    size_t taken = connection_write(h->transport, data, length);
    (void)session, (void)flags;
    return taken > 0 ? (ssize_t)taken : (ssize_t)NGHTTP2_ERR_WOULDBLOCK;
}

/* The functions of `http2_protocol`. */

static void receive(connection *c, const uint8_t *data, size_t length) {
    http2 *h = (http2 *)c->session;
    connection_earn(c, length);
    if (nghttp2_session_mem_recv(h->session, data, length) < 0) connection_finish(c);
}

static void advance(connection *c) {
    http2 *h = (http2 *)c->session;
    bool failed = nghttp2_session_send(h->session) != 0;
    bool reads = nghttp2_session_want_read(h->session) && !c->peer_ended;
    if (failed || (!reads && !nghttp2_session_want_write(h->session))) connection_finish(c);
}

static bool wants_input(connection *c) {
    http2 *h = (http2 *)c->session;
    return nghttp2_session_want_read(h->session);
}

static void drop(connection *c) { http2_free((http2 *)c->session); }

/* Making, freeing and starting sessions. */

static bool new_session(http2 *h) {
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    if (!nghttp2_session_callbacks_new(&callbacks) && !nghttp2_option_new(&option)) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_session_server_new2(&h->session, callbacks, h, option);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return h->session != NULL;
}

http2 *http2_new(connection *c) {
    nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS};
    http2 *h = (http2 *)calloc(1, sizeof *h);
    if (!h) return NULL;
    h->transport = c;
    if (new_session(h) && !nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, &settings, 1)) return h;
    http2_free(h);
    return NULL;
}

void http2_free(http2 *h) {
    if (!h) return;
    nghttp2_session_del(h->session);
    while (h->first) close_stream(h->first);
    free(h);
}

bool http2_begin(connection *c, http2 *h) {
    static const protocol http2_protocol = {NULL, receive, NULL, advance, wants_input, NULL, NULL, drop};
    if (!h) return false;
    c->spoken = &http2_protocol;
    c->session = h;
    return true;
}

/* The upgrade by an offer of h2c, whose request becomes stream 1. */

/* Decodes base64url without padding (RFC 4648, section 5). Returns the number of bytes, or -1 if the text is malformed
 * or longer than `cap`. */
static ssize_t base64url(uint8_t *out, size_t cap, swo_slice text) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    size_t length = 0;
    if (text.len % 4 == 1 || text.len > cap) return -1;
    for (size_t at = 0; at < text.len; at++) {
        const char *digit = (const char *)memchr(digits, text.data[at], 64);
        if (!digit) return -1;
        bits = bits << 6 | (uint32_t)(digit - digits);
        if (at % 4 > 0) out[length++] = (uint8_t)(bits >> (6 - at % 4 * 2));
    }
    return (ssize_t)length;
}

bool http2_upgrade(http2 *h, const swo_request *request, swo_slice settings) {
    uint8_t payload[SETTINGS];
    ssize_t length = base64url(payload, sizeof payload, settings);
    int is_head = request->method.len == 4 && !memcmp(request->method.data, "HEAD", 4);
    if (length < 0 || nghttp2_session_upgrade2(h->session, payload, (size_t)length, is_head, NULL)) return false;
    stream *s = h->upgraded = open_stream(h, 1);
    if (!s) return false;
    cut(s->method, sizeof s->method, request->method.data, request->method.len);
    cut(s->path, sizeof s->path, request->target.data, request->target.len);
    s->is_complete = true;
    return nghttp2_session_set_stream_user_data(h->session, s->id, s) == 0;
}

bool http2_hold(http2 *h, swo_slice data) {
    return h->upgraded->end + data.len <= HELD && append(h->upgraded, data.data, data.len);
}

swo_slice http2_held(const http2 *h) { return slice(h->upgraded->content, h->upgraded->end); }
