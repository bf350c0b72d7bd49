/* WebSocket with wslay: sends messages back unchanged. wslay responds to pings and does the closing handshake. */
#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "connection.h"

enum { MESSAGE = 1 << 20 };

typedef struct websocket {
    wslay_event_context_ptr context;
    connection *transport;
    const uint8_t *input; /* bytes that wslay has not parsed yet */
    size_t length;
} websocket;

static ssize_t give(wslay_event_context_ptr context, uint8_t *data, size_t cap, int flags, void *user) {
    websocket *w = (websocket *)user;
    size_t given = w->length < cap ? w->length : cap;
    (void)flags;
    if (given == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(data, w->input, given);
    w->input += given;
    w->length -= given;
    return (ssize_t)given;
}

static ssize_t take(wslay_event_context_ptr context, const uint8_t *data, size_t length, int flags, void *user) {
    websocket *w = (websocket *)user;
    size_t taken = connection_write(w->transport, data, length);
    (void)flags;
    if (taken > 0 || length == 0) return (ssize_t)taken;
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static void echo(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *came, void *user) {
    struct wslay_event_msg message = {came->opcode, came->msg, came->msg_length};
    websocket *w = (websocket *)user;
    connection_progress(w->transport, false);
    if (wslay_is_ctrl_frame(came->opcode)) return;
    /* The echo is sent before further input is parsed: after a Close frame it no longer could be. */
    if (wslay_event_queue_msg(context, &message) || wslay_event_send(context)) connection_finish(w->transport);
}

static void receive(connection *c, const uint8_t *data, size_t length) {
    websocket *w = (websocket *)c->session;
    connection_earn(c, length);
    w->input = data;
    w->length = length;
    if (wslay_event_recv(w->context)) connection_finish(c);
}

static void advance(connection *c) {
    websocket *w = (websocket *)c->session;
    bool failed = wslay_event_send(w->context) != 0;
    bool reads = wslay_event_want_read(w->context) && !c->peer_ended;
    if (failed || (!reads && !wslay_event_want_write(w->context))) connection_finish(c);
}

static bool wants_input(connection *c) {
    websocket *w = (websocket *)c->session;
    return wslay_event_want_read(w->context);
}

static void drop(connection *c) {
    websocket *w = (websocket *)c->session;
    wslay_event_context_free(w->context);
    free(w);
}

bool websocket_begin(connection *c) {
    static const protocol websocket_protocol = {NULL, receive, NULL, advance, wants_input, NULL, NULL, drop};
    static const struct wslay_event_callbacks callbacks = {give, take, NULL, NULL, NULL, NULL, echo};
    websocket *w = (websocket *)calloc(1, sizeof *w);
    if (!w || wslay_event_context_server_init(&w->context, &callbacks, w)) {
        free(w);
        return false;
    }
    wslay_event_config_set_max_recv_msg_length(w->context, MESSAGE);
    w->transport = c;
    c->spoken = &websocket_protocol;
    c->session = w;
    return true;
}
