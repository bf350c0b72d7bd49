/* picohttpparser behind the interface of peer.h. */

#include "peer.h"
#include "picohttpparser.h"

#define FIELDS 128

static size_t request(const char *bytes, size_t len, size_t last_len) {
    const char *method, *path;
    size_t method_len, path_len, count = FIELDS;
    int minor;
    struct phr_header fields[FIELDS];
    int end = phr_parse_request(bytes, len, &method, &method_len, &path, &path_len, &minor, fields, &count, last_len);
    return end > 0 ? count : 0;
}

size_t peer_requests(const struct message *messages, size_t count) {
    size_t fields = 0;
    for (size_t at = 0; at < count; at++) {
        fields += request(messages[at].bytes, messages[at].len, 0);
    }
    return fields;
}

size_t peer_responses(const struct message *messages, size_t count) {
    size_t found = 0;
    for (size_t at = 0; at < count; at++) {
        const char *reason;
        size_t reason_len, number = FIELDS;
        int minor, status;
        struct phr_header fields[FIELDS];
        int end = phr_parse_response(messages[at].bytes, messages[at].len, &minor, &status, &reason, &reason_len, fields,
                                     &number, 0);
        found += end > 0 ? number : 0;
    }
    return found;
}

size_t peer_byte_by_byte(const struct message *message) {
    size_t fields = 0;
    for (size_t end = 1; end <= message->len; end++) {
        fields += request(message->bytes, end, end - 1);
    }
    return fields;
}
