/* Runs one input of the bench several times, to count instructions: those in `measured` count.
 *
 *   speed INPUT HOW TIMES     how: parse, response, bytewise, content or cycle
 *   speed INPUT HOW TIMES     how: send-lines or send-text, a head of five field lines */
#include <string.h>

#include <switchover.h>

#include "../bench/bench.h"

extern const struct parser switchover;

static char data[1 << 21];
static size_t len;

static swo_conn *conn;
static enum { PARSE, BYTEWISE, CONTENT, CYCLE, SEND } what;
static int is_text;

/* Sends a response whose field lines are an array, or one text. */
static size_t respond(void) {
    static const char text[] = "Content-Type: text/plain\r\nCache-Control: no-store\r\nServer: example\r\nVary: Accept\r\nETag: \"1\"\r\n";
    static const swo_field lines[] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")},
                                      {SWO_TEXT("Cache-Control"), SWO_TEXT("no-store")},
                                      {SWO_TEXT("Server"), SWO_TEXT("example")},
                                      {SWO_TEXT("Vary"), SWO_TEXT("Accept")},
                                      {SWO_TEXT("ETag"), SWO_TEXT("\"1\"")}};
    const swo_field head[] = {SWO_HEAD(text, sizeof text - 1)};
    const swo_response_head whole = {204, {NULL, 0}, is_text ? head : lines, is_text ? 1 : 5};
    uint8_t out[512];
    size_t written = 0;
    CHECK(swo_send_response(conn, &whole, out, sizeof out, &written) == SWO_OK);
    return written;
}

static void ask(void) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    swo_event event;
    if (!conn) CHECK(swo_conn_new(SWO_ROLE_SERVER, NULL, &conn) == SWO_OK);
    CHECK(swo_receive_event(conn, (const uint8_t *)request, sizeof request - 1, &event) == SWO_OK);
    CHECK(event.kind == SWO_EVENT_KIND_REQUEST && swo_take_end(conn));
}

/* The function whose instructions callgrind counts, by its name. */
__attribute__((noinline)) size_t measured(const char *from, size_t size);
size_t measured(const char *from, size_t size) {
    size_t found;
    switch (what) {
        case BYTEWISE: found = switchover.bytewise(from, size); break;
        case CONTENT: found = switchover.content(); break;
        case CYCLE: found = switchover.cycle(0, from, size); break;
        case SEND: found = respond(); break;
        default: found = switchover.parse(1);
    }
    __asm__ volatile("" ::: "memory");
    return found;
}

int main(int argc, char **argv) {
    FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;
    size_t found = 0;
    if (!file) {
        fprintf(stderr, "usage: speed INPUT HOW TIMES\n");
        return 2;
    }
    len = fread(data, 1, sizeof data, file);
    fclose(file);
    const char *how = argv[2];
    int is_response = !strcmp(how, "response");
    is_text = !strcmp(how, "send-text");
    what = !strcmp(how, "bytewise")       ? BYTEWISE
           : !strcmp(how, "content")      ? CONTENT
           : !strcmp(how, "cycle")        ? CYCLE
           : !strncmp(how, "send-", 5)    ? SEND
                                          : PARSE;
    switchover.open(is_response);
    for (int round = atoi(argv[3]); round > 0; round--) {
        if (what == SEND) {
            ask();
            found += measured(NULL, 0);
            continue;
        }
        for (size_t at = 0; at < len;) {
            /* The bytes of one call: a piece of content, or a head up to its empty line. */
            const char *end = what == CONTENT ? NULL : strstr(data + at, "\r\n\r\n");
            size_t size = end ? (size_t)(end - data) + 4 - at : len - at < SPACE ? len - at : SPACE;
            if (what == CONTENT || what == PARSE) switchover.fill(0, data + at, size);
            found += measured(data + at, size);
            if (what == PARSE) switchover.finish(1);
            at += size;
        }
    }
    printf("%zu\n", found);
    return found == 0;
}
