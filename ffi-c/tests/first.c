/* A program compiled against the first version of swo_config, which runs with this library: tests/run removes the members
 * appended later from the header before it compiles this. Members that it sets take effect, the others have their defaults. */
#include <stdio.h>
#include <string.h>

#include "switchover.h"

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: a\r\nX-Long: 0123456789012345678901234567890123456789\r\n\r\n";

int main(void) {
    struct {
        swo_config config;
        unsigned char after[64];
    } given;
    swo_conn *conn = NULL;
    swo_event event;
    memset(&given, 0xaa, sizeof given);
    if (swo_config_init(&given.config, sizeof given.config)) return 1;
    for (size_t at = 0; at < sizeof given.after; at++) {
        if (given.after[at] != 0xaa) return 2; /* bytes after this program's struct were written */
    }
    given.config.field_line = 32;
    if (swo_conn_new(SWO_ROLE_SERVER, &given.config, &conn)) return 3;
    if (swo_receive(conn, (const uint8_t *)REQUEST, strlen(REQUEST))) return 4;
    if (swo_next_event(conn, &event) != SWO_ERROR_FIELD_LINE_TOO_LONG) return 5;
    swo_conn_free(conn);
    if (swo_conn_new(SWO_ROLE_SERVER, NULL, &conn)) return 6;
    if (swo_receive(conn, (const uint8_t *)REQUEST, strlen(REQUEST))) return 7;
    if (swo_next_event(conn, &event) || event.kind != SWO_EVENT_KIND_REQUEST) return 8;
    swo_conn_free(conn);
    printf("a config of %u bytes\n", (unsigned)sizeof given.config);
    return 0;
}
