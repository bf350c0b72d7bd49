/* Mistakes that are possible in C, and their exact results. Prints the number of checks. */
#include "checks.h"
#include "misuse_answers.h"
#include "misuse_profiles.h"

static void null_is_refused(void) {
    swo_conn *conn = make(SWO_ROLE_SERVER);
    swo_event event;
    swo_slice slice;
    swo_selection selection;
    uint8_t out[64];
    size_t count = 77;
    IS(swo_receive(NULL, out, 1), SWO_NULL);
    IS(swo_receive(conn, NULL, 1), SWO_NULL);
    IS(swo_receive(conn, NULL, 0), SWO_OK);
    IS(swo_next_event(NULL, &event), SWO_NULL);
    IS(swo_next_event(conn, NULL), SWO_NULL);
    IS(swo_current_event(NULL, &event), SWO_NULL);
    IS(swo_receive_buffer(conn, 1, NULL, &count), SWO_NULL);
    IS(swo_event_field(conn, NULL, &slice), SWO_NULL);
    IS(swo_event_fields(conn, NULL, 3, &count), SWO_NULL);
    IS(swo_send_request(conn, NULL, NULL, 0, out, sizeof out, &count), SWO_NULL);
    IS(swo_send_response(conn, NULL, out, sizeof out, &count), SWO_NULL);
    IS(swo_send_data(conn, NULL, 5, out, sizeof out, &count), SWO_NULL);
    swo_response_head head = {200, {NULL, 0}, NULL, 0};
    swo_prepared *prepared = NULL;
    IS(swo_respond(conn, NULL, NULL, 0, out, sizeof out, &count), SWO_NULL);
    IS(swo_respond(conn, &head, NULL, 5, out, sizeof out, &count), SWO_NULL);
    IS(swo_reject(conn, NULL, NULL, 0, out, sizeof out, &count), SWO_NULL);
    IS(swo_respond_prepared(conn, NULL, out, sizeof out, &count), SWO_NULL);
    IS(swo_respond_prepared(conn, (const swo_prepared *)(const void *)conn, out, sizeof out, &count), SWO_BAD_HANDLE);
    IS(swo_prepared_new(NULL, NULL, 0, NULL, &prepared), SWO_NULL);
    IS(swo_prepared_new(&head, NULL, 0, NULL, NULL), SWO_NULL);
    IS(swo_prepared_free((swo_prepared *)(void *)conn), SWO_BAD_HANDLE);
    IS(swo_prepared_free(NULL), SWO_OK);
    swo_block *block = NULL;
    swo_field nothing = SWO_BLOCK(NULL), other = SWO_BLOCK(conn);
    IS(swo_block_new(NULL, 1, &block), SWO_NULL);
    IS(swo_block_new(out, 0, NULL), SWO_NULL);
    IS(swo_block_free((swo_block *)(void *)conn), SWO_BAD_HANDLE);
    IS(swo_block_free(NULL), SWO_OK);
    HOLDS(block == NULL);
    head.field_count = 1;
    head.fields = &nothing;
    IS(swo_respond(conn, &head, NULL, 0, out, sizeof out, &count), SWO_NULL);
    head.fields = &other;
    IS(swo_respond(conn, &head, NULL, 0, out, sizeof out, &count), SWO_BAD_HANDLE);
    HOLDS(swo_method(NULL) == SWO_NONE);
    IS(swo_websocket_subprotocols(NULL, &slice, 1, &count), SWO_NULL);
    IS(swo_websocket_subprotocols(conn, NULL, 1, &count), SWO_NULL);
    IS(swo_websocket_subprotocols(conn, &slice, 1, NULL), SWO_NULL);
    IS(swo_websocket_subprotocols(conn, &slice, 1, &count), SWO_NOTHING);
    IS(swo_note_response(conn, 200, 0, 0, NULL), SWO_NULL);
    IS(swo_content(conn, NULL), SWO_NULL);
    IS(swo_unread(conn, NULL), SWO_NULL);
    IS(swo_hand_over(conn, out, sizeof out, NULL), SWO_NULL);
    IS(swo_pass_content(NULL, 1), SWO_NULL);
    IS(swo_receive_event(conn, (const uint8_t *)"G", 1, NULL), SWO_NULL);
    IS(swo_receive_event(conn, NULL, 1, &event), SWO_NULL);
    HOLDS(!swo_take_end(NULL) && !swo_persists(NULL) && swo_owes(NULL) == SWO_NONE);
    IS(swo_send_end(conn, NULL, 0, NULL, 5, &count), SWO_NULL);
    IS(swo_send_end(conn, NULL, 0, out, sizeof out, NULL), SWO_NULL);
    IS(swo_send_end(conn, NULL, 2, out, sizeof out, &count), SWO_NULL);
    IS(swo_select(conn, NULL, 1, SWO_ORDER_CLIENT, &selection), SWO_NULL);
    IS(swo_accept(conn, NULL, NULL, 0, out, sizeof out, &count), SWO_NULL);
    IS(swo_conn_new(SWO_ROLE_SERVER, NULL, NULL), SWO_NULL);
    IS(swo_config_init(NULL, sizeof(swo_config)), SWO_NULL);
    HOLDS(count == 77);
    /* Rejected too: a field line with a NULL value, and lengths that no object has. */
    swo_field broken = {SWO_TEXT("Name"), {NULL, 4}};
    IS(swo_send_end(conn, &broken, 1, out, sizeof out, &count), SWO_NULL);
    broken.value.data = out;
    broken.value.len = SIZE_MAX;
    IS(swo_send_end(conn, &broken, 1, out, sizeof out, &count), SWO_BAD_LENGTH);
    IS(swo_receive(conn, out, SIZE_MAX), SWO_BAD_LENGTH);
    IS(swo_send_data(conn, out, 1, out, SIZE_MAX, &count), SWO_BAD_LENGTH);
    /* Functions that do not return a swo_result return 0 or SWO_NONE. */
    HOLDS(!swo_wants_input(NULL) && !swo_may_speak(NULL) && !swo_position(NULL));
    HOLDS(swo_why(NULL) == SWO_NONE && swo_awaiting(NULL) == SWO_NONE && swo_unanswered(NULL) == SWO_NONE);
    IS(swo_conn_free(NULL), SWO_OK);
    IS(swo_conn_deinit(NULL), SWO_OK);
    swo_conn_free(conn);
}

