/* Runs the vectors: `runner CASES [SPLITS]` reads the output of `export` (format: `tests/rust/src/export.rs`), runs
 * each case whole, byte by byte, through swo_receive_buffer and swo_receive_commit, and cut in two at every place (fewer than
 * SPLITS where there are more, 255 of an input over 4 KiB), compares the logs here and prints `NAME DIGEST` for each. */
#include "text.h"
#include "lines.h"

enum item_kind { FEED, END, EXPECT_DATA, EXPECT_LEFTOVER, EXPECT_LINE, DO };

typedef struct item {
    enum item_kind kind;
    text bytes;        /* FEED: the input; DO: the call */
    unsigned long number; /* END: SWO_END_*; EXPECT_DATA: the length */
} item;

typedef struct vector {
    char name[256];
    uint32_t role;
    int shows_fields;
    swo_config config;
    item *items;
    size_t count, fed;
} vector;

enum mode { WHOLE, BYTES, COMMITTED, SPLIT };

typedef struct player {
    const vector *vector;
    enum mode mode;
    size_t split;
    swo_conn *conn;
    swo_selection selection;
    swo_splice *splice;
    int is_selected, saw_error;
    size_t at, fed, refused;
    text input, data, leftover, log; /* `input`: bytes not fed yet */
    size_t first;                    /* length of the first piece of `input` */
    const char *fault;
} player;

#include "decide.h"

/* Passing input to the connection. */

static void take_input(player *p) {
    const item *item = &p->vector->items[p->at++];
    if (item->kind == END) {
        must(p, swo_receive_eof(p->conn, (uint32_t)item->number));
        return;
    }
    size_t len = item->bytes.len, cut = p->split > p->fed ? p->split - p->fed : 0;
    text_add(&p->input, item->bytes.at, len);
    p->first = p->mode == SPLIT && cut > 0 && cut < len ? cut : len;
    p->fed += len;
}

static void feed_piece(player *p) {
    size_t most = p->mode == BYTES ? 1 : p->mode == COMMITTED ? 7 : p->first;
    size_t len = most < p->input.len ? most : p->input.len;
    uint8_t *space;
    size_t cap;
    swo_result result;
    if (p->mode == COMMITTED) {
        result = swo_receive_buffer(p->conn, len, &space, &cap);
        if (!result) {
            memcpy(space, p->input.at, len);
            result = swo_receive_commit(p->conn, len);
        }
    } else {
        result = swo_receive(p->conn, (const uint8_t *)p->input.at, len);
    }
    swo_failure_info failure = {0};
    swo_failure(p->conn, &failure);
    if (result == SWO_ERROR_SWITCHED) text_add(&p->leftover, p->input.at, len);
    else if (result == SWO_ERROR_CLOSED || (result && result == failure.code)) p->refused += len;
    else must(p, result);
    text_drop(&p->input, len);
    p->first = p->input.len;
}

/* Gets the next event: returns 1 and a line, or 0 for content, which is collected. */
static int observe(player *p, text *line) {
    swo_event event, again;
    swo_result result = swo_next_event(p->conn, &event);
    line->len = 0;
    if (result) {
        put_error(line, p->conn, result);
        return 1;
    }
    if (event.kind < SWO_EVENT_KIND_NEED_DATA
        && (swo_current_event(p->conn, &again) || again.kind != event.kind || again.position != event.position)) {
        p->fault = "an event that cannot be seen again";
    }
    if (event.kind == SWO_EVENT_KIND_DATA) {
        if (!event.u.data.len) p->fault = "empty data";
        text_slice(&p->data, event.u.data);
        return 0;
    }
    if (event.kind == SWO_EVENT_KIND_SWITCHED) text_slice(&p->leftover, event.u.switched.leftover);
    put_event(line, p->conn, &event, p->vector->shows_fields, p->refused);
    return 1;
}

static int begins(const text *line, const char *with) { return !strncmp(line->at, with, strlen(with)); }

static int is_stop(const text *line) {
    return begins(line, "need-data") || begins(line, "paused ");
}

static void log_line(player *p, const text *line) {
    p->saw_error |= begins(line, "error");
    text_add(&p->log, line->at, line->len);
    text_add(&p->log, "\n", 1);
}

/* Gets and logs the line or content that the case expects next, and feeds input as needed. */
static void expect(player *p, text *line) {
    const item *item = &p->vector->items[p->at];
    if (item->kind == EXPECT_DATA && p->data.len >= item->number) {
        text_put(&p->log, "data ");
        put_summary(&p->log, p->data.at, item->number);
        text_put(&p->log, "\n");
        text_drop(&p->data, item->number);
        p->at++;
    } else if (item->kind != EXPECT_DATA && p->data.len) {
        p->fault = "content where none is expected";
    } else if (item->kind == EXPECT_LEFTOVER) {
        if (p->input.len) {
            feed_piece(p);
            return;
        }
        text_put(&p->log, "leftover ");
        put_summary(&p->log, p->leftover.at, p->leftover.len);
        text_put(&p->log, "\n");
        p->at++;
    } else if (observe(p, line)) {
        if (is_stop(line) && p->input.len) {
            feed_piece(p);
            return;
        }
        log_line(p, line);
        p->at++;
    }
}

