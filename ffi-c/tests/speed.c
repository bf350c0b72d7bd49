/* Runs one input of the bench several times, to count instructions: those in `measured` count.
 *
 *   speed INPUT HOW TIMES     how: parse, response, bytewise, content or cycle */
#include <string.h>

#include "../bench/bench.h"

extern const struct parser switchover;

static char data[1 << 21];
static size_t len;

static size_t once(const char *how, const char *from, size_t size) {
    if (!strcmp(how, "bytewise")) return switchover.bytewise(from, size);
    if (!strcmp(how, "content")) return switchover.content();
    if (!strcmp(how, "cycle")) return switchover.cycle(0, from, size);
    return switchover.parse(1);
}

/* The function whose instructions callgrind counts, by its name. */
__attribute__((noinline)) size_t measured(const char *how, const char *from, size_t size);
size_t measured(const char *how, const char *from, size_t size) {
    size_t found = once(how, from, size);
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
    int pieces = !strcmp(how, "content"), fills = pieces || !strcmp(how, "parse") || !strcmp(how, "response");
    switchover.open(!strcmp(how, "response"));
    for (int round = atoi(argv[3]); round > 0; round--) {
        for (size_t at = 0; at < len;) {
            /* The bytes of one call: a piece of content, or a head up to its empty line. */
            const char *end = pieces ? NULL : strstr(data + at, "\r\n\r\n");
            size_t size = end ? (size_t)(end - data) + 4 - at : len - at < SPACE ? len - at : SPACE;
            if (fills) switchover.fill(0, data + at, size);
            found += measured(how, data + at, size);
            if (fills && !pieces) switchover.finish(1);
            at += size;
        }
    }
    printf("%zu\n", found);
    return found == 0;
}
