/* A server for HTTP/1.1 and, if a client offers it, foo/2: it sends lines back in upper case, until QUIT.
 *
 *   server [PORT [SECONDS]]     0 or none: a free port, which it prints; SECONDS that a client may take for a head, for
 *                               content or to read (30); an idle one has twice as long
 *
 * One thread, poll(2), clients' sockets that do not block. Each swo_conn is inside the struct of its client. The output of
 * one round is sent at once; a client that does not read is not read from. `/later` gets its response after a moment. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <switchover.h>

enum {
    CLIENTS = 2000,
    READ = 4096,        /* bytes of one recv(2) */
    LINE = 65536,       /* maximum length of a line of foo/2; a longer one is truncated */
    OUT = 524288,       /* maximum number of unsent bytes */
    ROOM = 262144,      /* maximum output for one event: the leftover of foo/2 in upper case, and a line */
    ANSWER = 1024,      /* maximum size of an HTTP response */
    CONTENT = 1 << 20,  /* maximum content of a request, in bytes */
    LATER = 200,        /* milliseconds until the response to `/later` */
    PAUSE = 100,        /* milliseconds until accept(2) is tried again after a failure */
    LINGER_MAX = 4000,      /* milliseconds of lingering after the last response at most, */
    LINGER_IDLE = 1000,     /* milliseconds without a byte at most, */
    LINGER_BYTES = 1 << 20  /* and discarded bytes at most */
};

typedef struct client {
    int fd;
    int speaks_foo; /* the connection has switched to foo/2 */
    int is_over;    /* the output is complete: unsent bytes are sent, then the connection is closed */
    int is_shut;    /* half-closed; input is discarded until the client's EOF */
    int is_gone;    /* the client is to be freed */
    int64_t deadline; /* time at which a client that is too slow is closed */
    uint32_t awaited; /* what the deadline is for, SWO_AWAITING_* */
    int64_t lingers;  /* time at which lingering ends at the latest */
    size_t dropped;   /* bytes discarded while lingering */
    int64_t due;      /* time of the response to the complete request; 0: no such request */
    uint32_t status;  /* status and delay of the response, stored because the engine does not keep the request */
    int delay;
    char *line;       /* the received part of a line of foo/2; LINE bytes, allocated at the switch */
    size_t length;
    uint8_t *out;     /* unsent bytes; NULL for an idle client */
    size_t waiting, capacity;
    swo_conn *conn;   /* points to `place` */
    uint64_t place[SWO_CONN_SIZE_MAX / sizeof(uint64_t)];
} client;

static int64_t now, timeout = 30000; /* milliseconds; `now` is read once in each round of the loop */

static int64_t clock_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Deadlines. The first byte of a request, the rest of its head and its content each have one. Each byte of content that is
 * received, and each byte that is sent, extends the deadline by a millisecond, to at most `timeout` from now, and never
 * shortens an idle timeout: a client with one byte per second is closed, one with many bytes is not. */

static void expect(client *c, int is_new) {
    uint32_t awaited = swo_awaiting(c->conn);
    if (c->speaks_foo) awaited = SWO_AWAITING_REQUEST;
    if (c->is_shut || (!is_new && awaited == c->awaited)) return;
    c->awaited = awaited;
    c->deadline = now + (awaited == SWO_AWAITING_REQUEST ? 2 * timeout : timeout);
}

static void earned(client *c, size_t bytes) {
    if (c->deadline >= now + timeout) return;
    c->deadline += (int64_t)bytes;
    if (c->deadline > now + timeout) c->deadline = now + timeout;
}

/* Writing. The engine writes into `out` after the unsent bytes. */

static size_t room(const client *c) { return OUT - c->waiting; }

/* Returns space for `length` bytes of output; NULL without memory or room, and then the connection is closed. */
static uint8_t *space(client *c, size_t length) {
    size_t capacity = 2 * (c->waiting + length);
    if (length <= room(c) && c->waiting + length > c->capacity) {
        uint8_t *grown = (uint8_t *)realloc(c->out, capacity);
        if (grown) c->out = grown, c->capacity = capacity;
    }
    if (c->waiting + length <= c->capacity) return c->out + c->waiting;
    c->is_over = 1;
    return NULL;
}

static void wrote(client *c, swo_result result, size_t written) {
    if (result) c->is_over = 1;
    else c->waiting += written;
}

