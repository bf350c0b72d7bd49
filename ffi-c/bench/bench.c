/* The C interface of switchover beside picohttpparser and llhttp, in one process: rounds are interleaved, so that
 * whatever else the machine does affects every parser, and the best round counts. Prints a table, and appends the
 * figures to the file OUTPUT, one line of JSON for each.
 *
 *   bench INPUTS OUTPUT [ROUNDS [ROW [PARSER]]]     ROW and PARSER: measures only these, for a profiler
 *
 * In the rows "parse" and "per chunk" a message is copied into the parser's buffer before the clock runs, as read(2)
 * would have put it there. In the rows "parse" several connections take turns: a group of heads is parsed, and the
 * responses to them are not measured. `run` builds this and runs it. */
#include <string.h>
#include <time.h>

#include "bench.h"

enum { MESSAGES = 1000, PARSERS = 6, WORK = 256 * 1024, CACHE = 24 * 1024 };

static const struct column {
    const char *name;
    const struct parser *parser;
} columns[PARSERS] = {
    {"switchover", &switchover},
    {"picohttpparser (-O3)", &picohttpparser},
    {"picohttpparser (-O3 -msse4.2)", &picohttpparser_sse42},
    {"picohttpparser (-O3 -march=native)", &picohttpparser_native},
    {"llhttp (-O3)", &llhttp},
    {"llhttp (-O3 -march=native)", &llhttp_native},
};
enum { PICO = 1, LLHTTP = 4 }; /* where the builds of each begin */

/* The only row and the only parser to measure, for a profiler; NULL: all. */
static const char *only_row, *only_parser;

static int is_meant(const char *only, const char *name) {
    return !only || !strcmp(only, name);
}

enum how { PARSE, BYTEWISE, CONTENT, CYCLE };

static struct row {
    const char *name, *input;
    enum how how;
    int is_response;
    double per;     /* what the time of a message is divided by, to be the time per chunk say */
    double best[PARSERS];
    char *data;
    size_t len;
    struct span messages[MESSAGES];
    size_t count;   /* of messages */
    size_t in_turn; /* connections */
    size_t lines;   /* in all messages */
} rows[] = {
    {.name = "parse a", .input = "a"},
    {.name = "parse b", .input = "b"},
    {.name = "parse c", .input = "c"},
    {.name = "parse d", .input = "d", .is_response = 1},
    {.name = "parse e", .input = "e"},
    {.name = "parse f", .input = "f"},
    {.name = "parse f2", .input = "f2"},
    {.name = "parse k", .input = "k"},
    {.name = "b, byte by byte, per byte", .input = "b", .how = BYTEWISE},
    {.name = "g, per chunk of 4 KiB", .input = "g", .how = CONTENT, .per = 256},
    {.name = "g2, per chunk of 16 bytes", .input = "g2", .how = CONTENT, .per = 65536},
    {.name = "cycle a", .input = "a", .how = CYCLE},
    {.name = "cycle b", .input = "b", .how = CYCLE},
    {.name = "cycle k", .input = "k", .how = CYCLE},
};
enum { ROWS = sizeof rows / sizeof *rows };

static double clock_cost; /* of reading it twice */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static void measure_clock(void) {
    clock_cost = 1e9;
    for (int i = 0; i < 100000; i++) {
        double begin = now(), taken = now() - begin;
        if (taken < clock_cost) clock_cost = taken;
    }
}

/* Loading of input files, and splitting them into messages. */

static void load(struct row *row, const char *folder) {
    char path[4096];
    CHECK((size_t)snprintf(path, sizeof path, "%s/%s", folder, row->input) < sizeof path);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    CHECK(!fseek(file, 0, SEEK_END));
    row->len = (size_t)ftell(file);
    rewind(file);
    row->data = malloc(row->len + 1);
    CHECK(row->data && fread(row->data, 1, row->len, file) == row->len);
    row->data[row->len] = 0;
    fclose(file);
}

