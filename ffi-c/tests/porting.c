/* The code of docs/porting.md, with the parts that it leaves out: a server whose transport is in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <switchover.h>

static int writer_moved, reader_moved;

struct client {
    swo_conn *conn;
    int closing, complete, is_head, says_keep_alive, late;
    char path[64], body[256];
    size_t body_len;
    swo_slice left; /* the rest of the current slice of content, for the pull parser */
    int is_read;    /* the content is at its end, for the pull parser */
    const char *in;
    size_t in_len, step;
    char out[4096];
    size_t out_len;
    const char *spoken;
};

static void put(struct client *client, const void *data, size_t len) {
    if (len > sizeof client->out - client->out_len) exit(1);
    memcpy(client->out + client->out_len, data, len);
    client->out_len += len;
}

static size_t get(struct client *client, void *into, size_t cap) {
    size_t len = client->in_len < client->step ? client->in_len : client->step;
    if (len > cap) len = cap;
    memcpy(into, client->in, len);
    client->in += len;
    client->in_len -= len;
    return len;
}

static uint8_t *space(struct client *client, size_t cap) {
    if (cap > sizeof client->out - client->out_len) exit(1);
    return (uint8_t *)client->out + client->out_len;
}

static void wrote(struct client *client, size_t written) { client->out_len += written; }

static int on_request(struct client *client, const swo_request *request);
static int on_body(struct client *client, swo_slice data);
static int on_complete(struct client *client);
static void reject(struct client *client, uint32_t status);
static void send_continue(struct client *client);
static void speak(struct client *client, swo_slice leftover);
static void write_response(struct client *client, unsigned status, const char *text);
static void answer(struct client *client, const char *text);

#include "porting-pump.inc"
#include "porting-copy.inc"
#include "porting-note.inc"
#include "porting-continue.inc"
#include "porting-respond.inc"
#include "porting-block.inc"
#include "porting-upgrade.inc"
#include "porting-read.inc"

/* Frees the connection and its client, as a callback of evhttp may, if the path is `at`; returns whether it did. */
static int frees(struct client *client, const char *at) {
    if (strcmp(client->path, at)) return 0;
    swo_conn_free(client->conn);
    free(client);
    return 1;
}

static int on_body(struct client *client, swo_slice data) {
    if (data.len > sizeof client->body - client->body_len) exit(1);
    memcpy(client->body + client->body_len, data.data, data.len);
    client->body_len += data.len;
    return frees(client, "/body");
}

static void speak(struct client *client, swo_slice leftover) {
    static char rest[64];
    size_t len;
    put(client, leftover.data, leftover.len);
    while ((len = get(client, rest, sizeof rest))) put(client, rest, len);
    client->closing = 1;
}

static void answer(struct client *client, const char *text) {
    if (writer_moved) respond(client, 200, text);
    else write_response(client, 200, text);
}

static int on_complete(struct client *client) {
    char text[1400];
    if (frees(client, "/complete")) return 1;
    if (!strcmp(client->path, "/upgrade") && try_upgrade(client)) return 0;
    if (!strcmp(client->path, "/late")) {
        client->late++;
        return 0;
    }
    if (!strcmp(client->path, "/missing")) {
        write_response(client, 404, "");
        return 0;
    }
    if (!strcmp(client->path, "/html")) {
        respond_html(client, "<p>");
        return 0;
    }
    if (!strcmp(client->path, "/long")) {
        memset(text, 'x', 1200);
        text[1200] = 0;
        respond(client, 200, text);
        return 0;
    }
    sprintf(text, "%s %.*s", client->path, (int)client->body_len, client->body);
    answer(client, text);
    return 0;
}

/* Serves a client with the three functions of docs/porting.md that pull a request and its content. */
static void serve_pulling(struct client *client) {
    char piece[8];
    int got;
    while (next_request(client) == 1) {
        swo_slice data;
        if (!strcmp(client->path, "/missing")) {
            on_complete(client);
            continue;
        }
        /* A handler that reads some of the content, and one that is drained after its response. */
        if (!strcmp(client->path, "/some") && read_content(client, piece, 2) < 1) exit(1);
        if (!strcmp(client->path, "/some") || !strcmp(client->path, "/drained")) {
            on_complete(client);
            if (!strcmp(client->path, "/some")) continue;
            while (read_content(client, piece, sizeof piece) > 0) continue;
            if (read_content(client, piece, sizeof piece)) exit(1);
            continue;
        }
        while ((got = read_content(client, piece, sizeof piece)) > 0) {
            data.data = (const uint8_t *)piece;
            data.len = (size_t)got;
            on_body(client, data);
        }
        if (got < 0) break;
        on_complete(client);
    }
}

static int serve_pushing(struct client *client) {
    uint8_t data[512];
    size_t len = 0;
    while (!client->closing && (len = get(client, data, sizeof data))) {
        int after = feed(client, data, len);
        if (after == FREED) return FREED;
        if (after == LEAVE) client->closing = 1;
    }
    /* The response to `/late` is sent after all input was read. */
    if (client->late) {
        answer(client, client->late == 1 ? "late" : "asked twice");
        if (pump(client)) client->closing = 1;
    }
    if (!client->closing) {
        swo_receive_eof(client->conn, SWO_END_CLEAN);
        pump(client);
    }
    return LEAVE;
}

