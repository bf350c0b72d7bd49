/* An HTTP/1.1 server that responds later: threads do the work while the loop continues, and it responds when they end.
 *
 *   poll [PORT [SECONDS]]     0 or none: a free port, which it prints; SECONDS that a client may take for a head,
 *                             for content or to read (30); an idle one has twice as long
 *
 *   GET /            a text, immediately
 *   GET /later?WHO   a text for WHO after a while, or a 403 for `mallory`. To a client that offers line/1, the text is one
 *                    line in that protocol, and then the connection ends
 *   POST /count      how many bytes the content has, or a 413 for more than COUNTED, if possible before they are sent
 *
 * One thread has all connections and waits in poll(2). Each job has a thread that uses only the job and a pipe. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <switchover.h>

enum {
    CLIENTS = 1000,
    JOBS = 64,         /* jobs at a time */
    COUNTED = 1 << 20, /* bytes of content */
    READ = 4096,       /* bytes of one recv(2) */
    OUT = 16384,       /* size of the buffer of unsent bytes */
    ROOM = 1024,       /* maximum output for one event, in bytes */
    WORK = 200,        /* milliseconds that a job takes */
    LINGER_MAX = 4000,      /* milliseconds of lingering after the last response at most, */
    LINGER_IDLE = 1000,     /* milliseconds without a byte at most, */
    LINGER_BYTES = 1 << 20, /* and discarded bytes at most */
    PAUSE = 100        /* milliseconds until accept(2) is tried again after a failure */
};

typedef struct client client;

/* A job. Its thread uses only `who` and `status`, until it writes the job's pointer to the pipe `done`. */
typedef struct job {
    client *owner; /* NULL: the client needs the result no more */
    pthread_t thread;
    int is_done;
    uint32_t status; /* the result: a status */
    char who[64];
} job;

struct client {
    int fd;
    int is_over;   /* the output is complete: unsent bytes are sent, then the connection is closed */
    int is_shut;   /* half-closed; input is discarded until the client's EOF */
    int is_gone;   /* the client is to be freed */
    int has_ended; /* the client's EOF was received */
    int64_t shut_at;
    size_t dropped; /* bytes discarded since `is_shut` */
    int64_t since; /* time of the client's last progress */

    /* The state of the request that has no response yet. */
    void (*answer)(client *c); /* responds if that is possible now; NULL: no such request */
    int is_complete, offers_line;
    swo_selection selection;
    uint64_t counted;
    job *work;

    swo_conn *conn;
    uint8_t out[OUT];
    size_t waiting;
};

static int64_t now, timeout = 30000; /* milliseconds; `now` is read once in each round of the loop */
static int done[2];                   /* a pipe with the pointers of finished jobs, and NULL to stop the server */
static int jobs;

static int64_t clock_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Extends the deadline by a millisecond for each byte: a client with one byte per second is closed, one with many is not. */
static void earned(client *c, size_t bytes) {
    c->since += (int64_t)bytes;
    if (c->since > now) c->since = now;
}

/* Starting, leaving and ending jobs. */

static void *decide(void *of) {
    job *j = (job *)of;
    struct timespec work = {0, WORK * 1000000L}; /* stands for a database, a file, another server */
    nanosleep(&work, NULL);
    j->status = strcmp(j->who, "mallory") ? 200 : 403;
    while (write(done[1], &j, sizeof j) < 0 && errno == EINTR) continue;
    return NULL;
}

static job *begin_job(client *c, swo_slice who) {
    job *j = jobs < JOBS ? (job *)calloc(1, sizeof *j) : NULL;
    if (!j) return NULL;
    j->owner = c;
    /* A copy: slices of the event are invalid after the next event. */
    if (who.len > 0) memcpy(j->who, who.data, who.len < sizeof j->who ? who.len : sizeof j->who - 1);
    if (pthread_create(&j->thread, NULL, decide, j)) {
        free(j);
        return NULL;
    }
    jobs++;
    return j;
}

static void leave_job(client *c) {
    if (c->work && c->work->is_done) free(c->work);
    else if (c->work) c->work->owner = NULL; /* the thread still uses it; end_job frees it */
    c->work = NULL;
}

/* Ends a finished job, and returns its client; NULL if that has disconnected or got another response. */
static client *end_job(job *j) {
    client *owner = j->owner;
    pthread_join(j->thread, NULL);
    jobs--;
    j->is_done = 1;
    if (!owner) free(j);
    return owner;
}

/* Writing. The engine writes into `out` after the unsent bytes; if it returns an error, the output ends. */

