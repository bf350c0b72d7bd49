/* Memory that runs out. Each allocation of five exchanges fails in turn, then memory is limited, in steps of eight bytes or, where
 * there is much, of 1,024. The call that needed it returns SWO_ERROR_OUT_OF_MEMORY and has changed nothing, so that the same call
 * succeeds with more memory. No run may end in abort(3); each is a process of its own, for the test to see that. A call may also do
 * without the memory.
 *
 * The small flavour gets its memory from swo_set_memory, whose rules are tested too. With WRAPPED it is the std flavour, and the
 * linker's --wrap puts the functions below in the place of malloc and the like. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "switchover.h"
#include "switchover_profiles.h"

/* The report of a run to its parent process, even if it ends early. */
static struct told {
    const char *call, *failed; /* name of the latest call, and of the one that failed */
    long asked, live; /* allocations so far, and those not freed yet */
    size_t held, most; /* bytes not freed yet, and their maximum so far */
    long again;       /* allocations of a second exchange on the same connections */
    int refused;      /* calls that returned SWO_ERROR_OUT_OF_MEMORY */
    int is_whole;     /* the exchange was completed */
} *told;

static long fails_at;             /* number of the allocation that fails; 0: none */
static size_t there = SIZE_MAX;   /* limit of the memory in bytes */

/* The size of an allocated block is stored before it, in as many bytes as the alignment of malloc. */
enum { BEFORE = 16 };

#ifdef WRAPPED
#define WRAPPER(name) __wrap_##name
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
#define realloc __real_realloc
#define free __real_free
#else
#define WRAPPER(name) name##_of_ours
#endif
void *WRAPPER(malloc)(size_t size);
void *WRAPPER(realloc)(void *memory, size_t size);
void WRAPPER(free)(void *memory);

void *WRAPPER(realloc)(void *memory, size_t size) {
    size_t *block = memory ? (size_t *)(void *)((char *)memory - BEFORE) : NULL, had = block ? *block : 0;
    if (told && (++told->asked == fails_at || size > there || told->held - had > there - size)) return NULL;
    block = realloc(block, size + BEFORE);
    if (!block) return NULL;
    *block = size;
    if (told) {
        told->live += !memory;
        told->held += size - had;
        if (told->held > told->most) told->most = told->held;
    }
    return (char *)block + BEFORE;
}

void *WRAPPER(malloc)(size_t size) {
    return WRAPPER(realloc)(NULL, size);
}

void WRAPPER(free)(void *memory) {
    size_t *block = memory ? (size_t *)(void *)((char *)memory - BEFORE) : NULL;
    if (block && told) {
        told->live--;
        told->held -= *block;
    }
    free(block);
}

#ifdef WRAPPED
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    void *memory = __wrap_malloc(count * size);
    return memory ? memset(memory, 0, count * size) : NULL;
}
#endif