static void write_text(client *c, const void *text, size_t length) {
    uint8_t *out = space(c, length);
    if (!out) return;
    memcpy(out, text, length);
    c->waiting += length;
}

/* Makes close(2) reset the connection. After a FIN, output that was sent in part could seem complete. */
static void reset_at_close(const client *c) {
    static const struct linger none = {1, 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

/* Ends the output and closes. Closing with unread bytes could make the client lose the last response: if the engine says
 * so, the sending side is closed first, and input is discarded for a while (RFC 9112, section 9.6). */
static void leave(client *c) {
    uint32_t closing = swo_closing(c->conn);
    /* The engine knows nothing of what foo/2 has sent; that is not to be lost either. */
    if (c->speaks_foo) closing = SWO_CLOSING_LINGER;
    if (closing == SWO_CLOSING_RESET) reset_at_close(c);
    if (closing != SWO_CLOSING_LINGER) {
        c->is_gone = 1;
        return;
    }
    shutdown(c->fd, SHUT_WR);
    c->is_shut = 1;
    c->lingers = now + LINGER_MAX;
    c->deadline = now + LINGER_IDLE;
}

static void flush(client *c) {
    if (c->waiting > 0) {
        ssize_t sent = send(c->fd, c->out, c->waiting, MSG_NOSIGNAL);
        if (sent < 0) {
            c->is_gone = errno != EAGAIN && errno != EINTR;
            return;
        }
        c->waiting -= (size_t)sent;
        memmove(c->out, c->out + sent, c->waiting);
        earned(c, (size_t)sent);
    }
    if (c->waiting > 0) return;
    free(c->out);
    c->out = NULL;
    c->capacity = 0;
    if (c->is_over && !c->is_shut) leave(c);
}

/* The protocol foo/2, after a switch. */

static void hear_foo(client *c, const uint8_t *data, size_t length) {
    for (; length > 0 && !c->is_over; data++, length--) {
        if (*data != '\n') {
            if (c->length < LINE - 1) c->line[c->length++] = (char)toupper(*data);
            continue;
        }
        if (c->length > 0 && c->line[c->length - 1] == '\r') c->length--;
        if (c->length == 4 && !memcmp(c->line, "QUIT", 4)) c->is_over = 1;
        c->line[c->length++] = '\n';
        if (!c->is_over) write_text(c, c->line, c->length);
        c->length = 0;
        expect(c, 1);
    }
}

static void switched(client *c, const swo_switched *switched) {
    char first[256];
    const swo_request *request = &switched->request;
    size_t shown = request->target.len < 200 ? request->target.len : 200;
    int length = snprintf(first, sizeof first, "foo/2 answers %.*s %.*s\n", (int)request->method.len,
                          (const char *)request->method.data, (int)shown, (const char *)request->target.data);
    c->speaks_foo = 1;
    c->line = (char *)malloc(LINE);
    if (!c->line) {
        c->is_over = 1;
        return;
    }
    expect(c, 1);
    write_text(c, first, (size_t)length);
    /* HTTP does not resume, so swo_take_leftover is not needed for the first bytes of foo/2. */
    hear_foo(c, switched->leftover.data, switched->leftover.len);
}

/* Requests and responses in HTTP/1.1. */

static int is(swo_slice text, const char *word) {
    return text.len == strlen(word) && !memcmp(text.data, word, text.len);
}

static void respond(client *c, uint32_t status, const char *text) {
    static const swo_slice foo = SWO_TEXT("foo/2");
    static const swo_field fields[] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}};
    swo_response_head head = {status, {NULL, 0}, fields, 1};
    size_t written = 0;
    uint8_t *out = space(c, ANSWER);
    if (!out) return;
    swo_advertise(c->conn, &foo, 1);
    swo_result result = swo_respond(c->conn, &head, (const uint8_t *)text, strlen(text), out, ANSWER, &written);
    wrote(c, result, written);
}

/* Sends the connection's last response, unless a response has begun, and ends the output. */
static void refuse(client *c, uint32_t status, const char *text) {
    static const swo_field fields[] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}};
    swo_response_head head = {status, {NULL, 0}, fields, 1};
    size_t written = 0;
    uint8_t *out = space(c, ANSWER);
    if (!out) return;
    swo_result result = swo_reject(c->conn, &head, (const uint8_t *)text, strlen(text), out, ANSWER, &written);
    wrote(c, result, written);
    c->is_over = 1;
}

