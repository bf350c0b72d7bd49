/* Mistakes with responses, blocks, swo_pass_content and swo_hand_over.
 *
 * Part of misuse.c. */
#include "checks.h"

static const char PLAIN[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char POST[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
static const uint8_t *const HELLO = (const uint8_t *)"hello";

static int holds(const uint8_t *out, size_t written, const char *part) {
    size_t len = strlen(part);
    for (size_t at = 0; at + len <= written; at++) {
        if (!memcmp(out + at, part, len)) return 1;
    }
    return 0;
}

static void no_connection_answers_nothing(void) {
    swo_response_head head = {200, {NULL, 0}, NULL, 0};
    uint64_t zeros[32] = {0};
    uint8_t out[64];
    size_t written = 77;
    uint32_t persists = 7;
    swo_content_left content = {7, 7};
    swo_slice unread = {out, 7};
    swo_prepared *prepared = NULL;
    IS(swo_prepared_new(&head, HELLO, 5, NULL, &prepared), SWO_OK);
    IS(swo_respond(NULL, &head, HELLO, 5, out, sizeof out, &written), SWO_NULL);
    IS(swo_reject(NULL, &head, HELLO, 5, out, sizeof out, &written), SWO_NULL);
    IS(swo_respond_prepared(NULL, prepared, out, sizeof out, &written), SWO_NULL);
    IS(swo_note_response(NULL, 200, 0, 0, &persists), SWO_NULL);
    IS(swo_hand_over(NULL, out, sizeof out, &written), SWO_NULL);
    IS(swo_content(NULL, &content), SWO_NULL);
    IS(swo_unread(NULL, &unread), SWO_NULL);
    IS(swo_respond((swo_conn *)(void *)prepared, &head, HELLO, 5, out, sizeof out, &written), SWO_BAD_HANDLE);
    IS(swo_prepared_free((swo_prepared *)(void *)zeros), SWO_BAD_HANDLE);
    HOLDS(swo_owes((swo_conn *)(void *)zeros) == SWO_NONE && !swo_persists((swo_conn *)(void *)zeros));
    HOLDS(written == 77 && persists == 7 && content.kind == 7 && unread.len == 7);
    HOLDS(!strcmp(swo_name(SWO_TABLE_OWES, 99), "unknown") && !strcmp(swo_name(SWO_TABLE_CONTENT, 99), "unknown"));
    HOLDS(!strcmp(swo_name(SWO_TABLE_OWES, SWO_OWES_CONTINUE), "continue"));
    HOLDS(!strcmp(swo_name(SWO_TABLE_CONTENT, SWO_CONTENT_UNTIL_CLOSE), "until-close"));
    IS(swo_prepared_free(prepared), SWO_OK);
}

/* A block in an array stands for its field lines, wherever an array of lines is passed. */
static void blocks_are_lines(void) {
    static const char text[] = "Server: a\r\nX-B: c";
    static const struct {
        const char *text;
        swo_result result;
    } bad[] = {
        {"A: b\r\n\r\n", SWO_ERROR_INVALID_NAME},        {"A", SWO_ERROR_INVALID_NAME},
        {"A: b\nC: d", SWO_ERROR_INVALID_VALUE},           {"Content-Length: 1", SWO_ERROR_RESERVED_FIELD},
        {"connection: close", SWO_ERROR_RESERVED_FIELD},   {"Upgrade: foo/2", SWO_ERROR_RESERVED_FIELD},
        {"Host: a", SWO_ERROR_RESERVED_FIELD},
    };
    swo_block *block = NULL, *none = NULL;
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        IS(swo_block_new((const uint8_t *)bad[at].text, strlen(bad[at].text), &none), bad[at].result);
        HOLDS(none == NULL);
    }
    IS(swo_block_new((const uint8_t *)text, SIZE_MAX, &none), SWO_BAD_LENGTH);
    IS(swo_block_new((const uint8_t *)text, strlen(text), &block), SWO_OK);
    IS(swo_block_new(NULL, 0, &none), SWO_OK);
    swo_field mixed[] = {SWO_BLOCK(none), {SWO_TEXT("A"), SWO_TEXT("1")}, SWO_BLOCK(block), {SWO_TEXT("D"), SWO_TEXT("2")}};
    swo_field plain[] = {{SWO_TEXT("A"), SWO_TEXT("1")}, {SWO_TEXT("Server"), SWO_TEXT("a")}, {SWO_TEXT("X-B"), SWO_TEXT("c")},
                         {SWO_TEXT("D"), SWO_TEXT("2")}};
    swo_response_head with_block = {200, {NULL, 0}, mixed, 4}, with_lines = {200, {NULL, 0}, plain, 4};
    uint8_t one[256], two[256];
    size_t first = 0, second = 0;
    swo_conn *conn = heard(NULL, PLAIN), *other = heard(NULL, PLAIN);
    IS(swo_respond(conn, &with_block, HELLO, 5, one, sizeof one, &first), SWO_OK);
    IS(swo_respond(other, &with_lines, HELLO, 5, two, sizeof two, &second), SWO_OK);
    HOLDS(first == second && !memcmp(one, two, first));
    swo_conn_free(conn);
    swo_conn_free(other);
    /* A block is allowed in trailers and in a prepared response; an error's index counts it as one entry. */
    conn = heard(NULL, PLAIN);
    with_block.field_count = 0;
    IS(swo_send_response(conn, &with_block, one, sizeof one, &first), SWO_OK);
    IS(swo_send_end(conn, mixed, 4, one, sizeof one, &first), SWO_OK);
    HOLDS(holds(one, first, "Server: a\r\nX-B: c\r\nD: 2\r\n"));
    swo_conn_free(conn);
    swo_prepared *prepared = NULL;
    with_block.field_count = 4;
    IS(swo_prepared_new(&with_block, HELLO, 5, NULL, &prepared), SWO_OK);
    conn = heard(NULL, PLAIN);
    IS(swo_respond_prepared(conn, prepared, one, sizeof one, &first), SWO_OK);
    HOLDS(first == second && !memcmp(one, two, first));
    swo_conn_free(conn);
    IS(swo_prepared_free(prepared), SWO_OK);
    conn = heard(NULL, PLAIN);
    mixed[3].value.data = (const uint8_t *)"\n";
    IS(swo_respond(conn, &with_block, HELLO, 5, one, sizeof one, &first), SWO_ERROR_INVALID_VALUE);
    HOLDS(first == 3); /* the index in the array: a block is one entry */
    /* A pointer to another object in place of a block is rejected. */
    mixed[3].value.data = (const uint8_t *)"2";
    mixed[2].value.data = (const uint8_t *)conn;
    IS(swo_respond(conn, &with_block, HELLO, 5, one, sizeof one, &first), SWO_BAD_HANDLE);
    swo_conn_free(conn);
    IS(swo_block_free(none), SWO_OK);
    IS(swo_block_free(block), SWO_OK);
}

/* A text of field lines in an array stands for its lines, each of which is checked and counted. */
static void texts_are_lines(void) {
    static const struct {
        const char *text;
        swo_result result;
        size_t at;
    } bad[] = {
        {"A: b\r\n\r\n", SWO_ERROR_INVALID_NAME, 2},   {"A", SWO_ERROR_INVALID_NAME, 1},
        {"A: b\nC: d", SWO_ERROR_INVALID_VALUE, 1},        {"A: b\r\nC d: e\r\n", SWO_ERROR_INVALID_NAME, 2},
        {"Transfer-Encoding: gzip", SWO_ERROR_FRAMING_CONFLICT, 1},
    };
    static const char text[] = "Server: a\r\nConnection: close\r\nX-B: c";
    swo_field mixed[] = {{SWO_TEXT("A"), SWO_TEXT("1")}, SWO_HEAD(text, sizeof text - 1), {SWO_TEXT("D"), SWO_TEXT("2")}};
    swo_field plain[] = {{SWO_TEXT("A"), SWO_TEXT("1")}, {SWO_TEXT("Server"), SWO_TEXT("a")},
                         {SWO_TEXT("Connection"), SWO_TEXT("close")}, {SWO_TEXT("X-B"), SWO_TEXT("c")},
                         {SWO_TEXT("D"), SWO_TEXT("2")}};
    swo_response_head with_text = {200, {NULL, 0}, mixed, 3}, with_lines = {200, {NULL, 0}, plain, 5};
    uint8_t one[256], two[256];
    size_t first = 0, second = 0;
    swo_conn *conn = heard(NULL, PLAIN), *other = heard(NULL, PLAIN);
    IS(swo_respond(conn, &with_text, HELLO, 5, one, sizeof one, &first), SWO_OK);
    IS(swo_respond(other, &with_lines, HELLO, 5, two, sizeof two, &second), SWO_OK);
    HOLDS(first == second && !memcmp(one, two, first) && !swo_persists(conn));
    swo_conn_free(conn);
    swo_conn_free(other);
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        swo_field lines[] = {{SWO_TEXT("A"), SWO_TEXT("1")}, SWO_HEAD(bad[at].text, strlen(bad[at].text))};
        swo_response_head head = {200, {NULL, 0}, lines, 2};
        conn = heard(NULL, PLAIN);
        first = 77;
        IS(swo_respond(conn, &head, HELLO, 5, one, sizeof one, &first), bad[at].result);
        HOLDS(first == bad[at].at || bad[at].result == SWO_ERROR_FRAMING_CONFLICT);
        swo_conn_free(conn);
    }
    /* None at all, in trailers, and with an impossible length. */
    swo_field none[] = {SWO_HEAD(NULL, 0)};
    swo_response_head empty = {200, {NULL, 0}, none, 1};
    conn = heard(NULL, PLAIN);
    IS(swo_send_response(conn, &empty, one, sizeof one, &first), SWO_OK);
    none[0].value.len = SIZE_MAX;
    IS(swo_send_end(conn, none, 1, one, sizeof one, &first), SWO_BAD_LENGTH);
    none[0].value.len = 4;
    IS(swo_send_end(conn, none, 1, one, sizeof one, &first), SWO_NULL);
    none[0].value.data = (const uint8_t *)"T: t";
    IS(swo_send_end(conn, none, 1, one, sizeof one, &first), SWO_OK);
    HOLDS(holds(one, first, "0\r\nT: t\r\n\r\n"));
    swo_conn_free(conn);
}

