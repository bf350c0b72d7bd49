/* The bench's interface to switchover: the measured time includes everything that the engine does to a message
 * that it receives, from framing to checking offers. */
#include <string.h>

#include <switchover.h>

#include "bench.h"

#define OK(call) CHECK((call) == SWO_OK)

static struct slot {
    swo_conn *conn;
    size_t len;
} slots[SLOTS];

static int is_response;
static swo_field lines[LINES];
static size_t count;
static swo_event event;
static uint8_t out[512];

static void receive_space(swo_conn *conn, const char *data, size_t len) {
    uint8_t *space;
    size_t cap;
    OK(swo_receive_buffer(conn, len, &space, &cap));
    CHECK(len <= cap);
    memcpy(space, data, len);
}

/* Sends a request that offers WebSocket, with the key (RFC 6455, section 1.3) that fits the 101 in the input file. */
static void ask(swo_conn *conn) {
    static const swo_slice offer = SWO_TEXT("websocket");
    static const swo_field fields[] = {{SWO_TEXT("Host"), SWO_TEXT("a")},
                                       {SWO_TEXT("Sec-WebSocket-Version"), SWO_TEXT("13")},
                                       {SWO_TEXT("Sec-WebSocket-Key"), SWO_TEXT("dGhlIHNhbXBsZSBub25jZQ==")}};
    static const swo_request_head request = {SWO_TEXT("GET"), SWO_TEXT("/"), fields, 3};
    size_t written;
    OK(swo_send_request(conn, &request, &offer, 1, out, sizeof out, &written));
}

static void answer(swo_conn *conn) {
    static const swo_response_head no_content = {204, {NULL, 0}, NULL, 0};
    size_t written;
    OK(swo_send_response(conn, &no_content, out, sizeof out, &written));
}

static void open_parser(int response) {
    is_response = response;
    for (size_t slot = 0; slot < SLOTS; slot++) {
        swo_conn_free(slots[slot].conn);
        OK(swo_conn_new(response ? SWO_ROLE_CLIENT : SWO_ROLE_SERVER, NULL, &slots[slot].conn));
        if (response) ask(slots[slot].conn);
    }
}

static void fill(size_t slot, const char *data, size_t len) {
    receive_space(slots[slot].conn, data, len);
    slots[slot].len = len;
}

static void take_lines(swo_conn *conn) {
    OK(swo_event_fields(conn, lines, LINES, &count));
}

static size_t parse_responses(size_t used) {
    size_t total = 0;
    for (size_t slot = 0; slot < used; slot++) {
        swo_conn *conn = slots[slot].conn;
        OK(swo_receive_commit(conn, slots[slot].len));
        OK(swo_next_event(conn, &event));
        CHECK(event.kind == SWO_EVENT_KIND_SWITCHED && event.u.switched.leftover.len == 0);
        take_lines(conn);
        total += count;
    }
    return total;
}

static swo_request request;

/* Parses a request without content, to its end. */
static void parse_request(swo_conn *conn) {
    OK(swo_next_event(conn, &event));
    CHECK(event.kind == SWO_EVENT_KIND_REQUEST);
    request = event.u.request;
    take_lines(conn);
    CHECK(swo_take_end(conn));
}

static size_t parse(size_t used) {
    size_t total = 0;
    if (is_response) return parse_responses(used);
    for (size_t slot = 0; slot < used; slot++) {
        OK(swo_receive_commit(slots[slot].conn, slots[slot].len));
        parse_request(slots[slot].conn);
        total += count;
    }
    return total;
}

static void finish(size_t used) {
    for (size_t slot = 0; slot < used; slot++) {
        swo_conn *conn = slots[slot].conn;
        if (!is_response) {
            answer(conn);
        } else {
            /* HTTP resumes after the 101, the request gets its response, and the client offers again. */
            static const char plain[] = "HTTP/1.1 204 No Content\r\n\r\n";
            size_t none;
            OK(swo_take_leftover(conn, NULL, 0, &none));
            OK(swo_resume_http(conn));
            OK(swo_receive(conn, (const uint8_t *)plain, sizeof plain - 1));
            OK(swo_next_event(conn, &event));
            OK(swo_next_event(conn, &event));
            CHECK(event.kind == SWO_EVENT_KIND_END_OF_MESSAGE);
            ask(conn);
        }
    }
}

static struct span span(swo_slice slice) {
    return (struct span){(const char *)slice.data, slice.len};
}

static void show(struct head *head) {
    memset(head, 0, sizeof *head);
    if (is_response) head->status = (int)event.u.switched.response.status;
    else head->method = span(request.method), head->target = span(request.target);
    head->count = count;
    for (size_t i = 0; i < count; i++) head->lines[i] = (struct line){span(lines[i].name), span(lines[i].value)};
}

static size_t bytewise(const char *data, size_t len) {
    swo_conn *conn = slots[0].conn;
    for (size_t i = 0; i + 1 < len; i++) {
        OK(swo_receive_event(conn, (const uint8_t *)data + i, 1, &event));
        CHECK(event.kind == SWO_EVENT_KIND_NEED_DATA);
    }
    OK(swo_receive(conn, (const uint8_t *)data + len - 1, 1));
    parse_request(conn);
    answer(conn);
    return count;
}

static size_t content(void) {
    swo_conn *conn = slots[0].conn;
    size_t total = 0;
    OK(swo_receive_commit(conn, slots[0].len));
    for (;;) {
        OK(swo_next_event(conn, &event));
        if (event.kind == SWO_EVENT_KIND_DATA) total += event.u.data.len;
        else if (event.kind == SWO_EVENT_KIND_END_OF_MESSAGE) answer(conn);
        else if (event.kind == SWO_EVENT_KIND_NEED_DATA) return total;
        else CHECK(event.kind == SWO_EVENT_KIND_REQUEST);
    }
}

static size_t cycle(size_t slot, const char *data, size_t len) {
    swo_conn *conn = slots[slot].conn;
    OK(swo_receive_event(conn, (const uint8_t *)data, len, &event));
    CHECK(event.kind == SWO_EVENT_KIND_REQUEST);
    take_lines(conn);
    CHECK(swo_take_end(conn));
    answer(conn);
    OK(swo_next_event(conn, &event));
    CHECK(event.kind == SWO_EVENT_KIND_NEED_DATA);
    return count;
}

const struct parser switchover = {open_parser, fill, parse, finish, show, bytewise, content, cycle};