/* Splits an input into heads; in a CONTENT row all of it is one message. A single head is repeated, up to WORK bytes or
 * MESSAGES times. */
static void split(struct row *row) {
    static const char end[] = "\r\n\r\n";
    char *from = row->data, *found;
    while (row->how != CONTENT && (found = strstr(from, end))) {
        CHECK(row->count < MESSAGES);
        size_t len = (size_t)(found - from) + 4;
        row->messages[row->count++] = (struct span){from, len};
        from += len;
    }
    if (row->how == CONTENT) row->messages[row->count++] = (struct span){row->data, row->len};
    if (row->how == BYTEWISE) row->per = (double)row->len;
    if (row->count == 1 && row->how != CONTENT) {
        size_t wanted = WORK / row->len < MESSAGES ? WORK / row->len : MESSAGES;
        for (; row->count < wanted; row->count++) row->messages[row->count] = row->messages[0];
    }
    /* The heads of one turn (2 or more) fit into the first-level cache if possible, as in a server of many connections. */
    row->in_turn = CACHE * row->count / (row->len < WORK ? row->len * row->count : row->len);
    if (row->in_turn > SLOTS) row->in_turn = SLOTS;
    if (row->in_turn < 2) row->in_turn = 2;
    if (row->per == 0) row->per = 1;
}

/* Measuring: `parse`, `bytewise`, `content` and `cycle` return the nanoseconds for all messages of a row. */

static double parse(struct row *row, const struct parser *parser) {
    double taken = 0;
    size_t lines = 0;
    for (size_t i = 0; i < row->count; i += row->in_turn) {
        size_t used = row->count - i < row->in_turn ? row->count - i : row->in_turn;
        for (size_t slot = 0; slot < used; slot++) {
            parser->fill(slot, row->messages[i + slot].data, row->messages[i + slot].len);
        }
        double begin = now();
        lines += parser->parse(used);
        taken += now() - begin - clock_cost;
        parser->finish(used);
    }
    CHECK(lines == row->lines);
    return taken;
}

static double bytewise(struct row *row, const struct parser *parser) {
    size_t lines = 0;
    double begin = now();
    for (size_t i = 0; i < row->count; i++) lines += parser->bytewise(row->messages[i].data, row->messages[i].len);
    double taken = now() - begin;
    CHECK(lines == row->lines);
    return taken;
}

static double content(struct row *row, const struct parser *parser) {
    double taken = 0;
    size_t bytes = 0, len;
    for (size_t at = 0; at < row->len; at += len) {
        len = row->len - at < SPACE ? row->len - at : SPACE;
        parser->fill(0, row->data + at, len);
        double begin = now();
        bytes += parser->content();
        taken += now() - begin - clock_cost;
    }
    CHECK(bytes == 1 << 20);
    return taken;
}

static double cycle(struct row *row, const struct parser *parser) {
    size_t lines = 0;
    double begin = now();
    for (size_t i = 0; i < row->count; i++) {
        lines += parser->cycle(i % row->in_turn, row->messages[i].data, row->messages[i].len);
    }
    double taken = now() - begin;
    CHECK(lines == row->lines);
    return taken;
}

static void measure(struct row *row, size_t column) {
    static double (*const hows[])(struct row *, const struct parser *) = {parse, bytewise, content, cycle};
    const struct parser *parser = columns[column].parser;
    if ((row->how == CYCLE && !parser->cycle) || !is_meant(only_parser, columns[column].name)) return;
    parser->open(row->is_response);
    /* The first of two passes is a warm-up: it brings the code into the cache, and is not counted. */
    for (int pass = 0; pass < 2; pass++) {
        if (row->how == CONTENT) parser->open(0);
        double taken = hows[row->how](row, parser) / (double)row->count / row->per;
        if (pass && (row->best[column] == 0 || taken < row->best[column])) row->best[column] = taken;
    }
}

/* Comparing: for each head, all measured parsers must report switchover's method, target, status and field lines. */

static int same(struct span one, struct span other) {
    return one.len == other.len && (one.len == 0 || !memcmp(one.data, other.data, one.len));
}

