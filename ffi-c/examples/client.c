/* A client that offers foo/2, and accepts a response in HTTP/1.1.
 *
 *   client PORT [TARGET [OFFER]]     `/foo` and `foo/2` if not given
 *
 * After a switch, standard input is sent to the server and received bytes go to standard output. Else the content of the
 * response goes to standard output, and the reason why there was no switch to standard error. A server has 30 seconds for all that is
 * HTTP, after which a signal ends the program, and then for each piece of the new protocol. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <switchover.h>

enum { TIMEOUT = 30 };

static int send_all(int fd, const void *data, size_t length) {
    const char *from = (const char *)data;
    while (length > 0) {
        ssize_t sent = send(fd, from, length, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        from += sent, length -= (size_t)sent;
    }
    return 0;
}

/* The new protocol: prints the leftover, sends all input, then prints what arrives. Enough for a few lines: with much
 * more, each side would wait until the other reads. */
static int speak_foo(int fd, swo_conn *conn, const swo_switched *switched) {
    const struct timeval limit = {TIMEOUT, 0};
    char data[4096];
    size_t length;
    ssize_t got;
    fwrite(switched->leftover.data, 1, switched->leftover.len, stdout);
    swo_take_leftover(conn, (uint8_t *)data, sizeof data, &length);
    alarm(0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while ((got = read(STDIN_FILENO, data, sizeof data)) > 0) {
        if (send_all(fd, data, (size_t)got)) return 1;
    }
    shutdown(fd, SHUT_WR);
    while ((got = recv(fd, data, sizeof data, 0)) > 0) fwrite(data, 1, (size_t)got, stdout);
    return got < 0; /* a reset: what came may be cut */
}

static int ask(int fd, swo_conn *conn, const char *target, const char *offer) {
    uint8_t out[2048];
    size_t written;
    swo_field fields[] = {{SWO_TEXT("Host"), SWO_TEXT("127.0.0.1")}, {SWO_TEXT("User-Agent"), SWO_TEXT("client.c")}};
    swo_request_head request = {SWO_TEXT("GET"), {(const uint8_t *)target, strlen(target)}, fields, 2};
    swo_slice offers[] = {{(const uint8_t *)offer, strlen(offer)}};
    swo_result result = swo_send_request(conn, &request, offers, 1, out, sizeof out, &written);
    if (result) {
        fprintf(stderr, "client: %s\n", swo_error_text(result));
        return 1;
    }
    return send_all(fd, out, written);
}

static int hear(int fd, swo_conn *conn) {
    uint8_t *space;
    size_t cap;
    swo_event event;
    for (;;) {
        swo_result result = swo_next_event(conn, &event);
        if (result) {
            fprintf(stderr, "client: %s\n", swo_error_text(result));
            return 1;
        }
        switch (event.kind) {
        case SWO_EVENT_KIND_NEED_DATA: {
            ssize_t got;
            if (swo_receive_buffer(conn, 4096, &space, &cap)) return 1;
            got = recv(fd, space, cap, 0);
            if (got > 0) swo_receive_commit(conn, (size_t)got);
            else swo_receive_eof(conn, got == 0 ? SWO_END_CLEAN : SWO_END_TRUNCATED);
            break;
        }
        case SWO_EVENT_KIND_SWITCHED: return speak_foo(fd, conn, &event.u.switched);
        case SWO_EVENT_KIND_RESPONSE:
            fprintf(stderr, "client: %u, %s\n", event.u.response.status, swo_text(SWO_TABLE_WHY, swo_why(conn)));
            break;
        case SWO_EVENT_KIND_DATA: fwrite(event.u.data.data, 1, event.u.data.len, stdout); break;
        case SWO_EVENT_KIND_INFORMATIONAL: break;
        default: return 0; /* the message is complete, or the connection is closed */
        }
    }
}

int main(int count, char **arguments) {
    struct sockaddr_in address;
    swo_conn *conn;
    int status, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (count < 2 || swo_abi_version() != SWO_ABI_VERSION) {
        fprintf(stderr, "usage: client PORT [TARGET [OFFER]]\n");
        return 2;
    }
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(arguments[1]));
    alarm(TIMEOUT);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        perror("client");
        return 1;
    }
    if (swo_conn_new(SWO_ROLE_CLIENT, NULL, &conn)) return 1;
    status = ask(fd, conn, count > 2 ? arguments[2] : "/foo", count > 3 ? arguments[3] : "foo/2");
    if (!status) status = hear(fd, conn);
    swo_conn_free(conn);
    close(fd);
    return status;
}
