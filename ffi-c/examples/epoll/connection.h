/* A connection of the server and what is spoken on it: HTTP/1.1 first, by the engine; after a switch, by a library of
 * the new protocol, over the same socket and the same output. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <switchover.h>

enum {
    READ = 16384,    /* bytes of one recv(2) */
    CONTENT = 1 << 30, /* bytes of content that a request may have: an echo leaves as it comes */
    HELD = 65536,    /* content of a request that offers h2c, held until it is complete */
    ROOM = 98304,    /* what one event of the engine can make us write: held content, one read, and what goes around */
    OUTPUT = 131072, /* bytes that wait for the peer to read them */
    TEXT = 320       /* the longest text that answers a request */
};

typedef struct connection connection;

/* A protocol. Its functions never block; one that cannot go on calls connection_finish. */
typedef struct protocol {
    uint8_t *(*space)(connection *c, size_t *cap); /* where to receive into; NULL: anywhere */
    void (*receive)(connection *c, const uint8_t *data, size_t length);
    void (*ended)(connection *c); /* the peer has sent its last byte; NULL: `peer_ended` is enough */
    void (*advance)(connection *c); /* writes what there is to write, as far as there is room */
    bool (*wants_input)(connection *c);
    uint32_t (*closing)(connection *c); /* how to close, as swo_closing has it; NULL: SWO_CLOSING_LINGER */
    bool (*late)(connection *c); /* the deadline is over: whether there is an answer to that; NULL: none */
    void (*drop)(connection *c); /* frees the session */
} protocol;

struct connection {
    int fd;
    uint32_t watched; /* what epoll reports */
    const protocol *spoken;
    void *session; /* the protocol's own */
    int64_t deadline, lingers; /* milliseconds */
    size_t dropped;
    bool peer_ended, is_over, is_shut, is_broken;
    connection *next, **link;
    size_t begin, end; /* of what waits in `output` */
    uint8_t output[OUTPUT];
};

/* epoll.c: the transport. */

/* The free part of the output; what is written there is counted by adding to `end`. */
uint8_t *connection_space(connection *c, size_t *room);
/* Writes as much as there is room for, and says how much that was. */
size_t connection_write(connection *c, const uint8_t *data, size_t length);
/* A message is complete, or the new protocol goes on: the peer gets another while, one that is idle two. */
void connection_progress(connection *c, bool is_idle);
/* So many bytes have moved: a millisecond for each, never more than the whole while. A peer that sends or takes a byte a
 * second is given up, one with much content is not. */
void connection_earn(connection *c, size_t bytes);
/* Nothing more is to be written: what waits is sent, then the connection is closed. */
void connection_finish(connection *c);

/* http1.c: what every connection begins with, and what all versions answer. */

bool http1_begin(connection *c);
/* What it points to stays as it is. */
static inline swo_slice slice(const void *data, size_t length) {
    swo_slice made = {(const uint8_t *)data, length};
    return made;
}

/* The status of the answer, and whether that is the request's content. */
uint32_t route(swo_slice method, swo_slice target, bool *is_echo);
size_t describe(char text[TEXT], swo_slice method, swo_slice target, const char *version);

/* websocket.c */

bool websocket_begin(connection *c);

/* http2.c: a session is made before its connection switches, because what the client says of it may be unusable. */

typedef struct http2 http2;
http2 *http2_new(connection *c);
void http2_free(http2 *h);
/* Stream 1 is `request`, and the value of its HTTP2-Settings is obeyed. false: it is malformed. */
bool http2_upgrade(http2 *h, const swo_request *request, swo_slice settings);
/* Adds content to the request of stream 1. false: more than HELD. */
bool http2_hold(http2 *h, swo_slice data);
swo_slice http2_held(const http2 *h);
bool http2_begin(connection *c, http2 *h);

#endif
