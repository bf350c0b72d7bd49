/* llhttp behind the interface of peer.h. The callbacks store where the target, the names and the values of a head are. */

#include "llhttp.h"
#include "peer.h"

#include <string.h>

struct seen {
    struct head head;
    size_t content;
};

/* Extends a span by one of the pieces in which llhttp may report it. The fold lies between pieces of a folded value. */
static void extend(struct span *span, const char *at, size_t len) {
    if (span->len == 0) {
        span->start = at;
    }
    span->len = at + len - span->start;
}

static int on_url(llhttp_t *parser, const char *at, size_t len) {
    struct seen *seen = parser->data;
    extend(&seen->head.target, at, len);
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t len) {
    struct seen *seen = parser->data;
    extend(&seen->head.names[seen->head.count], at, len);
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len) {
    struct seen *seen = parser->data;
    extend(&seen->head.values[seen->head.count], at, len);
    return 0;
}

static int on_field(llhttp_t *parser) {
    struct head *head = &((struct seen *)parser->data)->head;
    if (head->count == PEER_FIELDS) {
        return -1;
    }
    head->count++;
    head->names[head->count].len = head->values[head->count].len = 0;
    return 0;
}

static int on_begin(llhttp_t *parser) {
    struct head *head = &((struct seen *)parser->data)->head;
    head->target.len = head->count = head->names[0].len = head->values[0].len = 0;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len) {
    (void)at;
    struct seen *seen = parser->data;
    seen->content += len;
    return 0;
}

static int on_end(llhttp_t *parser) {
    struct head *head = &((struct seen *)parser->data)->head;
    head->is_complete = 1;
    return HPE_PAUSED;
}

/* Settings for a whole message, and settings that pause after the head (`alone`). */
static llhttp_settings_t settings, alone;

__attribute__((constructor)) static void set_up(void) {
    llhttp_settings_init(&settings);
    settings.on_message_begin = on_begin;
    settings.on_url = on_url;
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_field;
    settings.on_body = on_body;
    alone = settings;
    alone.on_headers_complete = on_end;
}

/* Parses all messages and returns the number of fields; 0 after an error. An offer of an upgrade pauses llhttp for
   good, so the parser is then initialized again. */
static size_t parse(const struct message *messages, size_t count, llhttp_type_t type) {
    llhttp_t parser;
    struct seen seen;
    size_t fields = 0;
    seen.content = 0;
    llhttp_init(&parser, type, &settings);
    parser.data = &seen;
    for (size_t at = 0; at < count; at++) {
        int error = llhttp_execute(&parser, messages[at].bytes, messages[at].len);
        if (error == HPE_PAUSED_UPGRADE) {
            llhttp_init(&parser, type, &settings);
            parser.data = &seen;
        } else if (error != HPE_OK) {
            return 0;
        }
        fields += seen.head.count;
    }
    return fields;
}

size_t peer_requests(const struct message *messages, size_t count) {
    return parse(messages, count, HTTP_REQUEST);
}

size_t peer_responses(const struct message *messages, size_t count) {
    return parse(messages, count, HTTP_RESPONSE);
}

size_t peer_byte_by_byte(const struct message *message) {
    llhttp_t parser;
    struct seen seen;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &seen;
    seen.head.count = seen.content = 0;
    for (size_t at = 0; at < message->len; at++) {
        int error = llhttp_execute(&parser, message->bytes + at, 1);
        if (error != HPE_OK && (error != HPE_PAUSED_UPGRADE || at + 1 < message->len)) {
            return 0;
        }
    }
    return seen.head.count;
}

size_t peer_chunked(const struct message *message, size_t read) {
    llhttp_t parser;
    struct seen seen;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &seen;
    seen.content = 0;
    for (size_t at = 0; at < message->len; at += read) {
        size_t len = message->len - at < read ? message->len - at : read;
        if (llhttp_execute(&parser, message->bytes + at, len) != HPE_OK) {
            return 0;
        }
    }
    return seen.content;
}

void peer_head(const struct message *message, int is_response, struct head *head) {
    llhttp_t parser;
    struct seen seen;
    llhttp_init(&parser, is_response ? HTTP_RESPONSE : HTTP_REQUEST, &alone);
    parser.data = &seen;
    seen.head.is_complete = 0;
    int error = llhttp_execute(&parser, message->bytes, message->len);
    *head = seen.head;
    head->refused = error == HPE_OK || head->is_complete ? NULL : llhttp_get_error_reason(&parser);
    head->minor = parser.http_minor;
    head->status = is_response ? parser.status_code : 0;
    head->method.start = is_response ? "" : llhttp_method_name(parser.method);
    head->method.len = strlen(head->method.start);
}