static uint8_t *space(client *c) { return c->out + c->waiting; }
static size_t room(const client *c) { return OUT - c->waiting; }

static void wrote(client *c, swo_result result, size_t written) {
    if (result) c->is_over = 1;
    else c->waiting += written;
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
    /* Half-closes: closing with unread bytes could make the client lose the last response (RFC 9112, section 9.6). */
    if (c->is_over && !c->is_shut && c->waiting == 0) {
        shutdown(c->fd, SHUT_WR);
        c->is_shut = 1;
        c->shut_at = c->since = now;
    }
}

/* Forgets a request whose response is complete, and begins the deadline for the client's next bytes. */
static void answered(client *c) {
    leave_job(c);
    c->answer = NULL;
    c->since = now;
}

static void respond(client *c, uint32_t status, const char *text, const swo_field *more) {
    swo_field fields[2] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}, {{NULL, 0}, {NULL, 0}}};
    swo_response_head head = {status, {NULL, 0}, fields, more ? 2u : 1u};
    size_t written = 0;
    if (more) fields[1] = *more;
    /* Content is discarded up to a limit; if more is announced, the response says that the connection closes. */
    if (!c->is_complete) swo_skip_content(c->conn);
    swo_result result = swo_respond(c->conn, &head, (const uint8_t *)text, strlen(text), space(c), room(c), &written);
    wrote(c, result, written);
    answered(c);
}

/* The routes: each gets the head of a request, and responds at once or stores a function in `answer`. */

static void begin_text(client *c, const swo_request *request) {
    (void)request;
    respond(c, 200, "at once\n", NULL);
}

static void answer_later(client *c) {
    char text[128];
    size_t written = 0;
    if (!c->is_complete || !c->work->is_done) return;
    int length = snprintf(text, sizeof text, "%s for %s\n", c->work->status == 200 ? "later," : "not", c->work->who);
    if (c->work->status != 200 || !c->offers_line) {
        respond(c, c->work->status, text, NULL);
        return;
    }
    swo_result result = swo_accept(c->conn, &c->selection, NULL, 0, space(c), room(c), &written);
    wrote(c, result, written);
    memcpy(space(c), text, (size_t)length);
    if (!result) c->waiting += (size_t)length; /* the new protocol begins after the 101, and not without it */
    c->is_over = 1;
    answered(c);
}

static void begin_later(client *c, const swo_request *request) {
    static const swo_slice line = SWO_TEXT("line/1");
    static const swo_field retry = {SWO_TEXT("Retry-After"), SWO_TEXT("1")};
    swo_slice who = {NULL, 0};
    swo_target_query(request, &who);
    c->offers_line = request->offer_count > 0 && !swo_select(c->conn, &line, 1, SWO_ORDER_CLIENT, &c->selection);
    c->work = begin_job(c, who);
    if (c->work) c->answer = answer_later;
    else respond(c, 503, "too much to decide\n", &retry);
}

static void answer_count(client *c) {
    char text[32];
    snprintf(text, sizeof text, "%llu bytes\n", (unsigned long long)c->counted);
    if (c->counted > COUNTED) respond(c, 413, "that is too much\n", NULL);
    else if (c->is_complete) respond(c, 200, text, NULL);
}

static void begin_count(client *c, const swo_request *request) {
    swo_content_left left = {SWO_CONTENT_NONE, 0};
    (void)request;
    swo_content(c->conn, &left);
    c->answer = answer_count;
    if (left.kind != SWO_CONTENT_LENGTH || left.len <= COUNTED) return;
    swo_close_after_response(c->conn); /* to avoid receiving all the content */
    respond(c, 413, "that would be too much\n", NULL);
}

static int is(swo_slice text, const char *word) {
    return text.len == strlen(word) && !memcmp(text.data, word, text.len);
}

static void begin_request(client *c, const swo_request *request) {
    static const struct route {
        const char *path;
        int has_content;
        void (*begin)(client *c, const swo_request *request);
    } routes[] = {{"/", 0, begin_text}, {"/later", 0, begin_later}, {"/count", 1, begin_count}};
    static const swo_field allow[] = {{SWO_TEXT("Allow"), SWO_TEXT("GET, HEAD")},
                                      {SWO_TEXT("Allow"), SWO_TEXT("POST")}};
    int reads = is(request->method, "GET") || is(request->method, "HEAD"), writes = is(request->method, "POST");
    swo_slice path = {NULL, 0};
    swo_target_path(request, &path);
    c->is_complete = 0;
    c->counted = 0;
    if (!reads && !writes) {
        respond(c, 501, "GET, HEAD and POST is what this server knows\n", NULL); /* also to CONNECT */
        return;
    }
    for (const struct route *at = routes; at < routes + sizeof routes / sizeof *routes; at++) {
        if (!is(path, at->path)) continue;
        if (at->has_content == writes) at->begin(c, request);
        else respond(c, 405, "not so\n", &allow[at->has_content]);
        return;
    }
    respond(c, 404, "not here\n", NULL);
}

