/* WebSocket with wslay: sends messages back unchanged. wslay responds to pings and does the closing handshake. */
#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "connection.h"

enum { MESSAGE = 1 << 20, FRAMES = 4096 }; /* of a message: its bytes, and its frames */

typedef struct bytes {
    uint8_t *data;
    size_t length;
} bytes;

typedef struct websocket {
    wslay_event_context_ptr context;
    connection *transport;
    unsigned frames; /* of the message that is coming */
    bytes input;  /* not parsed yet: nothing is parsed while `output` has bytes */
    bytes output; /* not written yet: what the output buffer has no room for, of about one message */
} websocket;

static bool append(bytes *to, const uint8_t *data, size_t length) {
    if (length == 0) return true;
    uint8_t *grown = (uint8_t *)realloc(to->data, to->length + length);
    if (!grown) return false;
    memcpy(grown + to->length, data, length);
    to->data = grown;
    to->length += length;
    return true;
}

static void discard(bytes *from, size_t length) {
    from->length -= length;
    if (from->length > 0) {
        memmove(from->data, from->data + length, from->length);
    } else {
        free(from->data);
        from->data = NULL;
    }
}

static ssize_t give(wslay_event_context_ptr context, uint8_t *data, size_t cap, int flags, void *user) {
    websocket *w = (websocket *)user;
    size_t given = w->input.length < cap ? w->input.length : cap;
    (void)flags;
    if (given == 0 || w->output.length > 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(data, w->input.data, given);
    discard(&w->input, given);
    return (ssize_t)given;
}

/* Takes all bytes: wslay sends no data frame after a Close that it parses before the frame is sent. */
static ssize_t take(wslay_event_context_ptr context, const uint8_t *data, size_t length, int flags, void *user) {
    websocket *w = (websocket *)user;
    size_t taken = w->output.length > 0 ? 0 : connection_write(w->transport, data, length);
    (void)flags;
    if (append(&w->output, data + taken, length - taken)) return (ssize_t)length;
    wslay_event_set_error(context, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

/* wslay allocates memory for each frame of a message, however short it is. */
static void count(wslay_event_context_ptr context, const struct wslay_event_on_frame_recv_start_arg *frame, void *user) {
    websocket *w = (websocket *)user;
    if (wslay_is_ctrl_frame(frame->opcode)) return;
    w->frames = frame->opcode == WSLAY_CONTINUATION_FRAME ? w->frames + 1 : 1;
    if (w->frames <= FRAMES) return;
    wslay_event_queue_close(context, WSLAY_CODE_MESSAGE_TOO_BIG, NULL, 0);
    wslay_event_shutdown_read(context);
}

static void echo(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *came, void *user) {
    struct wslay_event_msg message = {came->opcode, came->msg, came->msg_length};
    websocket *w = (websocket *)user;
    connection_progress(w->transport, false);
    if (wslay_is_ctrl_frame(came->opcode)) return;
    if (wslay_event_queue_msg(context, &message) || wslay_event_send(context)) connection_finish(w->transport);
}

static void receive(connection *c, const uint8_t *data, size_t length) {
    websocket *w = (websocket *)c->session;
    connection_earn(c, length);
    if (!append(&w->input, data, length)) connection_finish(c);
}

static void advance(connection *c) {
    websocket *w = (websocket *)c->session;
    size_t before;
    bool failed = false;
    do {
        before = w->input.length;
        if (w->output.length > 0) discard(&w->output, connection_write(c, w->output.data, w->output.length));
        failed = wslay_event_recv(w->context) || wslay_event_send(w->context);
    } while (!failed && w->output.length == 0 && w->input.length < before);
    bool reads = wslay_event_want_read(w->context) && !(c->peer_ended && w->input.length == 0);
    bool writes = wslay_event_want_write(w->context) || w->output.length > 0;
    if (failed || (!reads && !writes)) connection_finish(c);
}

static bool wants_input(connection *c) {
    websocket *w = (websocket *)c->session;
    return wslay_event_want_read(w->context) && w->input.length == 0 && w->output.length == 0;
}

static void drop(connection *c) {
    websocket *w = (websocket *)c->session;
    wslay_event_context_free(w->context);
    free(w->input.data);
    free(w->output.data);
    free(w);
}

bool websocket_begin(connection *c) {
    static const protocol websocket_protocol = {NULL, receive, NULL, advance, wants_input, NULL, NULL, drop};
    static const struct wslay_event_callbacks callbacks = {give, take, NULL, count, NULL, NULL, echo};
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
