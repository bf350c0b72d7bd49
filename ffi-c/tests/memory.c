/* The small flavour's memory: swo_set_memory, the memory that a whole exchange allocates and frees, and failed allocations:
 * first each allocation fails in turn, then memory is limited, in steps of eight bytes. Each run is a process of its own, for
 * some end in abort(3). With limited memory those calls must not abort for which the header excludes it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "switchover.h"

/* The report of a run to its parent process, even if it ends early. */
static struct told {
    const char *call, *failed; /* name of the latest call, and of the one that failed */
    long asked, live; /* allocations so far, and those not freed yet */
    size_t held, most; /* bytes not freed yet, and their maximum so far */
    long again;       /* allocations of a second exchange on the same connections */
    int refused;      /* calls that returned SWO_OUT_OF_MEMORY */
    int is_whole;     /* the exchange was completed */
} *told;

static long fails_at;             /* number of the allocation that fails; 0: none */
static size_t there = SIZE_MAX;   /* limit of the memory in bytes */

/* The size of an allocated block is stored before it, in as many bytes as the alignment of malloc. */
enum { BEFORE = 16 };

static void *give_more(void *memory, size_t size) {
    size_t *block = memory ? (size_t *)(void *)((char *)memory - BEFORE) : NULL, had = block ? *block : 0;
    if (++told->asked == fails_at || size > there || told->held - had > there - size) return NULL;
    block = realloc(block, size + BEFORE);
    if (!block) return NULL;
    *block = size;
    told->live += !memory;
    told->held += size - had;
    if (told->held > told->most) told->most = told->held;
    return (char *)block + BEFORE;
}

static void *give(size_t size) {
    return give_more(NULL, size);
}

static void take_back(void *memory) {
    size_t *block = (size_t *)(void *)((char *)memory - BEFORE);
    told->live--;
    told->held -= *block;
    free(block);
}

