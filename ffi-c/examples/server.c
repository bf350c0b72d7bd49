/* A server that speaks HTTP/1.1 and, to who asks for it, foo/2: lines, sent back in capitals, until QUIT.
 *
 *   server [PORT]        0 or none: a free one; it prints which
 *
 * One thread and poll(2). Each swo_conn lives inside the struct of its client. Writing waits for the peer, which a server
 * for strangers should not do. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <switchover.h>

enum { CLIENTS = 64, LINE = 65536 };

typedef struct client {
    int fd;          /* -1: nobody */
    int speaks_foo;  /* the connection has left HTTP */
    int is_over;     /* to be closed */
    char line[LINE]; /* what has come of a line in foo/2 */
    size_t length;
    swo_conn *conn;  /* points to `place`, or to the heap if this version needs more than that */
    uint64_t place[64];
} client;

static void write_all(client *c, const void *data, size_t length) {
    const char *from = (const char *)data;
    while (length > 0 && !c->is_over) {
        ssize_t sent = send(c->fd, from, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) c->is_over = 1;
        else from += sent, length -= (size_t)sent;
    }
}

/* foo/2: answers each whole line. A line longer than LINE is cut. */
static void hear_foo(client *c, const uint8_t *data, size_t length) {
    for (; length > 0 && !c->is_over; data++, length--) {
        if (*data != '\n') {
            if (c->length < LINE - 1) c->line[c->length++] = (char)toupper(*data);
            continue;
        }
        if (c->length > 0 && c->line[c->length - 1] == '\r') c->length--;
        if (c->length == 4 && !memcmp(c->line, "QUIT", 4)) c->is_over = 1;
        c->line[c->length++] = '\n';
        if (!c->is_over) write_all(c, c->line, c->length);
        c->length = 0;
    }
}

static void respond(client *c, uint32_t status, const char *text) {
    static const swo_slice foo = SWO_TEXT("foo/2");
    char length[24];
    uint8_t out[1024];
    size_t written;
    int digits = snprintf(length, sizeof length, "%zu", strlen(text));
    swo_field fields[2] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}, {SWO_TEXT("Content-Length"), {NULL, 0}}};
    fields[1].value.data = (const uint8_t *)length;
    fields[1].value.len = (size_t)digits;
    swo_response_head head = {status, {NULL, 0}, fields, 2};
    swo_advertise(c->conn, &foo, 1);
    if (swo_send_response(c->conn, &head, out, sizeof out, &written)) {
        c->is_over = 1;
        return;
    }
    write_all(c, out, written);
    /* Not after HEAD, for instance. */
    if (swo_wants_content(c->conn)
        && !swo_send_data(c->conn, (const uint8_t *)text, strlen(text), out, sizeof out, &written)) {
        write_all(c, out, written);
    }
}

/* The request is complete: foo/2 for who offers it, else a page. Declining needs no more than the page. */
static void answer(client *c) {
    static const swo_slice foo = SWO_TEXT("foo/2");
    swo_selection selection;
    uint8_t out[1024];
    size_t written;
    swo_request request;
    if (!swo_current_request(c->conn, &request) && request.method.len == 7 && !memcmp(request.method.data, "CONNECT", 7)) {
        respond(c, 501, "no tunnels here\n");
    } else if (swo_select(c->conn, &foo, 1, SWO_ORDER_CLIENT, &selection)) {
        respond(c, 200, "hello in HTTP/1.1\n");
    } else if (swo_accept(c->conn, &selection, NULL, 0, out, sizeof out, &written)) {
        c->is_over = 1;
    } else {
        write_all(c, out, written);
    }
}

static void switched(client *c, const swo_switched *switched) {
    char first[256];
    const swo_request *request = &switched->request;
    size_t written, shown = request->target.len < 200 ? request->target.len : 200;
    uint8_t *leftover = (uint8_t *)malloc(switched->leftover.len + 1);
    int length = snprintf(first, sizeof first, "foo/2 answers %.*s %.*s\n", (int)request->method.len,
                          (const char *)request->method.data, (int)shown, (const char *)request->target.data);
    c->speaks_foo = 1;
    write_all(c, first, (size_t)length);
    if (leftover && !swo_take_leftover(c->conn, leftover, switched->leftover.len + 1, &written)) {
        hear_foo(c, leftover, written);
    }
    free(leftover);
}

