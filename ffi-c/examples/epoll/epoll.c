/* A server for HTTP/1.1 that passes connections on: to wslay for WebSocket, to nghttp2 for HTTP/2, either by an offer
 * of h2c or by prior knowledge.
 *
 *   epoll [PORT [SECONDS]]     0 or none: a free port; SECONDS that a peer may take for a head, for content or to read
 *                              (30); an idle one has twice as long
 *
 * One thread. This file moves bytes between sockets and protocols, and is independent of the protocols. The server does
 * not read from a peer that does not read: at most OUTPUT bytes are in its output buffer. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"

enum { CONNECTIONS = 4096, EVENTS = 64, TICK = 250 /* milliseconds */ };

/* Lingering after the last response: milliseconds in all, milliseconds without a byte, and bytes, at most. */
enum { LINGER_MAX = 4000, LINGER_IDLE = 1000, LINGER_BYTES = 1 << 20 };

static struct {
    int epoll, listener, signals;
    bool listens;
    int64_t timeout, time; /* milliseconds; `time` is read once for each call of epoll_wait */
    int count;
    connection *first;
} server;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool watch(int how, int fd, uint32_t events, void *with) {
    struct epoll_event event;
    event.events = events;
    event.data.ptr = with;
    return epoll_ctl(server.epoll, how, fd, &event) == 0;
}

/* The functions that protocols call (connection.h). */

uint8_t *connection_space(connection *c, size_t *room) {
    if (c->begin > 0) memmove(c->output, c->output + c->begin, c->end - c->begin);
    c->end -= c->begin;
    c->begin = 0;
    *room = OUTPUT - c->end;
    return c->output + c->end;
}

size_t connection_write(connection *c, const uint8_t *data, size_t length) {
    size_t room;
    uint8_t *space = connection_space(c, &room);
    size_t written = length < room ? length : room;
    memcpy(space, data, written);
    c->end += written;
    return written;
}

void connection_progress(connection *c, bool is_idle) { c->deadline = server.time + server.timeout * (is_idle ? 2 : 1); }

void connection_earn(connection *c, size_t bytes) {
    int64_t most = server.time + server.timeout;
    int64_t earned = c->deadline + (int64_t)bytes;
    if (c->deadline < most) c->deadline = earned < most ? earned : most;
}

void connection_finish(connection *c) { c->is_over = true; }

/* Accepting, opening and closing connections. */

/* Starts or stops watching the listener: while the server cannot accept, epoll would report it again and again. */
static void listen_if(bool listens) {
    if (listens != server.listens) watch(EPOLL_CTL_MOD, server.listener, listens ? (uint32_t)EPOLLIN : 0, &server.listener);
    server.listens = listens;
}

static uint32_t closing(connection *c) {
    return c->session && c->spoken->closing ? c->spoken->closing(c) : (uint32_t)SWO_CLOSING_LINGER;
}

static void drop(connection *c) {
    static const struct linger none = {1, 0};
    /* A reset shows the client that a close-delimited response is incomplete; a FIN would not. */
    bool is_cut = c->begin < c->end || closing(c) == SWO_CLOSING_RESET;
    if (is_cut) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    if (c->session) c->spoken->drop(c);
    close(c->fd);
    *c->link = c->next;
    if (c->next) c->next->link = c->link;
    free(c);
    server.count--;
    listen_if(true);
}

static void begin(int fd) {
    int yes = 1, unsent = 131072;
    connection *c = (connection *)calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return;
    }
    c->fd = fd;
    c->next = server.first;
    c->link = &server.first;
    if (c->next) c->next->link = &c->next;
    server.first = c;
    server.count++;
    c->watched = EPOLLIN;
    connection_progress(c, true);
    /* Output is already sent in large pieces, so Nagle's algorithm would only delay it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    /* Without this, a slow reader looks like one that reads nothing, until much of the socket's send buffer is free. */
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    if (!http1_begin(c) || !watch(EPOLL_CTL_ADD, fd, c->watched, c)) drop(c);
}

static void accept_all(void) {
    while (server.count < CONNECTIONS) {
        int fd = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN) return;
        if (fd < 0) break; /* such as no free descriptors */
        begin(fd);
    }
    listen_if(false);
}

static void readable(connection *c) {
    uint8_t bytes[READ], *space = bytes;
    size_t cap = READ;
    if (!c->is_over && c->spoken->space) space = c->spoken->space(c, &cap);
    ssize_t got = recv(c->fd, space, cap < sizeof bytes ? cap : sizeof bytes, 0);
    if (got < 0) {
        c->is_broken = errno != EAGAIN && errno != EINTR;
        return;
    }
    if (got == 0) c->peer_ended = true;
    if (c->is_shut) {
        c->deadline = server.time + LINGER_IDLE < c->lingers ? server.time + LINGER_IDLE : c->lingers;
        c->dropped += (size_t)got;
        if (c->dropped > LINGER_BYTES) c->is_broken = true;
    }
    if (c->is_over) return;
    if (got > 0) c->spoken->receive(c, space, (size_t)got);
    else if (c->spoken->ended) c->spoken->ended(c);
}

