/* A program that links this library and another static library written in Rust. */
#include <stdio.h>

#include "switchover.h"

int other_works(void);

int main(void) {
    swo_conn *conn;
    swo_event event;
    if (swo_conn_new(SWO_ROLE_SERVER, NULL, &conn) || swo_receive(conn, (const uint8_t *)"no HTTP\r\n", 9)) return 1;
    if (swo_next_event(conn, &event) != SWO_ERROR_BAD_VERSION || !other_works()) return 1;
    puts("both work");
    return swo_conn_free(conn) != SWO_OK;
}