static void drive(client *c) {
    uint8_t out[256];
    size_t written;
    swo_event event;
    while (!c->is_over) {
        swo_result result = swo_next_event(c->conn, &event);
        if (result) {
            fprintf(stderr, "%s\n", swo_strerror(result));
            if (swo_error_status(result)) respond(c, swo_error_status(result), "this was no HTTP\n");
            c->is_over = 1;
            return;
        }
        switch (event.kind) {
        case SWO_EVENT_KIND_REQUEST:
            if (swo_owes_continue(c->conn)
                && !swo_send_informational(c->conn, 100, NULL, 0, out, sizeof out, &written)) {
                write_all(c, out, written);
            }
            break;
        case SWO_EVENT_KIND_END_OF_MESSAGE: answer(c); break;
        case SWO_EVENT_KIND_SWITCHED: switched(c, &event.u.switched); return;
        case SWO_EVENT_KIND_NEED_DATA: return;
        case SWO_EVENT_KIND_DATA: break;
        default: c->is_over = 1; /* closed, or paused for something that this server does not do */
        }
    }
}

static void readable(client *c) {
    uint8_t line[4096], *space = line;
    size_t cap = sizeof line;
    if (!c->speaks_foo && swo_recv_buffer(c->conn, 4096, &space, &cap)) {
        c->is_over = 1;
        return;
    }
    ssize_t got = recv(c->fd, space, cap, 0);
    if (c->speaks_foo) {
        if (got <= 0) c->is_over = 1;
        else hear_foo(c, line, (size_t)got);
        return;
    }
    if (got > 0) swo_recv_commit(c->conn, (size_t)got);
    else swo_receive_eof(c->conn, got == 0 ? SWO_END_CLEAN : SWO_END_TRUNCATED);
    drive(c);
}

static void begin(client *c, int fd) {
    memset(c, 0, sizeof *c);
    c->fd = fd;
    if (swo_conn_init(c->place, sizeof c->place, SWO_ROLE_SERVER, NULL, &c->conn)
        && swo_conn_new(SWO_ROLE_SERVER, NULL, &c->conn)) {
        c->is_over = 1;
    }
}

static void finish(client *c) {
    if ((void *)c->conn == (void *)c->place) swo_conn_deinit(c->conn);
    else swo_conn_free(c->conn);
    close(c->fd);
    c->fd = -1;
}

int main(int count, char **arguments) {
    static client clients[CLIENTS];
    struct pollfd polled[CLIENTS + 1];
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (swo_abi_version() != SWO_ABI_VERSION) return 3;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)(count > 1 ? atoi(arguments[1]) : 0));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16)
        || getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("server");
        return 1;
    }
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (int at = 0; at < CLIENTS; at++) clients[at].fd = -1;
    for (;;) {
        int free_one = -1;
        for (int at = 0; at < CLIENTS; at++) {
            polled[at].fd = clients[at].fd; /* poll leaves out what is below 0 */
            polled[at].events = POLLIN;
            polled[at].revents = 0;
            if (clients[at].fd < 0) free_one = at;
        }
        polled[CLIENTS].fd = free_one < 0 ? -1 : listener;
        polled[CLIENTS].events = POLLIN;
        polled[CLIENTS].revents = 0;
        if (poll(polled, CLIENTS + 1, -1) < 0 && errno != EINTR) return 1;
        for (int at = 0; at < CLIENTS; at++) {
            if (!polled[at].revents) continue;
            readable(&clients[at]);
            if (clients[at].is_over) finish(&clients[at]);
        }
        if (polled[CLIENTS].revents) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= 0) begin(&clients[free_one], fd);
        }
    }
}