#define HOLDS(truth) \
    do { \
        if (truth) break; \
        printf("memory.c:%d: %s\n", __LINE__, #truth); \
        _exit(1); \
    } while (0)

/* Makes a call. If it returns SWO_OUT_OF_MEMORY, it has changed nothing, and is repeated with enough memory. */
#define CALL(name, ...) \
    do { \
        swo_result result_; \
        told->call = #name; \
        result_ = name(__VA_ARGS__); \
        if (result_ == SWO_OUT_OF_MEMORY) { \
            told->refused++; \
            told->failed = #name; \
            fails_at = 0; \
            there = SIZE_MAX; \
            result_ = name(__VA_ARGS__); \
        } \
        if (result_ != SWO_OK) printf("%s: %s\n", #name, swo_error_name(result_)); \
        HOLDS(result_ == SWO_OK); \
    } while (0)

static uint8_t out[4096];
static size_t written;

static void pass_in_pieces(swo_conn *to) {
    uint8_t *space;
    size_t cap, half = written / 2;
    CALL(swo_receive, to, out, half);
    CALL(swo_receive_buffer, to, written - half, &space, &cap);
    HOLDS(cap >= written - half);
    memcpy(space, out + half, written - half);
    CALL(swo_receive_commit, to, written - half);
}

static void expect(swo_conn *conn, uint32_t kind) {
    swo_event event;
    CALL(swo_next_event, conn, &event);
    HOLDS(event.kind == kind);
}

/* Sends a request with chunks, a trailer section and many field lines, and its response. */
static void post(swo_conn *client, swo_conn *server) {
    static const swo_field fields[] = {{SWO_TEXT("Host"), SWO_TEXT("a")}, {SWO_TEXT("Transfer-Encoding"), SWO_TEXT("chunked")},
                                       {SWO_TEXT("A"), SWO_TEXT("1")}, {SWO_TEXT("B"), SWO_TEXT("2")},
                                       {SWO_TEXT("C"), SWO_TEXT("3")}, {SWO_TEXT("D"), SWO_TEXT("4")}};
    static const swo_field trailers[] = {{SWO_TEXT("Checksum"), SWO_TEXT("none")}};
    static const swo_request_head head = {SWO_TEXT("POST"), SWO_TEXT("/"), fields, 6};
    static const swo_response_head found = {200, {NULL, 0}, NULL, 0};
    size_t more;
    CALL(swo_send_request, client, &head, NULL, 0, out, sizeof out, &written);
    CALL(swo_send_data, client, (const uint8_t *)"content", 7, out + written, sizeof out - written, &more);
    written += more;
    CALL(swo_send_end, client, trailers, 1, out + written, sizeof out - written, &more);
    written += more;
    pass_in_pieces(server);
    expect(server, SWO_EVENT_KIND_REQUEST);
    expect(server, SWO_EVENT_KIND_DATA);
    expect(server, SWO_EVENT_KIND_END_OF_MESSAGE);
    CALL(swo_respond, server, &found, (const uint8_t *)"yes", 3, out, sizeof out, &written);
    pass_in_pieces(client);
    expect(client, SWO_EVENT_KIND_RESPONSE);
    expect(client, SWO_EVENT_KIND_DATA);
    expect(client, SWO_EVENT_KIND_END_OF_MESSAGE);
}

static void upgrade(swo_conn *client, swo_conn *server) {
    static const swo_field fields[] = {{SWO_TEXT("Host"), SWO_TEXT("a")},
                                       {SWO_TEXT("Sec-WebSocket-Version"), SWO_TEXT("13")},
                                       {SWO_TEXT("Sec-WebSocket-Key"), SWO_TEXT("dGhlIHNhbXBsZSBub25jZQ==")}};
    static const swo_request_head head = {SWO_TEXT("GET"), SWO_TEXT("/"), fields, 3};
    static const swo_slice websocket[] = {SWO_TEXT("websocket")};
    swo_selection selection;
    swo_event event;
    CALL(swo_send_request, client, &head, websocket, 1, out, sizeof out, &written);
    CALL(swo_receive_event, server, out, written, &event);
    HOLDS(event.kind == SWO_EVENT_KIND_REQUEST);
    expect(server, SWO_EVENT_KIND_END_OF_MESSAGE);
    CALL(swo_select, server, websocket, 1, SWO_ORDER_SERVER, &selection);
    CALL(swo_accept, server, &selection, NULL, 0, out, sizeof out, &written);
    CALL(swo_receive, client, out, written);
    expect(client, SWO_EVENT_KIND_SWITCHED);
}

static void exchange(void) {
    static union {
        long double alignment;
        char memory[1024];
    } place;
    swo_config config;
    swo_conn *client, *server;
    long asked;
    HOLDS(swo_set_memory(give, NULL, take_back) == SWO_NULL);
    HOLDS(swo_set_memory(give, give_more, take_back) == SWO_OK);
    HOLDS(swo_config_init(&config, sizeof config) == SWO_OK && swo_conn_size() <= sizeof place);
    config.fields = 50;
    CALL(swo_conn_new, SWO_ROLE_SERVER, &config, &server);
    HOLDS(swo_set_memory(give, give_more, take_back) == SWO_TOO_LATE);
    CALL(swo_conn_init, place.memory, sizeof place, SWO_ROLE_CLIENT, &config, &client);
    post(client, server);
    asked = told->asked;
    post(client, server);
    told->again = told->asked - asked;
    upgrade(client, server);
    HOLDS(swo_conn_free(server) == SWO_OK && swo_conn_deinit(client) == SWO_OK);
    HOLDS(told->live == 0);
    told->is_whole = 1;
}

/* Runs an exchange with a failing allocation or limited memory, and returns the exit status of its process. */
static int run(long at, size_t bytes) {
    int status = 0;
    pid_t child;
    memset(told, 0, sizeof *told);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        fails_at = at;
        there = bytes;
        exchange();
        _exit(0);
    }
    return child < 0 || waitpid(child, &status, 0) != child ? -1 : status;
}

/* Returns whether the header says that a call of the exchange returns SWO_OUT_OF_MEMORY instead of aborting. */
static int never_aborts(const char *call) {
    static const char *const calls[] = {"swo_conn_new", "swo_conn_init", "swo_receive", "swo_receive_event",
                                        "swo_receive_buffer"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (!strcmp(call, calls[i])) return 1;
    }
    return 0;
}

static int refused, aborted;

/* Returns whether a run is right: an error and then success, or an abort if that is allowed. */
static int is_right(int status, int may_abort) {
    int is_abort = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    int is_refused = status == 0 && told->is_whole && told->refused == 1;
    refused += is_refused;
    aborted += is_abort;
    return is_refused || (is_abort && may_abort);
}

int main(void) {
    long all;
    size_t most;
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED || run(0, SIZE_MAX) != 0 || !told->is_whole || told->again != 0) return 1;
    all = told->asked;
    most = told->most;
    for (long at = 1; at <= all; at++) {
        /* A run may abort: a call may test for memory before it allocates it. If only the allocation fails, it is as if
         * another thread had allocated the memory in between. */
        int status = run(at, SIZE_MAX);
        printf("%ld: %s\n", at, told->failed ? told->failed : told->call);
        if (!is_right(status, 1)) return 1;
    }
    printf("# %ld allocations in an exchange, %zu bytes at most; each failing: %d refused, %d aborted\n", all, most, refused, aborted);
    refused = aborted = 0;
    for (size_t bytes = 0; bytes < most; bytes += 8) {
        int status = run(0, bytes), may_abort = !never_aborts(told->call);
        if (!is_right(status, may_abort)) {
            printf("%zu bytes: status %x in %s\n", bytes, (unsigned)status, told->call);
            return 1;
        }
    }
    printf("# with fewer bytes: %d refused, %d aborted\n", refused, aborted);
    return refused == 0 || aborted == 0;
}