/* Accepts foo/2 if the request offers it with a known method, else sends a text, which also declines any offer. */
static void answer(client *c) {
    static const swo_slice foo = SWO_TEXT("foo/2");
    swo_selection selection;
    size_t written = 0;
    if (c->status != 200) {
        respond(c, c->status, "GET, HEAD and POST is what this server knows\n");
    } else if (swo_select(c->conn, &foo, 1, SWO_ORDER_CLIENT, &selection)) {
        respond(c, 200, "hello in HTTP/1.1\n");
    } else {
        uint8_t *out = space(c, ANSWER);
        if (!out) return;
        swo_result result = swo_accept(c->conn, &selection, NULL, 0, out, ANSWER, &written);
        wrote(c, result, written);
    }
}

/* Stores what the response will need, and sends the 100 without which some clients send no content. */
static void begin_request(client *c, const swo_request *request) {
    size_t written = 0;
    int is_known = is(request->method, "GET") || is(request->method, "HEAD") || is(request->method, "POST");
    c->status = is_known ? 200 : 501;
    c->delay = is(request->target, "/later") ? LATER : 0;
    if (swo_owes(c->conn) != SWO_OWES_CONTINUE) return;
    swo_response_head head = {100, {NULL, 0}, NULL, 0};
    uint8_t *out = space(c, ANSWER);
    if (!out) return;
    swo_result result = swo_send_informational(c->conn, &head, out, ANSWER, &written);
    wrote(c, result, written);
}

/* Handles events until input, the time of `/later`, or room for output is needed. Returns 1 if room is needed. */
static int drive(client *c) {
    swo_event event;
    while (!c->is_over && !c->speaks_foo && room(c) >= ROOM) {
        swo_result result = swo_next_event(c->conn, &event);
        if (result) {
            fprintf(stderr, "%s\n", swo_error_text(result));
            refuse(c, swo_error_status(result), "this was no HTTP\n");
            return 0;
        }
        switch (event.kind) {
        case SWO_EVENT_KIND_REQUEST:
            expect(c, 1);
            begin_request(c, &event.u.request);
            break;
        case SWO_EVENT_KIND_DATA: break; /* content that this server does not use */
        case SWO_EVENT_KIND_END_OF_MESSAGE: expect(c, 1); break;
        case SWO_EVENT_KIND_PAUSED:
            if (event.u.paused == SWO_PAUSED_CLOSED) {
                c->is_over = 1;
                return 0;
            }
            /* The server has to respond, later to `/later`: the engine returns this pause again. After the response
             * the next event is handled before the next recv(2), because more requests may wait in the engine. */
            if (c->due == 0) c->due = now + c->delay;
            if (c->due > now) return 0;
            c->due = 0;
            answer(c);
            break;
        case SWO_EVENT_KIND_SWITCHED: switched(c, &event.u.switched); return 0;
        default: return 0; /* more bytes are needed */
        }
    }
    return room(c) < ROOM;
}

static void readable(client *c) {
    uint8_t bytes[READ], *data = bytes;
    size_t cap = sizeof bytes;
    int is_http = !c->is_over && !c->speaks_foo;
    if (is_http && swo_receive_buffer(c->conn, READ, &data, &cap)) {
        c->is_over = 1;
        return;
    }
    ssize_t got = recv(c->fd, data, cap, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got > 0 && c->is_shut) {
        c->deadline = now + LINGER_IDLE < c->lingers ? now + LINGER_IDLE : c->lingers;
        c->dropped += (size_t)got;
        c->is_gone = c->dropped > LINGER_BYTES;
        return;
    }
    if (got > 0 && !c->speaks_foo && c->awaited == SWO_AWAITING_CONTENT) earned(c, (size_t)got);
    if (c->is_over || (got < 0 && c->speaks_foo)) c->is_gone = got <= 0;
    else if (c->speaks_foo && got == 0) c->is_over = 1;
    else if (c->speaks_foo) hear_foo(c, data, (size_t)got);
    else if (got > 0) swo_receive_commit(c->conn, (size_t)got);
    else swo_receive_eof(c->conn, got == 0 ? SWO_END_CLEAN : SWO_END_TRUNCATED);
}

