/* A connection of the server and its protocol: first HTTP/1.1, with the engine; after a switch the new protocol, with
 * its library, over the same socket and the same output buffer. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <switchover.h>

enum {
    READ = 16384,    /* bytes of one recv(2) */
    CONTENT = 1 << 30, /* maximum content of a request in bytes: an echo is sent while it is received */
    HELD = 65536,    /* maximum content of a request that offers h2c, held until it is complete */
    ROOM = 98304,    /* maximum output for one event of the engine: held content, one read, and framing */
    OUTPUT = 131072, /* size of the output buffer: bytes that are not sent yet */
    TEXT = 320       /* maximum length of the text of a response */
};

typedef struct connection connection;

/* A protocol. Its functions never block; one that cannot continue calls connection_finish. */
typedef struct protocol {
    uint8_t *(*space)(connection *c, size_t *cap); /* returns the buffer to receive into; NULL: any buffer */
    void (*receive)(connection *c, const uint8_t *data, size_t length);
    void (*ended)(connection *c); /* called at the peer's EOF; NULL: only `peer_ended` is set */
    void (*advance)(connection *c); /* writes pending output, as far as the output buffer has room */
    bool (*wants_input)(connection *c);
    uint32_t (*closing)(connection *c); /* how to close, SWO_CLOSING_*; NULL: SWO_CLOSING_LINGER */
    bool (*late)(connection *c); /* called at the deadline; false, or NULL: the connection is closed at once */
    void (*drop)(connection *c); /* frees the session */
} protocol;

struct connection {
    int fd;
    uint32_t watched; /* the events that epoll reports */
    const protocol *spoken;
    void *session; /* state of the protocol */
    int64_t deadline, lingers; /* milliseconds */
    size_t dropped;
    bool peer_ended, is_over, is_shut, is_broken;
    connection *next, **link;
    size_t begin, end; /* range of the unsent bytes in `output` */
    uint8_t output[OUTPUT];
};

/* The functions of epoll.c: the transport. */

/* Returns the free part of the output buffer; the caller adds the number of bytes it writes to `c->end`. */
uint8_t *connection_space(connection *c, size_t *room);
/* Copies as many bytes as the output buffer has room for, and returns their number. */
size_t connection_write(connection *c, const uint8_t *data, size_t length);
/* Sets the deadline to the timeout from now, and for an idle peer to twice the timeout. */
void connection_progress(connection *c, bool is_idle);
/* Extends the deadline by a millisecond for each byte, at most to the timeout from now. A peer that sends or reads one
 * byte per second is closed, one with much content is not. */
void connection_earn(connection *c, size_t bytes);
/* Ends the output: pending bytes are sent, then the connection is closed; at once if `closing` returns
 * SWO_CLOSING_RESET. */
void connection_finish(connection *c);

/* The functions of http1.c: the protocol of a new connection, and the responses of all HTTP versions. */

bool http1_begin(connection *c);
/* Makes a slice of these bytes, without a copy. */
static inline swo_slice slice(const void *data, size_t length) {
    swo_slice made = {(const uint8_t *)data, length};
    return made;
}

/* Returns the status of the response, and in `is_echo` whether its content is the request's. */
uint32_t route(swo_slice method, swo_slice target, bool *is_echo);
size_t describe(char text[TEXT], swo_slice method, swo_slice target, const char *version);

/* The function of websocket.c, which makes a connection that has switched speak WebSocket. */

bool websocket_begin(connection *c);

/* The functions of http2.c. For an offer, a session is made before the switch, because that can fail. */

typedef struct http2 http2;
http2 *http2_new(connection *c);
void http2_free(http2 *h);
/* Makes `request` stream 1 and applies its HTTP2-Settings. Returns false if these do not suit, or without memory. */
bool http2_upgrade(http2 *h, const swo_request *request, swo_slice settings);
/* Adds content to the request of stream 1. Returns false if the content would exceed HELD bytes, or without memory. */
bool http2_hold(http2 *h, swo_slice data);
swo_slice http2_held(const http2 *h);
bool http2_begin(connection *c, http2 *h);

#endif