/* Serves a request whose callback frees the connection; returns 0 if it did. The sanitizer reports use after free. */
static int freed_by(const char *request) {
    struct client *client = (struct client *)calloc(1, sizeof *client);
    if (!client || swo_conn_new(SWO_ROLE_SERVER, NULL, &client->conn)) exit(1);
    client->in = request;
    client->in_len = strlen(request);
    client->step = client->in_len;
    return serve_pushing(client) != FREED;
}

static int exchange_by(size_t step, const char *request, const char *wanted) {
    static struct client client;
    memset(&client, 0, sizeof client);
    client.in = request;
    client.in_len = strlen(request);
    client.step = step;
    if (swo_conn_new(SWO_ROLE_SERVER, NULL, &client.conn)) exit(1);
    if (reader_moved) serve_pulling(&client);
    else serve_pushing(&client);
    swo_conn_free(client.conn);
    client.out[client.out_len] = 0;
    if (!strcmp(client.out, wanted)) return 0;
    printf("to %s\nwith %u bytes at a time:\n%s\n", request, (unsigned)step, client.out);
    return 1;
}

static int exchange(const char *request, const char *wanted) {
    int failed = 0;
    for (size_t step = 1; step < 128; step += step < 4 ? 1 : 40) failed |= exchange_by(step, request, wanted);
    return failed;
}

int main(void) {
    static const char lines[] = "Server: example\r\nX-Frame-Options: DENY\r\n";
    int failed = 0;
    if (swo_block_new((const uint8_t *)lines, sizeof lines - 1, &common)) return 1;
    for (int turn = 0; turn < 4; turn++) {
        writer_moved = turn & 1;
        reader_moved = turn >> 1;
        failed |= exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                           writer_moved ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n/a "
                                          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n/b "
                                        : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n/a "
                                          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n/b ");
        failed |= exchange("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                           "2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n",
                           writer_moved ? "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n/a hello"
                                        : "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n/a hello");
        failed |= exchange("POST /missing HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789"
                           "POST /a HTTP/1.0\r\nContent-Length: 20\r\n\r\n01234567890123456789",
                           writer_moved ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                          "HTTP/1.1 200 OK\r\nContent-Length: 23\r\nConnection: close\r\n\r\n"
                                          "/a 01234567890123456789"
                                        : "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 23\r\n\r\n"
                                          "/a 01234567890123456789");
        failed |= exchange("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /missing HTTP/1.0\r\n\r\n",
                           writer_moved ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n/a "
                                          "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                                        : "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n/a "
                                          "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        failed |= exchange("HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                           writer_moved ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
                                        : "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n");
        failed |= exchange("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                           "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        failed |= exchange("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: bar, foo/2\r\n\r\nearly",
                           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: Upgrade\r\n\r\nearly");
        failed |= exchange("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: TLS/1.2\r\n\r\n",
                           writer_moved
                               ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n/upgrade "
                               : "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n/upgrade ");
    }
    failed |= exchange("GET /html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                       "HTTP/1.1 200 OK\r\nServer: example\r\nX-Frame-Options: DENY\r\nContent-Type: text/html\r\n"
                       "Content-Length: 3\r\nConnection: close\r\n\r\n<p>");
    /* What a handler did not read is not the next request's content, and reading on takes no event of it. */
    reader_moved = 1;
    failed |= exchange("POST /some HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                       "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nyo"
                       "POST /drained HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                       "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nyo",
                       "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n/some "
                       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n/a yo"
                       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n/drained "
                       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n/a yo");
    /* A request gets its response later, while more input is read. */
    reader_moved = 0;
    failed |= exchange("GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                       "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"
                       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n/b ");
    writer_moved = 1;
    for (const char *const *path = (const char *const[]){"/body", "/complete", NULL}; *path; path++) {
        char request[100];
        sprintf(request, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nHost: a\r\n\r\n", *path);
        failed |= freed_by(request);
    }
    /* A response that needs more space than the first buffer. */
    {
        static char wanted[1400] = "HTTP/1.1 200 OK\r\nContent-Length: 1200\r\nConnection: close\r\n\r\n";
        memset(wanted + strlen(wanted), 'x', 1200);
        failed |= exchange("GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", wanted);
    }
    /* A client that waits for its 100 gets it before it sends content; one that does not wait gets none. */
    for (reader_moved = 0; reader_moved < 2; reader_moved++) {
        const char *request = "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                              "Connection: close\r\n\r\nhi";
        const char *wanted = "HTTP/1.1 100 Continue\r\n\r\n"
                             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n/a hi";
        failed |= exchange_by(1, request, wanted);
        failed |= exchange_by(strlen(request), request, wanted + 25);
    }
    swo_block_free(common);
    return failed;
}
