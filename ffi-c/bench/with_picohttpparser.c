/* The bench's interface to picohttpparser. NAME is the symbol that this build exports. picohttpparser checks syntax and
 * returns spans, and decodes chunks; finding out how a message is framed, for instance, is left to its caller. */
#include <string.h>

#include <picohttpparser.h>

#include "bench.h"

static struct slot {
    char buffer[SPACE];
    size_t len;
} slots[SLOTS];

static int is_response;

/* The results of the latest call of picohttpparser. */
static struct phr_header lines[LINES];
static size_t count;
static const char *method, *target;
static size_t method_len, target_len;
static int minor, status;

static struct phr_chunked_decoder decoder;
static int in_content;

static void open_parser(int response) {
    is_response = response;
    in_content = 0;
    memset(&decoder, 0, sizeof decoder);
}

static void fill(size_t slot, const char *data, size_t len) {
    CHECK(len <= SPACE);
    memcpy(slots[slot].buffer, data, len);
    slots[slot].len = len;
}

static int parse_head(const char *data, size_t len, size_t before) {
    count = LINES;
    if (!is_response) {
        return phr_parse_request(data, len, &method, &method_len, &target, &target_len, &minor, lines, &count, before);
    }
    return phr_parse_response(data, len, &minor, &status, &target, &target_len, lines, &count, before);
}

static size_t parse(size_t used) {
    size_t total = 0;
    for (size_t slot = 0; slot < used; slot++) {
        CHECK(parse_head(slots[slot].buffer, slots[slot].len, 0) == (int)slots[slot].len);
        total += count;
    }
    return total;
}

static void finish(size_t used) {
    (void)used;
}

static void show(struct head *head) {
    memset(head, 0, sizeof *head);
    if (is_response) head->status = status;
    else head->method = (struct span){method, method_len}, head->target = (struct span){target, target_len};
    head->count = count;
    for (size_t i = 0; i < count; i++) {
        head->lines[i].name = (struct span){lines[i].name, lines[i].name_len};
        head->lines[i].value = (struct span){lines[i].value, lines[i].value_len};
    }
}

static size_t bytewise(const char *data, size_t len) {
    struct slot *slot = &slots[0];
    for (size_t i = 0; i < len; i++) {
        slot->buffer[i] = data[i];
        CHECK(parse_head(slot->buffer, i + 1, i) == (i + 1 < len ? -2 : (int)len));
    }
    return count;
}

/* Decodes chunked content. picohttpparser moves chunks together in the buffer, as switchover does with small ones. */
static size_t content(void) {
    char *data = slots[0].buffer;
    size_t len = slots[0].len;
    if (!in_content) {
        int head = parse_head(data, len, 0);
        CHECK(head > 0);
        data += head, len -= (size_t)head, in_content = 1;
    }
    CHECK(phr_decode_chunked(&decoder, data, &len) != -1);
    return len;
}

extern const struct parser NAME;
const struct parser NAME = {open_parser, fill, parse, finish, show, bytewise, content, NULL};