/* A head whose content leaves by other ways: the response ends with the last byte that is told. */
static void content_leaves_by_other_ways(void) {
    static const swo_field type[] = {{SWO_TEXT("Content-Type"), SWO_TEXT("text/plain")}};
    swo_response_head head = {200, {NULL, 0}, type, 1};
    swo_config lowercase;
    swo_data_parts parts;
    uint8_t out[256];
    size_t written = 0;
    swo_conn *conn = heard(NULL, PLAIN);
    IS(swo_respond_head(conn, &head, 5000000000u, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "Content-Type: text/plain\r\nContent-Length: 5000000000\r\n\r\n"));
    HOLDS(swo_owes(conn) == SWO_OWES_CONTENT);
    IS(swo_send_data_parts(conn, 3000000000u, &parts), SWO_OK);
    HOLDS(parts.prefix_len == 0 && parts.suffix.len == 0 && swo_owes(conn) == SWO_OWES_CONTENT);
    IS(swo_send_data_parts(conn, 2000000001u, &parts), SWO_ERROR_LENGTH_EXCEEDED);
    IS(swo_send_data_parts(conn, 2000000000u, &parts), SWO_OK);
    HOLDS(swo_owes(conn) == SWO_OWES_NOTHING && swo_persists(conn));
    swo_conn_free(conn);
    IS(swo_config_init(&lowercase, sizeof lowercase), SWO_OK);
    lowercase.lowercase_names = 1;
    conn = heard(&lowercase, PLAIN);
    IS(swo_respond_head(conn, &head, 5, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "Content-Type: text/plain\r\ncontent-length: 5\r\n\r\n"));
    swo_conn_free(conn);
    /* The content fails on its way: the client must not take it for whole. */
    conn = heard(NULL, PLAIN);
    IS(swo_respond_head(conn, &head, 5, out, sizeof out, &written), SWO_OK);
    IS(swo_abandon(conn), SWO_OK);
    HOLDS(!swo_persists(conn));
    swo_conn_free(conn);
    /* None is owed after HEAD, with a 304, and where there is none; a 204 has no length. */
    conn = heard(NULL, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    IS(swo_respond_head(conn, &head, 5, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "Content-Length: 5\r\n\r\n") && swo_owes(conn) == SWO_OWES_NOTHING);
    swo_conn_free(conn);
    conn = heard(NULL, PLAIN);
    IS(swo_respond_head(conn, &head, 0, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "Content-Length: 0\r\n\r\n") && swo_owes(conn) == SWO_OWES_NOTHING);
    swo_conn_free(conn);
    /* There a length of 0 is one that is not known. */
    conn = heard(NULL, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    IS(swo_respond_head(conn, &head, 0, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "Content-Type: text/plain\r\n\r\n") && swo_owes(conn) == SWO_OWES_NOTHING);
    swo_conn_free(conn);
    head.status = 304;
    conn = heard(NULL, PLAIN);
    IS(swo_respond_head(conn, &head, 0, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "Content-Type: text/plain\r\n\r\n") && swo_owes(conn) == SWO_OWES_NOTHING);
    swo_conn_free(conn);
    swo_config config;
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    for (config.tidy = 0; config.tidy < 2; config.tidy++) {
        head.status = 204;
        conn = heard(&config, PLAIN);
        IS(swo_respond_head(conn, &head, 5, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
        IS(swo_respond_head(conn, &head, 0, out, sizeof out, &written), SWO_OK);
        HOLDS(swo_owes(conn) == SWO_OWES_NOTHING);
        swo_conn_free(conn);
        head.status = 200;
        conn = heard(&config, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
        IS(swo_respond_head(conn, &head, 0, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
        swo_conn_free(conn);
    }
    /* A length of the caller's own must be the same; a coding is refused, also by a connection that tidies. */
    swo_field own[] = {{SWO_TEXT("A"), SWO_TEXT("1")}, {SWO_TEXT("Content-Length"), SWO_TEXT("5")}};
    swo_field coded[] = {{SWO_TEXT("Transfer-Encoding"), SWO_TEXT("chunked")}};
    swo_response_head with_own = {200, {NULL, 0}, own, 2}, with_coding = {200, {NULL, 0}, coded, 1};
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    config.tidy = 1;
    conn = heard(&config, PLAIN);
    IS(swo_respond_head(conn, &with_own, 6, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
    HOLDS(written == 1);
    IS(swo_respond_head(conn, &with_coding, 5, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
    IS(swo_respond_head(conn, &with_own, 5, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "A: 1\r\nContent-Length: 5\r\n\r\n"));
    swo_conn_free(conn);
    conn = heard(NULL, PLAIN);
    IS(swo_respond_head(NULL, &head, 5, out, sizeof out, &written), SWO_NULL);
    IS(swo_respond_head(conn, NULL, 5, out, sizeof out, &written), SWO_NULL);
    swo_conn_free(conn);
}

/* With a `cap` of 0 the pointer for the number written may be NULL. */
static void nothing_needs_no_place(void) {
    static const swo_field length[] = {{SWO_TEXT("Content-Length"), SWO_TEXT("5")}};
    swo_response_head head = {200, {NULL, 0}, length, 1};
    swo_conn *conn = heard(NULL, PLAIN);
    uint8_t out[256];
    size_t written;
    IS(swo_send_response(conn, &head, out, sizeof out, &written), SWO_OK);
    IS(swo_send_data(conn, HELLO, 5, NULL, 0, NULL), SWO_ERROR_OUTPUT_TOO_SMALL);
    IS(swo_send_data(conn, HELLO, 5, out, sizeof out, &written), SWO_OK);
    IS(swo_send_end(conn, NULL, 0, NULL, 0, NULL), SWO_OK);
    swo_conn_free(conn);
}

/* After an error the request still waits for its response. */
static void whole_answers_are_checked(void) {
    static const swo_field lines[] = {{SWO_TEXT("A"), SWO_TEXT("1")}, {SWO_TEXT("B C"), SWO_TEXT("2")}};
    static const swo_field coded[] = {{SWO_TEXT("Transfer-Encoding"), SWO_TEXT("chunked")}};
    static const swo_field four[] = {{SWO_TEXT("Content-Length"), SWO_TEXT("4")}};
    static const swo_field six[] = {{SWO_TEXT("Content-Length"), SWO_TEXT("6")}};
    swo_conn *server = heard(NULL, PLAIN), *client = make(SWO_ROLE_CLIENT);
    swo_response_head head = {200, {NULL, 0}, NULL, 0};
    uint8_t out[256];
    size_t written = 77;
    IS(swo_respond(client, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_WRONG_ROLE);
    IS(swo_respond(server, &head, HELLO, SIZE_MAX, out, sizeof out, &written), SWO_BAD_LENGTH);
    IS(swo_respond(server, &head, HELLO, 5, NULL, 5, &written), SWO_NULL);
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, NULL), SWO_NULL);
    head.status = 70000;
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_INVALID_STATUS);
    head.status = 204;
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
    head.status = 200;
    head.field_count = 1;
    head.fields = coded;
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
    head.fields = four;
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_LENGTH_EXCEEDED);
    head.fields = six;
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_LENGTH_SHORT);
    HOLDS(written == 77);
    head.fields = lines;
    head.field_count = 2;
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_INVALID_NAME);
    HOLDS(written == 1 && swo_owes(server) == SWO_OWES_RESPONSE);
    head.field_count = 1;
    IS(swo_respond(server, &head, HELLO, 5, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "\r\nContent-Length: 5\r\n") && holds(out, written, "\r\n\r\nhello"));
    HOLDS(swo_owes(server) == SWO_OWES_NOTHING);
    IS(swo_send_data(server, HELLO, 5, out, sizeof out, &written), SWO_ERROR_NO_CONTENT);
    swo_conn_free(server);
    swo_conn_free(client);
}

/* The content may be the slice of an event itself. */
static void a_whole_echo_needs_no_copy(void) {
    swo_conn *conn = heard(NULL, POST);
    swo_response_head head = {200, {NULL, 0}, NULL, 0};
    swo_event event;
    uint8_t out[256];
    size_t written;
    HOLDS(!swo_take_end(conn)); /* content is still to come */
    IS(hear(conn, "hello"), SWO_OK);
    HOLDS(!swo_take_end(conn)); /* there is no current event */
    IS(swo_next_event(conn, &event), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_DATA && swo_take_end(conn));
    IS(swo_respond(conn, &head, event.u.data.data, event.u.data.len, out, sizeof out, &written), SWO_OK);
    HOLDS(holds(out, written, "\r\n\r\nhello"));
    IS(next(conn), SWO_EVENT_KIND_NEED_DATA);
    swo_conn_free(conn);
}

static void prepared_answers_are_checked(void) {
    static const char made[] = "HTTP/1.1 204 No Content\r\n\r\n";
    swo_conn *strict = heard(NULL, PLAIN), *client = make(SWO_ROLE_CLIENT), *tidy;
    uint8_t given[] = "Content-Length5", out[256];
    swo_field length = {{given, 14}, {given + 14, 1}}, same = {SWO_TEXT("Content-Length"), SWO_TEXT("5")};
    swo_response_head head = {204, {NULL, 0}, &length, 1}, longhand = {204, {NULL, 0}, &same, 1};
    size_t written = 0;
    swo_config config;
    swo_prepared *prepared = NULL;
    IS(swo_prepared_new(&head, NULL, 5, NULL, &prepared), SWO_NULL);
    IS(swo_prepared_new(&head, HELLO, SIZE_MAX, NULL, &prepared), SWO_BAD_LENGTH);
    IS(swo_prepared_new(&head, NULL, 0, NULL, &prepared), SWO_ERROR_FRAMING_CONFLICT);
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    config.struct_size = 8;
    IS(swo_prepared_new(&head, NULL, 0, &config, &prepared), SWO_STRUCT_TOO_OLD);
    HOLDS(!prepared);
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    config.tidy = 1;
    IS(swo_prepared_new(&head, NULL, 0, &config, &prepared), SWO_OK);
    /* The arguments were copied, so the caller may change them. */
    memset(given, 0, sizeof given);
    memset(&head, 0, sizeof head);
    IS(swo_respond_prepared(client, prepared, out, sizeof out, &written), SWO_ERROR_WRONG_ROLE);
    IS(swo_respond_prepared(strict, prepared, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
    HOLDS(written == 0);
    for (int times = 0; times < 2; times++) {
        tidy = heard(&config, PLAIN);
        IS(swo_respond_prepared(tidy, prepared, NULL, 0, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
        HOLDS(written == strlen(made));
        IS(swo_respond_prepared(tidy, prepared, out, written, &written), SWO_OK);
        HOLDS(written == strlen(made) && !memcmp(out, made, written));
        /* The error is that the response was already sent, not one in the field lines, which `tidy` would correct. */
        IS(swo_respond(tidy, &longhand, NULL, 0, out, sizeof out, &written), SWO_ERROR_ANSWERED);
        IS(swo_respond_prepared(tidy, prepared, out, sizeof out, &written), SWO_ERROR_ANSWERED);
        swo_conn_free(tidy);
    }
    IS(swo_prepared_free(prepared), SWO_OK);
    swo_conn_free(strict);
    swo_conn_free(client);
}

static void rejections_are_checked(void) {
    swo_conn *half = make(SWO_ROLE_SERVER), *failed = make(SWO_ROLE_SERVER), *client = make(SWO_ROLE_CLIENT);
    swo_response_head head = {408, {NULL, 0}, NULL, 0};
    uint8_t out[256], untouched = 0xaa;
    size_t needed = 0, written = 0;
    IS(swo_reject(client, &head, NULL, 0, out, sizeof out, &written), SWO_ERROR_WRONG_ROLE);
    IS(hear(failed, "GET / HTTP/1.1\nHost: a\n\n"), SWO_OK);
    IS(next(failed), SWO_ERROR_BARE_LF);
    IS(swo_reject(failed, &head, HELLO, 5, out, sizeof out, &written), SWO_OK);
    IS(swo_reject(failed, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_BARE_LF);
    IS(hear(half, "GET / HTT"), SWO_OK);
    IS(next(half), SWO_EVENT_KIND_NEED_DATA);
    IS(swo_reject(half, &head, NULL, 5, out, sizeof out, &written), SWO_NULL);
    IS(swo_reject(half, &head, HELLO, 5, &untouched, 1, &needed), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(untouched == 0xaa && swo_wants_input(half) && swo_persists(half));
    IS(swo_reject(half, &head, HELLO, 5, out, needed, &written), SWO_OK);
    HOLDS(written == needed && holds(out, written, "HTTP/1.1 408 "));
    HOLDS(holds(out, written, "\r\nConnection: close\r\n"));
    HOLDS(!swo_wants_input(half) && !swo_persists(half));
    IS(hear(half, "P/1.1"), SWO_ERROR_CLOSED);
    IS(swo_reject(half, &head, HELLO, 5, out, sizeof out, &written), SWO_ERROR_CLOSED);
    IS(next(half), CLOSED);
    swo_conn_free(half);
    swo_conn_free(failed);
    swo_conn_free(client);
}

static void noted_answers_are_checked(void) {
    swo_conn *server = heard(NULL, PLAIN), *client = make(SWO_ROLE_CLIENT);
    swo_conn *old = heard(NULL, "GET / HTTP/1.0\r\n\r\n");
    swo_conn *head = heard(NULL, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    uint8_t out[64];
    size_t written = 77;
    uint32_t persists = 7;
    IS(swo_note_response(client, 200, 0, 0, &persists), SWO_ERROR_WRONG_ROLE);
    IS(swo_note_response(server, 101, 0, 0, &persists), SWO_ERROR_INVALID_STATUS);
    IS(swo_note_response(server, 70000, 0, 0, &persists), SWO_ERROR_INVALID_STATUS);
    IS(swo_note_response(server, 204, 1, 0, &persists), SWO_ERROR_FRAMING_CONFLICT);
    IS(swo_note_response(head, 200, 1, 0, &persists), SWO_ERROR_FRAMING_CONFLICT);
    HOLDS(persists == 7 && swo_owes(server) == SWO_OWES_RESPONSE && swo_owes(head) == SWO_OWES_RESPONSE);
    IS(swo_note_response(head, 200, 0, 1, &persists), SWO_OK);
    HOLDS(persists == 0);
    IS(swo_note_response(old, 200, 1, 0, &persists), SWO_OK);
    HOLDS(persists == 0 && swo_closing(old) == SWO_CLOSING_RESET);
    IS(swo_note_response(server, 200, UINT32_MAX, 0, &persists), SWO_OK);
    HOLDS(persists == 1 && swo_owes(server) == SWO_OWES_CONTENT);
    IS(swo_note_response(server, 200, 1, 0, &persists), SWO_ERROR_ANSWERED);
    /* The caller sends the content without the engine. */
    IS(swo_send_data(server, HELLO, 5, out, sizeof out, &written), SWO_ERROR_NO_CONTENT);
    HOLDS(written == 77);
    IS(swo_send_end(server, NULL, 0, NULL, 0, &written), SWO_OK);
    HOLDS(written == 0 && swo_owes(server) == SWO_OWES_NOTHING);
    swo_conn_free(server);
    swo_conn_free(client);
    swo_conn_free(old);
    swo_conn_free(head);
}

static void passed_content_is_counted(void) {
    swo_conn *conn = heard(NULL, POST), *ended = heard(NULL, POST), *chunked;
    swo_content_left content;
    swo_event event;
    IS(hear(conn, "he"), SWO_OK);
    IS(swo_pass_content(conn, 3), SWO_ERROR_UNREAD_INPUT);
    IS(next(conn), SWO_EVENT_KIND_DATA);
    IS(swo_current_event(conn, &event), SWO_OK);
    IS(swo_pass_content(conn, UINT64_MAX), SWO_ERROR_LENGTH_EXCEEDED);
    IS(swo_current_event(conn, &event), SWO_NOTHING);
    IS(swo_pass_content(conn, 0), SWO_OK);
    IS(swo_content(conn, &content), SWO_OK);
    HOLDS(content.kind == SWO_CONTENT_LENGTH && content.len == 3);
    IS(swo_pass_content(conn, 3), SWO_OK);
    HOLDS(swo_position(conn) == strlen(POST) + 5);
    IS(swo_pass_content(conn, 1), SWO_ERROR_NO_CONTENT);
    IS(swo_content(conn, &content), SWO_OK);
    HOLDS(content.kind == SWO_CONTENT_NONE && content.len == 0);
    IS(next(conn), SWO_EVENT_KIND_END_OF_MESSAGE);
    IS(swo_receive_eof(ended, SWO_END_CLEAN), SWO_OK);
    IS(swo_pass_content(ended, 3), SWO_ERROR_AFTER_END);
    chunked = heard(NULL, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhe");
    IS(next(chunked), SWO_EVENT_KIND_DATA);
    IS(swo_content(chunked, &content), SWO_OK);
    HOLDS(content.kind == SWO_CONTENT_CHUNKED && content.len == 7);
    IS(swo_pass_content(chunked, 8), SWO_ERROR_LENGTH_EXCEEDED);
    IS(swo_pass_content(chunked, 7), SWO_OK);
    IS(hear(chunked, "\n"), SWO_OK);
    uint32_t error = next(chunked);
    HOLDS(swo_is_fatal(error));
    IS(swo_pass_content(chunked, 1), error);
    swo_conn_free(conn);
    swo_conn_free(ended);
    swo_conn_free(chunked);
}

static void a_connection_is_handed_over_once(void) {
    static const char rest[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
    swo_conn *conn = heard(NULL, rest), *client = make(SWO_ROLE_CLIENT), *answered = heard(NULL, PLAIN);
    swo_response_head head = {204, {NULL, 0}, NULL, 0};
    swo_slice unread;
    swo_event event;
    uint8_t out[256];
    size_t written = 0, len = strlen(rest);
    IS(swo_hand_over(client, out, sizeof out, &written), SWO_ERROR_WRONG_ROLE);
    IS(swo_respond(answered, &head, NULL, 0, out, sizeof out, &written), SWO_OK);
    IS(swo_hand_over(answered, out, sizeof out, &written), SWO_ERROR_ANSWERED);
    memset(out, 0xaa, sizeof out);
    IS(swo_hand_over(conn, NULL, len, &written), SWO_NULL);
    IS(swo_hand_over(conn, out, len - 1, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    /* The rejected call has changed nothing: the request is still the current event, and further bytes wait. */
    HOLDS(written == len && out[0] == 0xaa && swo_owes(conn) == SWO_OWES_RESPONSE);
    IS(swo_current_event(conn, &event), SWO_OK);
    IS(swo_unread(conn, &unread), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_REQUEST && unread.len == 4);
    IS(swo_receive(conn, unread.data, unread.len), SWO_OVERLAP);
    IS(swo_hand_over(conn, out, len, &written), SWO_OK);
    HOLDS(written == len && !memcmp(out, rest, len) && out[len] == 0xaa);
    IS(swo_current_event(conn, &event), SWO_NOTHING);
    IS(swo_unread(conn, &unread), SWO_OK);
    HOLDS(unread.len == 0 && !swo_wants_input(conn) && swo_owes(conn) == SWO_OWES_NOTHING);
    IS(swo_respond(conn, &head, NULL, 0, out, sizeof out, &written), SWO_ERROR_CLOSED);
    swo_conn_free(conn);
    swo_conn_free(client);
    swo_conn_free(answered);
}

static void answers_are_checked(void) {
    no_connection_answers_nothing();
    blocks_are_lines();
    texts_are_lines();
    content_leaves_by_other_ways();
    nothing_needs_no_place();
    whole_answers_are_checked();
    a_whole_echo_needs_no_copy();
    prepared_answers_are_checked();
    rejections_are_checked();
    noted_answers_are_checked();
    passed_content_is_counted();
    a_connection_is_handed_over_once();
}
