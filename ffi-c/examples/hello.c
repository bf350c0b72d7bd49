/* The smallest program: a server's connection that receives one request and responds. It serves to measure the size that
 * libswitchover adds to a program with HTTP/1.1 only (ffi-c/tests/sizes). */
#include <stdio.h>
#include <string.h>

#include <switchover.h>

int main(void) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
    static const swo_response_head head = {200, {NULL, 0}, NULL, 0};
    uint8_t out[256];
    size_t written;
    swo_event event;
    swo_conn *conn;

    if (swo_conn_new(SWO_ROLE_SERVER, NULL, &conn)) return 1;
    if (swo_receive(conn, (const uint8_t *)request, strlen(request))) return 1;
    do {
        if (swo_next_event(conn, &event)) return 1;
    } while (event.kind != SWO_EVENT_KIND_END_OF_MESSAGE);
    if (swo_respond(conn, &head, (const uint8_t *)"hello\n", 6, out, sizeof out, &written)) return 1;
    fwrite(out, 1, written, stdout);
    swo_conn_free(conn);
    return 0;
}
