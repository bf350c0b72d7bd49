/* The bench's interface to llhttp, whose callbacks record spans. NAME is the symbol that this build exports. llhttp
 * finds the end of a message and whether the connection persists, but does not check offers of other protocols. */
#include <string.h>

#include <llhttp.h>

#include "bench.h"

static struct slot {
    llhttp_t parser;
    char buffer[SPACE];
    size_t len;
} slots[SLOTS];

static int is_response;
static int is_complete;
static size_t content_len;
static struct head last;

/* Callbacks for input in one piece: each is called once for a span. */

static int begin(llhttp_t *parser) {
    (void)parser;
    last.count = 0;
    is_complete = 0;
    return 0;
}

static int take_url(llhttp_t *parser, const char *at, size_t len) {
    (void)parser;
    last.target = (struct span){at, len};
    return 0;
}

static int take_name(llhttp_t *parser, const char *at, size_t len) {
    (void)parser;
    if (last.count == LINES) return -1;
    last.lines[last.count++] = (struct line){{at, len}, {at, 0}};
    return 0;
}

static int take_value(llhttp_t *parser, const char *at, size_t len) {
    (void)parser;
    last.lines[last.count - 1].value = (struct span){at, len};
    return 0;
}

static int take_content(llhttp_t *parser, const char *at, size_t len) {
    (void)parser, (void)at;
    content_len += len;
    return 0;
}

static int complete(llhttp_t *parser) {
    (void)parser;
    is_complete = 1;
    return 0;
}

/* Callbacks for input byte by byte: each is called several times for a span, for one piece after the other. */

static int is_in_name;

static int begin_bytewise(llhttp_t *parser) {
    last.target.len = 0;
    is_in_name = 0;
    return begin(parser);
}

static int more_url(llhttp_t *parser, const char *at, size_t len) {
    (void)parser;
    if (last.target.len == 0) last.target.data = at;
    last.target.len += len;
    return 0;
}

static int more_name(llhttp_t *parser, const char *at, size_t len) {
    if (!is_in_name) {
        is_in_name = 1;
        return take_name(parser, at, len);
    }
    last.lines[last.count - 1].name.len += len;
    return 0;
}

static int more_value(llhttp_t *parser, const char *at, size_t len) {
    struct span *value = &last.lines[last.count - 1].value;
    (void)parser;
    if (is_in_name) *value = (struct span){at, 0};
    is_in_name = 0;
    value->len += len;
    return 0;
}

static const llhttp_settings_t whole = {
    .on_message_begin = begin, .on_url = take_url, .on_header_field = take_name, .on_header_value = take_value,
    .on_body = take_content, .on_message_complete = complete};
static const llhttp_settings_t by_byte = {
    .on_message_begin = begin_bytewise, .on_url = more_url, .on_header_field = more_name,
    .on_header_value = more_value, .on_body = take_content, .on_message_complete = complete};

static llhttp_t bytewise_parser;

static void start(llhttp_t *parser, const llhttp_settings_t *settings) {
    llhttp_init(parser, is_response ? HTTP_RESPONSE : HTTP_REQUEST, settings);
}

static void open_parser(int response) {
    is_response = response;
    for (size_t slot = 0; slot < SLOTS; slot++) start(&slots[slot].parser, &whole);
    start(&bytewise_parser, &by_byte);
}

static void fill(size_t slot, const char *data, size_t len) {
    CHECK(len <= SPACE);
    memcpy(slots[slot].buffer, data, len);
    slots[slot].len = len;
}

static size_t parse(size_t used) {
    size_t total = 0;
    for (size_t i = 0; i < used; i++) {
        struct slot *slot = &slots[i];
        llhttp_errno_t outcome = llhttp_execute(&slot->parser, slot->buffer, slot->len);
        CHECK((outcome == HPE_OK || outcome == HPE_PAUSED_UPGRADE) && is_complete);
        total += last.count;
    }
    return total;
}

static void finish(size_t used) {
    for (size_t i = 0; i < used; i++) {
        if (slots[i].parser.upgrade) start(&slots[i].parser, &whole);
    }
}

static void show(struct head *head) {
    const char *name = llhttp_method_name((llhttp_method_t)slots[0].parser.method);
    *head = last;
    if (is_response) head->status = slots[0].parser.status_code, head->target.len = 0;
    else head->method = (struct span){name, strlen(name)};
}

static size_t bytewise(const char *data, size_t len) {
    for (size_t i = 0; i < len; i++) CHECK(llhttp_execute(&bytewise_parser, data + i, 1) == HPE_OK);
    CHECK(is_complete);
    return last.count;
}

static size_t content(void) {
    content_len = 0;
    CHECK(llhttp_execute(&slots[0].parser, slots[0].buffer, slots[0].len) == HPE_OK);
    return content_len;
}

extern const struct parser NAME;
const struct parser NAME = {open_parser, fill, parse, finish, show, bytewise, content, NULL};
