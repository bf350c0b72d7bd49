/* A WebSocket server with wslay: it sends each message back; wslay responds to pings and does the closing handshake.
 *
 *   wslay [PORT [SECONDS]]     0 or none: a free port, which it prints; SECONDS of silence before a ping (30)
 *
 * On Linux. A process for each connection, whose calls may block: alarm(2) ends it if the client takes too long. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <switchover.h>
#include <wslay/wslay.h>

enum { CLIENTS = 500, MESSAGE = 1 << 20, LINGER_MAX = 4 /* seconds */ };
static unsigned timeout = 30;
static int fd; /* the client's socket, in its process */

static ssize_t give(wslay_event_context_ptr context, uint8_t *data, size_t cap, int flags, void *came) {
    swo_slice *input = (swo_slice *)came;
    size_t given = input->len < cap ? input->len : cap;
    (void)flags;
    if (given == 0) return wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK), -1;
    memcpy(data, input->data, given);
    input->data += given, input->len -= given;
    return (ssize_t)given;
}

static ssize_t take(wslay_event_context_ptr context, const uint8_t *data, size_t length, int flags, void *came) {
    ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
    (void)flags, (void)came;
    if (sent < 0) wslay_event_set_error(context, WSLAY_ERR_CALLBACK_FAILURE);
    return sent;
}

static void on_message(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message, void *came) {
    struct wslay_event_msg echo = {message->opcode, message->msg, message->msg_length};
    (void)came;
    alarm(2 * timeout); /* until then the client must read the echo and send a message, at least a pong */
    /* The echo is sent before further input is parsed: after a Close frame it no longer could be. */
    if (!wslay_is_ctrl_frame(message->opcode) && !wslay_event_queue_msg(context, &echo)) wslay_event_send(context);
}

static void speak_websocket(swo_slice input) {
    static const struct wslay_event_callbacks callbacks = {give, take, NULL, NULL, NULL, NULL, on_message};
    static const struct wslay_event_msg ping = {WSLAY_PING, NULL, 0};
    struct timeval silence = {(time_t)timeout, 0};
    uint8_t data[16384];
    wslay_event_context_ptr context;
    if (wslay_event_context_server_init(&context, &callbacks, &input)) return;
    wslay_event_config_set_max_recv_msg_length(context, MESSAGE);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    while (!wslay_event_recv(context) && !wslay_event_send(context) && wslay_event_want_read(context)) {
        ssize_t got = recv(fd, data, sizeof data, 0);
        if (got < 0 && errno == EAGAIN) wslay_event_queue_msg(context, &ping);
        else if (got <= 0) break;
        input.data = data, input.len = got > 0 ? (size_t)got : 0;
    }
    wslay_event_context_free(context);
}

/* Accepts a handshake (RFC 6455, section 4.2.1), else responds with the status of the error or the offer, or a 426. */
static void speak_http(swo_conn *conn) {
    static const swo_slice websocket = SWO_TEXT("websocket");
    static const swo_field fields[] = {{SWO_TEXT("Sec-WebSocket-Version"), SWO_TEXT("13")},
                                       {SWO_TEXT("Connection"), SWO_TEXT("close")}};
    swo_response_head refusal = {426, {NULL, 0}, fields, 2};
    swo_selection selection;
    swo_offer offer;
    swo_event event;
    swo_result error;
    uint8_t data[4096];
    size_t written = 0, count = 0;
    while (!(error = swo_next_event(conn, &event)) && event.kind == SWO_EVENT_KIND_NEED_DATA) {
        ssize_t got = recv(fd, data, sizeof data, 0);
        got > 0 ? swo_receive(conn, data, (size_t)got) : swo_receive_eof(conn, SWO_END_CLEAN);
    }
    int accepts = !error && swo_take_end(conn) && !swo_select(conn, &websocket, 1, SWO_ORDER_CLIENT, &selection);
    if (error) refusal.status = swo_error_status(error);
    else if (!swo_offers(conn, &offer, 1, &count) && count == 1 && offer.status) refusal.status = offer.status;
    swo_advertise(conn, &websocket, 1);
    if (accepts) swo_accept(conn, &selection, NULL, 0, data, sizeof data, &written);
    else swo_respond(conn, &refusal, NULL, 0, data, sizeof data, &written);
    if (send(fd, data, written, MSG_NOSIGNAL) != (ssize_t)written || swo_next_event(conn, &event)) return;
    if (event.kind == SWO_EVENT_KIND_SWITCHED) speak_websocket(event.u.switched.leftover);
}

int main(int count, char **words) {
    struct sockaddr_in own = {AF_INET, htons((uint16_t)(count > 1 ? atoi(words[1]) : 0)), {htonl(INADDR_LOOPBACK)}, {0}};
    socklen_t size = sizeof own;
    swo_conn *conn = NULL;
    char rest[4096];
    int yes = 1, children = 0, server = getpid(), listener = socket(AF_INET, SOCK_STREAM, 0);
    if (count > 2) timeout = (unsigned)atoi(words[2]);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* inherited by accepted sockets */
    if (bind(listener, (struct sockaddr *)&own, size) || listen(listener, SOMAXCONN)
        || getsockname(listener, (struct sockaddr *)&own, &size)) return perror("wslay"), 1;
    dprintf(STDOUT_FILENO, "listening on %d\n", ntohs(own.sin_port));
    for (pid_t child = 1; child != 0; children += child > 0) {
        while (children > 0 && waitpid(-1, NULL, children < CLIENTS ? WNOHANG : 0) > 0) children--;
        fd = accept(listener, NULL, NULL);
        child = fd < 0 ? -1 : fork();
        if (child < 0) sleep(1); /* such as no free descriptors or processes, which is temporary */
        if (child != 0 && fd >= 0) close(fd);
    }
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != server) return 0; /* ends with the server */
    close(listener);
    alarm(2 * timeout);
    if (!swo_conn_new(SWO_ROLE_SERVER, NULL, &conn)) speak_http(conn);
    swo_conn_free(conn);
    alarm(LINGER_MAX); /* closing with unread bytes could make the client lose the last response */
    shutdown(fd, SHUT_WR);
    while (recv(fd, rest, sizeof rest, 0) > 0) continue;
}