/* Returns a value without its trailing whitespace, which picohttpparser and llhttp do not remove. */
static struct span trimmed(struct span value) {
    while (value.len > 0 && (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t')) value.len--;
    return value;
}

static void compare(struct row *row) {
    static struct head first, head;
    if (row->how == CONTENT) return;
    for (size_t column = 0; column < PARSERS; column++) {
        if (column == 0 || is_meant(only_parser, columns[column].name)) columns[column].parser->open(row->is_response);
    }
    for (size_t i = 0; i < row->count; i++) {
        for (size_t column = 0; column < PARSERS; column++) {
            const struct parser *parser = columns[column].parser;
            if (column > 0 && !is_meant(only_parser, columns[column].name)) continue;
            parser->fill(0, row->messages[i].data, row->messages[i].len);
            CHECK(parser->parse(1) > 0);
            parser->show(column == 0 ? &first : &head);
            if (column > 0) {
                CHECK(same(first.method, head.method) && same(first.target, head.target));
                CHECK(first.status == head.status && first.count == head.count);
                for (size_t line = 0; line < head.count; line++) {
                    CHECK(same(first.lines[line].name, head.lines[line].name));
                    CHECK(same(first.lines[line].value, trimmed(head.lines[line].value)));
                }
                parser->finish(1);
            }
        }
        /* After the comparison, because a client's `finish` receives, which invalidates the spans in `first`. */
        switchover.finish(1);
        row->lines += first.count;
    }
}

/* Printing of the results. */

static size_t best_build(const struct row *row, size_t from, size_t to) {
    size_t best = from;
    for (size_t column = from; column < to; column++) {
        if (row->best[column] < row->best[best]) best = column;
    }
    return best;
}

static const char *flags(size_t column) {
    return strchr(columns[column].name, '(');
}

static void print(FILE *json) {
    printf("%-30s %10s  %10s %7s %-20s %10s %7s %s\n", "nanoseconds", "switchover", "pico", "ratio", "best build",
           "llhttp", "ratio", "best build");
    for (struct row *row = rows; row < rows + ROWS; row++) {
        size_t pico = best_build(row, PICO, LLHTTP), other = best_build(row, LLHTTP, PARSERS);
        double own = row->best[0];
        if (own == 0) continue;
        printf("%-30s %10.1f", row->name, own);
        if (row->best[pico] > 0 && row->best[other] > 0) {
            printf("  %10.1f %6.2fx %-20s %10.1f %6.2fx %s", row->best[pico], row->best[pico] / own, flags(pico),
                   row->best[other], row->best[other] / own, flags(other));
        }
        printf("\n");
        for (size_t column = 0; column < PARSERS; column++) {
            if (row->best[column] == 0) continue;
            fprintf(json, "{\"table\": \"c\", \"row\": \"%s\", \"column\": \"%s\", \"ns\": %.2f}\n", row->name,
                    columns[column].name, row->best[column]);
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: bench INPUTS OUTPUT [ROUNDS [ROW [PARSER]]]\n");
        return 2;
    }
    int rounds = argc > 3 ? atoi(argv[3]) : 51;
    if (argc > 4) only_row = argv[4];
    if (argc > 5) only_parser = argv[5];
    measure_clock();
    for (struct row *row = rows; row < rows + ROWS; row++) {
        if (!is_meant(only_row, row->name)) continue;
        load(row, argv[1]);
        split(row);
        compare(row);
    }
    for (int round = 0; round < rounds; round++) {
        for (struct row *row = rows; row < rows + ROWS; row++) {
            for (size_t column = 0; column < PARSERS; column++) {
                if (is_meant(only_row, row->name)) measure(row, column);
            }
        }
    }
    /* Appended: `run` has written the versions of the parsers into this file. */
    FILE *json = fopen(argv[2], "a");
    if (!json) {
        perror(argv[2]);
        return 1;
    }
    print(json);
    return fclose(json) ? 1 : 0;
}
