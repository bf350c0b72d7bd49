/* A client that sends a request in HTTP/1.1, offers h2c, and continues with nghttp2 (RFC 7540, section 3.2).
 *
 *   h2c_client PORT [TARGET]     `/` if not given
 *
 * Prints the response on stream 1; then sends the same request again, on stream 3. Also prints the response of a server
 * that stays with HTTP/1.1. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nghttp2/nghttp2.h>
#include <switchover.h>

/* One connection, from HTTP/1.1 to its last stream. */
typedef struct client {
    int fd;
    const char *target;
    swo_conn *conn;
    nghttp2_session *session;
    int32_t open; /* the stream whose response is awaited */
} client;

static swo_slice slice(const char *text) {
    swo_slice made = {(const uint8_t *)text, strlen(text)};
    return made;
}

static int send_all(int fd, const uint8_t *data, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        data += sent, length -= (size_t)sent;
    }
    return 0;
}

/* HTTP/2 after the switch, with nghttp2. */

static ssize_t on_send(nghttp2_session *session, const uint8_t *data, size_t length, int flags, void *user) {
    client *c = (client *)user;
    (void)session, (void)flags;
    return send_all(c->fd, data, length) ? (ssize_t)NGHTTP2_ERR_CALLBACK_FAILURE : (ssize_t)length;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t length, uint8_t flags, void *user) {
    (void)session, (void)flags, (void)user;
    if (name_length == 7 && !memcmp(name, ":status", 7))
        fprintf(stderr, "stream %d is answered: %.*s\n", frame->hd.stream_id, (int)length, (const char *)value);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t length,
                   void *user) {
    (void)session, (void)flags, (void)stream, (void)user;
    fwrite(data, 1, length, stdout);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *user) {
    client *c = (client *)user;
    (void)session;
    if (stream == c->open) c->open = 0;
    return error ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static nghttp2_nv field(const char *name, const char *value) {
    nghttp2_nv made = {(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
    return made;
}

/* Runs HTTP/2 until stream `open` has ended; `data` was received before. Returns 0, or 1 after an error. */
static int await_stream(client *c, const uint8_t *data, size_t length) {
    uint8_t space[16384];
    for (;;) {
        ssize_t got;
        if (length > 0 && nghttp2_session_mem_recv(c->session, data, length) < 0) return 1;
        if (nghttp2_session_send(c->session)) return 1;
        if (c->open == 0) return 0;
        got = recv(c->fd, space, sizeof space, 0);
        if (got <= 0) return 1;
        data = space, length = (size_t)got;
    }
}

/* Starts HTTP/2 with the offer's settings and the request as stream 1; then sends it again. Returns 1 on an error. */
static int speak_http2(client *c, const uint8_t *settings, size_t settings_length, swo_slice leftover) {
    nghttp2_nv request[] = {field(":method", "GET"), field(":scheme", "http"), field(":authority", "127.0.0.1"),
                            field(":path", c->target)};
    if (nghttp2_session_upgrade2(c->session, settings, settings_length, 0, NULL)) return 1;
    if (nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, NULL, 0)) return 1;
    c->open = 1;
    if (await_stream(c, leftover.data, leftover.len)) return 1;
    c->open = nghttp2_submit_request(c->session, NULL, request, 4, NULL, NULL);
    if (c->open < 0 || await_stream(c, NULL, 0)) return 1;
    nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR);
    return nghttp2_session_send(c->session) ? 1 : 0;
}

static int open_session(client *c) {
    nghttp2_session_callbacks *callbacks;
    int result;
    if (nghttp2_session_callbacks_new(&callbacks)) return 1;
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    result = nghttp2_session_client_new(&c->session, callbacks, c);
    nghttp2_session_callbacks_del(callbacks);
    return result;
}

/* The request and its response in HTTP/1.1. */

/* Encodes base64url without padding (RFC 4648, section 5). */
static void base64url(const uint8_t *data, size_t length, char *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned held = 0;
    while (length-- > 0) {
        bits = bits << 8 | *data++;
        for (held += 8; held >= 6; held -= 6) *out++ = digits[bits >> (held - 6) & 63];
    }
    if (held > 0) *out++ = digits[bits << (6 - held) & 63];
    *out = 0;
}

static int ask(client *c, const char *settings) {
    uint8_t out[2048];
    size_t written;
    /* The engine adds HTTP2-Settings to Connection, as required. */
    swo_field fields[] = {{slice("Host"), slice("127.0.0.1")}, {slice("HTTP2-Settings"), slice(settings)}};
    swo_request_head request = {slice("GET"), slice(c->target), fields, 2};
    swo_slice offer = slice("h2c");
    swo_result result = swo_send_request(c->conn, &request, &offer, 1, out, sizeof out, &written);
    if (result) {
        fprintf(stderr, "h2c_client: %s\n", swo_error_text(result));
        return 1;
    }
    return send_all(c->fd, out, written);
}

static int fill(client *c) {
    uint8_t *space;
    size_t cap;
    ssize_t got;
    if (swo_receive_buffer(c->conn, 4096, &space, &cap)) return 1;
    got = recv(c->fd, space, cap, 0);
    if (got > 0) swo_receive_commit(c->conn, (size_t)got);
    else swo_receive_eof(c->conn, got == 0 ? SWO_END_CLEAN : SWO_END_TRUNCATED);
    return 0;
}

static int hear(client *c, const uint8_t *settings, size_t length) {
    swo_event event;
    for (;;) {
        swo_result result = swo_next_event(c->conn, &event);
        if (result) {
            fprintf(stderr, "h2c_client: %s\n", swo_error_text(result));
            return 1;
        }
        switch (event.kind) {
        case SWO_EVENT_KIND_NEED_DATA:
            if (fill(c)) return 1;
            break;
        case SWO_EVENT_KIND_SWITCHED: return speak_http2(c, settings, length, event.u.switched.leftover);
        case SWO_EVENT_KIND_RESPONSE:
            fprintf(stderr, "%u, %s\n", event.u.response.status, swo_text(SWO_TABLE_WHY, swo_why(c->conn)));
            break;
        case SWO_EVENT_KIND_DATA: fwrite(event.u.data.data, 1, event.u.data.len, stdout); break;
        case SWO_EVENT_KIND_INFORMATIONAL: break;
        default: return 0; /* the message is complete, or the connection is closed */
        }
    }
}

static int open_socket(const char *port) {
    struct timeval timeout = {30, 0};
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

int main(int count, char **arguments) {
    nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100};
    uint8_t settings[64];
    char encoded[96];
    ssize_t length = nghttp2_pack_settings_payload(settings, sizeof settings, &entry, 1);
    client c = {-1, count > 2 ? arguments[2] : "/", NULL, NULL, 0};
    int status;
    if (count < 2 || length < 0) {
        fprintf(stderr, "usage: h2c_client PORT [TARGET]\n");
        return 2;
    }
    c.fd = open_socket(arguments[1]);
    if (c.fd < 0) {
        perror("h2c_client");
        return 1;
    }
    if (swo_conn_new(SWO_ROLE_CLIENT, NULL, &c.conn) || open_session(&c)) return 1;
    base64url(settings, (size_t)length, encoded);
    status = ask(&c, encoded) || hear(&c, settings, (size_t)length);
    nghttp2_session_del(c.session);
    swo_conn_free(c.conn);
    close(c.fd);
    return status;
}