static void numbers_are_checked(void) {
    swo_conn *conn = make(SWO_ROLE_SERVER), *none = NULL;
    swo_selection selection;
    IS(swo_conn_new(2, NULL, &none), SWO_BAD_ENUM);
    HOLDS(!none);
    IS(swo_receive_eof(conn, 2), SWO_BAD_ENUM);
    IS(swo_select(conn, FOO, 1, 99, &selection), SWO_BAD_ENUM);
    HOLDS(!strcmp(swo_name(SWO_TABLE_WHY, 99), "unknown") && !strcmp(swo_error_text(7), "unknown"));
    HOLDS(!strcmp(swo_error_name(SWO_ERROR_BARE_LF), "bare-lf") && !strcmp(swo_error_name(SWO_PANIC), "panic"));
    HOLDS(swo_error_blame(SWO_ERROR_BARE_LF) == SWO_BLAME_PEER && swo_error_blame(SWO_NULL) == SWO_BLAME_LOCAL);
    HOLDS(!strcmp(swo_name(999, 0), "unknown") && !strcmp(swo_name(SWO_TABLE_WHY, SWO_NONE), "none"));
    HOLDS(!strcmp(swo_text(SWO_TABLE_WHY, SWO_WHY_DECLINED), "the request was answered in HTTP/1.1 instead"));
    HOLDS(!strcmp(swo_text(SWO_TABLE_ROLE, 0), "unknown") && !strcmp(swo_text(999, 0), "unknown"));
    HOLDS(!strcmp(swo_name(SWO_TABLE_EVENT_KIND, SWO_EVENT_KIND_PAUSED), "paused"));
    HOLDS(!strcmp(swo_error_clause(SWO_ERROR_BARE_LF), "RFC 9112, 2.2") && strlen(swo_error_advice(SWO_ERROR_BARE_LF)) > 20);
    HOLDS(!*swo_error_clause(SWO_NULL) && !*swo_error_advice(SWO_OK) && !*swo_error_advice(7));
    HOLDS(swo_error_blame(SWO_OK) == SWO_NONE && swo_is_fatal(SWO_PANIC) && !swo_is_fatal(SWO_ERROR_BUFFER_FULL));
    HOLDS(swo_is_fatal(SWO_ERROR_BARE_LF) && swo_error_status(SWO_ERROR_START_LINE_TOO_LONG) == 414);
    HOLDS(swo_reason(404).len == 9 && swo_reason(99999).len == 0);
    HOLDS(swo_abi_version() == SWO_ABI_VERSION && !strcmp(swo_version(), SWO_VERSION));
    swo_conn_free(conn);
}

