/* Assertions, which are counted and print the line of a failure, and connections to make them on. Part of misuse.c. */
#ifndef SWO_TEST_CHECKS_H
#define SWO_TEST_CHECKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switchover_profiles.h"

static int checks, failures;

static void is(swo_result result, swo_result wanted, const char *what, int line) {
    checks++;
    if (result == wanted) return;
    failures++;
    printf("misuse.c:%d: %s: %u %s, wanted %u %s\n", line, what, result, swo_error_name(result), wanted,
           swo_error_name(wanted));
}

#define IS(call, wanted) is((call), (wanted), #call, __LINE__)
#define HOLDS(truth) is((truth) ? SWO_OK : SWO_NOTHING, SWO_OK, #truth, __LINE__)

static const swo_slice FOO[] = {SWO_TEXT("foo/2")};
static const swo_field HOST[] = {{SWO_TEXT("Host"), SWO_TEXT("a")}};
static const char OFFER[] = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";

static swo_conn *make(uint32_t role) {
    swo_conn *conn = NULL;
    IS(swo_conn_new(role, NULL, &conn), SWO_OK);
    return conn;
}

static swo_result hear(swo_conn *conn, const char *text) {
    return swo_receive(conn, (const uint8_t *)text, strlen(text));
}

/* The number that next() returns for the pause SWO_PAUSED_CLOSED. */
#define CLOSED 2000u

static uint32_t next(swo_conn *conn) {
    swo_event event;
    swo_result result = swo_next_event(conn, &event);
    if (result) return result;
    return event.kind == SWO_EVENT_KIND_PAUSED && event.u.paused == SWO_PAUSED_CLOSED ? CLOSED : event.kind;
}

/* Returns a server's connection, whose current event is the head of `request`. */
static swo_conn *heard(const swo_config *config, const char *request) {
    swo_conn *conn = NULL;
    IS(swo_conn_new(SWO_ROLE_SERVER, config, &conn), SWO_OK);
    IS(hear(conn, request), SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_REQUEST);
    return conn;
}

#endif
