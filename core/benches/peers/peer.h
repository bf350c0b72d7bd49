/* What a peer's shared library gives the benches. A library leaves out what its parser cannot do. Every function returns
   how many fields it has found in all (content octets for peer_chunked), which the bench compares with the truth. */

#ifndef PEER_H
#define PEER_H

#include <stddef.h>
#include <stdint.h>

struct message {
    const char *octets;
    size_t len;
};

size_t peer_requests(const struct message *messages, size_t count);
size_t peer_responses(const struct message *messages, size_t count);
size_t peer_octet_by_octet(const struct message *message);
size_t peer_chunked(const struct message *message, size_t read);

#endif
