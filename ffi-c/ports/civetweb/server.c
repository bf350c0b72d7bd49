/* The server that check.py asks: handlers as civetweb's documentation writes them. Prints its port. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "civetweb.h"

static volatile sig_atomic_t stop;
static void on_signal(int s) { (void)s; stop = 1; }

static int hello(struct mg_connection *c, void *d) {
    (void)d;
    mg_send_http_ok(c, "text/plain", 6);
    if (strcmp(mg_get_request_info(c)->request_method, "HEAD")) mg_write(c, "hello\n", 6);
    return 200;
}
static int raw(struct mg_connection *c, void *d) { /* writes its own head */
    (void)d;
    mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nraw\n");
    return 200;
}
static int rawclose(struct mg_connection *c, void *d) { /* as in the documentation's first example */
    (void)d;
    mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nraw\n");
    return 200;
}
static int no204(struct mg_connection *c, void *d) { /* answers before it reads */
    char buf[64];
    (void)d;
    mg_printf(c, "HTTP/1.1 204 No Content\r\n\r\n");
    while (mg_read(c, buf, sizeof buf) > 0) continue;
    return 204;
}
static int echo(struct mg_connection *c, void *d) {
    static __thread char buf[1 << 20];
    int n, len = 0;
    (void)d;
    while ((n = mg_read(c, buf + len, sizeof buf - (size_t)len)) > 0) len += n;
    if (n < 0) return mg_send_http_error(c, 400, "broken content"), 400;
    mg_send_http_ok(c, "text/plain", len);
    mg_write(c, buf, (size_t)len);
    return 200;
}
static int chunked(struct mg_connection *c, void *d) {
    (void)d;
    mg_send_http_ok(c, "text/plain", -1);
    mg_send_chunk(c, "one", 3);
    mg_send_chunk(c, "two", 3);
    mg_send_chunk(c, "", 0);
    return 200;
}
static int ignore(struct mg_connection *c, void *d) { /* refuses without reading */
    (void)d;
    mg_send_http_error(c, 403, "no");
    return 403;
}
static int ws_data(struct mg_connection *c, int bits, char *data, size_t len, void *d) {
    (void)d;
    if ((bits & 15) == MG_WEBSOCKET_OPCODE_TEXT) mg_websocket_write(c, MG_WEBSOCKET_OPCODE_TEXT, data, len);
    return 1;
}

int main(int argc, char **argv) {
    const char *options[] = {"listening_ports", "127.0.0.1:0", "num_threads", "4", "enable_keep_alive", "yes",
                             "request_timeout_ms", "1500", "keep_alive_timeout_ms", "1000",
                             "document_root", argc > 1 ? argv[1] : ".", "put_delete_auth_file", NULL, NULL};
    static const char *names[] = {"chat", "mqtt"};
    struct mg_websocket_subprotocols sub = {2, names};
    struct mg_callbacks callbacks;
    struct mg_server_port port;
    struct mg_context *ctx;
    memset(&callbacks, 0, sizeof callbacks);
    options[12] = NULL;
    mg_init_library(0);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    ctx = mg_start(&callbacks, NULL, options);
    if (!ctx) return 1;
    mg_set_request_handler(ctx, "/hello", hello, NULL);
    mg_set_request_handler(ctx, "/rawclose", rawclose, NULL);
    mg_set_request_handler(ctx, "/raw", raw, NULL);
    mg_set_request_handler(ctx, "/204", no204, NULL);
    mg_set_request_handler(ctx, "/echo", echo, NULL);
    mg_set_request_handler(ctx, "/chunked", chunked, NULL);
    mg_set_request_handler(ctx, "/ignore", ignore, NULL);
    mg_set_websocket_handler(ctx, "/ws", NULL, NULL, ws_data, NULL, NULL);
    mg_set_websocket_handler_with_subprotocols(ctx, "/sub", &sub, NULL, NULL, ws_data, NULL, NULL);
    mg_get_server_ports(ctx, 1, &port);
    printf("%d\n", port.port);
    fflush(stdout);
    while (!stop) usleep(50000);
    mg_stop(ctx);
    mg_exit_library();
    return 0;
}