/* Runs one step of the case; returns 0 at the end, or after a fault. */
static int step(player *p, text *line) {
    const vector *v = p->vector;
    int is_end = p->at == v->count;
    enum item_kind kind = is_end ? FEED : v->items[p->at].kind;
    /* A call right after input is made when all of that input has been received. */
    int after_input = p->at && (v->items[p->at - 1].kind == FEED || v->items[p->at - 1].kind == END);
    if (p->input.len && (kind == FEED || kind == END || (kind == DO && after_input))) {
        feed_piece(p);
    } else if (is_end) {
        int fits = observe(p, line) && (is_stop(line) || (begins(line, "error") && p->saw_error));
        if (!fits) p->fault = "something comes out at the end";
        return 0;
    } else if (kind == DO) {
        perform(p, v->items[p->at++].bytes.at);
    } else if (kind == FEED || kind == END) {
        /* All lines expected before this input have come, so no other line may come now. */
        if (observe(p, line) && !is_stop(line)) p->fault = "an unexpected line";
        take_input(p);
    } else {
        expect(p, line);
    }
    return !p->fault;
}

/* Runs a case into a log; returns an error message or NULL. Connections are in place and on the heap, in turn. */
static const char *play(const vector *v, enum mode mode, size_t split, text *log) {
    player p;
    text line = {NULL, 0, 0};
    uint64_t *memory = NULL;
    memset(&p, 0, sizeof p);
    p.vector = v;
    p.mode = mode;
    p.split = split;
    if (split % 2) {
        memory = (uint64_t *)malloc(swo_conn_size());
        must(&p, swo_conn_init(memory, swo_conn_size(), v->role, &v->config, &p.conn));
    } else {
        must(&p, swo_conn_new(v->role, &v->config, &p.conn));
    }
    text_add(&line, "", 0);
    text_add(&p.log, "", 0);
    for (int steps = 0; !p.fault && step(&p, &line); steps++) {
        if (steps == 1000000) p.fault = "it never ends";
    }
    if (memory) must(&p, swo_conn_deinit(p.conn));
    else must(&p, swo_conn_free(p.conn));
    must(&p, swo_splice_free(p.splice));
    free(memory);
    if (p.fault) fprintf(stderr, "%s: item %zu, last line %s\n", v->name, p.at, line.at);
    text_free(&line);
    text_free(&p.input);
    text_free(&p.data);
    text_free(&p.leftover);
    *log = p.log;
    return p.fault;
}

/* Returns whether a feed mode gives the log of the whole feed. */
static int agrees(const vector *v, enum mode mode, size_t split, const text *whole) {
    text log;
    const char *fault = play(v, mode, split, &log);
    int same = !fault && log.len == whole->len && !memcmp(log.at, whole->at, log.len);
    if (!same) {
        fprintf(stderr, "%s: mode %d, split at %zu: %s\n--- whole\n%s--- cut\n%s", v->name, (int)mode, split,
                fault ? fault : "another log", whole->at, log.at);
    }
    text_free(&log);
    return same;
}

static int run(const vector *v, size_t most) {
    text whole;
    const char *fault = play(v, WHOLE, 0, &whole);
    if (fault) fprintf(stderr, "%s: %s\n%s", v->name, fault, whole.at);
    int good = !fault && agrees(v, BYTES, 0, &whole) && agrees(v, COMMITTED, 1, &whole);
    size_t places = v->fed > 4096 && most > 256 ? 256 : v->fed < most ? v->fed : most;
    for (size_t place = 1; good && place < places; place++) {
        good = agrees(v, SPLIT, places == v->fed ? place : place * v->fed / places, &whole);
    }
    if (good) printf("%s %016llx\n", v->name, checksum(whole.at, whole.len));
    text_free(&whole);
    return good;
}

#include "cases.h"

int main(int count, char **arguments) {
    FILE *file = count > 1 ? fopen(arguments[1], "rb") : NULL;
    size_t most = count > 2 ? strtoul(arguments[2], NULL, 10) : SIZE_MAX;
    int bad = 0;
    vector v;
    if (!file) {
        fprintf(stderr, "usage: runner CASES [SPLITS]\n");
        return 2;
    }
    while (read_case(file, &v)) {
        bad += !run(&v, most);
        free_case(&v);
    }
    fclose(file);
    if (bad) fprintf(stderr, "%d cases failed\n", bad);
    return bad > 0;
}
