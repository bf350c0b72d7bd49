/* What the bench wants of each parser, so that all of them are measured by the same loop. */
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

/* A head as a parser has understood it, to compare them with each other. */
struct head {
    struct span method, target; /* empty in a response */
    int status;                 /* 0 in a request */
    size_t count;
    struct line lines[LINES];
};

/* The functions of `parse`, `bytewise`, `content` and `cycle` are timed, the others are not. */
struct parser {
    /* Gets ready for the next input: requests or responses. */
    void (*open)(int is_response);
    /* Puts a message into a slot's buffer, where read(2) would have put it. */
    void (*fill)(size_t slot, const char *data, size_t len);
    /* Parses what is in the first slots, to the end of each message and with all field lines taken. Returns how many
     * field lines there were in all. */
    size_t (*parse)(size_t slots);
    /* Gets the slots ready for their next message. */
    void (*finish)(size_t slots);
    /* What the last head parsed was, if slot 0 has parsed it. */
    void (*show)(struct head *head);
    /* Parses a message that comes byte by byte. Returns how many field lines there were. */
    size_t (*bytewise)(const char *data, size_t len);
    /* Parses a piece of a message with content, in slot 0. Returns how many bytes of content there were. */
    size_t (*content)(void);
    /* Receives a request with a copy, parses it and answers. NULL: it cannot. */
    size_t (*cycle)(size_t slot, const char *data, size_t len);
};

/* Each build of a peer is an object of its own, which exports one of these. */
extern const struct parser switchover, picohttpparser, picohttpparser_sse42, picohttpparser_native, llhttp, llhttp_native;

/* Nothing that is measured may have failed. */
#define CHECK(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), exit(1)))

#endif
