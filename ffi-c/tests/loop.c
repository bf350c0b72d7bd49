/* The README's loop and `answer`, with the parts that the README leaves out: one connection on a blocking socket. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <switchover.h>

static int fd;
static uint8_t out[1024];

static void send_out(swo_result result, size_t written) {
    if (result || send(fd, out, written, MSG_NOSIGNAL) != (ssize_t)written) exit(1);
}

static void read_more(swo_conn *conn) {
    uint8_t *space;
    size_t cap;
    if (swo_receive_buffer(conn, 4096, &space, &cap)) exit(1);
    ssize_t got = recv(fd, space, cap, 0);
    if (got > 0) swo_receive_commit(conn, (size_t)got);
    else swo_receive_eof(conn, SWO_END_CLEAN);
}

static void send_continue(swo_conn *conn) {
    size_t written = 0;
    swo_response_head head = {100, {NULL, 0}, NULL, 0};
    swo_result result = swo_send_informational(conn, &head, out, sizeof out, &written);
    send_out(result, written);
}

#include "answer.inc"

/* If `answers_later`, the loop's calls of `answer` are only counted, in `asked`, and serve() responds. */
static int answers_later, asked, has_left;
#define answer(conn) (answers_later ? (void)asked++ : answer(conn))

static void reject(swo_conn *conn, uint32_t status) {
    size_t written = 0;
    swo_response_head head = {(uint16_t)status, {NULL, 0}, NULL, 0};
    swo_result result = swo_reject(conn, &head, NULL, 0, out, sizeof out, &written);
    send_out(result, written);
}

static void leave(swo_conn *conn) {
    if (swo_closing(conn) == SWO_CLOSING_LINGER) {
        shutdown(fd, SHUT_WR);
        while (recv(fd, out, sizeof out, 0) > 0) continue;
    }
    swo_conn_free(conn);
    has_left = 1;
}

static void speak(const swo_switched *switched) {
    (void)switched;
    exit(1); /* no protocol was accepted, so this is never called */
}

#include "loop.inc"

#undef answer

static void serve(void) {
    swo_conn *conn;
#include "limit.inc"
    go_on(conn);
    /* The README's loop has returned because a response is due, and has called `answer` once. */
    while (answers_later && !has_left && asked == 1) {
        asked = 0;
        answer(conn);
        go_on(conn);
    }
    if (!has_left) exit(1);
}

int main(int count, char **arguments) {
    (void)arguments;
    answers_later = count > 1;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1)
        || getsockname(listener, (struct sockaddr *)&address, &size)) {
        return 1;
    }
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    fd = accept(listener, NULL, NULL);
    serve();
    close(fd);
}