static void structs_say_their_size(void) {
    struct {
        swo_config config;
        uint64_t later;
    } newer;
    swo_config config;
    swo_conn *conn = NULL;
    /* A struct of the first version; on the heap, so that a sanitizer detects a read beyond it. */
    size_t first = offsetof(swo_config, switch_in_http10) + sizeof config.switch_in_http10;
    swo_config *oldest = (swo_config *)malloc(first);
    IS(swo_config_init(oldest, first - 1), SWO_STRUCT_TOO_OLD);
    IS(swo_config_init(oldest, first), SWO_OK);
    HOLDS(oldest->struct_size == first && oldest->head == 65536);
    oldest->http2_preface = 1;
    IS(swo_conn_new(SWO_ROLE_SERVER, oldest, &conn), SWO_OK);
    IS(hear(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_SWITCHED);
    IS(swo_conn_free(conn), SWO_OK);
    free(oldest);
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    HOLDS(config.struct_size == sizeof config && config.head == 65536 && config.drain == 262144 && !config.secure);
    config.struct_size = 8;
    IS(swo_conn_new(SWO_ROLE_SERVER, &config, &conn), SWO_STRUCT_TOO_OLD);
    memset(&newer, 0xff, sizeof newer);
    IS(swo_config_init(&newer.config, sizeof newer), SWO_OK);
    HOLDS(newer.later == 0);
    IS(swo_conn_new(SWO_ROLE_SERVER, &newer.config, &conn), SWO_OK);
    IS(swo_conn_free(conn), SWO_OK);
    newer.later = 1;
    IS(swo_conn_new(SWO_ROLE_SERVER, &newer.config, &conn), SWO_STRUCT_TOO_NEW);
    /* Limits that are all 0 mean that the struct was not filled. */
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    config.secure = 1;
    IS(swo_conn_new(SWO_ROLE_SERVER, &config, &conn), SWO_STRUCT_TOO_OLD);
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    config.reserved = 1;
    IS(swo_conn_new(SWO_ROLE_SERVER, &config, &conn), SWO_STRUCT_TOO_NEW);
}

static void what_was_appended_counts(void) {
    static const char plain[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", made[] = "HTTP/1.1 204 No Content\r\n\r\n";
    static const swo_field length[] = {{SWO_TEXT("Content-Length"), SWO_TEXT("5")}};
    swo_response_head response = {204, {NULL, 0}, length, 1};
    swo_config config;
    swo_conn *conn = heard(NULL, plain), *old = heard(NULL, "GET / HTTP/1.0\r\n\r\n");
    uint8_t out[256];
    size_t written;
    IS(swo_send_response(conn, &response, out, sizeof out, &written), SWO_ERROR_FRAMING_CONFLICT);
    swo_conn_free(conn);
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    config.tidy = 1;
    conn = heard(&config, plain);
    IS(swo_send_response(conn, &response, out, sizeof out, &written), SWO_OK);
    HOLDS(written == strlen(made) && !memcmp(out, made, written) && swo_closing(conn) == SWO_CLOSING_LINGER);
    swo_conn_free(conn);
    IS(swo_config_init(&config, sizeof config), SWO_OK);
    config.status_without_space = 1;
    conn = NULL;
    IS(swo_conn_new(SWO_ROLE_CLIENT, &config, &conn), SWO_OK);
    swo_request_head request = {SWO_TEXT("GET"), SWO_TEXT("/"), HOST, 1};
    IS(swo_send_request(conn, &request, NULL, 0, out, sizeof out, &written), SWO_OK);
    IS(hear(conn, "HTTP/1.1 200\r\n\r\n"), SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_RESPONSE);
    swo_conn_free(conn);
    /* While a close-delimited response is incomplete, the connection must be closed with a reset. */
    response.status = 200;
    response.field_count = 0;
    IS(swo_send_response(old, &response, out, sizeof out, &written), SWO_OK);
    HOLDS(swo_closing(old) == SWO_CLOSING_RESET && swo_closing(NULL) == SWO_NONE);
    IS(swo_send_end(old, NULL, 0, out, sizeof out, &written), SWO_OK);
    HOLDS(swo_closing(old) == SWO_CLOSING_LINGER);
    swo_conn_free(old);
}

static void memory_is_looked_at(void) {
    size_t size = swo_conn_size();
    char *memory = (char *)calloc(2, size + 16);
    swo_conn *conn = NULL, *heap = make(SWO_ROLE_CLIENT);
    swo_event event;
    IS(swo_next_event((swo_conn *)memory, &event), SWO_BAD_HANDLE);
    HOLDS(swo_conn_align() <= 8 && size <= SWO_CONN_SIZE_MAX);
    IS(swo_conn_init(memory, size - 1, SWO_ROLE_SERVER, NULL, &conn), SWO_BAD_PLACE);
    IS(swo_conn_init(memory + 1, size, SWO_ROLE_SERVER, NULL, &conn), SWO_BAD_PLACE);
    IS(swo_conn_init(NULL, size, SWO_ROLE_SERVER, NULL, &conn), SWO_NULL);
    IS(swo_conn_init(memory, size, SWO_ROLE_SERVER, NULL, &conn), SWO_OK);
    HOLDS((void *)conn == (void *)memory);
    IS(hear(conn, OFFER), SWO_OK);
    IS(swo_conn_free(conn), SWO_BAD_HANDLE);
    IS(swo_conn_deinit(heap), SWO_BAD_HANDLE);
    IS(next(conn), SWO_EVENT_KIND_REQUEST);
    IS(swo_conn_deinit(conn), SWO_OK);
    IS(swo_conn_deinit(conn), SWO_BAD_HANDLE);
    IS(swo_next_event(conn, &event), SWO_BAD_HANDLE);
    HOLDS(!swo_wants_input(conn));
    IS(swo_conn_free(heap), SWO_OK);
    free(memory);
}

/* A connection in an array that grows: it is moved with a request half received, and in the middle of an answer. */
static void a_connection_may_be_moved(void) {
    static const swo_field length[] = {{SWO_TEXT("Content-Length"), SWO_TEXT("5")}};
    swo_response_head head = {200, {NULL, 0}, length, 1};
    uint64_t *place = (uint64_t *)malloc(SWO_CONN_SIZE_MAX), *other;
    swo_conn *conn = NULL;
    uint8_t out[256];
    size_t written = 0, count = 0;
    swo_field fields[8];
    IS(swo_conn_init(place, SWO_CONN_SIZE_MAX, SWO_ROLE_SERVER, NULL, &conn), SWO_OK);
    IS(hear(conn, "GET / HTTP/1.1\r\nHo"), SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_NEED_DATA);
    for (int at = 0; at < 3; at++) {
        other = (uint64_t *)malloc(SWO_CONN_SIZE_MAX);
        memcpy(other, place, SWO_CONN_SIZE_MAX);
        memset(place, 0, SWO_CONN_SIZE_MAX);
        HOLDS(swo_owes((swo_conn *)(void *)place) == SWO_NONE);
        free(place);
        place = other;
        conn = (swo_conn *)(void *)place;
        if (at == 0) {
            IS(hear(conn, "st: a\r\n\r\n"), SWO_OK);
            IS(next(conn), SWO_EVENT_KIND_REQUEST);
        } else if (at == 1) {
            IS(swo_event_fields(conn, fields, 8, &count), SWO_OK);
            HOLDS(count == 1 && fields[0].value.len == 1 && *fields[0].value.data == 'a');
            IS(swo_send_response(conn, &head, out, sizeof out, &written), SWO_OK);
        } else {
            IS(swo_send_data(conn, (const uint8_t *)"hello", 5, out, sizeof out, &written), SWO_OK);
            HOLDS(swo_owes(conn) == SWO_OWES_NOTHING && swo_persists(conn));
        }
    }
    IS(swo_conn_deinit(conn), SWO_OK);
    free(place);
}

static void an_event_is_over_after_the_next_inbound_call(void) {
    swo_conn *conn = make(SWO_ROLE_SERVER);
    swo_event event;
    swo_field fields[8];
    swo_slice value;
    size_t count = 0;
    IS(swo_event_fields(conn, fields, 8, &count), SWO_NOTHING);
    IS(hear(conn, OFFER), SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_REQUEST);
    IS(swo_event_fields(conn, fields, 2, &count), SWO_ARRAY_TOO_SMALL);
    HOLDS(count == 3);
    IS(swo_event_fields(conn, fields, 8, &count), SWO_OK);
    IS(swo_event_field(conn, "UPGRADE", &value), SWO_OK);
    HOLDS(value.len == 5 && !memcmp(value.data, "foo/2", 5));
    IS(swo_event_field(conn, "Cookie", &value), SWO_NOTHING);
    IS(swo_event_field_at(conn, 3, fields), SWO_NOTHING);
    IS(swo_event_field_index(conn, SWO_KNOWN_FIELD_UPGRADE, &count), SWO_OK);
    IS(swo_event_field_at(conn, count, fields), SWO_OK);
    HOLDS(fields->value.len == 5 && !memcmp(fields->value.data, "foo/2", 5));
    IS(swo_event_field_index(conn, SWO_KNOWN_FIELD_TE, &count), SWO_NOTHING);
    IS(swo_event_field_index(conn, 99, &count), SWO_BAD_ENUM);
    IS(swo_event_field_index(conn, SWO_KNOWN_FIELD_HOST, NULL), SWO_NULL);
    IS(swo_receive(conn, NULL, 0), SWO_OK);
    IS(swo_event_fields(conn, fields, 8, &count), SWO_NOTHING);
    IS(swo_current_event(conn, &event), SWO_NOTHING);
    /* The request is kept, as it has an offer. */
    IS(swo_request_fields(conn, fields, 8, &count), SWO_OK);
    HOLDS(count == 3);
    swo_conn_free(conn);
}

static void received_and_told_in_one(void) {
    static const char two[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
    swo_conn *server = make(SWO_ROLE_SERVER);
    swo_response_head head = {204, {NULL, 0}, NULL, 0};
    swo_event event;
    uint8_t out[64];
    size_t written;
    IS(swo_receive_event(server, (const uint8_t *)two, 4, &event), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_NEED_DATA);
    IS(swo_receive_event(server, (const uint8_t *)two + 4, sizeof two - 5, &event), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_REQUEST && event.u.request.target.data[1] == '1' && swo_take_end(server));
    IS(swo_respond(server, &head, NULL, 0, out, sizeof out, &written), SWO_OK);
    /* The pipelined request is the next event. */
    IS(swo_receive_event(server, NULL, 0, &event), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_REQUEST && event.u.request.target.data[1] == '2' && swo_take_end(server));
    IS(swo_respond(server, &head, NULL, 0, out, sizeof out, &written), SWO_OK);
    IS(swo_receive_event(server, (const uint8_t *)" \r\n", 3, &event), SWO_ERROR_BAD_METHOD);
    IS(swo_receive_event(server, (const uint8_t *)" \r\n", 3, &event), SWO_ERROR_BAD_METHOD);
    swo_conn_free(server);
}

static void whole_answers(void) {
    swo_conn *server = make(SWO_ROLE_SERVER), *second = make(SWO_ROLE_SERVER);
    swo_response_head head = {200, {NULL, 0}, NULL, 0};
    const uint8_t *text = (const uint8_t *)"hello";
    uint8_t out[256], again[256];
    size_t needed = 0, written = 0;
    uint32_t persists = 7;
    swo_prepared *prepared = NULL;
    swo_content_left content;
    swo_slice unread;
    IS(swo_respond(server, &head, text, 5, out, sizeof out, &written), SWO_ERROR_UNASKED);
    IS(swo_note_response(server, 200, 0, 0, &persists), SWO_ERROR_UNASKED);
    HOLDS(persists == 7);
    IS(swo_hand_over(server, out, sizeof out, &written), SWO_ERROR_UNASKED);
    IS(swo_pass_content(server, 1), SWO_ERROR_NO_CONTENT);
    head.status = 101;
    IS(swo_prepared_new(&head, text, 5, NULL, &prepared), SWO_ERROR_INVALID_STATUS);
    HOLDS(!prepared);
    head.status = 200;
    IS(swo_prepared_new(&head, text, 5, NULL, &prepared), SWO_OK);
    IS(hear(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET"), SWO_OK);
    IS(next(server), SWO_EVENT_KIND_REQUEST);
    HOLDS(swo_owes(server) == SWO_OWES_RESPONSE && swo_persists(server));
    IS(swo_unread(server, &unread), SWO_OK);
    HOLDS(unread.len == 3 && !memcmp(unread.data, "GET", 3));
    HOLDS(swo_take_end(server) && !swo_take_end(server));
    IS(swo_reject(server, &head, text, 5, out, sizeof out, &written), SWO_ERROR_INVALID_STATUS);
    head.status = 503;
    IS(swo_set_limits(server, NULL), SWO_ERROR_UNANSWERED);
    IS(swo_set_limits(NULL, NULL), SWO_NULL);
    head.status = 200;
    /* The call needs space for all of the response. */
    IS(swo_respond(server, &head, text, 5, NULL, 0, &needed), SWO_ERROR_OUTPUT_TOO_SMALL);
    IS(swo_respond_prepared(server, prepared, out, needed - 1, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(written == needed);
    IS(swo_respond_prepared(server, prepared, out, needed, &written), SWO_OK);
    IS(swo_respond(server, &head, text, 5, out, sizeof out, &written), SWO_ERROR_ANSWERED);
    IS(hear(second, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), SWO_OK);
    IS(next(second), SWO_EVENT_KIND_REQUEST);
    IS(swo_respond(second, &head, text, 5, again, sizeof again, &written), SWO_OK);
    HOLDS(written == needed && !memcmp(out, again, needed));
    /* A prepared response is valid on another connection after the first one was freed. */
    swo_conn_free(server);
    IS(next(second), SWO_EVENT_KIND_END_OF_MESSAGE);
    IS(hear(second, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"), SWO_OK);
    IS(next(second), SWO_EVENT_KIND_REQUEST);
    IS(swo_content(second, &content), SWO_OK);
    HOLDS(content.kind == SWO_CONTENT_LENGTH && content.len == 3);
    IS(swo_pass_content(second, 4), SWO_ERROR_LENGTH_EXCEEDED);
    IS(swo_pass_content(second, 3), SWO_OK);
    IS(next(second), SWO_EVENT_KIND_END_OF_MESSAGE);
    IS(swo_hand_over(second, out, sizeof out, &written), SWO_ERROR_HEAD_GONE);
    IS(swo_respond_prepared(second, prepared, out, sizeof out, &written), SWO_OK);
    IS(hear(second, "GET /over HTTP/1.1\r\nHost: a\r\n\r\nrest"), SWO_OK);
    IS(next(second), SWO_EVENT_KIND_REQUEST);
    IS(swo_hand_over(second, out, 5, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(written == strlen("GET /over HTTP/1.1\r\nHost: a\r\n\r\nrest"));
    IS(swo_hand_over(second, out, sizeof out, &written), SWO_OK);
    HOLDS(!memcmp(out, "GET /over HTTP/1.1\r\nHost: a\r\n\r\nrest", written));
    IS(swo_hand_over(second, out, sizeof out, &written), SWO_ERROR_CLOSED);
    IS(next(second), CLOSED);
    swo_conn_free(second);
    IS(swo_prepared_free(prepared), SWO_OK);
}

static void order_matters(void) {
    swo_conn *server = make(SWO_ROLE_SERVER), *client = make(SWO_ROLE_CLIENT), *other = make(SWO_ROLE_SERVER);
    swo_request_head request = {SWO_TEXT("GET"), SWO_TEXT("/"), HOST, 1};
    swo_response_head response = {200, {NULL, 0}, NULL, 0};
    swo_selection selection, stale;
    swo_data_parts parts;
    uint8_t out[256], one;
    size_t written = 77;
    IS(swo_send_response(server, &response, out, sizeof out, &written), SWO_ERROR_UNASKED);
    IS(swo_send_response(client, &response, out, sizeof out, &written), SWO_ERROR_WRONG_ROLE);
    IS(swo_send_request(server, &request, NULL, 0, out, sizeof out, &written), SWO_ERROR_WRONG_ROLE);
    IS(swo_send_data_parts(server, 5, &parts), SWO_ERROR_NO_CONTENT);
    IS(swo_skip_content(server), SWO_ERROR_NO_CONTENT);
    IS(swo_resume_http(server), SWO_ERROR_NOTHING_OWED);
    IS(swo_select(server, FOO, 1, SWO_ORDER_CLIENT, &selection), SWO_NOTHING);
    HOLDS(written == 77);
    IS(hear(server, OFFER), SWO_OK);
    IS(next(server), SWO_EVENT_KIND_REQUEST);
    IS(swo_select(server, FOO, 1, SWO_ORDER_CLIENT, &stale), SWO_OK);
    response.status = 70000;
    IS(swo_send_response(server, &response, out, sizeof out, &written), SWO_ERROR_INVALID_STATUS);
    response.status = 204;
    response.reason = (swo_slice){(const uint8_t *)"\r", 1};
    IS(swo_send_response(server, &response, out, sizeof out, &written), SWO_ERROR_INVALID_REASON);
    response.reason.data = NULL;
    response.reason.len = 0;
    swo_field lines[] = {{SWO_TEXT("A"), SWO_TEXT("1")}, {SWO_TEXT("B C"), SWO_TEXT("2")}};
    response.fields = lines;
    response.field_count = 2;
    IS(swo_send_response(server, &response, out, sizeof out, &written), SWO_ERROR_INVALID_NAME);
    HOLDS(written == 1);
    response.field_count = 0;
    IS(swo_send_response(server, &response, &one, 1, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(written == strlen("HTTP/1.1 204 No Content\r\n\r\n"));
    IS(swo_send_response(server, &response, out, written, &written), SWO_OK);
    IS(swo_send_response(server, &response, out, sizeof out, &written), SWO_ERROR_ANSWERED);
    /* A selection is rejected after the next request has begun, with other bytes, and on another connection. */
    IS(hear(server, OFFER), SWO_OK);
    IS(hear(server, "new bytes"), SWO_OK);
    IS(next(server), SWO_EVENT_KIND_END_OF_MESSAGE);
    IS(next(server), SWO_EVENT_KIND_REQUEST);
    IS(swo_accept(server, &stale, NULL, 0, out, sizeof out, &written), SWO_ERROR_STALE_SELECTION);
    memset(&stale, 0, sizeof stale);
    IS(swo_accept(server, &stale, NULL, 0, out, sizeof out, &written), SWO_ERROR_STALE_SELECTION);
    memset(&stale, 0xff, sizeof stale);
    IS(swo_accept(server, &stale, NULL, 0, out, sizeof out, &written), SWO_ERROR_STALE_SELECTION);
    IS(swo_select(server, FOO, 1, SWO_ORDER_CLIENT, &selection), SWO_OK);
    IS(swo_accept(other, &selection, NULL, 0, out, sizeof out, &written), SWO_ERROR_STALE_SELECTION);
    IS(swo_accept(server, &selection, NULL, 0, out, sizeof out, &written), SWO_OK);
    IS(swo_accept(server, &selection, NULL, 0, out, sizeof out, &written), SWO_ERROR_SWITCHED);
    IS(next(server), SWO_EVENT_KIND_END_OF_MESSAGE);
    IS(next(server), SWO_EVENT_KIND_SWITCHED);
    IS(hear(server, "more"), SWO_ERROR_SWITCHED);
    IS(swo_take_leftover(server, &one, 1, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(written == 9);
    IS(swo_take_leftover(server, out, sizeof out, &written), SWO_OK);
    HOLDS(written == 9 && !memcmp(out, "new bytes", 9));
    swo_conn_free(server);
    swo_conn_free(client);
    swo_conn_free(other);
}

static void own_bytes_are_not_received(void) {
    static const char body[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    swo_conn *conn = make(SWO_ROLE_SERVER), *other = make(SWO_ROLE_SERVER);
    swo_event event;
    uint8_t *space;
    size_t cap;
    IS(hear(conn, body), SWO_OK);
    IS(swo_next_event(conn, &event), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_REQUEST);
    IS(swo_receive(conn, event.u.request.target.data, event.u.request.target.len), SWO_OVERLAP);
    IS(swo_next_event(conn, &event), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_DATA && event.u.data.len == 5);
    IS(swo_receive(conn, event.u.data.data, event.u.data.len), SWO_OVERLAP);
    IS(swo_receive(conn, event.u.data.data, 0), SWO_OK);
    /* A connection may receive the bytes in an event of another connection. */
    IS(swo_current_event(conn, &event), SWO_NOTHING);
    IS(swo_receive(other, (const uint8_t *)body, sizeof body - 1), SWO_OK);
    IS(next(other), SWO_EVENT_KIND_REQUEST);
    IS(swo_next_event(other, &event), SWO_OK);
    IS(swo_receive(conn, event.u.data.data, event.u.data.len), SWO_OK);
    /* Bytes in the space of swo_receive_buffer are for swo_receive_commit only. */
    IS(swo_receive_buffer(other, 5, &space, &cap), SWO_OK);
    memcpy(space, "hello", 5);
    IS(swo_receive(other, space, 5), SWO_OVERLAP);
    IS(swo_receive_commit(other, 5), SWO_OK);
    swo_conn_free(conn);
    swo_conn_free(other);
}

static void buffers_are_bounded(void) {
    swo_conn *conn = make(SWO_ROLE_SERVER);
    uint8_t *space = NULL;
    size_t cap = 0;
    IS(swo_receive_commit(conn, SIZE_MAX), SWO_BAD_LENGTH); /* there is no space, so nothing is appended */
    IS(swo_receive_buffer(conn, SIZE_MAX, &space, &cap), SWO_OK);
    HOLDS(cap < 1000000);
    IS(swo_receive(conn, NULL, 0), SWO_OK);
    IS(swo_receive_commit(conn, 5), SWO_BAD_LENGTH); /* the space was released, so nothing is appended */
    IS(next(conn), SWO_EVENT_KIND_NEED_DATA);
    IS(swo_receive_buffer(conn, 100, &space, &cap), SWO_OK);
    HOLDS(cap >= 100);
    memcpy(space, "GET", 3);
    IS(swo_receive_commit(conn, 0), SWO_OK);
    IS(swo_receive_eof(conn, SWO_END_CLEAN), SWO_OK);
    IS(hear(conn, "late"), SWO_ERROR_AFTER_END);
    IS(next(conn), CLOSED);
    swo_conn_free(conn);
}

/* An echo sends the slice of the event itself. */
static void an_echo_needs_no_copy(void) {
    swo_conn *conn = make(SWO_ROLE_SERVER);
    swo_response_head response = {200, {NULL, 0}, NULL, 0};
    swo_event event;
    swo_field fields[4];
    uint8_t out[256];
    size_t written, count;
    IS(hear(conn, "POST / HTTP/1.1\r\nHost: a\r\nX: y\r\nContent-Length: 5\r\n\r\nhello"), SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_REQUEST);
    /* The event's field lines may be sent back too. */
    IS(swo_event_fields(conn, fields, 4, &count), SWO_OK);
    response.fields = fields + 1;
    response.field_count = 1;
    IS(swo_send_response(conn, &response, out, sizeof out, &written), SWO_OK);
    HOLDS(written > 40 && !memcmp(out + 17, "X: y\r\n", 6));
    IS(swo_next_event(conn, &event), SWO_OK);
    HOLDS(event.kind == SWO_EVENT_KIND_DATA);
    IS(swo_send_data(conn, event.u.data.data, event.u.data.len, out, sizeof out, &written), SWO_OK);
    HOLDS(written == 10 && !memcmp(out, "5\r\nhello\r\n", 10));
    swo_conn_free(conn);
}

static void after_a_peer_error_each_call_says_so(void) {
    swo_conn *conn = make(SWO_ROLE_SERVER);
    swo_failure_info failure;
    swo_response_head response = {400, {NULL, 0}, NULL, 0};
    uint8_t out[256], *space;
    size_t written, cap;
    IS(swo_failure(conn, &failure), SWO_NOTHING);
    IS(hear(conn, "GET / HTTP/1.1\nHost: a\n\n"), SWO_OK);
    IS(next(conn), SWO_ERROR_BARE_LF);
    IS(next(conn), SWO_ERROR_BARE_LF);
    IS(swo_failure(conn, &failure), SWO_OK);
    HOLDS(failure.code == SWO_ERROR_BARE_LF && failure.status == 400 && failure.offset == 14);
    IS(hear(conn, "x"), SWO_ERROR_BARE_LF);
    IS(swo_receive_buffer(conn, 1, &space, &cap), SWO_ERROR_BARE_LF);
    IS(swo_send_response(conn, &response, out, sizeof out, &written), SWO_OK);
    IS(swo_send_end(conn, NULL, 0, out, sizeof out, &written), SWO_OK);
    IS(next(conn), CLOSED);
    IS(next(conn), CLOSED);
    swo_conn_free(conn);
}

/* swo_set_memory returns SWO_TOO_LATE in both flavours; the small one accepts functions before its first connection. */
static void memory_is_taken_already(void) {
    IS(swo_set_memory(NULL, realloc, free), SWO_NULL);
    IS(swo_set_memory(malloc, NULL, free), SWO_NULL);
    IS(swo_set_memory(malloc, realloc, NULL), SWO_NULL);
    IS(swo_set_memory(malloc, realloc, free), SWO_TOO_LATE);
    HOLDS(swo_error_blame(SWO_TOO_LATE) == SWO_BLAME_LOCAL && !swo_is_fatal(SWO_ERROR_OUT_OF_MEMORY));
}

int main(void) {
    null_is_refused();
    numbers_are_checked();
    structs_say_their_size();
    what_was_appended_counts();
    memory_is_looked_at();
    a_connection_may_be_moved();
    an_event_is_over_after_the_next_inbound_call();
    order_matters();
    whole_answers();
    received_and_told_in_one();
    answers_are_checked();
    own_bytes_are_not_received();
    buffers_are_bounded();
    an_echo_needs_no_copy();
    after_a_peer_error_each_call_says_so();
    profiles_are_checked();
    memory_is_taken_already();
    printf("%d checks, %d failures\n", checks, failures);
    return failures > 0;
}
