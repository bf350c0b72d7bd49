/* The interface through which the bench calls each parser, so that one loop measures all of them. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SLOTS = 16,     /* connections that take turns */
    LINES = 128,    /* field lines of a head, at most */
    SPACE = 16384,  /* bytes that a slot holds, at most */
};

struct span {
    const char *data;
    size_t len;
};

struct line {
    struct span name, value;
};

/* A head as one parser has understood it, for comparison with the other parsers. */
struct head {
    struct span method, target; /* empty in a response */
    int status;                 /* 0 in a request */
    size_t count;
    struct line lines[LINES];
};

/* A parser to measure. Calls of `parse`, `bytewise`, `content` and `cycle` are timed, the others are not. */
struct parser {
    /* Prepares for another input: of responses, or of requests if `is_response` is 0. */
    void (*open)(int is_response);
    /* Copies a message, or a piece of one, into the buffer of a slot (one connection), as read(2) would. */
    void (*fill)(size_t slot, const char *data, size_t len);
    /* Parses the messages in the first `slots` buffers to their ends, and takes all field lines. Returns the number of
     * field lines of all these messages. */
    size_t (*parse)(size_t slots);
    /* Prepares the first `slots` connections for their next message. */
    void (*finish)(size_t slots);
    /* Stores the head that was parsed last, which slot 0 must have parsed. */
    void (*show)(struct head *head);
    /* Parses a message passed byte by byte. Returns the number of its field lines. */
    size_t (*bytewise)(const char *data, size_t len);
    /* Parses the piece of a message in the buffer of slot 0. Returns the number of bytes of content in it. */
    size_t (*content)(void);
    /* Copies a request, parses it and responds; returns the number of field lines. NULL: the parser cannot respond. */
    size_t (*cycle)(size_t slot, const char *data, size_t len);
};

/* The parsers: each build of picohttpparser and llhttp is an object file that exports one of them. */
extern const struct parser switchover, picohttpparser, picohttpparser_sse42, picohttpparser_native, llhttp, llhttp_native;

/* Ends the program if a condition does not hold, so that no failed call is measured. */
#define CHECK(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), exit(1)))

#endif