/* Handling the events of HTTP/1.1. */

/* Sends a 100, without which some clients do not send their content; not after a response. */
static void send_continue(client *c) {
    swo_response_head head = {100, {NULL, 0}, NULL, 0};
    size_t written = 0;
    if (swo_owes(c->conn) != SWO_OWES_CONTINUE) return;
    swo_result result = swo_send_informational(c->conn, &head, space(c), room(c), &written);
    wrote(c, result, written);
}

/* Sends the connection's last response, unless a response has begun, and ends the output. */
static void reject(client *c, uint32_t status, const char *text) {
    swo_field fields[] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}};
    swo_response_head head = {status, {NULL, 0}, fields, 1};
    size_t written = 0;
    swo_result result = swo_reject(c->conn, &head, (const uint8_t *)text, strlen(text), space(c), room(c), &written);
    wrote(c, result, written);
    leave_job(c);
    c->answer = NULL;
    c->is_over = 1;
}

/* Handles events until more bytes or a job's result are needed. Returns 1 if `out` needs more room. */
static int drive(client *c) {
    swo_event event;
    while (!c->is_over && room(c) >= ROOM) {
        swo_result result = swo_next_event(c->conn, &event);
        if (result) {
            reject(c, swo_error_status(result), swo_error_text(result));
            return 0;
        }
        switch (event.kind) {
        case SWO_EVENT_KIND_REQUEST:
            c->since = now;
            begin_request(c, &event.u.request);
            break;
        case SWO_EVENT_KIND_DATA:
            earned(c, event.u.data.len);
            c->counted += event.u.data.len;
            if (c->answer) c->answer(c);
            break;
        case SWO_EVENT_KIND_END_OF_MESSAGE:
            c->since = now;
            c->is_complete = 1;
            if (c->answer) c->answer(c);
            break;
        case SWO_EVENT_KIND_NEED_DATA:
            send_continue(c);
            c->is_over |= swo_owes(c->conn) == SWO_OWES_NOTHING && !swo_persists(c->conn);
            return 0;
        default: /* paused: until turn() responds, or for ever */
            c->is_over = event.u.paused == SWO_PAUSED_CLOSED;
            return 0;
        }
    }
    return !c->is_over;
}

/* A connection, from accept(2) to close(2). */

static void readable(client *c) {
    uint8_t bytes[READ], *data = bytes;
    size_t cap = sizeof bytes;
    if (!c->is_over && swo_receive_buffer(c->conn, READ, &data, &cap)) {
        c->is_over = 1;
        return;
    }
    ssize_t got = recv(c->fd, data, cap, 0);
    if (got < 0) c->is_gone = errno != EAGAIN && errno != EINTR;
    if (got == 0) c->has_ended = 1;
    if (got > 0 && c->is_shut) {
        c->since = now;
        c->dropped += (size_t)got;
        c->is_gone = c->dropped > LINGER_BYTES;
    }
    if (got < 0 || c->is_over) return;
    if (swo_awaiting(c->conn) == SWO_AWAITING_REQUEST) c->since = now; /* the deadline of the head begins */
    if (got > 0) swo_receive_commit(c->conn, (size_t)got);
    else swo_receive_eof(c->conn, SWO_END_CLEAN);
}

/* Returns the events to poll for. A client that does not read is not read from. During a job the engine buffers input. */
static short wanted(const client *c) {
    int reads = c->is_over || (c->waiting == 0 && swo_wants_input(c->conn));
    return (short)((reads && !c->has_ended ? POLLIN : 0) | (c->waiting > 0 ? POLLOUT : 0));
}

static int64_t deadline(const client *c) {
    if (c->is_shut) return c->since + LINGER_IDLE < c->shut_at + LINGER_MAX ? c->since + LINGER_IDLE : c->shut_at + LINGER_MAX;
    if (c->waiting > 0) return c->since + timeout;
    switch (swo_awaiting(c->conn)) {
    case SWO_AWAITING_CALLER: return INT64_MAX;
    case SWO_AWAITING_REQUEST: return c->since + 2 * timeout;
    default: return c->since + timeout;
    }
}

