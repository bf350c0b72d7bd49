/* What a peer's shared library gives the benches and the tests. A library leaves out what its parser cannot do. Every
   function but the last returns how many fields it has found in all (content bytes for peer_chunked), which the bench
   compares with the truth. */

#ifndef PEER_H
#define PEER_H

#include <stddef.h>
#include <stdint.h>

struct message {
    const char *bytes;
    size_t len;
};

size_t peer_requests(const struct message *messages, size_t count);
size_t peer_responses(const struct message *messages, size_t count);
size_t peer_byte_by_byte(const struct message *message);
size_t peer_chunked(const struct message *message, size_t read);

/* Bytes of the message, or of the parser's own tables. */
struct span {
    const char *start;
    size_t len;
};

#define PEER_FIELDS 160

/* What a parser reads of a head: for the tests, which compare it. */
struct head {
    /* Why it is refused; NULL where it is not. */
    const char *refused;
    int is_complete;
    int minor;
    /* 0 in a request. */
    int status;
    /* Empty in a response. */
    struct span method, target;
    size_t count;
    /* One more than is ever counted, so that the next may begin. */
    struct span names[PEER_FIELDS + 1], values[PEER_FIELDS + 1];
};

/* The one function that counts nothing. It reads the message's head alone. */
void peer_head(const struct message *message, int is_response, struct head *head);

#endif