/* Returns the events to poll for. A client that does not read, or whose response is due later, is not read from. */
static short wanted(const client *c) {
    if (c->waiting > 0) return POLLOUT;
    return c->due > now ? 0 : POLLIN;
}

/* Handles an expired deadline: a 408 to an unfinished request; any other client is just disconnected. */
static void give_up(client *c) {
    if (c->is_shut || c->waiting > 0 || c->speaks_foo || c->awaited == SWO_AWAITING_REQUEST) {
        c->is_gone = 1;
        return;
    }
    refuse(c, 408, "the rest of your request did not come\n");
    flush(c);
    if (!c->is_shut) c->deadline = now + timeout;
}

static void turn(client *c, short events) {
    if (events & (POLLERR | POLLNVAL)) c->is_gone = 1;
    else if (events & (POLLIN | POLLHUP)) readable(c);
    int is_full;
    do {
        is_full = drive(c);
        flush(c);
    } while (is_full && room(c) >= ROOM && !c->is_gone);
    if (!c->is_gone && !c->is_over) expect(c, 0);
    if (c->deadline <= now) give_up(c);
}

/* Connections, the listening socket and the poll loop. */

static client *begin(int fd) {
    int yes = 1, unsent = 131072;
    swo_config config;
    client *c = (client *)calloc(1, sizeof *c);
    swo_config_init(&config, sizeof config);
    config.content = CONTENT;
    if (!c || swo_conn_init(c->place, sizeof c->place, SWO_ROLE_SERVER, &config, &c->conn)) {
        free(c);
        close(fd);
        return NULL;
    }
    c->fd = fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    /* Output is already sent in large pieces, so Nagle's algorithm would only delay it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
#ifdef TCP_NOTSENT_LOWAT
    /* Without this, a slow reader looks like one that reads nothing, until much of the socket's send buffer is free. */
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
#endif
    expect(c, 1);
    return c;
}

static void finish(client *c) {
    if (c->waiting > 0) reset_at_close(c);
    swo_conn_deinit(c->conn);
    close(c->fd);
    free(c->line);
    free(c->out);
    free(c);
}

static int open_listener(uint16_t port) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, SOMAXCONN)
        || getsockname(listener, (struct sockaddr *)&address, &size)) {
        return -1;
    }
    /* If a client disconnects before it is accepted, accept(2) must not block until the next one. */
    fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void serve(int listener) {
    static client *clients[CLIENTS];
    static struct pollfd polled[CLIENTS + 1];
    int64_t accept_at = 0; /* after a failure, such as no free descriptors, the readable listener is ignored until then */
    int count = 0;
    for (;;) {
        int64_t wake = accept_at > now ? accept_at : now + timeout;
        for (int at = 0; at < count; at++) {
            client *c = clients[at];
            polled[at].fd = c->fd;
            polled[at].events = wanted(c);
            if (c->deadline < wake) wake = c->deadline;
            if (c->due > now && c->due < wake) wake = c->due;
        }
        polled[count].fd = count < CLIENTS && accept_at <= now ? listener : -1; /* poll(2) ignores negative descriptors */
        polled[count].events = POLLIN;
        int ready = poll(polled, (nfds_t)count + 1, wake > now ? (int)(wake - now) : 0);
        now = clock_now();
        if (ready < 0 && errno != EINTR) return;
        int may_accept = ready > 0 && polled[count].revents;
        for (int at = count - 1; at >= 0; at--) {
            client *c = clients[at];
            int is_due = (c->due > 0 && c->due <= now) || c->deadline <= now;
            if ((ready > 0 && polled[at].revents) || is_due) {
                turn(c, ready > 0 ? polled[at].revents : 0);
            }
            if (!c->is_gone) continue;
            finish(c);
            clients[at] = clients[--count];
        }
        if (!may_accept) continue;
        int fd = accept(listener, NULL, NULL);
        client *c = fd < 0 ? NULL : begin(fd);
        if (c) clients[count++] = c;
        else if (errno != EAGAIN && errno != EINTR) accept_at = now + PAUSE;
    }
}

int main(int count, char **arguments) {
    if (swo_abi_version() != SWO_ABI_VERSION) return 3;
    if (count > 2) timeout = atoi(arguments[2]) * (int64_t)1000;
    now = clock_now();
    int listener = open_listener((uint16_t)(count > 1 ? atoi(arguments[1]) : 0));
    if (listener >= 0) serve(listener);
    perror("server");
    return 1;
}