/* Handles an expired deadline: a 408 to an unfinished request; an idle client, or one that does not read, gets none. */
static void give_up(client *c) {
    if (c->is_shut || c->waiting > 0) c->is_gone = 1;
    else if (swo_awaiting(c->conn) != SWO_AWAITING_REQUEST) reject(c, 408, "the rest of your request did not come\n");
    c->is_over = 1;
    if (!c->is_gone) flush(c);
}

static void turn(client *c, short events) {
    int goes_on;
    if (events & (POLLERR | POLLNVAL) || (c->has_ended && events & POLLHUP)) c->is_gone = 1;
    else if (events & (POLLIN | POLLHUP)) readable(c);
    if (c->is_gone) return;
    if (c->answer) c->answer(c);
    do {
        goes_on = drive(c);
        flush(c);
    } while (goes_on && room(c) >= ROOM && !c->is_gone);
    if (deadline(c) <= now) give_up(c);
    if (c->is_shut && c->has_ended) c->is_gone = 1;
}

static client *begin(int fd) {
    int yes = 1, unsent = 131072;
    client *c = (client *)calloc(1, sizeof *c);
    if (!c || swo_conn_new(SWO_ROLE_SERVER, NULL, &c->conn)) {
        free(c);
        close(fd);
        return NULL;
    }
    c->fd = fd;
    c->since = now;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    /* Output is already sent in large pieces, so Nagle's algorithm would only delay it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
#ifdef TCP_NOTSENT_LOWAT
    /* Without this, a slow reader looks like one that reads nothing, until much of the socket's send buffer is free. */
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
#endif
    return c;
}

static void finish(client *c) {
    static const struct linger none = {1, 0}; /* what is cut must not look whole */
    leave_job(c);
    swo_conn_free(c->conn);
    if (c->waiting > 0) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(c->fd);
    free(c);
}

/* The listening socket and the poll loop. */

static int open_listener(uint16_t port) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    /* If a client disconnects before it is accepted, accept(2) must not block until the next one. */
    fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, SOMAXCONN)
        || getsockname(listener, (struct sockaddr *)&address, &size)) {
        return -1;
    }
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void on_signal(int number) {
    job *none = NULL;
    if (write(done[1], &none, sizeof none) < 0) _exit(number);
}

static client *clients[CLIENTS];
static int count;

static void serve(int listener) {
    static struct pollfd polled[CLIENTS + 2];
    int64_t accept_at = 0; /* after a failure, such as no free descriptors, the readable listener is ignored until then */
    for (;;) {
        int64_t wake = accept_at > now ? accept_at : now + timeout;
        for (int at = 0; at < count; at++) {
            int64_t late = deadline(clients[at]);
            polled[at].fd = clients[at]->fd;
            polled[at].events = wanted(clients[at]);
            if (late < wake) wake = late;
        }
        polled[count].fd = done[0];
        polled[count].events = POLLIN;
        polled[count + 1].fd = count < CLIENTS && accept_at <= now ? listener : -1; /* poll(2) ignores negative descriptors */
        polled[count + 1].events = POLLIN;
        int ready = poll(polled, (nfds_t)count + 2, wake > now ? (int)(wake - now) : 0);
        now = clock_now();
        if (ready < 0 && errno != EINTR) return;
        int is_done = ready > 0 && polled[count].revents, may_accept = ready > 0 && polled[count + 1].revents;
        if (is_done) {
            job *j;
            if (read(done[0], &j, sizeof j) != (ssize_t)sizeof j || !j) return;
            client *owner = end_job(j);
            if (owner) turn(owner, 0);
        }
        for (int at = count - 1; at >= 0; at--) {
            client *c = clients[at];
            short events = ready > 0 ? polled[at].revents : 0;
            if (!c->is_gone && (events || deadline(c) <= now)) turn(c, events);
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

int main(int number, char **arguments) {
    job *j;
    if (swo_abi_version() != SWO_ABI_VERSION || pipe(done)) return 3;
    if (number > 2) timeout = atoi(arguments[2]) * (int64_t)1000;
    now = clock_now();
    int listener = open_listener((uint16_t)(number > 1 ? atoi(arguments[1]) : 0));
    if (listener < 0) {
        perror("poll");
        return 1;
    }
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    serve(listener);
    while (count > 0) finish(clients[--count]);
    while (jobs > 0 && read(done[0], &j, sizeof j) == (ssize_t)sizeof j)
        if (j) end_job(j);
    close(listener);
    close(done[0]), close(done[1]);
}