/* Sends pending bytes; returns whether the output buffer has room that it did not have before. */
static bool flush(connection *c) {
    if (c->begin == c->end) return false;
    ssize_t sent = send(c->fd, c->output + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) c->is_broken = true;
        return false;
    }
    c->begin += (size_t)sent;
    connection_earn(c, (size_t)sent);
    return true;
}

/* Half-closes once all output is sent; input is then discarded for a while. Closing with unread bytes would reset the
 * connection, and the peer could lose the last response (RFC 9112, section 9.6). */
static void linger(connection *c) {
    if (c->is_shut || c->begin < c->end) return;
    shutdown(c->fd, SHUT_WR);
    c->is_shut = true;
    c->lingers = server.time + LINGER_MAX;
    c->deadline = server.time + LINGER_IDLE;
}

static uint32_t wanted(connection *c) {
    bool has_room = OUTPUT - (c->end - c->begin) >= ROOM;
    bool reads = c->is_over || (has_room && c->spoken->wants_input(c));
    return (!c->peer_ended && reads ? (uint32_t)EPOLLIN : 0) | (c->begin < c->end ? (uint32_t)EPOLLOUT : 0);
}

static void turn(connection *c, uint32_t events) {
    /* EPOLLHUP means that both directions have ended; bytes that the peer sent before are still read. */
    if (events & EPOLLERR || (c->peer_ended && events & EPOLLHUP)) c->is_broken = true;
    else if (events & (EPOLLIN | EPOLLHUP)) readable(c);
    do {
        if (!c->is_over && !c->is_broken) c->spoken->advance(c);
    } while (!c->is_broken && flush(c));
    if (c->is_over && closing(c) == SWO_CLOSING_RESET) c->is_broken = true;
    if (c->is_over && closing(c) == SWO_CLOSING_CLOSE && c->begin == c->end) c->is_broken = true;
    if (c->is_over && !c->is_broken) linger(c);
    if (c->is_broken || (c->is_shut && c->peer_ended)) {
        drop(c);
        return;
    }
    uint32_t next = wanted(c);
    if (next != c->watched && watch(EPOLL_CTL_MOD, c->fd, next, c)) c->watched = next;
}

static void drop_late(void) {
    for (connection *c = server.first, *next; c; c = next) {
        next = c->next;
        if (c->deadline > server.time) continue;
        if (c->is_over || c->begin < c->end || !c->spoken->late || !c->spoken->late(c)) {
            drop(c);
            continue;
        }
        connection_progress(c, false);
        turn(c, 0);
    }
}

/* The listening socket and the event loop. */

static bool open_all(uint16_t port, sigset_t *signals) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int yes = 1;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.epoll = epoll_create1(EPOLL_CLOEXEC);
    server.signals = signalfd(-1, signals, SFD_CLOEXEC);
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server.listener, (struct sockaddr *)&address, size) || listen(server.listener, SOMAXCONN)
        || getsockname(server.listener, (struct sockaddr *)&address, &size)) {
        return false;
    }
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return watch(EPOLL_CTL_ADD, server.listener, EPOLLIN, &server.listener)
        && watch(EPOLL_CTL_ADD, server.signals, EPOLLIN, &server.signals);
}

static void serve(void) {
    struct epoll_event events[EVENTS];
    int64_t swept = now();
    int full = 0;
    for (;;) {
        int count = epoll_wait(server.epoll, events, EVENTS, TICK);
        server.time = now();
        for (int at = 0; at < count; at++) {
            void *with = events[at].data.ptr;
            if (with == &server.signals) return;
            if (with == &server.listener) accept_all();
            else turn((connection *)with, events[at].events);
        }
        /* What has come is read first, on each connection: while this process paused, deadlines may have passed. */
        full = count == EVENTS ? full + 1 : 0;
        if (server.time - swept < TICK || (full > 0 && full < CONNECTIONS / EVENTS)) continue;
        swept = server.time;
        drop_late();
        /* Tries accept4(2) again: descriptors may be free although none of our connections was closed. */
        listen_if(server.count < CONNECTIONS);
    }
}

int main(int count, char **arguments) {
    sigset_t signals;
    if (swo_abi_version() != SWO_ABI_VERSION) return 3;
    server.timeout = (count > 2 ? atoi(arguments[2]) : 30) * (int64_t)1000;
    server.time = now();
    server.listens = true;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (!open_all((uint16_t)(count > 1 ? atoi(arguments[1]) : 0), &signals)) {
        perror("epoll");
        return 1;
    }
    serve();
    while (server.first) drop(server.first);
    close(server.listener);
    close(server.signals);
    close(server.epoll);
}
