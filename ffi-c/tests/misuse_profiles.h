/* Mistakes with the calls for WebSocket, MASQUE, intermediaries, HTTP/2 and the splice. Part of misuse.c. */

/* Returns a server's connection that has received `text`, whose current event is the request's head. */
static swo_conn *asked(const char *text) {
    swo_conn *conn = make(SWO_ROLE_SERVER);
    IS(hear(conn, text), SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_REQUEST);
    return conn;
}

static const char HANDSHAKE[] =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, x\r\nX: 1\r\nUpgrade: foo, websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: chat, mqtt\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

static const char H2C[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                          "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";

static void handles_are_told_apart(void) {
    uint64_t zeros[32] = {0};
    swo_conn *conn = make(SWO_ROLE_SERVER);
    swo_capsules *capsules = NULL;
    swo_datagram datagram;
    swo_slice bytes;
    const swo_field *fields;
    size_t count;
    uint32_t fault = 77;
    void *others[3];
    IS(swo_capsules_new(10, &capsules), SWO_OK);
    others[0] = NULL, others[1] = zeros, others[2] = conn;
    for (int at = 0; at < 3; at++) {
        swo_result wanted = at ? SWO_BAD_HANDLE : SWO_NULL, freed = at ? SWO_BAD_HANDLE : SWO_OK;
        IS(swo_capsules_receive((swo_capsules *)others[at], NULL, 0), wanted);
        IS(swo_capsules_next((swo_capsules *)others[at], &datagram, &fault), wanted);
        IS(swo_capsules_finish((swo_capsules *)others[at], &fault), wanted);
        IS(swo_capsules_free((swo_capsules *)others[at]), freed);
        IS(swo_splice_client_sent((swo_splice *)others[at], NULL, 0), wanted);
        IS(swo_splice_client_ended((swo_splice *)others[at]), wanted);
        IS(swo_splice_engine_sent((swo_splice *)others[at], NULL, 0), wanted);
        IS(swo_splice_take_for_engine((swo_splice *)others[at], &bytes), wanted);
        IS(swo_splice_take_for_client((swo_splice *)others[at], &bytes), wanted);
        HOLDS(!swo_splice_wants_client((swo_splice *)others[at]) && !swo_splice_is_done((swo_splice *)others[at]));
        IS(swo_splice_free((swo_splice *)others[at]), freed);
        IS(swo_lines_get((swo_lines *)others[at], &fields, &count), wanted);
        IS(swo_lines_free((swo_lines *)others[at]), freed);
    }
    HOLDS(fault == 77);
    IS(swo_conn_free((swo_conn *)(void *)capsules), SWO_BAD_HANDLE);
    IS(next((swo_conn *)(void *)capsules), SWO_BAD_HANDLE);
    IS(swo_capsules_free(capsules), SWO_OK);
    IS(swo_conn_free(conn), SWO_OK);
}

static void websocket_is_checked(void) {
    static const swo_slice preferences[] = {SWO_TEXT("mqtt"), SWO_TEXT("CHAT"), SWO_TEXT("chat")}, broken = {NULL, 1};
    static const swo_slice protocols[] = {SWO_TEXT("bar"), SWO_TEXT("websocket"), SWO_TEXT("foo")};
    swo_conn *conn = asked(HANDSHAKE), *idle = make(SWO_ROLE_SERVER);
    swo_deflate own = {0, 0, 0, 9}, agreed = {7, 7, 7, 7};
    swo_selection selection;
    swo_slice chosen;
    uint8_t out[160], nonce[17] = {0};
    size_t written = 77;
    IS(swo_websocket_key(NULL, 16, out, sizeof out, &written), SWO_NULL);
    IS(swo_websocket_key(nonce, 15, out, sizeof out, &written), SWO_BAD_LENGTH);
    IS(swo_websocket_key(nonce, 17, out, sizeof out, &written), SWO_BAD_LENGTH);
    HOLDS(written == 77);
    IS(swo_websocket_key(nonce, 16, out, 23, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(written == 24);
    IS(swo_websocket_key(nonce, 16, out, 24, &written), SWO_OK);
    IS(swo_select_subprotocol(conn, preferences, 3, 2, &chosen), SWO_BAD_ENUM);
    IS(swo_select_subprotocol(conn, NULL, 3, SWO_ORDER_CLIENT, &chosen), SWO_NULL);
    IS(swo_select_subprotocol(conn, &broken, 1, SWO_ORDER_CLIENT, &chosen), SWO_NULL);
    IS(swo_select_subprotocol(conn, NULL, 0, SWO_ORDER_CLIENT, &chosen), SWO_NOTHING);
    IS(swo_select_subprotocol(idle, preferences, 3, SWO_ORDER_CLIENT, &chosen), SWO_NOTHING);
    /* The chosen slice is the caller's entry itself. */
    IS(swo_select_subprotocol(conn, preferences, 3, SWO_ORDER_CLIENT, &chosen), SWO_OK);
    HOLDS(chosen.data == preferences[2].data);
    IS(swo_select_deflate(conn, NULL, &agreed), SWO_NULL);
    IS(swo_select_deflate(idle, &own, &agreed), SWO_NOTHING);
    IS(swo_agreed_deflate(idle, &agreed), SWO_NOTHING);
    HOLDS(agreed.client_max_window_bits == 7);
    IS(swo_select_deflate(conn, &own, &agreed), SWO_OK);
    HOLDS(agreed.client_max_window_bits == 9 && !agreed.server_max_window_bits);
    own.server_max_window_bits = 99; /* no window has so many bits */
    IS(swo_select_deflate(conn, &own, &agreed), SWO_NOTHING);
    memset(&own, 0xff, sizeof own);
    IS(swo_deflate_write(&own, out, sizeof out, &written), SWO_OK);
    IS(swo_deflate_write(&own, out, written - 1, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    IS(swo_deflate_write(NULL, out, sizeof out, &written), SWO_NULL);
    HOLDS(swo_selection_preference(NULL) == SWO_NONE);
    IS(swo_select(conn, protocols, 3, SWO_ORDER_CLIENT, &selection), SWO_OK);
    HOLDS(swo_selection_preference(&selection) == 2);
    IS(swo_select(conn, protocols, 3, SWO_ORDER_SERVER, &selection), SWO_OK);
    HOLDS(swo_selection_preference(&selection) == 1);
    swo_conn_free(conn);
    swo_conn_free(idle);
}

static void targets_are_checked(void) {
    static const swo_slice good = SWO_TEXT("/.well-known/masque/udp/2001%3Adb8%3A%3A1/443/"), none = {NULL, 3};
    static const swo_slice no_text = SWO_TEXT("/.well-known/masque/udp/\xff/443/");
    static const swo_slice any = SWO_TEXT("/.well-known/masque/ip/*/*/");
    uint8_t host[64];
    size_t written = 77;
    uint32_t number = 77;
    IS(swo_udp_target(NULL, good, host, sizeof host, &written, &number), SWO_NULL);
    IS(swo_udp_target(SWO_UDP_TEMPLATE, none, host, sizeof host, &written, &number), SWO_NULL);
    IS(swo_udp_target(SWO_UDP_TEMPLATE, good, host, sizeof host, &written, NULL), SWO_NULL);
    IS(swo_udp_target(SWO_UDP_TEMPLATE, no_text, host, sizeof host, &written, &number), SWO_NOTHING);
    IS(swo_udp_target("/{target_host", good, host, sizeof host, &written, &number), SWO_NOTHING);
    IS(swo_udp_target(SWO_IP_TEMPLATE, good, host, sizeof host, &written, &number), SWO_NOTHING);
    HOLDS(written == 77);
    IS(swo_udp_target(SWO_UDP_TEMPLATE, good, host, 10, &written, &number), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(written == 11 && number == 77);
    IS(swo_udp_target(SWO_UDP_TEMPLATE, good, host, 11, &written, &number), SWO_OK);
    HOLDS(written == 11 && !memcmp(host, "2001:db8::1", 11) && number == 443);
    IS(swo_ip_target(SWO_IP_TEMPLATE, any, NULL, 0, &written, &number), SWO_OK);
    HOLDS(written == 0 && number == SWO_NONE);
    HOLDS(!swo_says_capsules(NULL, 0) && !swo_says_capsules(NULL, 4));
}

static void capsules_are_checked(void) {
    swo_capsules *capsules = NULL;
    swo_datagram datagram = {0, SWO_TEXT("hello")};
    uint8_t out[64];
    size_t written = 0;
    uint32_t fault = 77;
    IS(swo_capsules_new(SIZE_MAX, &capsules), SWO_BAD_LENGTH);
    IS(swo_capsules_new(5, NULL), SWO_NULL);
    IS(swo_capsules_new(5, &capsules), SWO_OK);
    IS(swo_datagram_write(NULL, out, sizeof out, &written), SWO_NULL);
    /* A context ID of more than 62 bits is rejected, not truncated. */
    datagram.context = (uint64_t)1 << 62;
    IS(swo_datagram_write(&datagram, out, sizeof out, &written), SWO_BAD_NUMBER);
    datagram.context--;
    IS(swo_datagram_write(&datagram, out, sizeof out, &written), SWO_OK);
    HOLDS(written == 15 && !memcmp(out, "\0\x0d\xff\xff\xff\xff\xff\xff\xff\xff" "hello", written));
    datagram.context = 0;
    IS(swo_datagram_write(&datagram, out, 7, &written), SWO_ERROR_OUTPUT_TOO_SMALL);
    HOLDS(written == 8);
    IS(swo_datagram_write(&datagram, out, 8, &written), SWO_OK);
    IS(swo_capsules_receive(capsules, NULL, 1), SWO_NULL);
    IS(swo_capsules_receive(capsules, out, written), SWO_OK);
    IS(swo_capsules_next(capsules, &datagram, NULL), SWO_NULL);
    IS(swo_capsules_next(capsules, &datagram, &fault), SWO_OK);
    HOLDS(fault == SWO_NONE && datagram.payload.len == 5 && !memcmp(datagram.payload.data, "hello", 5));
    IS(swo_capsules_next(capsules, &datagram, &fault), SWO_NOTHING);
    IS(swo_capsules_finish(capsules, &fault), SWO_OK);
    IS(swo_capsules_receive(capsules, (const uint8_t *)"\0\x0f", 2), SWO_OK);
    IS(swo_capsules_finish(capsules, &fault), SWO_REFUSED);
    HOLDS(fault == SWO_CAPSULE_FAULT_TRUNCATED);
    IS(swo_capsules_next(capsules, &datagram, &fault), SWO_REFUSED);
    HOLDS(fault == SWO_CAPSULE_FAULT_TOO_LONG && !strcmp(swo_name(SWO_TABLE_CAPSULE_FAULT, fault), "too-long"));
    HOLDS(!strcmp(swo_error_name(SWO_REFUSED), "refused") && !swo_is_fatal(SWO_REFUSED));
    swo_capsules_free(capsules);
    datagram.payload.data = NULL;
    IS(swo_datagram_write(&datagram, out, sizeof out, &written), SWO_NULL);
    /* The greatest limit of a payload reserves no memory; a capsule longer than any object (of 32 bits) is rejected. */
    IS(swo_capsules_new(SIZE_MAX / 2, &capsules), SWO_OK);
    IS(swo_capsules_receive(capsules, (const uint8_t *)"\0\xff\xff\xff\xff\xff\xff\xff\xff", 9), SWO_OK);
    IS(swo_capsules_next(capsules, &datagram, &fault), sizeof(size_t) < 8 ? SWO_REFUSED : SWO_NOTHING);
    swo_capsules_free(capsules);
    /* A returned payload must not be passed to its reader again. */
    IS(swo_capsules_new(5, &capsules), SWO_OK);
    IS(swo_capsules_receive(capsules, (const uint8_t *)"\0\6\0hello", 8), SWO_OK);
    IS(swo_capsules_next(capsules, &datagram, &fault), SWO_OK);
    IS(swo_capsules_receive(capsules, datagram.payload.data, datagram.payload.len), SWO_OVERLAP);
    HOLDS(datagram.payload.len == 5 && !memcmp(datagram.payload.data, "hello", 5));
    swo_capsules_free(capsules);
}

/* Checks the reported rule that an offer breaks, the parts of a request's target, and accepting before its end. */
static void offers_say_what_is_wrong(void) {
    swo_conn *client = make(SWO_ROLE_CLIENT), *conn = make(SWO_ROLE_SERVER);
    swo_field fields[] = {{SWO_TEXT("Host"), SWO_TEXT("a")}, {SWO_TEXT("Sec-WebSocket-Version"), SWO_TEXT("13")}};
    swo_request_head request = {SWO_TEXT("GET"), SWO_TEXT("/"), fields, 2};
    swo_slice websocket = SWO_TEXT("websocket"), authority = {NULL, 77};
    swo_selection selection, early;
    uint8_t out[256];
    size_t written = 77;
    IS(swo_send_request(client, &request, &websocket, 1, out, sizeof out, &written), SWO_ERROR_PROFILE_FIELD);
    HOLDS(written == SWO_INELIGIBLE_KEY);
    IS(swo_request_authority(conn, &authority), SWO_NOTHING);
    IS(hear(conn, "POST http://b/ HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\n"),
       SWO_OK);
    IS(next(conn), SWO_EVENT_KIND_REQUEST);
    IS(swo_request_authority(conn, &authority), SWO_OK);
    HOLDS(authority.len == 1 && *authority.data == 'b');
    swo_request shown, asked = {SWO_TEXT("GET"), SWO_TEXT("/a?b?c"), 1, 0, SWO_NONE, 1, {0, 0}};
    swo_slice path, query = {NULL, 77};
    IS(swo_current_request(conn, &shown), SWO_OK);
    HOLDS(!swo_target_path(&shown, &path) && path.len == 1 && *path.data == '/');
    IS(swo_target_query(&shown, &query), SWO_NOTHING);
    HOLDS(!swo_target_path(&asked, &path) && path.data == asked.target.data && path.len == 2);
    HOLDS(!swo_target_query(&asked, &query) && query.data == asked.target.data + 3 && query.len == 3);
    HOLDS(swo_method(&shown) == SWO_METHOD_POST && swo_method(&asked) == SWO_METHOD_GET);
    HOLDS(!strcmp(swo_name(SWO_TABLE_METHOD, SWO_METHOD_BASELINE_CONTROL), "BASELINE-CONTROL"));
    asked.method.len = 2;
    HOLDS(swo_method(&asked) == SWO_NONE);
    IS(swo_target_path(NULL, &path), SWO_NULL);
    IS(swo_target_query(&asked, NULL), SWO_NULL);
    asked.target.data = NULL;
    IS(swo_target_path(&asked, &path), SWO_NULL);
    IS(swo_select(conn, FOO, 1, SWO_ORDER_CLIENT, &selection), SWO_OK);
    IS(swo_selection_early(NULL, &early), SWO_NULL);
    IS(swo_selection_early(&selection, NULL), SWO_NULL);
    IS(swo_accept(conn, &selection, NULL, 0, out, sizeof out, &written), SWO_ERROR_BODY_PENDING);
    IS(swo_selection_early(&selection, &early), SWO_OK);
    IS(swo_accept(conn, &early, NULL, 0, out, sizeof out, &written), SWO_OK);
    swo_conn_free(conn);
    swo_conn_free(client);
}

static void gateways_are_checked(void) {
    swo_conn *conn = asked(HANDSHAKE), *idle = make(SWO_ROLE_CLIENT);
    swo_protocol protocols[2];
    swo_field fields[8];
    size_t count = 77;
    IS(swo_forwardable(idle, protocols, 2, &count), SWO_NOTHING);
    IS(swo_end_to_end(idle, fields, 8, &count), SWO_NOTHING);
    IS(swo_forwardable(conn, NULL, 2, &count), SWO_NULL);
    HOLDS(count == 77);
    IS(swo_forwardable(conn, protocols, 1, &count), SWO_ARRAY_TOO_SMALL);
    IS(swo_forwardable(conn, protocols, count, &count), SWO_OK);
    HOLDS(count == 2 && swo_protocol_is(protocols[1].name, protocols[1].version, "WebSocket"));
    IS(swo_end_to_end(conn, fields, 4, &count), SWO_ARRAY_TOO_SMALL);
    HOLDS(count == 5); /* neither Connection nor Upgrade nor X */
    IS(swo_end_to_end(conn, fields, 8, &count), SWO_OK);
    swo_conn_free(conn);
    swo_conn_free(idle);
}

static void the_bridge_is_checked(void) {
    static const swo_slice a = SWO_TEXT("a"), no_text = SWO_TEXT("\xff"), none = {NULL, 0}, broken = {NULL, 2};
    static const swo_field hop[] = {{SWO_TEXT("te"), SWO_TEXT("gzip")}}, cookies[] = {{SWO_TEXT("cookie"), SWO_TEXT("a=b")}};
    swo_request_head request = {SWO_TEXT("GET"), SWO_TEXT("/"), HOST, 1};
    swo_conn *conn = make(SWO_ROLE_CLIENT);
    swo_lines *lines = NULL;
    const swo_field *fields = NULL;
    uint8_t out[256];
    size_t count = 0, written;
    uint32_t reason = 77;
    IS(swo_check_http2(0, hop, 1, NULL), SWO_NULL);
    IS(swo_check_http2(0, NULL, 1, &reason), SWO_NULL);
    HOLDS(reason == 77);
    IS(swo_check_http2(70000, NULL, 0, &reason), SWO_OK);
    HOLDS(reason == SWO_NONE);
    IS(swo_check_http2(200, hop, 1, &reason), SWO_REFUSED);
    HOLDS(reason == SWO_OVER_HTTP2_TE && !strcmp(swo_name(SWO_TABLE_OVER_HTTP2, reason), "te"));
    HOLDS(!strcmp(swo_name(SWO_TABLE_OVER_HTTP2, SWO_NONE), "none"));
    IS(swo_http1_fields(a, hop, 1, none, &lines, &reason), SWO_REFUSED);
    IS(swo_http1_fields(no_text, NULL, 0, none, &lines, &reason), SWO_ERROR_INVALID_HOST);
    IS(swo_http1_fields(a, NULL, 0, no_text, &lines, &reason), SWO_ERROR_INVALID_VALUE);
    IS(swo_http1_fields(a, NULL, 0, broken, &lines, &reason), SWO_NULL);
    IS(swo_http2_fields(cookies, 1, NULL), SWO_NULL);
    IS(swo_http2_request(NULL, 0, &lines), SWO_NULL);
    IS(swo_extended_connect(&request, no_text, 0, &lines), SWO_ERROR_INVALID_PROTOCOL);
    request.method = no_text;
    IS(swo_http2_request(&request, 0, &lines), SWO_ERROR_INVALID_METHOD);
    HOLDS(!lines);
    /* A conversion may result in no field lines at all. */
    IS(swo_http2_fields(HOST, 1, &lines), SWO_OK);
    IS(swo_lines_get(lines, &fields, &count), SWO_OK);
    HOLDS(count == 0);
    IS(swo_lines_get(lines, NULL, &count), SWO_NULL);
    IS(swo_lines_free(lines), SWO_OK);
    /* The result can be passed to swo_send_request as it is. */
    IS(swo_http1_fields(a, cookies, 1, none, &lines, &reason), SWO_OK);
    IS(swo_lines_get(lines, &fields, &count), SWO_OK);
    request.method = (swo_slice)SWO_TEXT("GET");
    request.fields = fields;
    request.field_count = count;
    IS(swo_send_request(conn, &request, NULL, 0, out, sizeof out, &written), SWO_OK);
    HOLDS(count == 2 && written == strlen("GET / HTTP/1.1\r\nhost: a\r\ncookie: a=b\r\n\r\n"));
    IS(swo_lines_free(lines), SWO_OK);
    swo_conn_free(conn);
}

static void splices_are_checked(void) {
    swo_conn *conn = asked(H2C), *plain = asked(HANDSHAKE), *idle = make(SWO_ROLE_SERVER);
    swo_splice *splice = NULL;
    swo_slice first, second;
    uint8_t *large = (uint8_t *)calloc(1, 65536);
    uint32_t reason = 77;
    IS(swo_splice_new(idle, NULL, 0, NULL, 0, &splice, &reason), SWO_NOTHING);
    IS(swo_splice_new(NULL, NULL, 0, NULL, 0, &splice, &reason), SWO_NULL);
    IS(swo_splice_new(conn, NULL, 1, NULL, 0, &splice, &reason), SWO_NULL);
    IS(swo_splice_new(conn, NULL, 0, NULL, 0, NULL, &reason), SWO_NULL);
    HOLDS(reason == 77);
    IS(swo_splice_new(plain, NULL, 0, NULL, 0, &splice, &reason), SWO_REFUSED);
    HOLDS(reason == SWO_INELIGIBLE_SETTINGS);
    IS(swo_splice_new(conn, large, 65536, NULL, 0, &splice, &reason), SWO_REFUSED);
    HOLDS(reason == SWO_INELIGIBLE_CONTENT && !splice);
    IS(swo_splice_new(conn, NULL, 0, NULL, 0, &splice, &reason), SWO_OK);
    HOLDS(reason == SWO_NONE);
    /* A splice needs its connection no more; a slice is valid until the next call of the function that returned it. */
    swo_conn_free(conn);
    IS(swo_splice_take_for_engine(splice, &first), SWO_OK);
    HOLDS(!first.len && swo_splice_wants_client(splice) && !swo_splice_is_done(splice));
    IS(swo_splice_client_sent(splice, (const uint8_t *)"neither", 7), SWO_OK);
    IS(swo_splice_take_for_engine(splice, &first), SWO_OK);
    IS(swo_splice_client_sent(splice, (const uint8_t *)"more", 4), SWO_OK);
    IS(swo_splice_take_for_client(splice, &second), SWO_OK);
    HOLDS(first.len == 7 && !memcmp(first.data, "neither", 7) && !second.len && !swo_splice_is_done(splice));
    IS(swo_splice_take_for_engine(splice, &first), SWO_OK);
    HOLDS(first.len == 4 && swo_splice_is_done(splice));
    IS(swo_splice_client_sent(splice, NULL, 5), SWO_NULL);
    IS(swo_splice_engine_sent(splice, large, SIZE_MAX), SWO_BAD_LENGTH);
    IS(swo_splice_take_for_engine(splice, NULL), SWO_NULL);
    IS(swo_splice_free(splice), SWO_OK);
    swo_conn_free(plain);
    swo_conn_free(idle);
    free(large);
}

static void profiles_are_checked(void) {
    handles_are_told_apart();
    websocket_is_checked();
    targets_are_checked();
    capsules_are_checked();
    gateways_are_checked();
    offers_say_what_is_wrong();
    the_bridge_is_checked();
    splices_are_checked();
}