#define HOLDS(truth) \
    do { \
        if (truth) break; \
        printf("memory.c:%d: %s, in %s\n", __LINE__, #truth, told->call); \
        fflush(stdout); \
        _exit(1); \
    } while (0)

/* Makes a call. If it returns SWO_ERROR_OUT_OF_MEMORY, it has changed nothing, and is repeated with enough memory. */
#define CALL(name, ...) \
    do { \
        swo_result result_; \
        told->call = #name; \
        result_ = name(__VA_ARGS__); \
        if (result_ == SWO_ERROR_OUT_OF_MEMORY) { \
            told->refused++; \
            told->failed = #name; \
            fails_at = 0; \
            there = SIZE_MAX; \
            result_ = name(__VA_ARGS__); \
        } \
        if (result_ != SWO_OK) printf("%s: %s\n", #name, swo_error_name(result_)); \
        HOLDS(result_ == SWO_OK); \
    } while (0)

static uint8_t out[16384];
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
    if (event.kind != kind) printf("event %s instead of %s\n", swo_name(SWO_TABLE_EVENT_KIND, event.kind), swo_name(SWO_TABLE_EVENT_KIND, kind));
    HOLDS(event.kind == kind);
}

#define FIELD(name, value) {SWO_TEXT(name), SWO_TEXT(value)}
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Sends a request with chunks, a trailer section and many field lines, and its response. */
static void post(swo_conn *client, swo_conn *server) {
    static const swo_field fields[] = {FIELD("Host", "a"), FIELD("Transfer-Encoding", "chunked"), FIELD("A", "1"), FIELD("B", "2"),
                                       FIELD("C", "3"),    FIELD("D", "4")};
    static const swo_field trailers[] = {FIELD("Checksum", "none")};
    static const swo_request_head head = {SWO_TEXT("POST"), SWO_TEXT("/"), fields, COUNT(fields)};
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

/* Offers a WebSocket, with subprotocols and compression, and accepts it. */
static void upgrade(swo_conn *client, swo_conn *server) {
    static const swo_field fields[] = {FIELD("Host", "a"), FIELD("TE", "trailers"), FIELD("Connection", "a, b"), FIELD("A", "1"),
                                       FIELD("Sec-WebSocket-Version", "13"),
                                       FIELD("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                                       FIELD("Sec-WebSocket-Protocol", "chat, superchat, third"),
                                       FIELD("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=\"10\", x-other")};
    static const swo_field chosen[] = {FIELD("Sec-WebSocket-Protocol", "chat"),
                                       FIELD("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=10")};
    static const swo_request_head head = {SWO_TEXT("GET"), SWO_TEXT("/"), fields, COUNT(fields)};
    static const swo_slice offer[] = {SWO_TEXT("a_protocol/1"), SWO_TEXT("websocket"), SWO_TEXT("another_protocol/2.2")};
    static const swo_slice websocket[] = {SWO_TEXT("websocket")};
    swo_selection selection;
    swo_offer offers[4];
    swo_event event;
    size_t count;
    CALL(swo_send_request, client, &head, offer, COUNT(offer), out, sizeof out, &written);
    CALL(swo_receive_event, server, out, written, &event);
    HOLDS(event.kind == SWO_EVENT_KIND_REQUEST);
    expect(server, SWO_EVENT_KIND_END_OF_MESSAGE);
    CALL(swo_offers, server, offers, COUNT(offers), &count);
    HOLDS(count == 3);
    CALL(swo_select, server, websocket, 1, SWO_ORDER_SERVER, &selection);
    CALL(swo_accept, server, &selection, chosen, COUNT(chosen), out, sizeof out, &written);
    /* The first bytes of the new protocol come with the 101. */
    memcpy(out + written, "\x81\x02hi", 4);
    CALL(swo_receive, client, out, written + 4);
    expect(client, SWO_EVENT_KIND_SWITCHED);
    CALL(swo_take_leftover, client, out, sizeof out, &written);
    HOLDS(written == 4 && memcmp(out, "\x81\x02hi", 4) == 0);
}

static void both(const swo_config *config, swo_conn **client, swo_conn **server) {
    static union {
        long double alignment;
        char memory[1024];
    } place;
    HOLDS(swo_conn_size() <= sizeof place);
    CALL(swo_conn_new, SWO_ROLE_SERVER, config, server);
    CALL(swo_conn_init, place.memory, sizeof place, SWO_ROLE_CLIENT, config, client);
}

static void ends(swo_conn *client, swo_conn *server) {
    HOLDS(swo_conn_free(server) == SWO_OK && swo_conn_deinit(client) == SWO_OK);
    HOLDS(told->live == 0);
    told->is_whole = 1;
}

static void exchange(const swo_config *config) {
    swo_conn *client, *server;
    long asked;
    both(config, &client, &server);
    post(client, server);
    asked = told->asked;
    post(client, server);
    told->again = told->asked - asked;
    upgrade(client, server);
    ends(client, server);
}

/* A head of many lines that comes in three pieces, an offer that is declined by a list of others, and what is sent rarely. */
static void decline(const swo_config *config) {
    static const swo_field fields[] = {FIELD("Host", "a"), FIELD("Expect", "100-continue"), FIELD("Content-Length", "2")};
    static const swo_request_head head = {SWO_TEXT("PUT"), SWO_TEXT("/"), fields, COUNT(fields)};
    static const swo_response_head continues = {100, {NULL, 0}, NULL, 0}, found = {200, {NULL, 0}, NULL, 0};
    static const swo_slice foo[] = {SWO_TEXT("foo/2")};
    static const swo_slice others[] = {SWO_TEXT("bar"), SWO_TEXT("websocket"), SWO_TEXT("TLS/1.3"), SWO_TEXT("b"), SWO_TEXT("c"),
                                       SWO_TEXT("d"),   SWO_TEXT("e"),         SWO_TEXT("f"),       SWO_TEXT("g")};
    swo_protocol required[16];
    swo_field kept[128];
    swo_config changed = *config;
    swo_conn *client, *server;
    size_t count, more;
    both(config, &client, &server);
    changed.fields = 90;
    CALL(swo_set_limits, server, &changed);
    CALL(swo_send_request, client, &head, foo, 1, out, sizeof out, &written);
    pass_in_pieces(server);
    expect(server, SWO_EVENT_KIND_REQUEST);
    CALL(swo_send_informational, server, &continues, out, sizeof out, &written);
    pass_in_pieces(client);
    expect(client, SWO_EVENT_KIND_INFORMATIONAL);
    CALL(swo_send_data, client, (const uint8_t *)"ab", 2, out, sizeof out, &written);
    pass_in_pieces(server);
    expect(server, SWO_EVENT_KIND_DATA);
    expect(server, SWO_EVENT_KIND_END_OF_MESSAGE);
    CALL(swo_require, server, others, COUNT(others), NULL, 0, out, sizeof out, &written);
    CALL(swo_send_end, server, NULL, 0, out + written, sizeof out - written, &more);
    written += more;
    pass_in_pieces(client);
    expect(client, SWO_EVENT_KIND_RESPONSE);
    CALL(swo_required, client, required, COUNT(required), &count);
    HOLDS(count == COUNT(others));
    expect(client, SWO_EVENT_KIND_END_OF_MESSAGE);

    written = (size_t)sprintf((char *)out, "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-1, x-2\r\n");
    for (int line = 0; line < 80; line++) written += (size_t)sprintf((char *)out + written, "X-%d: %d\r\n", line, line);
    written += (size_t)sprintf((char *)out + written, "\r\n");
    CALL(swo_receive, server, out, 9);
    expect(server, SWO_EVENT_KIND_NEED_DATA);
    memmove(out, out + 9, written - 9);
    written -= 9;
    pass_in_pieces(server);
    expect(server, SWO_EVENT_KIND_REQUEST);
    CALL(swo_end_to_end, server, kept, COUNT(kept), &count);
    HOLDS(count == 79);
    expect(server, SWO_EVENT_KIND_END_OF_MESSAGE);
    CALL(swo_advertise, server, others, COUNT(others));
    CALL(swo_send_response, server, &found, out, sizeof out, &written);
    CALL(swo_send_end, server, NULL, 0, out, sizeof out, &more);
    ends(client, server);
}

/* What is made once and sent often, field lines that are corrected, and a last response. */
static void prepare(const swo_config *config) {
    static const char get[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", common[] = "Server: s\r\nX-A: b\r\n";
    static const swo_field fields[] = {FIELD("A", "1"), FIELD("Content-Length", "2"), FIELD("Transfer-Encoding", "chunked")};
    static const swo_response_head found = {200, SWO_TEXT("Fine"), fields, 1}, tidied = {200, {NULL, 0}, fields, 3},
                                   refused = {503, {NULL, 0}, NULL, 0};
    swo_config tidies = *config;
    swo_prepared *prepared;
    swo_conn *client, *server;
    swo_block *block;
    tidies.tidy = 1;
    both(&tidies, &client, &server);
    CALL(swo_prepared_new, &found, (const uint8_t *)"yes", 3, config, &prepared);
    CALL(swo_block_new, (const uint8_t *)common, sizeof common - 1, &block);
    for (int turn = 0; turn < 3; turn++) {
        const swo_field lines[] = {SWO_BLOCK(block), SWO_HEAD("B: c\r\n", 6)};
        const swo_response_head with_lines = {200, {NULL, 0}, lines, 2};
        CALL(swo_receive, server, (const uint8_t *)get, sizeof get - 1);
        expect(server, SWO_EVENT_KIND_REQUEST);
        expect(server, SWO_EVENT_KIND_END_OF_MESSAGE);
        if (turn == 0) CALL(swo_respond_prepared, server, prepared, out, sizeof out, &written);
        if (turn == 1) CALL(swo_respond, server, &with_lines, (const uint8_t *)"", 0, out, sizeof out, &written);
        if (turn == 2) CALL(swo_send_response, server, &tidied, out, sizeof out, &written);
        if (turn == 2) CALL(swo_send_end, server, NULL, 0, out, sizeof out, &written);
    }
    /* Half a head, whose memory cannot shrink without a copy. */
    CALL(swo_receive, server, (const uint8_t *)get, 10);
    CALL(swo_release, server);
    CALL(swo_reject, server, &refused, (const uint8_t *)"", 0, out, sizeof out, &written);
    HOLDS(swo_prepared_free(prepared) == SWO_OK && swo_block_free(block) == SWO_OK);
    ends(client, server);
}

/* Field lines between HTTP/1.1 and HTTP/2, capsules, targets, and a key. */
static void convert(const swo_config *config) {
    static const swo_field fields[] = {FIELD("Host", "a"), FIELD("TE", "trailers"), FIELD("Accept", "text/plain"), FIELD("Cookie", "a=1")};
    static const swo_field http2[] = {FIELD("accept", "text/plain"), FIELD("cookie", "a=1"), FIELD("cookie", "b=2"), FIELD("host", "a")};
    static const swo_request_head head = {SWO_TEXT("GET"), SWO_TEXT("http://a?b"), fields, COUNT(fields)};
    static const swo_datagram datagram = {0, SWO_TEXT("datagram")};
    const swo_slice authority = SWO_TEXT("a"), key = SWO_TEXT("dGhlIHNhbXBsZSBub25jZQ=="), protocol = SWO_TEXT("websocket");
    const swo_slice udp = SWO_TEXT("/.well-known/masque/udp/a%2Ebc/%34%343/"), ip = SWO_TEXT("/.well-known/masque/ip/192.0.2.0%2F24/6/");
    static const uint8_t nonce[16] = "the sample nonce";
    const size_t counts[] = {3, 7, 8, 4};
    const swo_field *got;
    swo_lines *lines[4];
    swo_capsules *capsules;
    swo_datagram read;
    swo_conn *client, *server;
    uint32_t reason, number;
    size_t count;
    both(config, &client, &server);
    CALL(swo_http2_fields, fields, COUNT(fields), &lines[0]);
    CALL(swo_http2_request, &head, 0, &lines[1]);
    CALL(swo_extended_connect, &head, protocol, 1, &lines[2]);
    CALL(swo_http1_fields, authority, http2, COUNT(http2), key, &lines[3], &reason);
    for (int at = 0; at < 4; at++) {
        CALL(swo_lines_get, lines[at], &got, &count);
        HOLDS(count == counts[at] && swo_lines_free(lines[at]) == SWO_OK);
    }
    CALL(swo_capsules_new, 100, &capsules);
    CALL(swo_datagram_write, &datagram, out, sizeof out, &written);
    for (int turn = 0; turn < 2; turn++) {
        CALL(swo_capsules_receive, capsules, out, 3);
        HOLDS(swo_capsules_next(capsules, &read, &reason) == SWO_NOTHING);
        CALL(swo_capsules_receive, capsules, out + 3, written - 3);
        CALL(swo_capsules_next, capsules, &read, &reason);
        HOLDS(read.payload.len == 8 && !memcmp(read.payload.data, "datagram", 8));
    }
    CALL(swo_capsules_finish, capsules, &reason);
    CALL(swo_udp_target, SWO_UDP_TEMPLATE, udp, out, sizeof out, &written, &number);
    HOLDS(written == 4 && !memcmp(out, "a.bc", 4) && number == 443);
    CALL(swo_ip_target, SWO_IP_TEMPLATE, ip, out, sizeof out, &written, &number);
    HOLDS(written == 12 && !memcmp(out, "192.0.2.0/24", 12) && number == 6);
    CALL(swo_websocket_key, nonce, sizeof nonce, out, sizeof out, &written);
    HOLDS(written == key.len && !memcmp(out, key.data, key.len));
    HOLDS(swo_capsules_free(capsules) == SWO_OK);
    ends(client, server);
}

/* Adds a frame of HTTP/2, whose payload is zeros, to the bytes at `to`. */
static size_t frame(uint8_t *to, size_t len, uint8_t kind, uint8_t flags, uint8_t stream) {
    const uint8_t head[] = {(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, kind, flags, 0, 0, 0, stream};
    memcpy(to, head, sizeof head);
    memset(to + sizeof head, 0, len);
    return sizeof head + len;
}

/* Passes what a splice holds, and returns how many bytes have come for the engine. */
static size_t pass(swo_splice *splice, size_t *for_client) {
    swo_slice bytes, others;
    CALL(swo_splice_take_for_engine, splice, &bytes);
    CALL(swo_splice_take_for_client, splice, &others);
    *for_client += others.len;
    return bytes.len;
}

/* Upgrades a request with content, behind which the client sends more DATA than the engine has a window for. */
static void splice(const swo_config *config) {
    static const char request[] = "POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade, http2-settings\r\n"
                                  "HTTP2-Settings: AAMAAABk\r\nContent-Length: 5\r\n\r\nhello";
    static const swo_field trailers[] = {FIELD("Checksum", "none")};
    static const swo_slice h2c[] = {SWO_TEXT("h2c")};
    static uint8_t frames[80000], replies[64];
    size_t len = 24, replied = 0, for_engine = 0, for_client = 0;
    swo_selection selection;
    swo_splice *spliced;
    swo_conn *client, *server;
    uint32_t reason;
    both(config, &client, &server);
    CALL(swo_receive, server, (const uint8_t *)request, sizeof request - 1);
    expect(server, SWO_EVENT_KIND_REQUEST);
    expect(server, SWO_EVENT_KIND_DATA);
    expect(server, SWO_EVENT_KIND_END_OF_MESSAGE);
    CALL(swo_select, server, h2c, 1, SWO_ORDER_SERVER, &selection);
    CALL(swo_splice_new, server, (const uint8_t *)"hello", 5, trailers, 1, &spliced, &reason);
    CALL(swo_accept, server, &selection, NULL, 0, out, sizeof out, &written);
    memcpy(frames, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", len);
    len += frame(frames + len, 0, 4, 0, 0);
    for (int at = 0; at < 5; at++) len += frame(frames + len, 13107, 0, at == 4, (uint8_t)(3 + 2 * at));
    CALL(swo_splice_client_sent, spliced, frames, 30);
    HOLDS(pass(spliced, &for_client) == 0);
    CALL(swo_splice_client_sent, spliced, frames + 30, 30000);
    CALL(swo_splice_client_sent, spliced, frames + 30030, len - 30030);
    HOLDS(swo_splice_is_waiting(spliced) == 1);
    for_engine = pass(spliced, &for_client);
    replied += frame(replies, 0, 4, 1, 0);
    replied += frame(replies + replied, 0, 4, 1, 0);
    replied += frame(replies + replied, 4, 8, 0, 0);
    replies[replied - 1] = 7;
    CALL(swo_splice_engine_sent, spliced, replies, 20);
    CALL(swo_splice_engine_sent, spliced, replies + 20, replied - 20);
    CALL(swo_splice_client_ended, spliced);
    for_engine += pass(spliced, &for_client);
    HOLDS(for_engine > len && for_client == 22 && swo_splice_is_done(spliced) == 1);
    HOLDS(swo_splice_free(spliced) == SWO_OK);
    ends(client, server);
}

/* The most that a peer can make a server hold: heads of the longest size, with as much behind them as the buffer takes. */
static void flood(const swo_config *config) {
    static char head[1 << 16];
    static const swo_field fields[] = {FIELD("Content-Length", "0")};
    static const swo_response_head found = {200, {NULL, 0}, fields, 1};
    size_t len = (size_t)sprintf(head, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade");
    const size_t lines = config->fields - 3, budget = config->buffered + config->buffered / 2 + config->head + (1 << 14);
    swo_conn *client, *server;
    swo_event event;
    both(config, &client, &server);
    for (int at = 0; at < 300; at++) len += (size_t)sprintf(head + len, ", x-%d", at);
    len += (size_t)sprintf(head + len, "\r\nUpgrade: foo/2");
    for (uint32_t at = 1; at < config->offers; at++) len += (size_t)sprintf(head + len, ", p%u/1", at);
    for (size_t line = 0; line < lines; line++) len += (size_t)sprintf(head + len, "\r\nX: %0*d", (int)((config->head - 500 - len) / (lines - line)) - 5, 1);
    len += (size_t)sprintf(head + len, "\r\n\r\n");
    for (int turn = 0; turn < 8; turn++) {
        size_t sent = 0;
        while (sent < len && swo_receive(server, (uint8_t *)head + sent, len - sent < 4096 ? len - sent : 4096) == SWO_OK) sent += 4096;
        do CALL(swo_next_event, server, &event);
        while (event.kind != SWO_EVENT_KIND_NEED_DATA && event.kind != SWO_EVENT_KIND_PAUSED);
        if (turn % 3 < 2) continue;
        CALL(swo_respond, server, &found, NULL, 0, out, sizeof out, &written);
    }
    printf("# a flood of heads of %zu bytes: %zu bytes at most, of %zu\n", len, told->most, budget);
    HOLDS(told->most > config->buffered && told->most <= budget);
    ends(client, server);
}

static void small_flood(const swo_config *config) {
    swo_config small = *config;
    small.head = 8192;
    small.buffered = 16384;
    flood(&small);
}

typedef void (*exchange_of)(const swo_config *config);

static void play(exchange_of play_it) {
    swo_config config;
#ifdef WRAPPED
    HOLDS(swo_set_memory(malloc, realloc, free) == SWO_TOO_LATE);
#else
    HOLDS(swo_set_memory(malloc_of_ours, NULL, free_of_ours) == SWO_NULL);
    HOLDS(swo_set_memory(malloc_of_ours, realloc_of_ours, free_of_ours) == SWO_OK);
#endif
    HOLDS(swo_config_init(&config, sizeof config) == SWO_OK);
    config.fields = 50;
    play_it(&config);
    HOLDS(swo_set_memory(WRAPPER(malloc), WRAPPER(realloc), WRAPPER(free)) == SWO_TOO_LATE);
}

/* Runs an exchange with a failing allocation or limited memory, and returns the exit status of its process. */
static int run(exchange_of play_it, long at, size_t bytes) {
    int status = 0;
    pid_t child;
    memset(told, 0, sizeof *told);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        fails_at = at;
        there = bytes;
        play(play_it);
        fflush(stdout);
        _exit(0);
    }
    return child < 0 || waitpid(child, &status, 0) != child ? -1 : status;
}

static int refused, without;

/* Returns whether a run is right: at most one call refused, and success. */
static int is_right(const char *name, int status, long at, size_t bytes) {
    if (status == 0 && told->is_whole && told->refused <= 1) {
        refused += told->refused;
        without += !told->refused;
        return 1;
    }
    printf("%s: allocation %ld, %zu bytes: status %x in %s\n", name, at, bytes, (unsigned)status, told->call);
    return 0;
}

static int fails_in_turn(const char *name, exchange_of play_it) {
    long all;
    size_t most;
    int status = run(play_it, 0, SIZE_MAX);
    if (status != 0 || !told->is_whole || told->again != 0) {
        printf("%s, with memory: status %x in %s, %ld allocations again\n", name, (unsigned)status, told->call, told->again);
        return 0;
    }
    all = told->asked;
    most = told->most;
    refused = without = 0;
    for (long at = 1; at <= all; at++) {
        if (!is_right(name, run(play_it, at, SIZE_MAX), at, SIZE_MAX)) return 0;
    }
    printf("# %s: %ld allocations, %zu bytes at most; each failing: %d refused, %d done without\n", name, all, most, refused, without);
    if (refused == 0) return 0;
    for (size_t bytes = 0; bytes < most; bytes += most < 1 << 16 ? 8 : 1024) {
        if (!is_right(name, run(play_it, 0, bytes), 0, bytes)) return 0;
    }
    return 1;
}

int main(void) {
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED) return 1;
    if (run(flood, 0, SIZE_MAX) != 0 || run(small_flood, 0, SIZE_MAX) != 0) return 1;
    return !fails_in_turn("an exchange", exchange) || !fails_in_turn("a decline", decline) || !fails_in_turn("what is prepared", prepare) ||
           !fails_in_turn("conversions", convert) || !fails_in_turn("an upgrade to h2c", splice);
}
