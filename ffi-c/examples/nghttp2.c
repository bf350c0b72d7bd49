/* HTTP/1.1, and h2c with nghttp2: by prior knowledge, and by an upgrade, which a swo_splice hides from nghttp2.
 *
 *   nghttp2 [PORT [SECONDS]]     0 or none: a free port, which it prints; SECONDS from one response to the next (30)
 *
 * Responds to each request with its target, the version, and the length of its content. On Linux. A process for each
 * connection, whose calls may block: alarm(2) ends it if the client takes too long. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nghttp2/nghttp2.h>
#include <switchover_profiles.h>

enum { CLIENTS = 500, STREAMS = 100, HELD = 65535 /* bytes of content, for stream 1 */, LINGER_MAX = 4 /* seconds */ };
typedef struct request {
    int32_t stream; /* 0: this entry is unused */
    char method[8], target[256], text[320];
    size_t came; /* bytes of content */
} request;

static unsigned timeout = 30;
static int fd; /* the client's socket, in its process; further state of that process: */
static FILE *output;
static uint8_t data[16384];
static request requests[STREAMS]; /* of HTTP/2 */
static swo_splice *splice;        /* between client and nghttp2, after an upgrade */
static uint8_t held[HELD];        /* content of a request that may become stream 1 */

static uint32_t answer(request *r, const char *version) {
    alarm(timeout);
    snprintf(r->text, sizeof r->text, "%s over %s, %lu bytes\n", r->target, version, (unsigned long)r->came);
    return strcmp(r->method, "CONNECT") ? 200 : 501; /* a 200 to CONNECT would open a tunnel */
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t length, uint8_t flags, void *user) {
    request *r = (request *)nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)name_length, (void)length, (void)flags, (void)user; /* a NUL follows both */
    if (!r) {
        for (r = requests; r->stream; r++) continue; /* nghttp2 rejects more than STREAMS */
        r->stream = frame->hd.stream_id;
        if (nghttp2_session_set_stream_user_data(session, r->stream, r)) return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (!strcmp((const char *)name, ":method")) snprintf(r->method, sizeof r->method, "%s", (const char *)value);
    if (!strcmp((const char *)name, ":path")) snprintf(r->target, sizeof r->target, "%s", (const char *)value);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *came, size_t count, void *user) {
    request *r = (request *)nghttp2_session_get_stream_user_data(session, id);
    (void)flags, (void)came, (void)user;
    if (r) r->came += count;
    return 0;
}

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *out, size_t cap, uint32_t *flags,
                       nghttp2_data_source *source, void *user) {
    const char *text = (const char *)source->ptr;
    size_t length = strlen(text) < cap ? strlen(text) : cap;
    (void)session, (void)id, (void)user;
    memcpy(out, text, length), source->ptr = (void *)(text + length);
    if (!text[length]) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)length;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    request *r = (request *)nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    nghttp2_data_provider content = {{0}, on_read};
    char name[] = ":status", status[12];
    int ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM, is_head = frame->hd.type == NGHTTP2_HEADERS;
    (void)user; /* a CONNECT does not end its stream: RFC 9113, section 8.5 */
    if (!r || frame->hd.type > NGHTTP2_HEADERS || !(strcmp(r->method, "CONNECT") ? ends : is_head)) return 0;
    snprintf(status, sizeof status, "%u", (unsigned)answer(r, "HTTP/2"));
    nghttp2_nv head = {(uint8_t *)name, (uint8_t *)status, 7, 3, NGHTTP2_NV_FLAG_NONE};
    content.source.ptr = r->text;
    return nghttp2_submit_response(session, r->stream, &head, 1, strcmp(r->method, "HEAD") ? &content : NULL);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user) {
    request *r = (request *)nghttp2_session_get_stream_user_data(session, id);
    (void)error, (void)user;
    if (r) memset(r, 0, sizeof *r);
    return 0;
}

/* Passes received bytes to nghttp2 and sends its output. Returns whether the session continues. */
static int pump(nghttp2_session *session, swo_slice came) {
    if (splice) swo_splice_client_sent(splice, came.data, came.len), swo_splice_take_for_engine(splice, &came);
    do {
        swo_slice out = {NULL, 0};
        if (nghttp2_session_mem_recv(session, came.data, came.len) < 0) return 0;
        for (ssize_t length; (length = nghttp2_session_mem_send(session, &out.data)) > 0;) {
            out.len = (size_t)length;
            if (splice) swo_splice_engine_sent(splice, out.data, out.len), swo_splice_take_for_client(splice, &out);
            fwrite(out.data, 1, out.len, output);
        }
        if (splice) swo_splice_take_for_engine(splice, &came);
    } while (splice && came.len > 0);
    return !fflush(output) && (nghttp2_session_want_read(session) || nghttp2_session_want_write(session));
}

