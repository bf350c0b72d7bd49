/* The functions that the shared library of a peer (another parser) exports to the benches and the tests. It omits what
   the parser cannot do. Every function but peer_head returns the number of fields in all messages (peer_chunked: of
   content bytes), which the bench compares with the correct number. httparse also has peer_requests_with_meaning. */

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

/* A range of bytes in the message, or in the parser's own tables. */
struct span {
    const char *start;
    size_t len;
};

#define PEER_FIELDS 160

/* A parsed head, which the tests compare with that of other parsers. */
struct head {
    /* The reason why the parser rejects the head; NULL if it does not. */
    const char *refused;
    int is_complete;
    int minor;
    /* The status code; 0 in a request. */
    int status;
    /* The method and the target of a request; both are empty in a response. */
    struct span method, target;
    size_t count;
    /* The fields: one entry more than `count` can be, where the parser may begin another field. */
    struct span names[PEER_FIELDS + 1], values[PEER_FIELDS + 1];
};

/* Parses the head of the message into `head`. */
void peer_head(const struct message *message, int is_response, struct head *head);

#endif