static void speak_http2(swo_slice came) {
    static const nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS};
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    if (nghttp2_session_callbacks_new(&callbacks)) return;
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    if (nghttp2_session_server_new(&session, callbacks, NULL)) exit(1);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &settings, 1);
    for (ssize_t got = 1; got > 0 && pump(session, came); came.data = data, came.len = (size_t)got) {
        got = recv(fd, data, sizeof data, 0);
    }
    nghttp2_session_del(session);
}

/* Sends a 100 or an error response; with status 0 the regular response, which may be a 101. */
static void respond(swo_conn *conn, request *r, uint32_t status) {
    static const swo_slice h2c = SWO_TEXT("h2c");
    swo_response_head head = {status, {NULL, 0}, NULL, 0};
    swo_selection selection;
    uint32_t reason;
    size_t written = 0;
    int switches = !status && r->came <= HELD && !swo_select(conn, &h2c, 1, SWO_ORDER_CLIENT, &selection)
                   && !swo_splice_new(conn, held, r->came, NULL, 0, &splice, &reason);
    if (!status && !switches) head.status = answer(r, "HTTP/1.1");
    if (status == 100) swo_send_informational(conn, &head, data, sizeof data, &written);
    else if (switches) swo_accept(conn, &selection, NULL, 0, data, sizeof data, &written);
    else swo_respond(conn, &head, (uint8_t *)r->text, status ? 0 : strlen(r->text), data, sizeof data, &written);
    fwrite(data, 1, written, output);
}

static void speak_http1(swo_conn *conn) {
    request r;
    swo_event event;
    while (!fflush(output)) {
        swo_result error = swo_next_event(conn, &event);
        if (error) respond(conn, &r, swo_error_status(error)), fflush(output);
        if (error || event.kind == SWO_EVENT_KIND_PAUSED) return;
        if (event.kind == SWO_EVENT_KIND_REQUEST) {
            swo_slice method = event.u.request.method, target = event.u.request.target;
            snprintf(r.method, sizeof r.method, "%.*s", (int)method.len, (const char *)method.data);
            snprintf(r.target, sizeof r.target, "%.*s", (int)target.len, (const char *)target.data);
            r.came = 0;
        } else if (event.kind == SWO_EVENT_KIND_DATA) {
            if (r.came + event.u.data.len <= HELD) memcpy(held + r.came, event.u.data.data, event.u.data.len);
            r.came += event.u.data.len;
        } else if (event.kind == SWO_EVENT_KIND_END_OF_MESSAGE) {
            respond(conn, &r, 0);
        } else if (event.kind == SWO_EVENT_KIND_SWITCHED) {
            speak_http2(event.u.switched.leftover);
        } else if (swo_owes(conn) == SWO_OWES_CONTINUE) {
            respond(conn, &r, 100);
        } else {
            ssize_t got = recv(fd, data, sizeof data, 0);
            got > 0 ? swo_receive(conn, data, (size_t)got) : swo_receive_eof(conn, SWO_END_CLEAN);
        }
    }
}

int main(int count, char **words) {
    struct sockaddr_in own = {AF_INET, htons((uint16_t)(count > 1 ? atoi(words[1]) : 0)), {htonl(INADDR_LOOPBACK)}, {0}};
    socklen_t size = sizeof own;
    swo_config config;
    swo_conn *conn = NULL;
    int yes = 1, children = 0, server = getpid(), listener = socket(AF_INET, SOCK_STREAM, 0);
    if (count > 2) timeout = (unsigned)atoi(words[2]);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* inherited by accepted sockets */
    if (bind(listener, (struct sockaddr *)&own, size) || listen(listener, SOMAXCONN)
        || getsockname(listener, (struct sockaddr *)&own, &size)) return perror("nghttp2"), 1;
    dprintf(STDOUT_FILENO, "listening on %d\n", ntohs(own.sin_port));
    for (pid_t child = 1; child != 0; children += child > 0) {
        while (children > 0 && waitpid(-1, NULL, children < CLIENTS ? WNOHANG : 0) > 0) children--;
        fd = accept(listener, NULL, NULL);
        child = fd < 0 ? -1 : fork();
        if (child < 0) sleep(1); /* such as no free descriptors or processes, which is temporary */
        if (child != 0 && fd >= 0) close(fd);
    }
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != server) return 0; /* ends with the server */
    alarm(timeout);
    swo_config_init(&config, sizeof config);
    config.http2_preface = 1;
    output = fdopen(fd, "w");
    if (output && !swo_conn_new(SWO_ROLE_SERVER, &config, &conn)) speak_http1(conn);
    swo_splice_free(splice);
    swo_conn_free(conn);
    alarm(LINGER_MAX); /* closing with unread bytes could make the client lose the last response */
    shutdown(fd, SHUT_WR);
    while (recv(fd, data, sizeof data, 0) > 0) continue;
    if (output) fclose(output);
}
